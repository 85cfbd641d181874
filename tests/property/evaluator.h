#pragma once

/*
 * What AWS would decide: does a policy document let a request through? Written for the tests alone
 * from the IAM User Guide ("Grammar of the IAM JSON policy language", "Policy evaluation logic",
 * "Condition operators", "Multivalued context keys", "Variables and tags", "Principal",
 * "NotPrincipal"). It shares nothing with reconcilers/, so that both have to be wrong in the same
 * way for a fault to pass.
 *
 * Where the guide is silent the answer is DOUBT, and doubt stays doubt (Kleene's logic): nothing
 * may then be concluded either way.
 */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum answer { ANSWER_NO, ANSWER_DOUBT, ANSWER_YES };

enum document_kind { DOCUMENT_TRUST, DOCUMENT_PERMISSION };

enum principal_kind { PRINCIPAL_SERVICE, PRINCIPAL_AWS, PRINCIPAL_FEDERATED };

/* A context key of a request. Many: AWS documents it as multivalued. */
enum { KEY_VALUES_MAX = 8, REQUEST_KEYS_MAX = 40 };
struct request_key {
    const char *name;
    const char *values[KEY_VALUES_MAX];
    size_t count;
    bool many;
};

/* Texts are borrowed. */
struct request_context {
    enum principal_kind kind;
    const char *principal; /* the service's name, or an ARN */
    const char *account;   /* of an AWS principal */
    const char *action, *resource;
    struct request_key keys[REQUEST_KEYS_MAX];
    size_t count;
};

const struct request_key *request_key_find(const struct request_context *request, const char *name);

/* A document that IAM would have taken; sound is false when IAM refuses its grammar: a repeated
 * or unknown key, a missing or surplus element, an operator that does not exist. */
struct evaluated_document {
    json_t *root;
    enum document_kind kind;
    bool sound;
    bool variables; /* Version 2012-10-17: ${…} is a variable */
};

void evaluator_load(struct evaluated_document *document, const char *text, enum document_kind kind);
void evaluator_release(struct evaluated_document *document);

/*
 * Does an Allow statement, does a Deny statement speak for this request? Of a document that is not
 * sound: what a reader may take from it who knows no more than its known parts, that is DOUBT
 * wherever something unknown could matter; IAM lets nobody in by such a document.
 */
struct decision {
    enum answer allowed, denied;
};
struct decision evaluator_decide(const struct evaluated_document *document,
                                 const struct request_context *request);

/* Allowed and not denied. */
enum answer evaluator_admits(const struct evaluated_document *document,
                             const struct request_context *request);

/* evaluator_conditions.c: one Condition block. Grammar first, then the answer for a request. */
bool condition_sound(const json_t *block);
enum answer condition_holds(const json_t *block, const struct request_context *request,
                            bool variables);

/* evaluator_match.c: text against a pattern, with variables put in where the document has them. */
enum match_rule { MATCH_EXACT, MATCH_EXACT_ANY_CASE, MATCH_LIKE, MATCH_LIKE_ANY_CASE, MATCH_ARN };
enum answer match_text(enum match_rule rule, const char *pattern, const char *text,
                       const struct request_context *request, bool variables);

/* Kleene's and, or, not. */
static inline enum answer answer_and(enum answer a, enum answer b)
{
    return a < b ? a : b;
}
static inline enum answer answer_or(enum answer a, enum answer b)
{
    return a > b ? a : b;
}
static inline enum answer answer_not(enum answer a)
{
    return (enum answer)(ANSWER_YES - a);
}
static inline enum answer answer_of(bool truth)
{
    return truth ? ANSWER_YES : ANSWER_NO;
}
