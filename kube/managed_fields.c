#include "kube/managed_fields.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where a scan stands: only these four are looked into. */
enum place { ENVELOPE, OBJECT, METADATA, SPEC };

struct scan {
    const char *at, *end;
    char *out;
};

static bool over(const struct scan *scan)
{
    return scan->at >= scan->end;
}

static void pass(struct scan *scan, const char *until)
{
    size_t length = (size_t)(until - scan->at);

    memcpy(scan->out, scan->at, length);
    scan->out += length;
    scan->at = until;
}

/* The byte behind the text that begins at from. */
static const char *text_end(const char *from, const char *end)
{
    for (const char *at = from + 1; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return end;
}

/* The byte behind the value that begins at from: its comma or closing bracket. */
static const char *value_end(const char *from, const char *end)
{
    const char *at = from;
    size_t depth = 0;

    while (at < end) {
        if (*at == '"') {
            at = text_end(at, end);
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}' || *at == ']'))
            return at;
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        at++;
    }
    return end;
}

static void pass_spaces(struct scan *scan)
{
    const char *at = scan->at;

    while (at < scan->end && strchr(" \t\r\n,:", *at) && *at)
        at++;
    pass(scan, at);
}

static bool is_key(const char *key, const char *end, const char *word)
{
    size_t length = strlen(word);

    return (size_t)(end - key) == length + 2 && memcmp(key + 1, word, length) == 0;
}

static void pass_object(struct scan *scan, enum place place);

static void pass_items(struct scan *scan)
{
    pass(scan, scan->at + 1);
    for (pass_spaces(scan); !over(scan) && *scan->at != ']'; pass_spaces(scan)) {
        const char *before = scan->at;

        if (*scan->at == '{')
            pass_object(scan, OBJECT);
        else
            pass(scan, value_end(scan->at, scan->end));
        if (scan->at == before)
            return; /* not JSON */
    }
}

static void cut_value(struct scan *scan)
{
    static const char nothing[] = "[]";
    const char *end = value_end(scan->at, scan->end);

    if (end - scan->at >= 2) {
        memcpy(scan->out, nothing, 2);
        scan->out += 2;
        scan->at = end;
    } else {
        pass(scan, end);
    }
}

static bool is_too_long(const char *from, const char *end)
{
    size_t parts = 0;

    for (const char *at = from; at < end; at++) {
        if (*at == '"')
            at = text_end(at, end) - 1;
        else
            parts += *at == '{' || *at == '[' || *at == ',';
    }
    return end - from > KUBE_FREE_FORM_MAX || parts > KUBE_FREE_FORM_PARTS_MAX;
}

static void shorten_value(struct scan *scan)
{
    const char *end = value_end(scan->at, scan->end);
    char word[sizeof(KUBE_TOO_LONG) + 32]; /* shorter than what it stands for */

    if (!is_too_long(scan->at, end)) {
        pass(scan, end);
        return;
    }
    snprintf(word, sizeof(word), "{\"" KUBE_TOO_LONG "\":%zu}", (size_t)(end - scan->at));
    scan->out = stpcpy(scan->out, word);
    scan->at = end;
}

static void pass_value(struct scan *scan, enum place place, const char *key, const char *key_end)
{
    bool object = !over(scan) && *scan->at == '{';

    if (place == METADATA && is_key(key, key_end, "managedFields"))
        cut_value(scan);
    else if (place == SPEC && object && is_key(key, key_end, "permissionPolicy"))
        shorten_value(scan);
    else if (place < METADATA && object && is_key(key, key_end, "metadata"))
        pass_object(scan, METADATA);
    else if (place < METADATA && object && is_key(key, key_end, "spec"))
        pass_object(scan, SPEC);
    else if (place == ENVELOPE && object && is_key(key, key_end, "object"))
        pass_object(scan, OBJECT);
    else if (place == ENVELOPE && !over(scan) && *scan->at == '[' && is_key(key, key_end, "items"))
        pass_items(scan);
    else
        pass(scan, value_end(scan->at, scan->end));
}

/* Without the closing bracket: that belongs to what is around. */
static void pass_members(struct scan *scan, enum place place)
{
    for (pass_spaces(scan); !over(scan) && *scan->at == '"'; pass_spaces(scan)) {
        const char *key = scan->at, *key_end = text_end(key, scan->end);

        pass(scan, key_end);
        pass_spaces(scan);
        pass_value(scan, place, key, key_end);
    }
}

static void pass_object(struct scan *scan, enum place place)
{
    pass(scan, scan->at + 1);
    pass_members(scan, place);
    if (!over(scan) && *scan->at == '}')
        pass(scan, scan->at + 1);
}

size_t managed_fields_cut(char *out, const char *bytes, size_t length)
{
    struct scan scan = {.at = bytes, .end = bytes + length, .out = out};

    pass_spaces(&scan);
    if (!over(&scan) && *scan.at == '{')
        pass_object(&scan, ENVELOPE);
    pass(&scan, scan.end);
    return (size_t)(scan.out - out);
}
