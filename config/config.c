#include "config/config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "config/form.h"
#include "config/setting.h"
#include "config/sources.h"

static void put_defaults(struct config *config)
{
    memset(config, 0, sizeof(*config));
    for (size_t i = 0; i < settings_count; i++) {
        struct error error = {0};
        /* A text without a default stays "": what must be there is asked for at the end. */
        bool put = setting_put(&settings[i], settings[i].fallback, config, &error);

        assert(put);
        (void)put;
    }
}

/* The file must be known before it is read, and it is read before what takes precedence of it. */
static bool put_file(struct config *config, const struct arguments *arguments,
                     config_lookup_fn lookup, struct error *error)
{
    const struct setting *setting = setting_find("config", SETTING_IN_ARGUMENTS);
    char variable[SETTING_VARIABLE_SIZE];

    if (!environment_put_one(lookup, setting, config, error) ||
        !arguments_put_one(arguments, setting, config, error))
        return false;
    if (!config->config_file[0] || settings_file_put(config->config_file, config, error))
        return true;
    setting_variable(setting, variable);
    return arguments->values[setting - settings] ? error_wrap(error, "--%s", setting->name)
                                                 : error_wrap(error, "%s", variable);
}

/* What every AWS tool reads, when our own settings are silent. */
static bool find_region(struct config *config, config_lookup_fn lookup, struct error *error)
{
    static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};

    for (size_t i = 0; i < COUNT(variables) && !config->region[0]; i++) {
        const char *value = lookup(variables[i]);

        if (!value || !value[0])
            continue;
        if (!setting_put(setting_find("region", SETTING_ANYWHERE), value, config, error))
            return error_wrap(error, "%s", variables[i]);
    }
    return config->region[0] ||
           error_set(error, ERROR_REFUSED,
                     "--region: is missing: write --region REGION, or set AWS_REGION");
}

static bool require_cluster_name(const struct config *config, struct error *error)
{
    return config->cluster_name[0] ||
           error_set(error, ERROR_REFUSED,
                     "--cluster-name: is missing: write --cluster-name NAME, set "
                     "PODIDENTITY_CLUSTER_NAME, or put cluster-name into the file of --config");
}

/* With both, the boundary counts: who has one loses nothing by having allowed to go without. */
static bool require_boundary(const struct config *config, struct error *error)
{
    return config->permissions_boundary[0] || config->allow_unbounded_roles ||
           error_set(error, ERROR_REFUSED,
                     "--permissions-boundary: is missing: write --permissions-boundary ARN with "
                     "the policy that bounds every role the controller makes, or "
                     "--allow-unbounded-roles to make roles without one");
}

/* Cluster names are unique in a Region, roles in an account. */
static void compose_role_path(struct config *config)
{
    int length;

    if (config->role_path[0])
        return;
    length = snprintf(config->role_path, sizeof(config->role_path), "/podidentity/%s/%s/",
                      config->region, config->cluster_name);
    assert(length > 0 && length <= FORM_ROLE_PATH_MAX);
    (void)length;
}

static bool load(struct config *config, const struct arguments *arguments, config_lookup_fn lookup,
                 struct error *error)
{
    if (!put_file(config, arguments, lookup, error) || !environment_put(lookup, config, error) ||
        !arguments_put(arguments, config, error) || !require_cluster_name(config, error) ||
        !find_region(config, lookup, error) || !require_boundary(config, error))
        return false;
    compose_role_path(config);
    return true;
}

/* Names and values are quoted as they came; the promise is one line whatever came. */
static void keep_to_one_line(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '\x7f')
            *text = '?';
    }
}

bool config_load(struct config *config, int argc, char *const *argv, config_lookup_fn lookup,
                 struct error *error)
{
    struct arguments arguments;

    put_defaults(config);
    config->help = arguments_ask_help(argc, argv);
    if (config->help ||
        (arguments_read(&arguments, argc, argv, error) && load(config, &arguments, lookup, error)))
        return true;
    keep_to_one_line(error->text);
    return false;
}
