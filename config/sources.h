#pragma once

/*
 * Where settings are written: arguments, environment, file. Each reader knows its own place and
 * puts it in front of whatever is wrong there. Inside config/.
 */

#include <stdbool.h>

#include "config/config.h"
#include "config/setting.h"

struct error;

/* One text per row of the table, NULL where nothing was said. Borrowed from argv. */
struct arguments {
    const char *values[SETTINGS_MAX];
};

/* --help or -h stands among them. */
bool arguments_ask_help(int argc, char *const *argv);
/* From argv[1] on; refuses what is no flag, comes twice or lacks its value. */
bool arguments_read(struct arguments *arguments, int argc, char *const *argv, struct error *error);
/* Puts one of them, or all. */
bool arguments_put_one(const struct arguments *arguments, const struct setting *setting,
                       struct config *config, struct error *error);
bool arguments_put(const struct arguments *arguments, struct config *config, struct error *error);

/* The same for PODIDENTITY_... variables. An empty variable is one that is not set: that is how
 * deployment templates leave one out. */
bool environment_put_one(config_lookup_fn lookup, const struct setting *setting,
                         struct config *config, struct error *error);
bool environment_put(config_lookup_fn lookup, struct config *config, struct error *error);

/* A YAML map of settings. */
bool settings_file_put(const char *path, struct config *config, struct error *error);
