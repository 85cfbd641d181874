#include "config/sources.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* Long enough for every known name: what fills it is unknown. */
enum { NAME_SIZE = 64 };

bool arguments_ask_help(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (text_equal(argv[i], "--help") || text_equal(argv[i], "-h"))
            return true;
    }
    return false;
}

static bool refuse_unknown(const char *argument, const char *name, struct error *error)
{
    const char *nearest = setting_nearest(name, SETTING_IN_ARGUMENTS);
    char shown[SETTING_SHOWN_SIZE];

    setting_show(argument, shown);
    shown[strcspn(shown, "=")] = '\0';
    if (nearest)
        return error_set(error, ERROR_REFUSED, "%s: no such flag; did you mean --%s?", shown,
                         nearest);
    return error_set(error, ERROR_REFUSED, "%s: no such flag; --help lists them all", shown);
}

/* The row that an argument such as --region or --region=eu-west-1 names. */
static const struct setting *find_flag(const char *argument, struct error *error)
{
    const char *start = argument + strspn(argument, "-");
    const struct setting *setting = NULL;
    char name[NAME_SIZE], shown[SETTING_SHOWN_SIZE];

    if (argument[0] != '-') {
        setting_show(argument, shown);
        error_set(error, ERROR_REFUSED,
                  "\"%s\" is neither a flag nor the value of one: write --name VALUE or "
                  "--name=VALUE, for flags that are true or false the latter only",
                  shown);
        return NULL;
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(start, "="), start);
    if (start - argument == 2)
        setting = setting_find(name, SETTING_IN_ARGUMENTS);
    if (!setting)
        refuse_unknown(argument, name, error);
    return setting;
}

/* Its value: behind '=', the next argument, or nothing for what is true by being there. */
static const char *find_value(const struct setting *setting, int argc, char *const *argv, int *at,
                              struct error *error)
{
    const char *equal = strchr(argv[*at], '=');

    if (equal)
        return equal + 1;
    if (setting->kind == SETTING_FLAG)
        return "true";
    if (*at + 1 < argc && !text_starts(argv[*at + 1], "--"))
        return argv[++*at];
    error_set(error, ERROR_REFUSED, "--%s: has no value: write --%s %s", setting->name,
              setting->name, setting->form);
    return NULL;
}

bool arguments_read(struct arguments *arguments, int argc, char *const *argv, struct error *error)
{
    memset(arguments, 0, sizeof(*arguments));
    for (int i = 1; i < argc; i++) {
        const struct setting *setting = find_flag(argv[i], error);
        const char **value;

        if (!setting)
            return false;
        value = &arguments->values[setting - settings];
        if (*value)
            return error_set(error, ERROR_REFUSED, "--%s: is here twice: write it once",
                             setting->name);
        *value = find_value(setting, argc, argv, &i, error);
        if (!*value)
            return false;
    }
    return true;
}

bool arguments_put_one(const struct arguments *arguments, const struct setting *setting,
                       struct config *config, struct error *error)
{
    const char *value = arguments->values[setting - settings];

    if (value && !setting_put(setting, value, config, error))
        return error_wrap(error, "--%s", setting->name);
    return true;
}

bool arguments_put(const struct arguments *arguments, struct config *config, struct error *error)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (!arguments_put_one(arguments, &settings[i], config, error))
            return false;
    }
    return true;
}
