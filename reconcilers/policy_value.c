#include "reconcilers/policy_value.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

json_t *policy_parse(const char *document)
{
    size_t length = strnlen(document, POLICY_READ_MAX + 1);
    AUTO_JSON json_t *tree = NULL;
    struct error ignored = {0};

    if (length > POLICY_READ_MAX)
        return NULL;
    tree = json_parse_strict(document, length, &ignored);
    return json_is_object(tree) ? TAKE(tree) : NULL;
}

size_t policy_value_count(const json_t *value)
{
    if (json_is_array(value))
        return json_array_size(value);
    return value ? 1 : 0;
}

const json_t *policy_value_at(const json_t *value, size_t index)
{
    return json_is_array(value) ? json_array_get(value, index) : value;
}

json_t *policy_value_text(const json_t *value)
{
    AUTO_FREE char *number = NULL;

    if (json_is_string(value))
        return json_string(json_string_value(value));
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "true" : "false");
    if (!json_is_number(value))
        return NULL;
    number = json_dumps(value, JSON_ENCODE_ANY);
    return json_string(number);
}

static bool same(char a, char b, bool any_case)
{
    return any_case ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

/* On a mismatch only the last '*' has to take one character more: the earlier ones took as little
 * as they could, so another split of theirs could not match either. */
bool policy_pattern_matches_part(const char *pattern, size_t pattern_length, const char *text,
                                 size_t text_length, bool any_case)
{
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;

    while (t < text_length) {
        if (p < pattern_length && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern_length &&
                   (pattern[p] == '?' || same(pattern[p], text[t], any_case))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern_length && pattern[p] == '*')
        p++;
    return p == pattern_length;
}

bool policy_pattern_matches(const char *pattern, const char *text, bool any_case)
{
    return policy_pattern_matches_part(pattern, strlen(pattern), text, strlen(text), any_case);
}
