/* EKS of the fake AWS: REST-JSON, told apart by method and path. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/fake_aws_parts.h"

enum { SEGMENTS_MAX = 6, QUERY_MAX = 64, PAGE_MAX = 100, TRUST_AGE_MS = 30 * 1000 };

/* "/clusters/main/pod-identity-associations/a-1" in its parts; a query in its pairs. */
struct target {
    const char *segments[SEGMENTS_MAX];
    size_t count;
    struct aws_tags query;
};

static void read_path(struct fake_call *call, struct target *target)
{
    char *rest = arena_string(call->arena, call->request->path);

    for (char *part = strtok_r(rest, "/", &rest); part && target->count < SEGMENTS_MAX;
         part = strtok_r(NULL, "/", &rest))
        target->segments[target->count++] = encode_uri_decode(call->arena, part);
}

static void read_query(struct fake_call *call, struct target *target)
{
    struct aws_tag *pairs = arena_array(call->arena, QUERY_MAX, sizeof(*pairs));
    char *rest = arena_string(call->arena, call->request->query ? call->request->query : "");

    target->query.items = pairs;
    for (char *part = strtok_r(rest, "&", &rest); part; part = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(part, '=');

        *equals = '\0';
        pairs[target->query.count++] =
            (struct aws_tag){.key = part, .value = encode_uri_decode(call->arena, equals + 1)};
    }
}

void fake_answer_json(struct fake_call *call, json_t *json)
{
    call->answer->content_type = "application/json";
    text_add_string(&call->answer->body, json_write(call->arena, json, false));
    json_decref(json);
}

static const char *arn_of(struct fake_call *call, const struct fake_association *association)
{
    return arena_printf(call->arena,
                        "arn:aws:eks:eu-west-1:" FAKE_ACCOUNT
                        ":podidentityassociation/" FAKE_CLUSTER "/%s",
                        association->id);
}

static json_t *summary(struct fake_call *call, const struct fake_association *association)
{
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "clusterName", FAKE_CLUSTER, "namespace",
                  association->namespace_name, "serviceAccount", association->service_account,
                  "associationArn", arn_of(call, association), "associationId", association->id);

    if (association->owner_arn)
        json_object_set_new(json, "ownerArn", json_string(association->owner_arn));
    return json;
}

json_t *fake_tags_object(const struct fake_pairs *tags)
{
    json_t *object = json_object();

    for (size_t i = 0; i < tags->count; i++)
        json_object_set_new(object, tags->items[i].key, json_string(tags->items[i].value));
    return object;
}

static void answer_association(struct fake_call *call, const struct fake_association *association)
{
    json_t *json = summary(call, association);

    json_object_set_new(json, "tags", fake_tags_object(&association->tags));
    json_object_set_new(json, "roleArn", json_string(association->role_arn));
    json_object_set_new(json, "createdAt", json_real((double)association->created_ms / 1000));
    json_object_set_new(json, "modifiedAt", json_real((double)association->modified_ms / 1000));
    json_object_set_new(json, "disableSessionTags",
                        json_boolean(association->disable_session_tags));
    if (association->target_role_arn) {
        json_object_set_new(json, "targetRoleArn", json_string(association->target_role_arn));
        json_object_set_new(json, "externalId",
                            json_sprintf("eu-west-1/" FAKE_ACCOUNT "/" FAKE_CLUSTER "/%s/%s",
                                         association->namespace_name,
                                         association->service_account));
    }
    if (association->policy)
        json_object_set_new(json, "policy", json_string(association->policy));
    fake_answer_json(call, json_pack("{s:o}", "association", json));
}

/* A role that EKS sees; else the answer is an error. */
static bool role_good(struct fake_call *call, const char *arn)
{
    const struct fake_role *role = arn ? fake_aws_role_by_arn(call->aws, arn) : NULL;

    if (role && role->created_ms + call->aws->eks_settles_ms <= *call->aws->now_ms)
        return true;
    fake_answer_error(call->answer, SERVICE_EKS, 400, "InvalidParameterException",
                      "Role provided in the request does not exist.");
    return false;
}

