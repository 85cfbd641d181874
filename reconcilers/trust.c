#include "reconcilers/trust.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "aws/oidc.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "reconcilers/policy_value.h"
#include "reconcilers/scene.h"
#include "reconcilers/trust_parts.h"

/* A cluster ARN (≤ 200), a namespace and a ServiceAccount (≤ 253 each). */
enum { HASH_BITS = 40, HASHED_MAX = 4096, KEY_MAX = OIDC_URL_MAX + 16 };

void trust_hash(char hash[TRUST_HASH_SIZE], const char *cluster_arn, const char *namespace_name,
                const char *service_account)
{
    AUTO_TEXT struct text joined = TEXT_INIT(HASHED_MAX);
    unsigned char digest[SHA256_SIZE];

    text_printf(&joined, "%s\n%s\n%s", cluster_arn, namespace_name, service_account);
    assert(!joined.overflow);
    encode_sha256(joined.bytes, joined.length, digest);
    encode_base32(digest, HASH_BITS, hash);
}

struct trust_subject trust_subject_of(const struct podidentitybinding *binding,
                                      const struct scene *scene)
{
    return (struct trust_subject){
        .partition = scene->account.partition,
        .account_id = scene->account.id,
        .cluster_arn = scene->account.cluster_arn,
        .cluster_name = scene->settings.cluster_name,
        .namespace_name = binding->record.namespace_name,
        .service_account = binding->spec.service_account,
        .session_tags = !binding->spec.disable_session_tags,
        .conditions = scene->settings.trust_conditions,
    };
}

static json_t *condition(const struct trust_subject *subject, enum trust_scope scope)
{
    json_t *equal = json_pack("{s:s}", "aws:SourceAccount", subject->account_id);
    json_t *condition = json_pack("{s:o}", "StringEquals", equal);

    if (scope == TRUST_SERVICE_ACCOUNT && subject->session_tags)
        json_object_update_new(
            equal,
            json_pack("{s:s, s:s, s:s}", "aws:RequestTag/eks-cluster-arn", subject->cluster_arn,
                      "aws:RequestTag/kubernetes-namespace", subject->namespace_name,
                      "aws:RequestTag/kubernetes-service-account", subject->service_account));
    if (scope != TRUST_ACCOUNT)
        json_object_set_new(condition, "ArnEquals",
                            json_pack("{s:s}", "aws:SourceArn", subject->cluster_arn));
    return condition;
}

/* aws:SourceOrgPaths has many values at once, which no plain operator compares. */
static const char *operator_for(const char *key, const char *value)
{
    if (strcasecmp(key, "aws:SourceOrgPaths") == 0)
        return "ForAnyValue:StringLike";
    return strpbrk(value, "*?") ? "StringLike" : "StringEquals";
}

/* The first of "key=value,key=value", which then begins behind it; false when none is left.
 * config/form.c has seen that they are well formed. */
static bool next_condition(const char **conditions, char **key, char **value)
{
    const char *rest = *conditions;
    size_t length;

    if (!rest || !*rest)
        return false;
    length = strcspn(rest, "=");
    *key = memory_text(rest, length);
    rest += length + 1;
    length = strcspn(rest, ",");
    *value = memory_text(rest, length);
    *conditions = rest + length + (rest[length] == ',');
    return true;
}

static void add_conditions(json_t *condition, const char *conditions)
{
    char *key, *value;

    while (next_condition(&conditions, &key, &value)) {
        const char *operator= operator_for(key, value);

        if (!json_object_get(condition, operator))
            json_object_set_new(condition, operator, json_object());
        json_object_set_new(json_object_get(condition, operator), key, json_string(value));
        free(key);
        free(value);
    }
}

