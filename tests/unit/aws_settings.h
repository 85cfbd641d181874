#pragma once

/* An environment for tests: settings(NAME, value, …) replaces what setting_of answers. */

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

enum { SETTINGS_MAX = 8 };

static const char *setting_names[SETTINGS_MAX], *setting_values[SETTINGS_MAX];

static const char *setting_of(const char *name)
{
    for (size_t i = 0; i < SETTINGS_MAX; i++) {
        if (setting_names[i] && strcmp(setting_names[i], name) == 0)
            return setting_values[i];
    }
    return NULL;
}

/* Pairs that end with NULL. */
__attribute__((sentinel)) static void settings(const char *name, ...)
{
    size_t count = 0;
    va_list pairs;

    memset(setting_names, 0, sizeof(setting_names));
    va_start(pairs, name);
    for (; name; name = va_arg(pairs, const char *)) {
        assert(count < SETTINGS_MAX);
        setting_names[count] = name;
        setting_values[count++] = va_arg(pairs, const char *);
    }
    va_end(pairs);
}
