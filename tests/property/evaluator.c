#include "tests/property/evaluator.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct request_key *request_key_find(const struct request_context *request, const char *name)
{
    for (size_t i = 0; i < request->count; i++) {
        if (!strcasecmp(request->keys[i].name, name))
            return &request->keys[i];
    }
    return NULL;
}

/* Text, or a list of texts. */
static bool texts_sound(const json_t *texts)
{
    json_t *text;
    size_t i;

    if (json_is_string(texts))
        return true;
    if (!json_is_array(texts))
        return false;
    json_array_foreach(texts, i, text)
    {
        if (!json_is_string(text))
            return false;
    }
    return true;
}

static bool principal_sound(const json_t *principal)
{
    const char *kind;
    json_t *names;

    if (json_is_string(principal))
        return !strcmp(json_string_value(principal), "*");
    if (!json_is_object(principal))
        return false;
    json_object_foreach((json_t *)principal, kind, names)
    {
        if (strcmp(kind, "AWS") && strcmp(kind, "Service") && strcmp(kind, "Federated") &&
            strcmp(kind, "CanonicalUser"))
            return false;
        if (!texts_sound(names))
            return false;
    }
    return true;
}

/* Exactly one of an element and its negation, each text or list. */
static bool pair_sound(const json_t *statement, const char *name, const char *negated)
{
    const json_t *plain = json_object_get(statement, name);
    const json_t *other = json_object_get(statement, negated);

    return !plain != !other && texts_sound(plain ? plain : other);
}

static bool keys_known(const json_t *object, const char *const *names)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = 0;

        while (names[i] && strcmp(names[i], key))
            i++;
        if (!names[i])
            return false;
    }
    return true;
}

static bool parties_sound(const json_t *statement, enum document_kind kind)
{
    const json_t *principal = json_object_get(statement, "Principal");
    const json_t *others = json_object_get(statement, "NotPrincipal");

    if (kind == DOCUMENT_PERMISSION)
        return !principal && !others && pair_sound(statement, "Resource", "NotResource");
    return !principal != !others && principal_sound(principal ? principal : others) &&
           !json_object_get(statement, "Resource") && !json_object_get(statement, "NotResource");
}

/* All that a statement needs, and nothing twice. */
static bool statement_shaped(const json_t *statement, enum document_kind kind)
{
    const json_t *sid = json_object_get(statement, "Sid");
    const char *effect = json_string_value(json_object_get(statement, "Effect"));

    return json_is_object(statement) && (!sid || json_is_string(sid)) && effect &&
           (!strcmp(effect, "Allow") || !strcmp(effect, "Deny")) &&
           pair_sound(statement, "Action", "NotAction") && parties_sound(statement, kind);
}

static bool statement_sound(const json_t *statement, enum document_kind kind)
{
    static const char *const names[] = {
        "Sid",          "Effect",   "Action",      "NotAction", "Principal",
        "NotPrincipal", "Resource", "NotResource", "Condition", NULL};
    const json_t *condition = json_object_get(statement, "Condition");

    return statement_shaped(statement, kind) && keys_known(statement, names) &&
           (!condition || condition_sound(condition));
}

static size_t statement_count(const json_t *root)
{
    const json_t *statements = json_object_get(root, "Statement");

    return json_is_array(statements) ? json_array_size(statements) : 1;
}

static const json_t *statement_get(const json_t *root, size_t i)
{
    const json_t *statements = json_object_get(root, "Statement");

    return json_is_array(statements) ? json_array_get(statements, i) : statements;
}

/* "Sids must be unique within a policy." */
static bool sids_differ(const json_t *root)
{
    for (size_t i = 0; i < statement_count(root); i++) {
        const char *sid = json_string_value(json_object_get(statement_get(root, i), "Sid"));

        for (size_t j = 0; sid && j < i; j++) {
            const char *other = json_string_value(json_object_get(statement_get(root, j), "Sid"));

            if (other && !strcmp(sid, other))
                return false;
        }
    }
    return true;
}

static bool document_sound(const json_t *root, enum document_kind kind)
{
    static const char *const names[] = {"Version", "Id", "Statement", NULL};
    const json_t *version = json_object_get(root, "Version");
    const json_t *id = json_object_get(root, "Id");

    if (!json_is_object(root) || !keys_known(root, names) || !json_object_get(root, "Statement"))
        return false;
    if (version &&
        (!json_is_string(version) || (strcmp(json_string_value(version), "2012-10-17") != 0 &&
                                      strcmp(json_string_value(version), "2008-10-17") != 0)))
        return false;
    for (size_t i = 0; i < statement_count(root); i++) {
        if (!statement_sound(statement_get(root, i), kind))
            return false;
    }
    return (!id || json_is_string(id)) && sids_differ(root);
}

void evaluator_load(struct evaluated_document *document, const char *text, enum document_kind kind)
{
    const char *version;

    document->kind = kind;
    document->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    document->sound = document->root && document_sound(document->root, kind);
    version = json_string_value(json_object_get(document->root, "Version"));
    document->variables = version && !strcmp(version, "2012-10-17");
}

