/*
 * Does the Condition of a trust statement hold for the request that EKS makes? IAM: every operator
 * and every key must hold, any one value is enough, for a negated operator none may match
 * (IAM "Conditions with multiple context keys or values", "Multivalued context keys").
 */

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "reconcilers/policy_value.h"
#include "reconcilers/trust_parts.h"

/* What a sentence quotes of a document: readable, and small beside a condition's 2,048. */
enum { QUOTED_MAX = 200, QUOTED_VALUES_MAX = 3 };

enum set_prefix { SET_NONE, SET_ALL, SET_ANY };

struct operation {
    const char *name; /* as written */
    enum set_prefix prefix;
    bool if_exists, is_null;
    const struct comparison *comparison; /* NULL: not understood, unless is_null */
};

static bool take_prefix(const char **text, size_t *length, const char *prefix)
{
    if (!text_starts(*text, prefix))
        return false;
    *text += strlen(prefix);
    *length -= strlen(prefix);
    return true;
}

static bool take_suffix(const char *text, size_t *length, const char *suffix)
{
    if (!text_ends(text, suffix))
        return false;
    *length -= strlen(suffix);
    return true;
}

static struct operation operation_read(const char *name)
{
    struct operation operation = {.name = name};
    size_t length = strlen(name);

    if (take_prefix(&name, &length, "ForAllValues:"))
        operation.prefix = SET_ALL;
    else if (take_prefix(&name, &length, "ForAnyValue:"))
        operation.prefix = SET_ANY;
    operation.if_exists = take_suffix(name, &length, "IfExists");
    operation.is_null = strcmp(operation.name, "Null") == 0;
    operation.comparison = trust_comparison(name, length);
    return operation;
}

/* One value of the request against all of the document. */
static enum truth matches_any(const struct comparison *comparison, const json_t *wanted,
                              const char *value)
{
    enum truth truth = TRUTH_NO;

    for (size_t i = 0; i < policy_value_count(wanted); i++) {
        AUTO_JSON json_t *text = policy_value_text(policy_value_at(wanted, i));
        const char *pattern = json_string_value(text);

        /* A policy variable: its value is not ours to know. */
        if (!pattern || strstr(pattern, "${"))
            truth = truth_or(truth, TRUTH_MAYBE);
        else if (value)
            truth = truth_or(truth, comparison->compare(pattern, value));
        else
            truth = truth_or(truth, comparison->pattern && strcmp(pattern, "*") == 0 ? TRUTH_YES
                                                                                     : TRUTH_MAYBE);
    }
    return comparison->negated ? truth_not(truth) : truth;
}

static enum truth holds_for_values(const struct operation *operation, const json_t *wanted,
                                   const struct fact *fact)
{
    enum truth truth = operation->prefix == SET_ANY ? TRUTH_NO : TRUTH_YES;

    /* IAM leaves open what an operator without prefix makes of a key of many values. */
    if (fact->multivalued && operation->prefix == SET_NONE)
        return TRUTH_MAYBE;
    if (fact->state == FACT_SOME_VALUE)
        return matches_any(operation->comparison, wanted, NULL);
    for (size_t i = 0; i < fact->count; i++) {
        enum truth one = matches_any(operation->comparison, wanted, fact->values[i]);

        truth = operation->prefix == SET_ANY ? truth_or(truth, one) : truth_and(truth, one);
    }
    return truth;
}

static enum truth holds_without_key(const struct operation *operation)
{
    if (operation->if_exists || operation->prefix == SET_ALL)
        return TRUTH_YES;
    return truth_of(operation->comparison->negated && operation->prefix != SET_ANY);
}

/* "Null": {key: "true"} asks that the key be absent. */
static enum truth holds_null(const json_t *wanted, const struct fact *fact)
{
    AUTO_JSON json_t *text = policy_value_text(policy_value_at(wanted, 0));
    const char *word = json_string_value(text);
    bool absent = fact->state == FACT_ABSENT;

    if (!word || policy_value_count(wanted) != 1 || fact->state == FACT_UNDETERMINED)
        return TRUTH_MAYBE;
    if (strcasecmp(word, "true") == 0)
        return truth_of(absent);
    return strcasecmp(word, "false") == 0 ? truth_of(!absent) : TRUTH_MAYBE;
}

