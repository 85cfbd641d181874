#include "reconcilers/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "reconcilers/policy_value.h"

bool policy_equal(struct arena *arena, const char *a, const char *b)
{
    return text_equal(a, b) || text_equal(policy_canonical(arena, a), policy_canonical(arena, b));
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The bytes after the first of a character in UTF-8. */
static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t policy_size(const char *document)
{
    bool in_text = false, escaped = false;
    size_t size = 0;

    for (const char *byte = document; *byte; byte++) {
        if (is_continuation(*byte) || (!in_text && is_space(*byte)))
            continue;
        size++;
        if (escaped)
            escaped = false;
        else if (in_text && *byte == '\\')
            escaped = true;
        else if (*byte == '"')
            in_text = !in_text;
    }
    return size;
}

bool policy_only_denies(const char *document)
{
    AUTO_JSON json_t *tree = policy_parse(document);
    const json_t *statements = json_object_get(tree, "Statement");
    size_t count = policy_value_count(statements);

    for (size_t i = 0; i < count; i++) {
        const char *effect = json_path_text(policy_value_at(statements, i), "Effect");

        if (!effect || strcmp(effect, "Deny") != 0)
            return false;
    }
    return count > 0;
}

static bool malformed(struct error *error, const char *why)
{
    return error_set_code(error, ERROR_REFUSED, "MalformedPolicy",
                          "the policy is malformed: %s. See "
                          "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
                          "reference_policies_grammar.html",
                          why);
}

/* The character that starts here, well-formed and length bytes long. */
static unsigned code_point(const char *bytes, size_t length)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned point = (unsigned char)bytes[0] & first_bits[length];

    for (size_t i = 1; i < length; i++)
        point = point << 6 | ((unsigned char)bytes[i] & 0x3f);
    return point;
}

static bool in_iam_set(unsigned point)
{
    return point == '\t' || point == '\n' || point == '\r' || (point >= 0x20 && point <= 0xff);
}

static bool check_characters(const char *document, struct error *error)
{
    size_t length = strlen(document), step;
    char why[128];

    for (size_t i = 0; i < length; i += step) {
        unsigned point;

        step = text_utf8_sequence(document + i, length - i);
        if (step == 0) {
            snprintf(why, sizeof(why), "byte %zu is not UTF-8", i + 1);
            return malformed(error, why);
        }
        point = code_point(document + i, step);
        if (!in_iam_set(point)) {
            snprintf(why, sizeof(why),
                     "U+%04X at byte %zu is no character that IAM takes (tab, line feed, carriage "
                     "return, U+0020 to U+00FF)",
                     point, i + 1);
            return malformed(error, why);
        }
    }
    return true;
}

static bool check_statements(const json_t *document, struct error *error)
{
    const json_t *statements = json_object_get(document, "Statement");

    if (!json_is_object(document))
        return malformed(error, "it is not a JSON object");
    if (!statements)
        return malformed(error, "it has no \"Statement\"");
    for (size_t i = 0; i < policy_value_count(statements); i++)
        if (!json_is_object(policy_value_at(statements, i)))
            return malformed(error, "\"Statement\" is neither an object nor a list of objects");
    return true;
}

/* json_parse has seen that this does not recurse far. */
static size_t depth_of(json_t *value)
{
    size_t deepest = 0, below, i;
    const char *key;
    json_t *item;

    json_array_foreach(value, i, item)
    {
        below = depth_of(item);
        deepest = below > deepest ? below : deepest;
    }
    json_object_foreach(value, key, item)
    {
        below = depth_of(item);
        deepest = below > deepest ? below : deepest;
    }
    return deepest + (json_is_array(value) || json_is_object(value));
}

static bool check_depth(json_t *document, struct error *error)
{
    char why[96];

    if (depth_of(document) <= POLICY_DEPTH_MAX)
        return true;
    snprintf(why, sizeof(why), "it nests deeper than %d levels, and no policy needs more than 6",
             POLICY_DEPTH_MAX);
    return malformed(error, why);
}

bool policy_check(const char *document, size_t size_max, struct error *error)
{
    size_t size = policy_size(document);
    AUTO_JSON json_t *tree = NULL;
    struct error reason = {0};

    /* Over the bytes first: only what is small becomes a tree. */
    if (size > size_max)
        return error_set_code(error, ERROR_REFUSED, "PolicyTooLarge",
                              "the policy has %zu characters, white space not counted; IAM takes "
                              "%zu",
                              size, size_max);
    if (!check_characters(document, error))
        return false;
    tree = json_parse(document, strlen(document), &reason);
    if (!tree)
        return malformed(error, reason.text);
    return check_depth(tree, error) && check_statements(tree, error);
}
