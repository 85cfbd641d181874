#pragma once

/* Tags of roles and associations: pairs in any order, keys compared as IAM does (whatever the
 * case). */

#include <stdbool.h>
#include <stddef.h>

struct aws_tag {
    const char *key, *value;
};

struct aws_tags {
    const struct aws_tag *items;
    size_t count;
};

/* The value under exactly this key; NULL when absent. */
const char *aws_tags_get(const struct aws_tags *tags, const char *key);
/* The same whatever the key's case. */
const char *aws_tags_get_any_case(const struct aws_tags *tags, const char *key);
