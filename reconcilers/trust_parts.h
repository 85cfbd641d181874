#pragma once

/*
 * Judging a trust document, in parts: what the request of EKS will carry (trust_facts.c), whether
 * a Condition holds for it (trust_conditions.c, trust_compare.c), what the statements make of it
 * (trust_judge.c). Internal to reconcilers/trust_*.c.
 *
 * Everything is answered by yes, no or maybe. Maybe means that we do not know: the subject does
 * not determine the value, or the document says something that this reader does not understand.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "reconcilers/trust.h"

/* What STS is asked with a pod's token. */
#define TRUST_WEB_ACTION "sts:AssumeRoleWithWebIdentity"

/* In this order "and" is the smaller and "or" the greater of two. */
enum truth { TRUTH_NO, TRUTH_MAYBE, TRUTH_YES };

static inline enum truth truth_of(bool is)
{
    return is ? TRUTH_YES : TRUTH_NO;
}
static inline enum truth truth_and(enum truth a, enum truth b)
{
    return a < b ? a : b;
}
static inline enum truth truth_or(enum truth a, enum truth b)
{
    return a > b ? a : b;
}
static inline enum truth truth_not(enum truth a)
{
    return (enum truth)(TRUTH_YES - a);
}

/* A condition key as the request will have it. */
enum fact_state {
    FACT_UNDETERMINED, /* the subject does not say, not even whether it is there */
    FACT_ABSENT,
    FACT_SOME_VALUE, /* it is there; the value is not known */
    FACT_KNOWN,
};
enum { FACT_VALUES_MAX = 6 };
struct fact {
    enum fact_state state;
    const char *values[FACT_VALUES_MAX];
    size_t count;
    bool multivalued; /* a key of many values by its nature: needs ForAllValues or ForAnyValue */
};
struct fact trust_fact(const struct trust_subject *subject, const char *key);

/* Is it one of these further conditions ("key=value,…"; NULL: none), as we write them? */
bool trust_condition_is_ours(const char *conditions, const char *operator, const char * key,
                             const json_t *wanted);

/* How an operator compares one value of the request with one of the document. */
typedef enum truth (*compare_fn)(const char *pattern, const char *value);
struct comparison {
    const char *name; /* without prefix and suffix */
    compare_fn compare;
    bool negated;
    bool pattern; /* "*" alone matches whatever is there */
};
/* NULL when the operator is none that we can evaluate. */
const struct comparison *trust_comparison(const char *name, size_t length);

/* Does the Condition hold? If not for sure, *why says what hinders, for a person. */
enum truth trust_condition(struct arena *arena, const json_t *condition,
                           const struct trust_subject *subject, const char **why);
