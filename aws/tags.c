#include "aws/tags.h"

#include <string.h>
#include <strings.h>

static const char *find(const struct aws_tags *tags, const char *key,
                        int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < tags->count; i++) {
        if (compare(tags->items[i].key, key) == 0)
            return tags->items[i].value;
    }
    return NULL;
}

const char *aws_tags_get(const struct aws_tags *tags, const char *key)
{
    return find(tags, key, strcmp);
}

const char *aws_tags_get_any_case(const struct aws_tags *tags, const char *key)
{
    return find(tags, key, strcasecmp);
}
