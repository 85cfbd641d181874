#pragma once

/*
 * One line per event, JSON or text, on stderr. Fields are key/value pairs of text that end with
 * NULL: log_event(LOG_INFO, "role created", "namespace", ns, "name", name, NULL). Values are
 * escaped; nothing secret is ever a value. A value NULL is not possible (it would end the list).
 */

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_JSON, LOG_TEXT };

void log_configure(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);
void log_event(enum log_level level, const char *message, ...) __attribute__((sentinel));

/* False when the word is none: "debug", "info", "warn", "error"; "json", "text". */
bool log_level_parse(const char *word, enum log_level *level);
bool log_format_parse(const char *word, enum log_format *format);
