#include "config/sources.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"

static const char *type_name(const json_t *value)
{
    if (json_is_object(value))
        return "is a map";
    if (json_is_array(value))
        return "is a list";
    return "has no value";
}

static bool refuse_unknown(const char *key, struct error *error)
{
    const char *nearest = setting_nearest(key, SETTING_IN_FILE);

    if (setting_find(key, SETTING_ANYWHERE))
        return error_set(error, ERROR_REFUSED, "cannot be set in a file: write --%s", key);
    if (nearest)
        return error_set(error, ERROR_REFUSED, "no such setting; did you mean %s?", nearest);
    return error_set(error, ERROR_REFUSED,
                     "no such setting; podidentity controller --help lists them all");
}

static bool put_key(const struct yaml *yaml, const char *key, struct config *config,
                    struct error *error)
{
    const json_t *root = yaml_root(yaml);
    const struct setting *setting = setting_find(key, SETTING_IN_FILE);
    const char *written = yaml_written(yaml, root, key);

    if (!setting)
        return refuse_unknown(key, error);
    if (!written)
        return error_set(error, ERROR_REFUSED,
                         "%s: write one value behind the key, or leave the key out",
                         type_name(json_object_get(root, key)));
    return setting_put(setting, written, config, error);
}

/* "line 3: what" becomes "file:3: what", as for everything else in the file. */
static bool refuse_yaml(const char *path, struct error *error)
{
    char text[ERROR_TEXT_SIZE];
    unsigned line;
    int start = 0;

    memcpy(text, error->text, sizeof(text));
    if (sscanf(text, "line %u: %n", &line, &start) == 1 && start > 0)
        return error_set(error, ERROR_REFUSED, "%s:%u: %s", path, line, text + start);
    return error_wrap(error, "%s", path);
}

static bool put_all(const struct yaml *yaml, const char *path, struct config *config,
                    struct error *error)
{
    /* Jansson walks an object that it does not change, and yet wants it without const. */
    json_t *root = (json_t *)(uintptr_t)yaml_root(yaml);
    const char *key;
    const json_t *value;

    if (json_is_null(root)) /* nothing but comments */
        return true;
    if (!json_is_object(root))
        return error_set(error, ERROR_REFUSED,
                         "%s:1: holds no settings: write one in each line, such as region: "
                         "eu-west-1",
                         path);
    json_object_foreach(root, key, value)
    {
        char shown[SETTING_SHOWN_SIZE];

        setting_show(key, shown);
        if (!put_key(yaml, key, config, error))
            return error_wrap(error, "%s:%u: %s", path, yaml_line(yaml, root, key), shown);
    }
    return true;
}

bool settings_file_put(const char *path, struct config *config, struct error *error)
{
    size_t length = 0;
    AUTO_FREE char *bytes = file_read(path, YAML_SIZE_MAX, &length, error);
    AUTO(yaml_destroy) struct yaml *yaml = NULL;

    if (!bytes)
        return false;
    yaml = yaml_parse(bytes, length, error);
    if (!yaml)
        return refuse_yaml(path, error);
    return put_all(yaml, path, config, error);
}
