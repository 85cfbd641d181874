#pragma once

/*
 * Conditions of a status: read leniently (a status is our own writing, but anybody with the right
 * to patch it may have put anything there), copied into a record, compared, and written whole.
 * Form and meaning: kubernetes/community api-conventions.md, metav1.Condition.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct arena;
struct pack;

enum condition_status { CONDITION_UNKNOWN, CONDITION_TRUE, CONDITION_FALSE };

/* One condition of the status as it was read or is to be written. */
struct condition {
    const char *type, *reason, *message;
    enum condition_status status;
    int64_t observed_generation;
    int64_t transition_ms; /* wall, whole seconds */
};

/*
 * What nearly every binding says when all is well. No name of an object stands in it, so that
 * thousands of records refer to one text: condition_pack_list.
 */
#define CONDITION_ROLE_READY "The role is as the spec wants it"
#define CONDITION_EXISTING_ROLE_READY                                                              \
    "The role exists and its trust policy admits the ServiceAccount"
#define CONDITION_ASSOCIATED "The association gives the ServiceAccount this role"
#define CONDITION_NO_POD_YET "No pod was made since the association has settled"
#define CONDITION_POD_SEEN "A pod of the ServiceAccount was made with container credentials"
#define CONDITION_PODS_CURRENT "No running pod has older credentials"
#define CONDITION_READY "Role and association are as the spec wants"

enum { CONDITIONS_MAX = 12, CONDITION_MESSAGE_MAX = 2048 };

/* The first CONDITIONS_MAX that have a type, in their order; count is 0 when there are none. The
 * array is in the arena, texts are borrowed from the tree. */
const struct condition *condition_read_list(struct arena *arena, const json_t *list, size_t *count);

/* A copy in the block of a record, but for the words and sentences that most bindings say. */
const struct condition *condition_pack_list(struct pack *pack, const struct condition *list,
                                            size_t count);

/* Equal as written: the same in the same order, transition times to the second. */
bool condition_equal_lists(const struct condition *a, size_t a_count, const struct condition *b,
                           size_t b_count);

/* The array as it goes into status, in the order given; the caller's reference. */
json_t *condition_write_list(const struct condition *list, size_t count);

/* Text as a JSON value, null for NULL; the caller's reference. */
json_t *condition_write_text(const char *text);
