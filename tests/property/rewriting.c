#include "tests/property/generator.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool names(const char *key, const char *const *list)
{
    for (; *list; list++) {
        if (!strcmp(*list, key))
            return true;
    }
    return false;
}

static json_t *text_in_any_case(struct random *random, const char *text)
{
    char room[256];
    size_t i = 0;

    for (; text[i] && i < sizeof(room) - 1; i++)
        room[i] = random_chance(random, 50) ? (char)toupper((unsigned char)text[i])
                                            : (char)tolower((unsigned char)text[i]);
    room[i] = '\0';
    return json_string(room);
}

static void list_shuffle(struct random *random, json_t *list)
{
    for (size_t i = json_array_size(list); i > 1; i--) {
        size_t other = random_below(random, i);
        json_t *last = json_incref(json_array_get(list, i - 1));

        json_array_set(list, i - 1, json_array_get(list, other));
        json_array_set_new(list, other, last);
    }
}

/* true is "true", 300 is "300". */
static json_t *scalar_rewritten(struct random *random, const json_t *value)
{
    const char *text = json_string_value(value);

    if (json_is_boolean(value) && random_chance(random, 30))
        return json_string(json_is_true(value) ? "true" : "false");
    if (json_is_integer(value) && random_chance(random, 30))
        return json_sprintf("%lld", (long long)json_integer_value(value));
    return text ? json_string(text) : json_copy((json_t *)value);
}

static json_t *text_rewritten(struct random *random, const json_t *value, const char *element)
{
    static const char *const any_case[] = {"Action", "NotAction", NULL};

    if (json_is_string(value) && names(element, any_case) && random_chance(random, 40))
        return text_in_any_case(random, json_string_value(value));
    return scalar_rewritten(random, value);
}

/* Text and a list of one are the same; lists have no order and no count. */
static json_t *values_rewritten(struct random *random, const json_t *values, const char *element)
{
    json_t *list = json_array(), *value;
    size_t i;

    if (!json_is_array(values))
        json_array_append_new(list, text_rewritten(random, values, element));
    json_array_foreach(values, i, value)
        json_array_append_new(list, text_rewritten(random, value, element));
    if (json_array_size(list) && random_chance(random, 15))
        json_array_append_new(list, text_rewritten(random, json_array_get(list, 0), element));
    list_shuffle(random, list);
    if (json_array_size(list) == 1 && random_chance(random, 60)) {
        value = json_incref(json_array_get(list, 0));
        json_decref(list);
        return value;
    }
    return list;
}

/* "*" is {"AWS": "*"}; an account's number is its root's ARN. */
static json_t *principal_rewritten(struct random *random, const json_t *principal)
{
    json_t *rewritten, *texts;
    const char *kind;

    if (json_is_string(principal)) {
        if (random_chance(random, 50))
            return json_string("*");
        rewritten = json_object();
        json_object_set_new(rewritten, "AWS", json_string("*"));
        return rewritten;
    }
    rewritten = json_object();
    json_object_foreach((json_t *)principal, kind, texts)
    {
        const char *text = json_string_value(texts);

        if (!strcmp(kind, "AWS") && text && strlen(text) == 12 &&
            strspn(text, "0123456789") == 12 && random_chance(random, 50))
            json_object_set_new(rewritten, kind, json_sprintf("arn:aws:iam::%s:root", text));
        else
            json_object_set_new(rewritten, kind, values_rewritten(random, texts, kind));
    }
    return rewritten;
}

static json_t *condition_rewritten(struct random *random, const json_t *condition)
{
    json_t *rewritten = json_object(), *keys, *values;
    const char *name, *key;

    json_object_foreach((json_t *)condition, name, keys)
    {
        json_t *same = json_object();

        json_object_foreach(keys, key, values)
        {
            json_t *any =
                random_chance(random, 30) ? text_in_any_case(random, key) : json_string(key);

            json_object_set_new(same, json_string_value(any), values_rewritten(random, values, ""));
            json_decref(any);
        }
        json_object_set_new(rewritten, name, same);
    }
    return rewritten;
}

static json_t *statement_rewritten(struct random *random, const json_t *statement)
{
    static const char *const lists[] = {"Action", "NotAction", "Resource", "NotResource", NULL};
    json_t *rewritten = json_object(), *value;
    const char *key;

    json_object_foreach((json_t *)statement, key, value)
    {
        json_t *said;

        if (!strcmp(key, "Principal") || !strcmp(key, "NotPrincipal"))
            said = principal_rewritten(random, value);
        else if (!strcmp(key, "Condition"))
            said = condition_rewritten(random, value);
        else if (names(key, lists))
            said = values_rewritten(random, value, key);
        else
            said = json_incref(value);
        json_object_set_new(rewritten, key, said);
    }
    value = json_object_get(rewritten, "Condition");
    if (value && !json_object_size(value) && random_chance(random, 50))
        json_object_del(rewritten, "Condition");
    return rewritten;
}

