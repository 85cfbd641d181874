#include "base/yaml.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "base/yaml_plain.h"

/* Where one value of the tree stood. */
struct place {
    unsigned line;
    char *written; /* NULL: list, map or null */
};

struct yaml {
    json_t *root;
    struct map *places; /* by the parent's address and the key in it */
};

/* libyaml's events rather than its documents: its loader looks at every anchor for every anchor,
 * so a megabyte of anchors takes minutes; here the first one ends the reading. */
struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct yaml *yaml;
    struct error *error;
};

static unsigned line_of(const yaml_event_t *event)
{
    return (unsigned)event->start_mark.line + 1;
}

static void reader_finish(struct reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
}

static bool refuse(const struct reader *reader, const char *what)
{
    return error_set(reader->error, ERROR_REFUSED, "line %u: %s", line_of(&reader->event), what);
}

/* Puts the next event into reader->event. */
static bool advance(struct reader *reader)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = yaml_parser_parse(&reader->parser, &reader->event) != 0;
    if (reader->has_event)
        return true;
    return error_set(reader->error, ERROR_REFUSED, "line %zu: %s",
                     reader->parser.problem_mark.line + 1,
                     reader->parser.problem ? reader->parser.problem : "not YAML");
}

/* "7ffc01a0/name", for free(). Containers of a tree that lives have addresses of their own. */
static char *place_key(const json_t *parent, const char *key)
{
    struct text text;

    text_init(&text, YAML_SIZE_MAX + 32);
    text_printf(&text, "%" PRIxPTR "/", (uintptr_t)parent);
    text_add_string(&text, key);
    return text_take(&text);
}

static void remember(struct yaml *yaml, const json_t *parent, const char *key, unsigned line,
                     const char *written)
{
    AUTO_FREE char *name = place_key(parent, key);
    struct place *place = memory_alloc(sizeof(*place));

    place->line = line;
    place->written = memory_string(written);
    map_put(yaml->places, name, place);
}

/* A kubeconfig has tokens and keys in it. */
static void forget(void *value)
{
    struct place *place = value;

    if (place->written)
        memory_wipe(place->written, strlen(place->written));
    free(place->written);
    free(place);
}

static const struct place *find(const struct yaml *yaml, const json_t *parent, const char *key)
{
    AUTO_FREE char *name = place_key(parent, key);

    return map_get(yaml->places, name);
}

/* The event's scalar as C text, or NULL: refused. Borrowed from the event. */
static const char *scalar_text(const struct reader *reader)
{
    const char *bytes = (const char *)reader->event.data.scalar.value;

    if (memchr(bytes, '\0', reader->event.data.scalar.length)) {
        refuse(reader, "a NUL in a text");
        return NULL;
    }
    return bytes;
}

static bool tag_allowed(const char *tag, const char *allowed)
{
    return !tag || text_equal(tag, "!") || text_equal(tag, allowed);
}

static json_t *read_scalar(const struct reader *reader)
{
    const char *tag = (const char *)reader->event.data.scalar.tag;
    const char *text = scalar_text(reader);
    json_t *value;

    if (!text)
        return NULL;
    if (!tag_allowed(tag, YAML_STR_TAG)) {
        refuse(reader, "a tag; only !!str is read");
        return NULL;
    }
    if (!tag && reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        value = yaml_plain(text);
    else
        value = json_string(text);
    if (!value)
        refuse(reader, "not UTF-8");
    return value;
}

static const yaml_char_t *event_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    case YAML_ALIAS_EVENT:
        return event->data.alias.anchor;
    default:
        return NULL;
    }
}

static json_t *read_value(struct reader *reader, const json_t *parent, const char *key,
                          unsigned depth);

static bool read_items(struct reader *reader, json_t *array, unsigned depth)
{
    char index[24];

    for (size_t i = 0; advance(reader); i++) {
        json_t *item;

        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        snprintf(index, sizeof(index), "%zu", i);
        item = read_value(reader, array, index, depth);
        if (!item || json_array_append_new(array, item) != 0)
            return false;
    }
    return false;
}

/* The key of the next pair, for free(); NULL: refused. */
static char *read_key(const struct reader *reader, const json_t *object)
{
    const char *text;

    if (event_anchor(&reader->event)) {
        refuse(reader, "an anchor or alias (& or *); write the value out");
        return NULL;
    }
    if (reader->event.type != YAML_SCALAR_EVENT) {
        refuse(reader, "a key that is not a word");
        return NULL;
    }
    text = scalar_text(reader);
    if (!text)
        return NULL;
    if (text_equal(text, "<<")) {
        refuse(reader, "a merge key (<<); write the values out");
        return NULL;
    }
    if (json_object_get(object, text)) {
        error_set(reader->error, ERROR_REFUSED, "line %u: \"%s\" is here twice, first in line %u",
                  line_of(&reader->event), text, find(reader->yaml, object, text)->line);
        return NULL;
    }
    return memory_string(text);
}

