#include "tests/property/evaluator.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Does one value of the policy fit one value of the request? */
typedef enum answer compare_fn(const char *wish, const char *value,
                               const struct request_context *request, bool variables);

static bool has_variable(const char *wish, bool variables)
{
    return variables && strstr(wish, "${");
}

#define COMPARE_TEXT(name, rule)                                                                   \
    static enum answer name(const char *wish, const char *value,                                   \
                            const struct request_context *request, bool variables)                 \
    {                                                                                              \
        return match_text(rule, wish, value, request, variables);                                  \
    }
COMPARE_TEXT(string_equals, MATCH_EXACT)
COMPARE_TEXT(string_equals_any_case, MATCH_EXACT_ANY_CASE)
COMPARE_TEXT(string_like, MATCH_LIKE)
COMPARE_TEXT(arn_like, MATCH_ARN)

/* -1, 0, 1; false when one of both is no number. */
static bool number_read(const char *text, double *number)
{
    char *end;

    *number = strtod(text, &end);
    return *text && !*end;
}

/* W3C's ISO 8601 forms to the second, or seconds since 1970. */
static bool date_read(const char *text, double *number)
{
    struct tm moment = {0};
    char zone = '\0', rest = '\0';
    int fields =
        sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%c%c", &moment.tm_year, &moment.tm_mon,
               &moment.tm_mday, &moment.tm_hour, &moment.tm_min, &moment.tm_sec, &zone, &rest);

    if (fields == 7 && zone == 'Z') {
        moment.tm_year -= 1900;
        moment.tm_mon -= 1;
        *number = (double)timegm(&moment);
        return true;
    }
    return number_read(text, number);
}

#define COMPARE_ORDER(name, read, sign)                                                            \
    static enum answer name(const char *wish, const char *value,                                   \
                            const struct request_context *request, bool variables)                 \
    {                                                                                              \
        double wished, given;                                                                      \
                                                                                                   \
        (void)request;                                                                             \
        if (has_variable(wish, variables) || !read(wish, &wished) || !read(value, &given))         \
            return ANSWER_DOUBT;                                                                   \
        return answer_of(given sign wished);                                                       \
    }
COMPARE_ORDER(number_equals, number_read, ==)
COMPARE_ORDER(number_less, number_read, <)
COMPARE_ORDER(number_at_most, number_read, <=)
COMPARE_ORDER(number_greater, number_read, >)
COMPARE_ORDER(number_at_least, number_read, >=)
COMPARE_ORDER(date_equals, date_read, ==)
COMPARE_ORDER(date_less, date_read, <)
COMPARE_ORDER(date_at_most, date_read, <=)
COMPARE_ORDER(date_greater, date_read, >)
COMPARE_ORDER(date_at_least, date_read, >=)

static bool is_truth(const char *text)
{
    return !strcasecmp(text, "true") || !strcasecmp(text, "false");
}

static enum answer bool_equals(const char *wish, const char *value,
                               const struct request_context *request, bool variables)
{
    (void)request;
    (void)variables;
    if (!is_truth(wish) || !is_truth(value))
        return ANSWER_DOUBT;
    return answer_of(!strcasecmp(wish, value));
}

static enum answer binary_equals(const char *wish, const char *value,
                                 const struct request_context *request, bool variables)
{
    (void)request;
    return has_variable(wish, variables) ? ANSWER_DOUBT : answer_of(!strcmp(wish, value));
}

static enum answer address_within(const char *wish, const char *value,
                                  const struct request_context *request, bool variables)
{
    char network[64];
    unsigned char net[16] = {0}, host[16] = {0};
    const char *slash = strchr(wish, '/');
    size_t length = slash ? (size_t)(slash - wish) : strlen(wish);
    int family = strchr(wish, ':') ? AF_INET6 : AF_INET;
    int bits = slash ? atoi(slash + 1) : family == AF_INET ? 32 : 128;

    (void)request;
    if (has_variable(wish, variables) || length >= sizeof(network))
        return ANSWER_DOUBT;
    memcpy(network, wish, length);
    network[length] = '\0';
    if (inet_pton(family, network, net) != 1)
        return ANSWER_DOUBT;
    if (inet_pton(family, value, host) != 1)
        return ANSWER_NO; /* an address of the other family */
    for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> (bit % 8);

        if ((net[bit / 8] & mask) != (host[bit / 8] & mask))
            return ANSWER_NO;
    }
    return ANSWER_YES;
}

static const struct operation {
    const char *name;
    compare_fn *compare; /* NULL: Null */
    bool negated;
} operations[] = {
    {"StringEquals", string_equals, false},
    {"StringNotEquals", string_equals, true},
    {"StringEqualsIgnoreCase", string_equals_any_case, false},
    {"StringNotEqualsIgnoreCase", string_equals_any_case, true},
    {"StringLike", string_like, false},
    {"StringNotLike", string_like, true},
    {"NumericEquals", number_equals, false},
    {"NumericNotEquals", number_equals, true},
    {"NumericLessThan", number_less, false},
    {"NumericLessThanEquals", number_at_most, false},
    {"NumericGreaterThan", number_greater, false},
    {"NumericGreaterThanEquals", number_at_least, false},
    {"DateEquals", date_equals, false},
    {"DateNotEquals", date_equals, true},
    {"DateLessThan", date_less, false},
    {"DateLessThanEquals", date_at_most, false},
    {"DateGreaterThan", date_greater, false},
    {"DateGreaterThanEquals", date_at_least, false},
    {"Bool", bool_equals, false},
    {"BinaryEquals", binary_equals, false},
    {"IpAddress", address_within, false},
    {"NotIpAddress", address_within, true},
    {"ArnEquals", arn_like, false},
    {"ArnLike", arn_like, false},
    {"ArnNotEquals", arn_like, true},
    {"ArnNotLike", arn_like, true},
    {"Null", NULL, false},
};

