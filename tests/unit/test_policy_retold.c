/* policy_equal against random documents told again in other words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "reconcilers/policy.h"
#include "tests/property/random.h"

enum { ARENA_MAX = 16 << 20, ROUNDS = 2000, REWRITES = 4 };

static struct random numbers;

static unsigned dice(unsigned sides)
{
    return (unsigned)random_below(&numbers, sides);
}

static const char *const words[] = {"s3:GetObject",     "s3:PutObject", "sts:AssumeRole",
                                    "ec2:RunInstances", "kms:Decrypt",  "iam:PassRole"};
static const char *const accounts[] = {"123456789012", "210987654321", "AROAEXAMPLE",
                                       "arn:aws:iam::123456789012:role/x"};

static json_t *random_list(const char *const *choices, unsigned count)
{
    json_t *list = json_array();

    for (unsigned i = 0; i <= dice(3); i++)
        json_array_append_new(list, json_string(choices[dice(count)]));
    return list;
}

static json_t *random_condition(void)
{
    static const char *const operators[] = {"StringEquals", "StringLike", "Bool"};
    static const char *const keys[] = {"aws:SourceAccount", "aws:RequestTag/Team", "s3:prefix"};
    static const char *const values[] = {"true", "false", "17", "shop", "Shop"};
    json_t *condition = json_object();

    for (unsigned i = 0; i <= dice(2); i++) {
        json_t *tests = json_object();

        for (unsigned k = 0; k <= dice(2); k++)
            json_object_set_new(tests, keys[dice(COUNT(keys))], random_list(values, COUNT(values)));
        json_object_set_new(condition, operators[dice(COUNT(operators))], tests);
    }
    return condition;
}

static json_t *random_statement(void)
{
    json_t *statement = json_pack(
        "{s:s, s:o, s:o}", "Effect", dice(4) ? "Allow" : "Deny", dice(5) ? "Action" : "NotAction",
        random_list(words, COUNT(words)), "Condition", random_condition());

    if (dice(2))
        json_object_set_new(statement, "Resource", random_list(accounts, COUNT(accounts)));
    else
        json_object_set_new(statement, "Principal",
                            json_pack("{s:o}", "AWS", random_list(accounts, COUNT(accounts))));
    return statement;
}

static json_t *random_document(void)
{
    json_t *statements = json_array();

    for (unsigned i = 0; i <= dice(4); i++)
        json_array_append_new(statements, random_statement());
    return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements);
}

static json_t *random_case(const char *text)
{
    AUTO_FREE char *copy = memory_string(text);

    for (char *byte = copy; *byte; byte++)
        if (dice(2))
            *byte = (char)(dice(2) ? toupper((unsigned char)*byte) : tolower((unsigned char)*byte));
    return json_string(copy);
}

/* How one member of a list may be told in other words. */
typedef json_t *(*retell_fn)(const char *text);

static json_t *retell_exactly(const char *text)
{
    return json_string(text);
}

static json_t *retell_account(const char *text)
{
    static const char *const partitions[] = {"aws", "aws-cn", "aws-us-gov"};

    if (strspn(text, "0123456789") != 12 || text[12] || dice(2))
        return json_string(text);
    return json_sprintf("arn:%s:iam::%s:root", partitions[dice(COUNT(partitions))], text);
}

static json_t *retell_value(const char *text)
{
    if (dice(2))
        return json_string(text);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    return strcmp(text, "17") == 0 ? json_integer(17) : json_string(text);
}

/* Members in another order, some twice; one alone perhaps without its list. */
static json_t *retell_list(const json_t *list, retell_fn retell)
{
    size_t count = json_array_size(list);
    json_t *told = json_array();

    for (size_t i = 0; i < count; i++)
        for (unsigned times = 0; times <= (dice(4) == 0); times++)
            json_array_insert_new(told, dice((unsigned)json_array_size(told) + 1),
                                  retell(json_string_value(json_array_get(list, i))));
    if (json_array_size(told) == 1 && dice(2)) {
        json_t *alone = json_incref(json_array_get(told, 0));

        json_decref(told);
        return alone;
    }
    return told;
}

