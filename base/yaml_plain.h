#pragma once

/*
 * What a plain (unquoted) YAML scalar means: null, true or false and numbers as YAML 1.2's core
 * schema has them, else text. Two exceptions: digits with a leading zero stay text (an AWS account
 * is not a number), and so does what JSON has no number for (.inf, 1e999).
 */

#include <jansson.h>

/* The caller's reference; NULL: a text that is not UTF-8. */
json_t *yaml_plain(const char *text);
