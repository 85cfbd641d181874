#pragma once

/*
 * Reads the fields of a spec: each with its type and its ceiling, because the schema that the API
 * server has may be older than this program, or somebody's own. The first field that is wrong
 * raises ERROR_REFUSED naming it, and those after it are not read. Absent and null are the same.
 *
 * Texts are borrowed from the tree, lists are in the arena.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct arena;
struct error;

/* Generous beside the schema's maxima; a record must not grow with what somebody else allows. */
enum { FIELD_TEXT_MAX = 16384 /* 4,096 characters */, FIELD_LIST_MAX = 256 };

struct fields {
    const json_t *object; /* NULL: every field is absent */
    const char *path;     /* "spec.", for messages */
    struct arena *arena;
    struct error *error;
    bool *failed; /* shared with the objects inside */
};

/* The value under key when it is there, with this type (JSON_FALSE stands for both booleans). */
const json_t *field_value(struct fields *fields, const char *key, json_type type);

const char *field_text(struct fields *fields, const char *key); /* NULL: absent */
bool field_bool(struct fields *fields, const char *key);        /* absent: false */
/* fallback when absent; a number outside least…most is refused. */
int64_t field_int(struct fields *fields, const char *key, int64_t least, int64_t most,
                  int64_t fallback);
/* The place of the text in words (ends with NULL); absent: 0, another text is refused. */
unsigned field_word(struct fields *fields, const char *key, const char *const *words);
/* NULL-terminated, empty when absent. */
const char *const *field_texts(struct fields *fields, const char *key);

/* The fields of the object under key; path is as for the parent, with key and a dot added. */
struct fields field_object(struct fields *fields, const char *key);
/* Refuses what key holds. */
void field_refuse(struct fields *fields, const char *key, const char *what);
