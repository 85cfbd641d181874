#include "reconcilers/session_policy.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "reconcilers/policy.h"
#include "reconcilers/policy_value.h"

static bool refuse(struct error *error, const char *where, const char *why)
{
    return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                          "the session policy is malformed: %s%s. See "
                          "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
                          "reference_policies_grammar.html",
                          where, why);
}

static bool check_keys(const json_t *object, const char *const *known, const char *where,
                       struct error *error)
{
    const char *key;
    json_t *value;
    char why[160];

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (text_among(key, known))
            continue;
        snprintf(why, sizeof(why), "\"%.60s\" is no element of an identity-based policy", key);
        return refuse(error, where, why);
    }
    return true;
}

/* A text, or a list of at least one, each of which is good. */
static bool are_texts(const json_t *value, bool (*good)(const char *text))
{
    size_t count = policy_value_count(value);

    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(policy_value_at(value, i));

        if (!text || !good(text))
            return false;
    }
    return count > 0;
}

static bool is_action(const char *text)
{
    const char *colon = strchr(text, ':');

    return text_equal(text, "*") || (colon && colon > text && colon[1]);
}

static bool is_resource(const char *text)
{
    return text_equal(text, "*") || text_starts(text, "arn:");
}

/* Exactly one of the two elements, and good. */
static bool check_pair(const json_t *statement, const char *plain, const char *negated,
                       bool (*good)(const char *text), const char *where, struct error *error)
{
    const json_t *one = json_object_get(statement, plain);
    const json_t *other = json_object_get(statement, negated);
    char why[160];

    if (!one == !other)
        snprintf(why, sizeof(why), "it needs either %s or %s", plain, negated);
    else if (!are_texts(one ? one : other, good))
        snprintf(why, sizeof(why),
                 "%s is not a text, or a list of texts, in the form that IAM takes",
                 one ? plain : negated);
    else
        return true;
    return refuse(error, where, why);
}

static bool is_scalar(const json_t *value)
{
    return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static bool are_scalars(const json_t *value)
{
    size_t count = policy_value_count(value);

    for (size_t i = 0; i < count; i++)
        if (!is_scalar(policy_value_at(value, i)))
            return false;
    return count > 0;
}

/* {"StringEquals": {"aws:SourceIp": "…" or […]}} */
static bool is_condition(const json_t *condition)
{
    const char *operator, * key;
    json_t *keys, *value;

    json_object_foreach((json_t *)(uintptr_t)condition, operator, keys)
    {
        if (!json_is_object(keys))
            return false;
        json_object_foreach(keys, key, value)
        {
            if (!are_scalars(value))
                return false;
        }
    }
    return json_is_object(condition);
}

static bool is_sid(const json_t *sid)
{
    const char *text = json_string_value(sid);

    return text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
                       strlen(text);
}

static bool check_statement(const json_t *statement, const char *where, struct error *error)
{
    static const char *const known[] = {"Sid",      "Effect",      "Action",    "NotAction",
                                        "Resource", "NotResource", "Condition", NULL};
    static const char *const effects[] = {"Allow", "Deny", NULL};
    const json_t *sid = json_object_get(statement, "Sid");
    const json_t *condition = json_object_get(statement, "Condition");

    if (!check_keys(statement, known, where, error))
        return false;
    if (!text_among(json_path_text(statement, "Effect"), effects))
        return refuse(error, where, "Effect is neither Allow nor Deny");
    if (sid && !is_sid(sid))
        return refuse(error, where, "Sid has something else than letters and digits");
    if (condition && !is_condition(condition))
        return refuse(error, where, "Condition is not operators with keys with values");
    return check_pair(statement, "Action", "NotAction", is_action, where, error) &&
           check_pair(statement, "Resource", "NotResource", is_resource, where, error);
}

static bool check_grammar(const json_t *document, struct error *error)
{
    static const char *const known[] = {"Version", "Id", "Statement", NULL};
    static const char *const versions[] = {"2012-10-17", "2008-10-17", NULL};
    const json_t *statements = json_object_get(document, "Statement");
    size_t count = policy_value_count(statements);
    char where[48];

    if (!check_keys(document, known, "", error))
        return false;
    if (json_object_get(document, "Version") &&
        !text_among(json_path_text(document, "Version"), versions))
        return refuse(error, "", "Version is neither 2012-10-17 nor 2008-10-17");
    if (count == 0)
        return refuse(error, "", "Statement is empty");
    for (size_t i = 0; i < count; i++) {
        snprintf(where, sizeof(where), "statement %zu: ", i + 1);
        if (!check_statement(policy_value_at(statements, i), where, error))
            return false;
    }
    return true;
}

/* Characters, not bytes; white space counts, because EKS keeps the text as it is. */
static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80)
            count++;
    return count;
}

bool session_policy_check(const char *text, struct error *error)
{
    AUTO_JSON json_t *document = NULL;
    struct error reason = {0};
    char why[96];

    if (count_characters(text) > SESSION_POLICY_MAX) {
        snprintf(why, sizeof(why), "it has %zu characters; EKS takes %d", count_characters(text),
                 SESSION_POLICY_MAX);
        return refuse(error, "", why);
    }
    if (!policy_check(text, SESSION_POLICY_MAX, error))
        return false;
    document = json_parse_strict(text, strlen(text), &reason);
    return document ? check_grammar(document, error) : refuse(error, "", reason.text);
}
