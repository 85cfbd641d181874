#pragma once

/*
 * Random policy documents, what may be said in their place, and requests to ask them about.
 * Documents are trees until they are printed: what no tree can hold (a repeated key, spacing,
 * escapes) is the printer's.
 */

#include <stdio.h>

#include <jansson.h>

#include "tests/property/evaluator.h"
#include "tests/property/random.h"

/* Whom a document may speak of: one association, and near misses of all its parts. */
struct world {
    const char *partition, *account, *cluster_name, *namespace_name, *service_account;
    char cluster_arn[160];
    bool session_tags;
};
void world_make(struct world *world, struct random *random);

/* Every form that a document may have, with how often it was made. Condition operators follow the
 * forms, one count each. */
enum form {
    FORM_STATEMENT_OBJECT,
    FORM_STATEMENT_LIST,
    FORM_VALUE_TEXT,
    FORM_VALUE_LIST,
    FORM_ACTION,
    FORM_NOT_ACTION,
    FORM_PRINCIPAL,
    FORM_NOT_PRINCIPAL,
    FORM_PRINCIPAL_STAR,
    FORM_PRINCIPAL_ACCOUNT,
    FORM_RESOURCE,
    FORM_NOT_RESOURCE,
    FORM_ALLOW,
    FORM_DENY,
    FORM_WILDCARD,
    FORM_VARIABLE,
    FORM_IF_EXISTS,
    FORM_FOR_ALL_VALUES,
    FORM_FOR_ANY_VALUE,
    FORM_OLD_VERSION,
    FORM_NO_VERSION,
    FORM_DUPLICATE_VALUE,
    FORM_DUPLICATE_STATEMENT,
    FORM_DUPLICATE_KEY,
    FORM_UNKNOWN_KEY,
    FORM_UNKNOWN_OPERATOR,
    FORM_COUNT,
};
enum { OPERATORS_COUNT = 27 };
struct forms {
    unsigned long made[FORM_COUNT + OPERATORS_COUNT];
};
/* Prints one line per form; false when one was never made. */
bool forms_print(const struct forms *forms, FILE *out);

/* A document about world. Odd: it may carry what IAM refuses (unknown keys and operators). */
json_t *generator_document(struct random *random, const struct world *world,
                           enum document_kind kind, bool odd, struct forms *forms);

/* The document as text: with spacing, escapes and order of keys as they come, when loose. */
char *generator_print(struct random *random, const json_t *document, bool loose);
/* One key of the document stands twice: no document that IAM takes. */
char *generator_print_duplicate(struct random *random, const json_t *document, struct forms *forms);

/* rewriting.c: the same said otherwise, by the rules of the grammar alone. */
json_t *rewriting_of(struct random *random, const json_t *document, struct forms *forms);
/* Something else, or by chance the same: only the evaluator knows. */
json_t *mutation_of(struct random *random, const json_t *document);

/* requests.c: what the association's session asks (sts:AssumeRole or sts:TagSession); what the
 * association does not determine (pod, organization, time, …) is random. */
void request_of_session(struct request_context *request, struct random *random,
                        const struct world *world, const char *action);
/* Anybody's: the session's with some parts of it changed. */
void request_of_anybody(struct request_context *request, struct random *random,
                        const struct world *world, enum document_kind kind);
