#pragma once

/*
 * What config_load reads, made for one test: variables, a settings file, arguments.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"

#define BOUNDARY "arn:aws:iam::111122223333:policy/podidentity/boundary"

/* The least that is taken. */
static const char *const enough[] = {"--cluster-name",          "main", "--region", "eu-west-1",
                                     "--allow-unbounded-roles", NULL};

enum { WORLD_VARIABLES_MAX = 8, WORLD_ARGUMENTS_MAX = 16, WORLD_PATH_SIZE = 64 };

/* "NAME=value"; ends with NULL. lookup has no context, so it is here. */
static const char *world_variables[WORLD_VARIABLES_MAX];

static inline const char *world_lookup(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < WORLD_VARIABLES_MAX && world_variables[i]; i++) {
        if (strncmp(world_variables[i], name, length) == 0 && world_variables[i][length] == '=')
            return world_variables[i] + length + 1;
    }
    return NULL;
}

/* Loads "controller" and these arguments; the list ends with NULL. */
static inline bool world_load(struct config *config, const char *const *arguments,
                              struct error *error)
{
    char *argv[WORLD_ARGUMENTS_MAX + 1] = {0};
    bool loaded;
    int argc = 0;

    argv[argc++] = memory_string("controller");
    while (argc < WORLD_ARGUMENTS_MAX && arguments[argc - 1]) {
        argv[argc] = memory_string(arguments[argc - 1]);
        argc++;
    }
    loaded = config_load(config, argc, argv, world_lookup, error);
    while (argc-- > 0)
        free(argv[argc]);
    return loaded;
}

/* A file with this content; unlink it. */
static inline void world_write(char path[WORLD_PATH_SIZE], const char *content)
{
    int descriptor;

    snprintf(path, WORLD_PATH_SIZE, "/tmp/podidentity-settings-XXXXXX");
    descriptor = mkstemp(path);
    if (descriptor < 0 || write(descriptor, content, strlen(content)) != (ssize_t)strlen(content))
        abort();
    close(descriptor);
}

/* For the set-up of a test: no variable is there. */
static inline int world_forget_variables(void **state)
{
    (void)state;
    memset(world_variables, 0, sizeof(world_variables));
    return 0;
}