static bool read_pairs(struct reader *reader, json_t *object, unsigned depth)
{
    while (advance(reader)) {
        AUTO_FREE char *key = NULL;
        json_t *value;

        if (reader->event.type == YAML_MAPPING_END_EVENT)
            return true;
        key = read_key(reader, object);
        if (!key || !advance(reader))
            return false;
        value = read_value(reader, object, key, depth);
        if (!value)
            return false;
        if (json_object_set_new(object, key, value) != 0)
            return refuse(reader, "a key that is not UTF-8");
    }
    return false;
}

static json_t *read_collection(struct reader *reader, unsigned depth)
{
    bool mapping = reader->event.type == YAML_MAPPING_START_EVENT;
    const char *tag = (const char *)(mapping ? reader->event.data.mapping_start.tag
                                             : reader->event.data.sequence_start.tag);
    AUTO_JSON json_t *value = mapping ? json_object() : json_array();

    if (!tag_allowed(tag, mapping ? YAML_MAP_TAG : YAML_SEQ_TAG)) {
        refuse(reader, "a tag; only !!str is read");
        return NULL;
    }
    if (depth >= YAML_DEPTH_MAX) {
        refuse(reader, "nested too deeply");
        return NULL;
    }
    if (mapping ? read_pairs(reader, value, depth + 1) : read_items(reader, value, depth + 1))
        return TAKE(value);
    return NULL;
}

/* The value that the current event begins, remembered under parent and key. */
static json_t *read_value(struct reader *reader, const json_t *parent, const char *key,
                          unsigned depth)
{
    unsigned line = line_of(&reader->event);
    json_t *value;

    if (event_anchor(&reader->event)) {
        refuse(reader, "an anchor or alias (& or *); write the value out");
        return NULL;
    }
    if (reader->event.type != YAML_SCALAR_EVENT) {
        remember(reader->yaml, parent, key, line, NULL);
        return read_collection(reader, depth);
    }
    value = read_scalar(reader);
    if (value)
        remember(reader->yaml, parent, key, line,
                 json_is_null(value) ? NULL : (const char *)reader->event.data.scalar.value);
    return value;
}

/* STREAM-START, then one document or none, then STREAM-END. */
static bool read_stream(struct reader *reader)
{
    if (!advance(reader) || !advance(reader))
        return false;
    if (reader->event.type == YAML_STREAM_END_EVENT) {
        reader->yaml->root = json_null();
        return true;
    }
    if (!advance(reader))
        return false;
    reader->yaml->root = read_value(reader, NULL, "", 0);
    if (!reader->yaml->root || !advance(reader) || !advance(reader))
        return false;
    if (reader->event.type != YAML_STREAM_END_EVENT)
        return refuse(reader, "a second document");
    return true;
}

struct yaml *yaml_parse(const char *bytes, size_t length, struct error *error)
{
    AUTO(yaml_destroy) struct yaml *yaml = memory_alloc(sizeof(*yaml));
    struct reader reader = {.yaml = yaml, .error = error};
    bool good;

    yaml->places = map_create();
    if (length > YAML_SIZE_MAX) {
        error_set(error, ERROR_REFUSED, "line 1: larger than %d bytes", (int)YAML_SIZE_MAX);
        return NULL;
    }
    if (!yaml_parser_initialize(&reader.parser))
        abort();
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, length);
    good = read_stream(&reader);
    reader_finish(&reader);
    return good ? TAKE(yaml) : NULL;
}

void yaml_destroy(struct yaml *yaml)
{
    if (!yaml)
        return;
    map_clear(yaml->places, forget);
    map_destroy(yaml->places);
    json_decref(yaml->root);
    free(yaml);
}

const json_t *yaml_root(const struct yaml *yaml)
{
    return yaml->root;
}

unsigned yaml_line(const struct yaml *yaml, const json_t *parent, const char *key)
{
    const struct place *place = find(yaml, parent, key);

    return place ? place->line : 0;
}

const char *yaml_written(const struct yaml *yaml, const json_t *parent, const char *key)
{
    const struct place *place = find(yaml, parent, key);

    return place ? place->written : NULL;
}
