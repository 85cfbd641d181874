/*
 * The canonical text of a policy document. Each element that IAM lets people write in several ways
 * is brought into one; an element of a shape we do not know stays as it is, so that documents are
 * never alike by our ignorance.
 */

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "reconcilers/policy.h"
#include "reconcilers/policy_value.h"

/* What a document without Version means to IAM. */
#define VERSION_ABSENT "2008-10-17"
enum { ACCOUNT_DIGITS = 12 };

/* One member of a list in its canonical form, a new reference; NULL: not understood. */
typedef json_t *(*canonical_fn)(const json_t *value);

struct sorted {
    const char *text;
    json_t *value;
};

static int compare_sorted(const void *a, const void *b)
{
    return strcmp(((const struct sorted *)a)->text, ((const struct sorted *)b)->text);
}

static bool all_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return true;
}

/* Sorted by text and without repetition; a new list. */
static json_t *list_sort(struct arena *arena, json_t *list)
{
    size_t count = json_array_size(list);
    struct sorted *sorted = arena_array(arena, count, sizeof(*sorted));
    bool texts = all_texts(list);
    json_t *result;

    if (count <= 1)
        return json_incref(list); /* as most are */
    result = json_array();
    for (size_t i = 0; i < count; i++) {
        sorted[i].value = json_array_get(list, i);
        sorted[i].text =
            texts ? json_string_value(sorted[i].value) : json_write(arena, sorted[i].value, true);
    }
    qsort(sorted, count, sizeof(*sorted), compare_sorted);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(sorted[i].text, sorted[i - 1].text) != 0)
            json_array_append(result, sorted[i].value);
    return result;
}

/* A text or a list of texts as a sorted list; the value itself when a member is something else. */
static json_t *canonical_list(struct arena *arena, json_t *value, canonical_fn canonical)
{
    AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < policy_value_count(value); i++) {
        json_t *member = canonical(policy_value_at(value, i));

        if (!member)
            return json_incref(value);
        json_array_append_new(list, member);
    }
    return list_sort(arena, list);
}

static json_t *canonical_text(const json_t *value)
{
    return json_is_string(value) ? json_string(json_string_value(value)) : NULL;
}

static json_t *lower_case(const char *text)
{
    AUTO_FREE char *lower = memory_string(text);

    for (char *byte = lower; *byte; byte++)
        *byte = (char)tolower((unsigned char)*byte);
    return json_string(lower);
}

static json_t *canonical_action(const json_t *value)
{
    return json_is_string(value) ? lower_case(json_string_value(value)) : NULL;
}

static bool all_digits(const char *text, size_t length)
{
    return strspn(text, "0123456789") == length;
}

/* "arn:aws", "arn:aws-cn", … */
static bool is_partition(const char *text, size_t length)
{
    return strncmp(text, "arn:aws", 7) == 0 &&
           strspn(text + 4, "abcdefghijklmnopqrstuvwxyz0123456789-") == length - 4;
}

/* An account's root user stands for the account; a partition has no account of another one, so
 * the number says all: "arn:aws-cn:iam::123456789012:root" is "123456789012". */
static json_t *canonical_aws_principal(const json_t *value)
{
    const char *text = json_string_value(value), *account;

    if (!text)
        return NULL;
    account = strstr(text, ":iam::");
    if (!account || !is_partition(text, (size_t)(account - text)))
        return json_string(text);
    account += strlen(":iam::");
    if (!all_digits(account, ACCOUNT_DIGITS) || strcmp(account + ACCOUNT_DIGITS, ":root") != 0)
        return json_string(text);
    return json_stringn(account, ACCOUNT_DIGITS);
}

static json_t *canonical_principal(struct arena *arena, json_t *principal)
{
    json_t *result, *value;
    const char *type;

    if (json_is_string(principal) && strcmp(json_string_value(principal), "*") == 0)
        return json_pack("{s:[s]}", "AWS", "*");
    if (!json_is_object(principal))
        return json_incref(principal);
    result = json_object();
    json_object_foreach(principal, type, value)
    {
        bool accounts = strcmp(type, "AWS") == 0;

        json_object_set_new(
            result, type,
            canonical_list(arena, value, accounts ? canonical_aws_principal : canonical_text));
    }
    return result;
}

/* The keys under one operator. Two that differ by case alone cannot be put into one. */
static json_t *canonical_keys(struct arena *arena, json_t *keys)
{
    AUTO_JSON json_t *result = json_object();
    json_t *value;
    const char *key;

    json_object_foreach(keys, key, value)
    {
        AUTO_JSON json_t *lower = lower_case(key);
        const char *name = json_string_value(lower);

        if (json_object_get(result, name))
            return json_incref(keys);
        json_object_set_new(result, name, canonical_list(arena, value, policy_value_text));
    }
    return TAKE(result);
}

static json_t *canonical_condition(struct arena *arena, json_t *condition)
{
    json_t *result, *keys;
    const char *name;

    if (!json_is_object(condition))
        return json_incref(condition);
    result = json_object();
    json_object_foreach(condition, name, keys)
    {
        json_object_set_new(result, name,
                            json_is_object(keys) ? canonical_keys(arena, keys) : json_incref(keys));
    }
    return result;
}

/* An empty condition asks for nothing; old consoles wrote an empty Sid, which names nothing. */
static bool says_nothing(const char *element, const json_t *value)
{
    if (strcmp(element, "Condition") == 0)
        return json_is_object(value) && json_object_size(value) == 0;
    return strcmp(element, "Sid") == 0 && json_is_string(value) && json_string_length(value) == 0;
}

static json_t *canonical_element(struct arena *arena, const char *element, json_t *value)
{
    if (strcmp(element, "Action") == 0 || strcmp(element, "NotAction") == 0)
        return canonical_list(arena, value, canonical_action);
    if (strcmp(element, "Resource") == 0 || strcmp(element, "NotResource") == 0)
        return canonical_list(arena, value, canonical_text);
    if (strcmp(element, "Principal") == 0 || strcmp(element, "NotPrincipal") == 0)
        return canonical_principal(arena, value);
    if (strcmp(element, "Condition") == 0)
        return canonical_condition(arena, value);
    return json_incref(value);
}

static json_t *canonical_statement(struct arena *arena, json_t *statement)
{
    json_t *result, *value;
    const char *element;

    if (!json_is_object(statement))
        return json_incref(statement);
    result = json_object();
    json_object_foreach(statement, element, value)
    {
        if (!says_nothing(element, value))
            json_object_set_new(result, element, canonical_element(arena, element, value));
    }
    return result;
}

static json_t *canonical_statements(struct arena *arena, const json_t *statements)
{
    AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < policy_value_count(statements); i++) {
        json_t *statement = (json_t *)policy_value_at(statements, i);

        json_array_append_new(list, canonical_statement(arena, statement));
    }
    return list_sort(arena, list);
}

const char *policy_canonical(struct arena *arena, const char *document)
{
    AUTO_JSON json_t *tree = policy_parse(document);
    json_t *statements = json_object_get(tree, "Statement");

    if (!tree)
        return arena_string(arena, document);
    if (statements)
        json_object_set_new(tree, "Statement", canonical_statements(arena, statements));
    if (!json_object_get(tree, "Version"))
        json_object_set_new(tree, "Version", json_string(VERSION_ABSENT));
    return json_write(arena, tree, true);
}
