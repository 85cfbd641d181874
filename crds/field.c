#include "crds/field.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

static const char *type_name(json_type type)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",       [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a whole number", [JSON_REAL] = "a number", [JSON_TRUE] = "true or false",
        [JSON_FALSE] = "true or false",    [JSON_NULL] = "null",
    };

    return names[type];
}

void field_refuse(struct fields *fields, const char *key, const char *what)
{
    if (!*fields->failed)
        error_set(fields->error, ERROR_REFUSED, "%s%s: %s", fields->path, key, what);
    *fields->failed = true;
}

static bool has_type(const json_t *value, json_type type)
{
    return json_typeof(value) == type || (type == JSON_FALSE && json_is_boolean(value));
}

const json_t *field_value(struct fields *fields, const char *key, json_type type)
{
    const json_t *value = json_object_get(fields->object, key);

    if (*fields->failed || !value || json_is_null(value))
        return NULL;
    if (!has_type(value, type)) {
        error_set(fields->error, ERROR_REFUSED, "%s%s is %s where %s is expected", fields->path,
                  key, type_name(json_typeof(value)), type_name(type));
        *fields->failed = true;
        return NULL;
    }
    return value;
}

static const char *bounded_text(struct fields *fields, const char *key, const json_t *value)
{
    if (json_string_length(value) > FIELD_TEXT_MAX) {
        field_refuse(fields, key, "the text is over 16384 bytes long");
        return NULL;
    }
    return json_string_value(value);
}

const char *field_text(struct fields *fields, const char *key)
{
    const json_t *value = field_value(fields, key, JSON_STRING);

    return value ? bounded_text(fields, key, value) : NULL;
}

bool field_bool(struct fields *fields, const char *key)
{
    return json_is_true(field_value(fields, key, JSON_FALSE));
}

int64_t field_int(struct fields *fields, const char *key, int64_t least, int64_t most,
                  int64_t fallback)
{
    const json_t *value = field_value(fields, key, JSON_INTEGER);
    int64_t number = value ? (int64_t)json_integer_value(value) : fallback;

    if (value && (number < least || number > most))
        field_refuse(fields, key,
                     arena_printf(fields->arena, "%lld is not between %lld and %lld",
                                  (long long)number, (long long)least, (long long)most));
    return number;
}

unsigned field_word(struct fields *fields, const char *key, const char *const *words)
{
    const char *text = field_text(fields, key);

    for (unsigned i = 0; text && words[i]; i++)
        if (text_equal(text, words[i]))
            return i;
    if (text)
        field_refuse(fields, key,
                     arena_printf(fields->arena, "\"%.64s\" is not known to this version", text));
    return 0;
}

const char *const *field_texts(struct fields *fields, const char *key)
{
    const json_t *value = field_value(fields, key, JSON_ARRAY);
    size_t count = json_array_size(value);
    const char **texts;

    if (count > FIELD_LIST_MAX) {
        field_refuse(fields, key, "the list is over 256 items long");
        count = 0;
    }
    texts = arena_array(fields->arena, count + 1, sizeof(*texts));
    for (size_t i = 0; i < count && !*fields->failed; i++) {
        const json_t *item = json_array_get(value, i);

        if (json_is_string(item))
            texts[i] = bounded_text(fields, key, item);
        else
            field_refuse(fields, key, "an item of the list is not a text");
    }
    return texts;
}

struct fields field_object(struct fields *fields, const char *key)
{
    struct fields inner = {
        .object = field_value(fields, key, JSON_OBJECT),
        .path = arena_printf(fields->arena, "%s%s.", fields->path, key),
        .arena = fields->arena,
        .error = fields->error,
        .failed = fields->failed,
    };

    return inner;
}
