#pragma once

/*
 * The table of all settings: flags, variables and keys of the file are three spellings of its
 * rows, so none of them can know a setting that the others lack. Inside config/, and for tests.
 */

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum setting_kind {
    SETTING_TEXT,     /* char[CONFIG_TEXT_SIZE] */
    SETTING_FLAG,     /* bool: true, false */
    SETTING_COUNT,    /* unsigned */
    SETTING_RATE,     /* double, at most three decimals */
    SETTING_DURATION, /* uint64_t, milliseconds */
    SETTING_LEVEL,    /* enum log_level */
    SETTING_FORMAT,   /* enum log_format */
};

enum setting_place {
    SETTING_IN_ARGUMENTS = 1,
    SETTING_IN_ENVIRONMENT = 2,
    SETTING_IN_FILE = 4,
    SETTING_ANYWHERE = 7,
};

struct setting {
    const char *name; /* "cluster-name": the flag without dashes, the key of the file */
    enum setting_kind kind;
    unsigned places;      /* enum setting_place, added up: where it may be set */
    size_t offset;        /* of its field in struct config */
    double min, max;      /* of COUNT, RATE and DURATION (in milliseconds) */
    const char *fallback; /* the default as a person would write it; "" for a text: not set */
    const char *form;     /* the word for its value in --help; NULL: takes none */
    const char *help;     /* one sentence, or a few */
    /* For texts: refuses what is no cluster name, no ARN, ...; NULL: any text will do. */
    bool (*check)(const char *text, struct error *error);
};

enum { SETTINGS_MAX = 32, SETTING_VARIABLE_SIZE = 64 };

extern const struct setting settings[];
extern const size_t settings_count; /* at most SETTINGS_MAX */

/* The row of that name among those that may be set there, or NULL. */
const struct setting *setting_find(const char *name, enum setting_place place);

/* The known name that a typo may have meant, or NULL when none is near. */
const char *setting_nearest(const char *name, enum setting_place place);

/* "cluster-name" gives "PODIDENTITY_CLUSTER_NAME". */
void setting_variable(const struct setting *setting, char name[SETTING_VARIABLE_SIZE]);

/* Reads text into the field; ERROR_REFUSED says what is wrong and what is allowed, not where. */
bool setting_put(const struct setting *setting, const char *text, struct config *config,
                 struct error *error);

/* A copy for messages: at most about 80 bytes, whole characters, "..." when it was cut. */
enum { SETTING_SHOWN_SIZE = 88 };
void setting_show(const char *text, char shown[SETTING_SHOWN_SIZE]);