bool fake_put_tags_object(struct fake_pairs *tags, const json_t *wanted)
{
    const char *key;
    json_t *value;
    bool changed = false;

    json_object_foreach((json_t *)wanted, key, value) changed |=
        fake_pairs_put(tags, key, json_string_value(value));
    return changed;
}

/* Absent leaves a text as it is, "" clears it; true when it is another now. */
static bool put_text(char **place, const char *wanted)
{
    return wanted && fake_text_set(place, *wanted ? wanted : NULL);
}

/* What is the same in create and update: all but the role. */
static bool put_session(struct fake_association *association, const json_t *body)
{
    bool off = json_path_bool(body, "disableSessionTags", association->disable_session_tags);
    bool changed = off != association->disable_session_tags;

    association->disable_session_tags = off;
    changed |= put_text(&association->target_role_arn, json_path_text(body, "targetRoleArn"));
    return put_text(&association->policy, json_path_text(body, "policy")) || changed;
}

/* A session policy and session tags exclude each other. */
static bool session_good(struct fake_call *call, const struct fake_association *before,
                         const json_t *body)
{
    const char *policy = json_path_text(body, "policy");
    bool off = json_path_bool(body, "disableSessionTags", before && before->disable_session_tags);

    if (!policy)
        policy = before && before->policy ? before->policy : "";
    if (off || !*policy)
        return true;
    fake_answer_error(call->answer, SERVICE_EKS, 400, "InvalidParameterException",
                      "A session policy requires disableSessionTags to be true.");
    return false;
}

static void create(struct fake_call *call, const json_t *body)
{
    const char *space = json_path_text(body, "namespace");
    const char *account = json_path_text(body, "serviceAccount");
    const char *token = json_path_text(body, "clientRequestToken");
    struct fake_association *association = fake_aws_association(call->aws, space, account);

    if (association && text_equal(association->token, token)) {
        fake_aws_wrote(call, false, association->foreign);
        answer_association(call, association);
        return;
    }
    if (association) {
        fake_answer_error(call->answer, SERVICE_EKS, 409, "ResourceInUseException",
                          "Association already exists: %s", association->id);
        return;
    }
    if (!role_good(call, json_path_text(body, "roleArn")) || !session_good(call, NULL, body))
        return;
    association =
        fake_aws_add_association(call->aws, space, account, json_path_text(body, "roleArn"));
    association->foreign = false;
    fake_text_set(&association->token, token);
    put_session(association, body);
    fake_put_tags_object(&association->tags, json_object_get(body, "tags"));
    fake_aws_wrote(call, true, false);
    answer_association(call, association);
}

static void list(struct fake_call *call, const struct target *target)
{
    const char *space = aws_tags_get(&target->query, "namespace");
    const char *account = aws_tags_get(&target->query, "serviceAccount");
    const char *token = aws_tags_get(&target->query, "nextToken");
    size_t page_max = call->aws->page_max > 0 ? call->aws->page_max : PAGE_MAX;
    size_t i = token ? strtoul(token, NULL, 10) : 0;
    json_t *items = json_array(), *page = json_pack("{s:o}", "associations", items);

    for (; i < call->aws->association_count && !call->aws->lists_nothing &&
           json_array_size(items) < page_max;
         i++) {
        const struct fake_association *item = call->aws->associations[i];

        if ((!space || text_equal(space, item->namespace_name)) &&
            (!account || text_equal(account, item->service_account)))
            json_array_append_new(items, summary(call, item));
    }
    if (i < call->aws->association_count && !call->aws->lists_nothing)
        json_object_set_new(page, "nextToken", json_string(arena_printf(call->arena, "%zu", i)));
    fake_answer_json(call, page);
}

static struct fake_association *association_by_id(struct fake_call *call, const char *id)
{
    for (size_t i = 0; i < call->aws->association_count; i++)
        if (strcmp(call->aws->associations[i]->id, id) == 0)
            return call->aws->associations[i];
    fake_answer_error(call->answer, SERVICE_EKS, 404, "ResourceNotFoundException",
                      "Association %s not found", id);
    return NULL;
}