static json_t *retell_condition(json_t *condition)
{
    json_t *told = json_object(), *tests, *values;
    const char *operator_name, *key;

    json_object_foreach(condition, operator_name, tests)
    {
        json_t *again = json_object();

        json_object_foreach(tests, key, values)
        {
            AUTO_JSON json_t *name = random_case(key);

            json_object_set_new(again, json_string_value(name), retell_list(values, retell_value));
        }
        json_object_set_new(told, operator_name, again);
    }
    return told;
}

static json_t *retell_element(const char *element, json_t *value)
{
    if (strcmp(element, "Condition") == 0)
        return retell_condition(value);
    if (strcmp(element, "Principal") == 0)
        return json_pack("{s:o}", "AWS",
                         retell_list(json_object_get(value, "AWS"), retell_account));
    if (json_is_array(value))
        return retell_list(value, strstr(element, "Action") ? random_case : retell_exactly);
    return json_incref(value);
}

/* The elements of a statement, put together from a random end. */
static json_t *retell_statement(json_t *statement)
{
    AUTO_JSON json_t *told = json_object();
    json_t *value, *turned = json_object();
    const char *element;
    bool keep_order = dice(2);

    json_object_foreach(statement, element, value)
        json_object_set_new(told, element, retell_element(element, value));
    json_object_foreach(told, element, value) if (keep_order || strcmp(element, "Effect") != 0)
        json_object_set(turned, element, value);
    json_object_set(turned, "Effect", json_object_get(told, "Effect"));
    return turned;
}

static char *retell(struct arena *arena, const json_t *document)
{
    const json_t *statements = json_object_get(document, "Statement");
    json_t *list = json_array();
    AUTO_JSON json_t *told = NULL;

    for (size_t i = 0; i < json_array_size(statements); i++)
        for (unsigned times = 0; times <= (dice(6) == 0); times++)
            json_array_insert_new(list, dice((unsigned)json_array_size(list) + 1),
                                  retell_statement(json_array_get(statements, i)));
    if (json_array_size(list) == 1 && dice(2)) {
        json_t *alone = json_incref(json_array_get(list, 0));

        json_decref(list);
        list = alone;
    }
    told = dice(2) ? json_pack("{s:o, s:s}", "Statement", list, "Version", "2012-10-17")
                   : json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", list);
    if (dice(2))
        return json_write(arena, told, false);
    AUTO_FREE char *wide = json_dumps(told, JSON_INDENT(3) | JSON_ENSURE_ASCII);
    return arena_string(arena, wide);
}

/* One change that AWS would act on: a new member, another effect, one condition more. */
static void change_meaning(json_t *document)
{
    json_t *statements = json_object_get(document, "Statement");
    json_t *statement = json_array_get(statements, dice((unsigned)json_array_size(statements)));
    json_t *actions = json_object_get(statement, "Action");

    switch (dice(4)) {
    case 0:
        json_array_append_new(actions ? actions : json_object_get(statement, "NotAction"),
                              json_string("new:Action"));
        break;
    case 1:
        json_object_set_new(statement, "Effect", json_string("Other"));
        break;
    case 2:
        json_object_set_new(json_object_get(statement, "Condition"), "StringNotEquals",
                            json_pack("{s:[s]}", "new:key", "value"));
        break;
    default:
        json_array_append_new(statements, json_pack("{s:s}", "Sid", "New"));
    }
}

static void equal_meaning_told_in_other_words_stays_alike_and_changes_do_not(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_MAX);
        AUTO_JSON json_t *document = NULL;
        const char *original;

        numbers = (struct random){round};
        document = random_document();
        original = json_write(arena, document, false);
        for (unsigned i = 0; i < REWRITES; i++) {
            const char *told = retell(arena, document);

            if (!policy_equal(arena, original, told))
                fail_msg("seed %u:\n%s\n%s\nare not alike", round, original, told);
        }
        change_meaning(document);
        if (policy_equal(arena, original, retell(arena, document)))
            fail_msg("seed %u: a change of\n%s\nis not seen", round, original);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_meaning_told_in_other_words_stays_alike_and_changes_do_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
