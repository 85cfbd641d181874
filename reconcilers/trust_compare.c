/*
 * The operators of IAM conditions over texts and ARNs (IAM "Condition operators"). Numbers, dates,
 * addresses and binary values compare nothing that the request of EKS has for sure.
 */

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "reconcilers/policy_value.h"
#include "reconcilers/trust_parts.h"

enum { ARN_PARTS = 6 };

static enum truth compare_equal(const char *pattern, const char *value)
{
    return truth_of(strcmp(pattern, value) == 0);
}

static enum truth compare_any_case(const char *pattern, const char *value)
{
    return truth_of(strcasecmp(pattern, value) == 0);
}

static enum truth compare_like(const char *pattern, const char *value)
{
    return truth_of(policy_pattern_matches(pattern, value, false));
}

struct part {
    const char *bytes;
    size_t length;
};

/* The last part is all that follows the fifth colon. False when there are fewer. */
static bool arn_split(const char *text, struct part parts[ARN_PARTS])
{
    for (size_t i = 0; i < ARN_PARTS; i++) {
        size_t length = i + 1 < ARN_PARTS ? strcspn(text, ":") : strlen(text);

        if (i + 1 < ARN_PARTS && text[length] != ':')
            return false;
        parts[i] = (struct part){.bytes = text, .length = length};
        text += length + 1;
    }
    return true;
}

/* ArnEquals is ArnLike: each of the six parts is a pattern, and none reaches past its colon. */
static enum truth compare_arn(const char *pattern, const char *value)
{
    struct part patterns[ARN_PARTS], parts[ARN_PARTS];

    if (!arn_split(value, parts) || !arn_split(pattern, patterns))
        return TRUTH_MAYBE;
    for (size_t i = 0; i < ARN_PARTS; i++)
        if (!policy_pattern_matches_part(patterns[i].bytes, patterns[i].length, parts[i].bytes,
                                         parts[i].length, false))
            return TRUTH_NO;
    return TRUTH_YES;
}

/* No key that we know is a boolean one. */
static enum truth compare_nothing(const char *pattern, const char *value)
{
    (void)pattern;
    (void)value;
    return TRUTH_MAYBE;
}

static const struct comparison comparisons[] = {
    {"StringEquals", compare_equal, false, false},
    {"StringNotEquals", compare_equal, true, false},
    {"StringEqualsIgnoreCase", compare_any_case, false, false},
    {"StringNotEqualsIgnoreCase", compare_any_case, true, false},
    {"StringLike", compare_like, false, true},
    {"StringNotLike", compare_like, true, true},
    {"ArnEquals", compare_arn, false, false},
    {"ArnLike", compare_arn, false, false},
    {"ArnNotEquals", compare_arn, true, false},
    {"ArnNotLike", compare_arn, true, false},
    {"Bool", compare_nothing, false, false},
};

const struct comparison *trust_comparison(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT(comparisons); i++)
        if (strlen(comparisons[i].name) == length &&
            strncmp(comparisons[i].name, name, length) == 0)
            return &comparisons[i];
    return NULL;
}