bool trust_condition_is_ours(const char *conditions, const char *operator, const char * key,
                             const json_t *wanted)
{
    AUTO_JSON json_t *text =
        policy_value_count(wanted) == 1 ? policy_value_text(policy_value_at(wanted, 0)) : NULL;
    char *our_key, *our_value;
    bool ours = false;

    while (text && next_condition(&conditions, &our_key, &our_value)) {
        ours = ours ||
               (strcmp(operator, operator_for(our_key, our_value)) == 0 &&
                strcasecmp(key, our_key) == 0 && text_equal(json_string_value(text), our_value));
        free(our_key);
        free(our_value);
    }
    return ours;
}

/* What STS asks with a ServiceAccount's token: docs "IRSA", condition keys of OIDC federation. */
static json_t *web_statement(const struct trust_subject *subject, const char *hash)
{
    AUTO_JSON json_t *equal = json_object();
    AUTO_TEXT struct text key = TEXT_INIT(KEY_MAX);

    text_printf(&key, "%s:aud", subject->issuer_name);
    json_object_set_new(equal, key.bytes, json_string(subject->audience));
    text_clear(&key);
    text_printf(&key, "%s:sub", subject->issuer_name);
    json_object_set_new(equal, key.bytes, json_string(subject->token_subject));
    return json_pack("{s:s+, s:s, s:{s:s}, s:s, s:{s:O}}", "Sid", "WebIdentity", hash, "Effect",
                     "Allow", "Principal", "Federated", subject->provider_arn, "Action",
                     TRUST_WEB_ACTION, "Condition", "StringEquals", equal);
}

static json_t *statement(const struct trust_subject *subject, enum trust_scope scope)
{
    char hash[TRUST_HASH_SIZE];

    trust_hash(hash, subject->cluster_arn, subject->namespace_name, subject->service_account);
    if (subject->provider_arn)
        return web_statement(subject, hash);
    return json_pack("{s:s+, s:s, s:{s:s}, s:[ss], s:o}", "Sid", "PodIdentity", hash, "Effect",
                     "Allow", "Principal", "Service", TRUST_PRINCIPAL, "Action", "sts:AssumeRole",
                     "sts:TagSession", "Condition", condition(subject, scope));
}

static json_t *statements(const struct trust_subject *subjects, size_t count,
                          enum trust_scope scope)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, statement(&subjects[i], scope));
    return list;
}

const char *trust_statements(struct arena *arena, const struct trust_subject *subjects,
                             size_t count, enum trust_scope scope)
{
    AUTO_JSON json_t *list = statements(subjects, count, scope);

    return json_write(arena, count == 1 ? json_array_get(list, 0) : list, false);
}

const char *trust_document_of(struct arena *arena, const struct trust_subject *subjects,
                              size_t count, enum trust_scope scope)
{
    json_t *list = statements(subjects, count, scope);
    AUTO_JSON json_t *document =
        json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", list);

    for (size_t i = 0; i < count; i++)
        add_conditions(json_object_get(json_array_get(list, i), "Condition"),
                       subjects[i].conditions);
    return json_write(arena, document, false);
}

const char *trust_statement(struct arena *arena, const struct trust_subject *subject,
                            enum trust_scope scope)
{
    return trust_statements(arena, subject, 1, scope);
}

const char *trust_document(struct arena *arena, const struct trust_subject *subject,
                           enum trust_scope scope)
{
    return trust_document_of(arena, subject, 1, scope);
}

struct trust_subject trust_with_web_identity(struct arena *arena,
                                             const struct trust_subject *subject,
                                             const char *account_id, const char *issuer,
                                             const char *audience)
{
    struct trust_subject web = *subject;

    web.account_id = account_id;
    web.issuer_name = issuer ? oidc_issuer_name(issuer) : NULL;
    web.provider_arn =
        web.issuer_name ? oidc_provider_arn(arena, subject->partition, account_id, issuer) : NULL;
    web.token_subject = arena_printf(arena, "system:serviceaccount:%s:%s", subject->namespace_name,
                                     subject->service_account);
    web.audience = audience;
    web.conditions = NULL;
    return web;
}