void evaluator_release(struct evaluated_document *document)
{
    json_decref(document->root);
    document->root = NULL;
}

static enum answer any_fits(enum match_rule rule, const json_t *patterns, const char *text,
                            const struct request_context *request, bool variables)
{
    enum answer found = ANSWER_NO;
    json_t *pattern;
    size_t i;

    if (json_is_string(patterns))
        return match_text(rule, json_string_value(patterns), text, request, variables);
    json_array_foreach(patterns, i, pattern) found =
        answer_or(found, match_text(rule, json_string_value(pattern), text, request, variables));
    return found;
}

static enum answer pair_fits(const json_t *statement, const char *name, const char *negated,
                             enum match_rule rule, const char *text,
                             const struct request_context *request, bool variables)
{
    const json_t *plain = json_object_get(statement, name);

    if (plain)
        return any_fits(rule, plain, text, request, variables);
    return answer_not(
        any_fits(rule, json_object_get(statement, negated), text, request, variables));
}

/* An account is named by its number or by its root's ARN; a name, an ID or an ARN is exact. */
static enum answer name_fits(const char *kind, const char *name,
                             const struct request_context *request)
{
    char root[128];

    if (!strcmp(kind, "AWS")) {
        if (!strcmp(name, "*"))
            return ANSWER_YES; /* the same as "Principal": "*" */
        if (request->kind != PRINCIPAL_AWS)
            return ANSWER_NO;
        snprintf(root, sizeof(root), "iam::%s:root", request->account);
        if (!strcmp(name, request->account) || !strcmp(name, request->principal))
            return ANSWER_YES;
        return answer_of(!strncmp(name, "arn:aws", 7) && strstr(name, root));
    }
    if (!strcmp(kind, "Service")) {
        if (strchr(name, '*'))
            return request->kind == PRINCIPAL_SERVICE ? ANSWER_DOUBT : ANSWER_NO;
        return answer_of(request->kind == PRINCIPAL_SERVICE && !strcmp(name, request->principal));
    }
    if (!strcmp(kind, "Federated"))
        return answer_of(request->kind == PRINCIPAL_FEDERATED && !strcmp(name, request->principal));
    return ANSWER_NO;
}

static enum answer principal_fits(const json_t *principal, const struct request_context *request)
{
    enum answer found = ANSWER_NO;
    const char *kind;
    json_t *names, *name;
    size_t i;

    if (json_is_string(principal))
        return ANSWER_YES;
    json_object_foreach((json_t *)principal, kind, names)
    {
        if (json_is_string(names))
            found = answer_or(found, name_fits(kind, json_string_value(names), request));
        json_array_foreach(names, i, name) found =
            answer_or(found, name_fits(kind, json_string_value(name), request));
    }
    return found;
}

/* "NotPrincipal with Allow is not supported": whom it would let in is nowhere written. */
static enum answer party_fits(const json_t *statement, const struct request_context *request,
                              bool denies)
{
    const json_t *principal = json_object_get(statement, "Principal");
    enum answer others;

    if (principal)
        return principal_fits(principal, request);
    others = answer_not(principal_fits(json_object_get(statement, "NotPrincipal"), request));
    return denies ? others : answer_and(others, ANSWER_DOUBT);
}

static enum answer statement_fits(const struct evaluated_document *document,
                                  const json_t *statement, const struct request_context *request,
                                  bool denies)
{
    const json_t *condition = json_object_get(statement, "Condition");
    enum answer fits = pair_fits(statement, "Action", "NotAction", MATCH_LIKE_ANY_CASE,
                                 request->action, request, false);

    if (fits != ANSWER_NO && document->kind == DOCUMENT_TRUST)
        fits = answer_and(fits, party_fits(statement, request, denies));
    if (fits != ANSWER_NO && document->kind == DOCUMENT_PERMISSION)
        fits = answer_and(fits, pair_fits(statement, "Resource", "NotResource", MATCH_LIKE,
                                          request->resource, request, document->variables));
    if (fits != ANSWER_NO && condition)
        fits = answer_and(fits, condition_holds(condition, request, document->variables));
    return statement_sound(statement, document->kind) ? fits : answer_and(fits, ANSWER_DOUBT);
}

struct decision evaluator_decide(const struct evaluated_document *document,
                                 const struct request_context *request)
{
    struct decision decision = {ANSWER_NO, ANSWER_NO};

    if (!document->root)
        return decision;
    for (size_t i = 0; i < statement_count(document->root); i++) {
        const json_t *statement = statement_get(document->root, i);
        bool denies;
        enum answer *side;

        if (!statement_shaped(statement, document->kind))
            return (struct decision){ANSWER_DOUBT, ANSWER_DOUBT};
        denies = !strcmp(json_string_value(json_object_get(statement, "Effect")), "Deny");
        side = denies ? &decision.denied : &decision.allowed;

        *side = answer_or(*side, statement_fits(document, statement, request, denies));
    }
    return decision;
}

enum answer evaluator_admits(const struct evaluated_document *document,
                             const struct request_context *request)
{
    struct decision decision = evaluator_decide(document, request);

    return answer_and(decision.allowed, answer_not(decision.denied));
}
