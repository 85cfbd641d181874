#pragma once

/*
 * Reads one YAML document (settings, kubeconfig) into a JSON tree and remembers where everything
 * stood, so that whoever refuses a value can name its line.
 *
 * Plain scalars become null, true/false, numbers or text as base/yaml_plain.h says. What was
 * written is kept beside it, so `token: 123` can be read as the text "123". Refused, with the line:
 * anchors, aliases and merge keys (they multiply: a small file can unfold into a huge tree), a key
 * that comes twice, keys that are not plain words, tags other than !!str, a second document, more
 * than YAML_DEPTH_MAX levels, more than YAML_SIZE_MAX bytes.
 */

#include <stddef.h>

#include <jansson.h>

#include "base/memory.h"

struct error;
struct yaml;

/* A kubeconfig with the certificates of some hundred clusters is half of this size. */
enum { YAML_SIZE_MAX = 1 << 20, YAML_DEPTH_MAX = 32 };

/* ERROR_REFUSED with a text that begins "line N: ". An empty document is JSON null. */
struct yaml *yaml_parse(const char *bytes, size_t length, struct error *error);
void yaml_destroy(struct yaml *yaml);

/* Borrowed; lives as long as yaml and must not be changed. */
const json_t *yaml_root(const struct yaml *yaml);

/* Where the value stands that parent (an object or array of this tree) has under key; for arrays
 * key is the index in decimal. Lines count from 1; 0: there is no such value. */
unsigned yaml_line(const struct yaml *yaml, const json_t *parent, const char *key);

/* The scalar there as it was written, without quotes; NULL when there is none, or when it is a
 * list, a map or null. Borrowed. */
const char *yaml_written(const struct yaml *yaml, const json_t *parent, const char *key);

DEFINE_AUTO(struct yaml *, yaml_destroy);
