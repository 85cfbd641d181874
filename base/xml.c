#include "base/xml.h"

#include <assert.h>
#include <expat.h>
#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

/* The deepest answer of IAM, GetAccountAuthorizationDetails, has ten levels. */
enum { DEPTH_MAX = 32 };

struct open_element {
    struct xml *element;
    struct xml *last_child;
};

struct reader {
    XML_Parser parser;
    struct arena *arena;
    size_t size_max; /* bytes of arena the tree may take */
    size_t size_start;
    struct xml *root;
    struct open_element open[DEPTH_MAX];
    size_t depth;
    struct text text;    /* of the innermost open element, as long as it has no child */
    const char *refusal; /* why we stopped the parser; NULL when we did not */
};

static void refuse(struct reader *reader, const char *reason)
{
    if (!reader->refusal)
        reader->refusal = reason;
    XML_StopParser(reader->parser, XML_FALSE);
}

/* Takes room from the arena, which would end the process rather than refuse. */
static char *take_text(struct reader *reader, const char *bytes, size_t length)
{
    size_t used = arena_used(reader->arena) - reader->size_start;

    if (length + sizeof(struct xml) > reader->size_max - used) {
        refuse(reader, "larger than there is room for");
        return NULL;
    }
    return arena_text(reader->arena, bytes, length);
}

static void attach(struct reader *reader, struct xml *element)
{
    struct open_element *parent = reader->depth > 0 ? &reader->open[reader->depth - 1] : NULL;

    if (!parent)
        reader->root = element;
    else if (parent->last_child)
        parent->last_child->next = element;
    else
        parent->element->child = element;
    if (parent)
        parent->last_child = element;
    reader->open[reader->depth++] = (struct open_element){.element = element};
}

static void XMLCALL on_start(void *context, const char *name, const char **attributes)
{
    struct reader *reader = context;
    const char *colon = strrchr(name, ':');
    const char *local = colon ? colon + 1 : name;
    struct xml *element;
    char *copy;

    (void)attributes;
    if (reader->refusal)
        return;
    if (reader->depth == DEPTH_MAX) {
        refuse(reader, "nests too deep");
        return;
    }
    copy = take_text(reader, local, strlen(local));
    if (!copy)
        return;
    element = arena_alloc(reader->arena, sizeof(*element));
    element->name = copy;
    element->text = "";
    attach(reader, element);
    text_clear(&reader->text);
}

static void XMLCALL on_end(void *context, const char *name)
{
    struct reader *reader = context;
    struct xml *element;

    (void)name;
    if (reader->refusal)
        return;
    element = reader->open[--reader->depth].element;
    if (!element->child && reader->text.length > 0)
        element->text = take_text(reader, reader->text.bytes, reader->text.length);
    text_clear(&reader->text);
}

static void XMLCALL on_characters(void *context, const char *bytes, int length)
{
    struct reader *reader = context;

    text_add(&reader->text, bytes, (size_t)length);
}

static void XMLCALL on_doctype(void *context, const char *name, const char *system_id,
                               const char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    refuse(context, "has a document type, which may define entities");
}

static bool explain(const struct reader *reader, struct error *error)
{
    return error_set(error, ERROR_REFUSED, "not XML we read: line %lu: %s",
                     (unsigned long)XML_GetCurrentLineNumber(reader->parser),
                     reader->refusal ? reader->refusal
                                     : XML_ErrorString(XML_GetErrorCode(reader->parser)));
}

/* The parser takes the encoding from us: AWS sends UTF-8, and no other way in stays open. */
static bool run(struct reader *reader, const char *bytes, size_t length, struct error *error)
{
    enum XML_Status status;

    if (length > INT_MAX)
        return error_set(error, ERROR_REFUSED, "not XML we read: %zu bytes", length);
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_characters);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    status = XML_Parse(reader->parser, bytes, (int)length, XML_TRUE);
    if (status != XML_STATUS_OK || reader->refusal)
        return explain(reader, error);
    assert(reader->root && reader->depth == 0 && !reader->text.overflow);
    return true;
}

const struct xml *xml_parse(struct arena *arena, const char *bytes, size_t length,
                            struct error *error)
{
    struct reader reader = {
        .parser = XML_ParserCreate("UTF-8"),
        .arena = arena,
        .size_max = arena_room(arena) / 2,
        .size_start = arena_used(arena),
        .text = TEXT_INIT(length),
    };
    bool done;

    assert(reader.parser);
    done = run(&reader, bytes, length, error);
    XML_ParserFree(reader.parser);
    text_finish(&reader.text);
    return done ? reader.root : NULL;
}

static const struct xml *first_named(const struct xml *element, const char *name, size_t length)
{
    for (; element; element = element->next) {
        if (strncmp(element->name, name, length) == 0 && element->name[length] == '\0')
            return element;
    }
    return NULL;
}

const struct xml *xml_find(const struct xml *element, const char *path)
{
    while (element && *path) {
        size_t length = strcspn(path, "/");

        element = first_named(element->child, path, length);
        path += length;
        path += *path == '/';
    }
    return element;
}

const char *xml_text(const struct xml *element, const char *path)
{
    const struct xml *found = xml_find(element, path);

    return found ? found->text : NULL;
}

const struct xml *xml_first_named(const struct xml *element, const char *name)
{
    return element ? first_named(element->child, name, strlen(name)) : NULL;
}

const struct xml *xml_next_named(const struct xml *element, const char *name)
{
    return element ? first_named(element->next, name, strlen(name)) : NULL;
}
