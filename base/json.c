#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

/* Jansson recurses up to 2048 deep; nothing that Kubernetes or AWS sends comes near this. */
enum { DEPTH_MAX = 64 };

/*
 * How deep arrays and objects nest, counted over the bytes so that the decoder never gets to
 * recurse. On what is not JSON the count means nothing, and the decoder refuses that anyway.
 */
static bool is_too_deep(const char *bytes, size_t length)
{
    bool in_text = false;
    int depth = 0;

    for (size_t i = 0; i < length; i++) {
        char byte = bytes[i];

        if (in_text && byte == '\\')
            i++;
        else if (byte == '"')
            in_text = !in_text;
        else if (!in_text && (byte == '[' || byte == '{') && ++depth > DEPTH_MAX)
            return true;
        else if (!in_text && (byte == ']' || byte == '}'))
            depth--;
    }
    return false;
}

static json_t *parse(const char *bytes, size_t length, size_t flags, struct error *error)
{
    json_error_t reason;
    json_t *json;
    char *near;

    if (is_too_deep(bytes, length)) {
        error_set(error, ERROR_REFUSED, "JSON nests deeper than %d", DEPTH_MAX);
        return NULL;
    }
    json = json_loadb(bytes, length, flags | JSON_DECODE_ANY, &reason);
    if (json)
        return json;
    /* Jansson quotes the input there, which may be a credential. */
    near = strstr(reason.text, " near ");
    if (near)
        *near = '\0';
    error_set(error, ERROR_REFUSED, "not JSON: line %d, column %d: %s", reason.line, reason.column,
              reason.text);
    return NULL;
}

json_t *json_parse(const char *bytes, size_t length, struct error *error)
{
    return parse(bytes, length, 0, error);
}

json_t *json_parse_strict(const char *bytes, size_t length, struct error *error)
{
    return parse(bytes, length, JSON_REJECT_DUPLICATES, error);
}

json_t *json_path(const json_t *json, const char *path)
{
    for (;;) {
        size_t length = strcspn(path, ".");
        json_t *child = json_object_getn(json, path, length);

        if (!child || path[length] == '\0')
            return child;
        json = child;
        path += length + 1;
    }
}

const char *json_path_text(const json_t *json, const char *path)
{
    return json_string_value(json_path(json, path));
}

int64_t json_path_int(const json_t *json, const char *path, int64_t fallback)
{
    const json_t *value = json_path(json, path);

    if (json_is_integer(value))
        return json_integer_value(value);
    /* AWS writes times as 1.7642345E9; a double beyond these has no int64_t. */
    if (json_is_real(value) && json_real_value(value) > -9e18 && json_real_value(value) < 9e18)
        return (int64_t)json_real_value(value);
    return fallback;
}

bool json_path_bool(const json_t *json, const char *path, bool fallback)
{
    const json_t *value = json_path(json, path);

    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

char *json_write(struct arena *arena, const json_t *json, bool sorted)
{
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | (sorted ? JSON_SORT_KEYS : 0);
    AUTO_FREE char *text = json_dumps(json, flags);

    assert(text);
    return arena_string(arena, text);
}

char *json_take_text(struct arena *arena, const json_t *json, const char *path)
{
    return arena_string(arena, json_path_text(json, path));
}
