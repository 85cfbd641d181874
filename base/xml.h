#pragma once

/*
 * Reads the XML answers of IAM and STS (over expat) into a small tree of elements in an arena.
 * Depth and size are capped; entities and DTDs are refused; namespaces and attributes are dropped.
 */

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

struct xml {
    const char *name;        /* without namespace prefix */
    const char *text;        /* character data, "" when there is none */
    const struct xml *child; /* first child */
    const struct xml *next;  /* next sibling */
};

/* The root element, or NULL with ERROR_REFUSED. Lives in the arena. */
const struct xml *xml_parse(struct arena *arena, const char *bytes, size_t length,
                            struct error *error);

/* The first descendant under "GetRoleResult/Role/Arn"-like paths from this element; NULL if none.
 */
const struct xml *xml_find(const struct xml *element, const char *path);
/* Its text; NULL if there is no such element. */
const char *xml_text(const struct xml *element, const char *path);

/* The elements called name among the children of what path names; walk with xml_next_named. */
const struct xml *xml_first_named(const struct xml *element, const char *name);
const struct xml *xml_next_named(const struct xml *element, const char *name);