json_t *rewriting_of(struct random *random, const json_t *document, struct forms *forms)
{
    const json_t *statements = json_object_get(document, "Statement");
    json_t *rewritten = json_copy((json_t *)document), *list = json_array(), *statement;
    size_t i;

    if (!json_is_array(statements))
        json_array_append_new(list, statement_rewritten(random, statements));
    json_array_foreach(statements, i, statement)
        json_array_append_new(list, statement_rewritten(random, statement));
    statement = json_array_get(list, 0);
    if (!json_object_get(statement, "Sid") && random_chance(random, 10)) {
        forms->made[FORM_DUPLICATE_STATEMENT]++;
        json_array_append_new(list, statement_rewritten(random, statement));
    }
    list_shuffle(random, list);
    if (json_array_size(list) == 1 && random_chance(random, 50)) {
        json_object_set(rewritten, "Statement", json_array_get(list, 0));
        json_decref(list);
    } else {
        json_object_set_new(rewritten, "Statement", list);
    }
    return rewritten;
}

/* Where a mutation may strike: a member of an object or an item of a list. */
struct place {
    json_t *parent;
    const char *key;
    size_t index;
};

enum { PLACES_MAX = 256 };

struct places {
    struct place items[PLACES_MAX];
    size_t count;
};

static void places_find(struct places *places, json_t *value)
{
    const char *key;
    json_t *child;
    size_t i;

    json_object_foreach(value, key, child)
    {
        if (places->count < PLACES_MAX)
            places->items[places->count++] = (struct place){value, key, 0};
        places_find(places, child);
    }
    json_array_foreach(value, i, child)
    {
        if (places->count < PLACES_MAX)
            places->items[places->count++] = (struct place){value, NULL, i};
        places_find(places, child);
    }
}

static json_t *place_get(const struct place *place)
{
    return place->key ? json_object_get(place->parent, place->key)
                      : json_array_get(place->parent, place->index);
}

static void place_set(const struct place *place, json_t *value)
{
    if (place->key)
        json_object_set_new(place->parent, place->key, value);
    else
        json_array_set_new(place->parent, place->index, value);
}

static const char *const turns[][2] = {
    {"Allow", "Deny"},
    {"Action", "NotAction"},
    {"Principal", "NotPrincipal"},
    {"Resource", "NotResource"},
    {"StringEquals", "StringLike"},
    {"StringEquals", "StringNotEquals"},
    {"StringEquals", "StringEqualsIgnoreCase"},
    {"StringLike", "ForAnyValue:StringLike"},
    {"StringEquals", "StringEqualsIfExists"},
    {"ForAllValues:StringEquals", "ForAnyValue:StringEquals"},
    {"ArnEquals", "ArnNotEquals"},
    {"ArnLike", "ArnNotLike"},
    {"NumericLessThan", "NumericLessThanEquals"},
    {"DateGreaterThan", "DateLessThan"},
    {"IpAddress", "NotIpAddress"},
    {"Service", "AWS"},
    {"2012-10-17", "2008-10-17"},
    {"aws:SourceAccount", "aws:SourceArn"},
    {"aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account"},
    {"true", "false"},
};

static const char *turned(struct random *random, const char *text)
{
    size_t from = random_below(random, sizeof(turns) / sizeof(*turns));

    for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++) {
        const char *const *turn = turns[(from + i) % (sizeof(turns) / sizeof(*turns))];

        if (!strcmp(turn[0], text))
            return turn[1];
        if (!strcmp(turn[1], text))
            return turn[0];
    }
    return NULL;
}

static json_t *text_mutated(struct random *random, const char *text)
{
    const char *other = turned(random, text);
    json_t *mutated;
    char *copy;
    size_t length = strlen(text), at;

    if (other && random_chance(random, 70))
        return json_string(other);
    if (random_chance(random, 20) || !length)
        return json_sprintf("%s*", text);
    copy = strdup(text);
    at = random_below(random, length);
    if (isalpha((unsigned char)copy[at]))
        copy[at] = (char)(copy[at] ^ 0x20);
    else
        copy[at] = '0';
    mutated = json_string(copy);
    free(copy);
    return mutated;
}

json_t *mutation_of(struct random *random, const json_t *document)
{
    json_t *mutated = json_deep_copy(document);
    struct places places = {.count = 0};
    const struct place *place;
    const char *key = NULL;
    json_t *value;

    places_find(&places, mutated);
    place = &places.items[random_below(random, places.count)];
    value = place_get(place);
    if (place->key && (key = turned(random, place->key)) && random_chance(random, 60)) {
        json_object_set(place->parent, key, value);
        json_object_del(place->parent, place->key);
    } else if (json_is_string(value) && random_chance(random, 75)) {
        place_set(place, text_mutated(random, json_string_value(value)));
    } else if (json_is_boolean(value)) {
        place_set(place, json_boolean(!json_is_true(value)));
    } else if (place->key) {
        json_object_del(place->parent, place->key);
    } else {
        json_array_remove(place->parent, place->index);
    }
    return mutated;
}