static enum truth holds(const struct operation *operation, const json_t *wanted,
                        const struct fact *fact)
{
    if (fact->state == FACT_UNDETERMINED || policy_value_count(wanted) == 0)
        return TRUTH_MAYBE;
    if (operation->is_null)
        return holds_null(wanted, fact);
    if (!operation->comparison)
        return TRUTH_MAYBE;
    if (fact->state == FACT_ABSENT)
        return holds_without_key(operation);
    return holds_for_values(operation, wanted, fact);
}

/* "a" or "b" */
static const char *quote(struct arena *arena, const json_t *wanted)
{
    size_t count = policy_value_count(wanted);
    char *quoted = arena_printf(arena, "%s", count == 0 ? "(no value)" : "");

    for (size_t i = 0; i < count && i < QUOTED_VALUES_MAX; i++) {
        AUTO_JSON json_t *text = policy_value_text(policy_value_at(wanted, i));
        char *value = arena_printf(arena, "%s", text ? json_string_value(text) : "?");

        text_cut(value, QUOTED_MAX);
        quoted = arena_printf(arena, "%s%s\"%s\"", quoted, i > 0 ? " or " : "", value);
    }
    if (count > QUOTED_VALUES_MAX)
        quoted = arena_printf(arena, "%s or %zu more", quoted, count - QUOTED_VALUES_MAX);
    return quoted;
}

/* What stands on the other side, for a person. */
static const char *describe(struct arena *arena, const struct trust_subject *subject,
                            const struct fact *fact)
{
    if (fact->state == FACT_UNDETERMINED)
        return "the binding does not tell its value";
    if (fact->state == FACT_ABSENT)
        return subject->session_tags || subject->provider_arn
                   ? "the request has no such key"
                   : "the request has no such key without session tags "
                     "(disableSessionTags)";
    if (fact->state == FACT_SOME_VALUE)
        return "the request has another value for each pod";
    if (fact->multivalued)
        return "the request has the six session tags of EKS";
    return arena_printf(arena, "the request has \"%s\"", fact->values[0]);
}

static const char *shorten(struct arena *arena, const char *text)
{
    char *copy = arena_string(arena, text);

    text_cut(copy, QUOTED_MAX);
    return copy;
}

static const char *explain(struct arena *arena, const struct trust_subject *subject,
                           const struct operation *operation, const char *key, const json_t *wanted,
                           enum truth truth)
{
    const struct fact fact = trust_fact(subject, key);

    return arena_printf(arena, "condition %s %s %s %s: %s", shorten(arena, operation->name),
                        shorten(arena, key), quote(arena, wanted),
                        truth == TRUTH_NO ? "does not hold" : "cannot be judged",
                        describe(arena, subject, &fact));
}

/* Keeps the worst, and of equals the first, with its reason. */
struct verdict_so_far {
    enum truth truth;
    const char *why;
};

static void add(struct verdict_so_far *so_far, enum truth truth, const char *why)
{
    if (truth >= so_far->truth)
        return;
    so_far->truth = truth;
    so_far->why = why;
}

static void add_operator(struct verdict_so_far *so_far, struct arena *arena, const char *name,
                         const json_t *keys, const struct trust_subject *subject)
{
    struct operation operation = operation_read(name);
    const char *key;
    json_t *wanted;

    if (!json_is_object(keys) || json_object_size(keys) == 0)
        add(so_far, TRUTH_MAYBE,
            arena_printf(arena, "condition %s names no key", shorten(arena, name)));
    json_object_foreach((json_t *)keys, key, wanted)
    {
        const struct fact fact = trust_fact(subject, key);
        enum truth truth = trust_condition_is_ours(subject->conditions, name, key, wanted)
                               ? TRUTH_YES
                               : holds(&operation, wanted, &fact);

        if (truth < so_far->truth)
            add(so_far, truth, explain(arena, subject, &operation, key, wanted, truth));
    }
}

enum truth trust_condition(struct arena *arena, const json_t *condition,
                           const struct trust_subject *subject, const char **why)
{
    struct verdict_so_far so_far = {.truth = TRUTH_YES};
    const char *name;
    json_t *keys;

    if (condition && !json_is_object(condition))
        add(&so_far, TRUTH_MAYBE, "its Condition is not an object");
    json_object_foreach((json_t *)condition, name, keys)
    {
        add_operator(&so_far, arena, name, keys, subject);
    }
    *why = so_far.why;
    return so_far.truth;
}