enum quantifier { ONE_VALUE, ALL_VALUES, ANY_VALUE };

/* "ForAnyValue:StringLikeIfExists" taken apart. */
struct reading {
    const struct operation *operation;
    enum quantifier quantifier;
    bool if_exists;
};

static bool reading_of(struct reading *reading, const char *name)
{
    static const char suffix[] = "IfExists";
    size_t length;

    *reading = (struct reading){0};
    if (!strncmp(name, "ForAllValues:", 13)) {
        reading->quantifier = ALL_VALUES;
        name += 13;
    } else if (!strncmp(name, "ForAnyValue:", 12)) {
        reading->quantifier = ANY_VALUE;
        name += 12;
    }
    length = strlen(name);
    if (length > sizeof(suffix) - 1 && !strcmp(name + length - (sizeof(suffix) - 1), suffix)) {
        reading->if_exists = true;
        length -= sizeof(suffix) - 1;
    }
    for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
        if (strlen(operations[i].name) == length && !strncmp(operations[i].name, name, length))
            reading->operation = &operations[i];
    }
    /* "You can use IfExists on any operator but Null." */
    return reading->operation && !(reading->if_exists && !reading->operation->compare);
}

bool condition_sound(const json_t *block)
{
    struct reading reading;
    const char *name, *key;
    json_t *keys, *values, *value;
    size_t i;

    if (!json_is_object(block))
        return false;
    json_object_foreach((json_t *)block, name, keys)
    {
        if (!reading_of(&reading, name) || !json_is_object(keys))
            return false;
        json_object_foreach(keys, key, values)
        {
            if (json_is_object(values) || json_is_null(values))
                return false;
            json_array_foreach(values, i, value)
            {
                if (json_is_object(value) || json_is_array(value) || json_is_null(value))
                    return false;
            }
        }
    }
    return true;
}

/* Values may be written as true or 5 too; IAM reads them as text. */
static const char *value_text(const json_t *value, char *room, size_t size)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(room, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(room, size, "%g", json_real_value(value));
    else
        snprintf(room, size, "%s", json_is_true(value) ? "true" : "false");
    return room;
}

static size_t values_count(const json_t *values)
{
    return json_is_array(values) ? json_array_size(values) : 1;
}

static const char *values_get(const json_t *values, size_t i, char *room, size_t size)
{
    return value_text(json_is_array(values) ? json_array_get(values, i) : values, room, size);
}

/* One value of the request: any value of the policy fits; for a negated operator none does. */
static enum answer value_fits(const struct operation *operation, const json_t *values,
                              const char *value, const struct request_context *request,
                              bool variables)
{
    enum answer found = ANSWER_NO;
    char room[64];

    for (size_t i = 0; i < values_count(values); i++) {
        const char *wish = values_get(values, i, room, sizeof(room));
        enum answer fits = operation->compare(wish, value, request, variables);

        /* Whether a variable without a value counts as unequal is nowhere written. */
        if (operation->negated && fits == ANSWER_NO && has_variable(wish, variables))
            fits = ANSWER_DOUBT;
        found = answer_or(found, fits);
    }
    return operation->negated ? answer_not(found) : found;
}

static enum answer null_holds(const json_t *values, bool present)
{
    enum answer found = ANSWER_NO;
    char room[64];

    for (size_t i = 0; i < values_count(values); i++) {
        const char *wish = values_get(values, i, room, sizeof(room));

        found = answer_or(found, is_truth(wish) ? answer_of(present != !strcasecmp(wish, "true"))
                                                : ANSWER_DOUBT);
    }
    return found;
}

static enum answer key_holds(const struct reading *reading, const char *name, const json_t *values,
                             const struct request_context *request, bool variables)
{
    const struct request_key *key = request_key_find(request, name);
    enum answer all = ANSWER_YES, any = ANSWER_NO;

    if (!values_count(values))
        return ANSWER_DOUBT;
    if (!reading->operation->compare)
        return reading->quantifier == ONE_VALUE ? null_holds(values, key != NULL) : ANSWER_DOUBT;
    if (!key && reading->if_exists)
        return ANSWER_YES;
    if (!key && reading->quantifier != ONE_VALUE)
        return answer_of(reading->quantifier == ALL_VALUES);
    if (!key)
        return answer_of(reading->operation->negated);
    for (size_t i = 0; i < key->count; i++) {
        enum answer fits =
            value_fits(reading->operation, values, key->values[i], request, variables);

        all = answer_and(all, fits);
        any = answer_or(any, fits);
    }
    if (reading->quantifier == ONE_VALUE && key->many)
        return ANSWER_DOUBT; /* "you must use a set operator" */
    return reading->quantifier == ANY_VALUE ? any : all;
}

enum answer condition_holds(const json_t *block, const struct request_context *request,
                            bool variables)
{
    struct reading reading;
    const char *name, *key;
    json_t *keys, *values;
    enum answer all = ANSWER_YES;

    json_object_foreach((json_t *)block, name, keys)
    {
        bool known = reading_of(&reading, name);

        json_object_foreach(keys, key, values) all = answer_and(
            all, known ? key_holds(&reading, key, values, request, variables) : ANSWER_DOUBT);
    }
    return all;
}