/* EKS may still see the trust that was there before. */
static bool trust_is_young(struct fake_call *call, const struct fake_association *association)
{
    const struct fake_role *role = fake_aws_role_by_arn(call->aws, association->role_arn);

    return role && role->trust_edited_ms + TRUST_AGE_MS > *call->aws->now_ms;
}

static void update(struct fake_call *call, struct fake_association *association, const json_t *body)
{
    const char *role_arn = json_path_text(body, "roleArn");
    bool tagged = !association->disable_session_tags;
    bool changed;

    if ((role_arn && !role_good(call, role_arn)) || !session_good(call, association, body))
        return;
    changed = put_text(&association->role_arn, role_arn);
    changed |= put_session(association, body);
    if (changed)
        association->modified_ms = *call->aws->now_ms;
    if (tagged && association->disable_session_tags && trust_is_young(call, association))
        call->aws->gaps++;
    fake_aws_wrote(call, changed, association->foreign);
    answer_association(call, association);
}

static void delete (struct fake_call *call, struct fake_association *association)
{
    fake_aws_wrote(call, true, association->foreign);
    answer_association(call, association);
    fake_eks_forget(call->aws, association);
}

static void one_association(struct fake_call *call, const char *id, const json_t *body)
{
    struct fake_association *association = association_by_id(call, id);

    if (!association)
        return;
    if (strcmp(call->request->method, "POST") == 0)
        update(call, association, body);
    else if (strcmp(call->request->method, "DELETE") == 0)
        delete (call, association);
    else
        answer_association(call, association);
}

static void tags(struct fake_call *call, const struct target *target, const json_t *body)
{
    struct fake_association *association =
        association_by_id(call, strrchr(target->segments[target->count - 1], '/') + 1);
    bool changed = false;

    if (!association)
        return;
    if (strcmp(call->request->method, "POST") == 0)
        changed = fake_put_tags_object(&association->tags, json_object_get(body, "tags"));
    for (size_t i = 0; i < target->query.count; i++)
        if (strcmp(target->query.items[i].key, "tagKeys") == 0)
            changed |= fake_pairs_remove(&association->tags, target->query.items[i].value);
    fake_aws_wrote(call, changed, association->foreign);
    fake_answer_json(call, json_object());
}

static void cluster(struct fake_call *call)
{
    json_t *cluster = json_pack("{s:s, s:s, s:s, s:s, s:{s:b}}", "name", FAKE_CLUSTER, "arn",
                                FAKE_CLUSTER_ARN, "status", "ACTIVE", "version", "1.36",
                                "computeConfig", "enabled", call->aws->auto_mode);

    if (call->aws->issuer)
        json_object_set_new(cluster, "identity",
                            json_pack("{s:{s:s}}", "oidc", "issuer", call->aws->issuer));
    fake_answer_json(call, json_pack("{s:o}", "cluster", cluster));
}

void fake_eks_answer(struct fake_call *call)
{
    struct target target = {0};
    struct error ignored;
    AUTO_JSON json_t *body =
        call->request->body ? json_parse(call->request->body, call->request->body_length, &ignored)
                            : NULL;

    read_path(call, &target);
    read_query(call, &target);
    if (strcmp(target.segments[0], "tags") == 0)
        tags(call, &target, body);
    else if (strcmp(target.segments[1], call->aws->cluster) != 0)
        fake_answer_error(call->answer, SERVICE_EKS, 404, "ResourceNotFoundException",
                          "No cluster found for name: %s.", target.segments[1]);
    else if (target.count == 2)
        cluster(call);
    else if (strcmp(target.segments[2], "addons") == 0)
        fake_addons_answer(call, target.segments[3], aws_tags_get(&target.query, "nextToken"),
                           body);
    else if (target.count == 4)
        one_association(call, target.segments[3], body);
    else if (strcmp(call->request->method, "POST") == 0)
        create(call, body);
    else
        list(call, &target);
}
