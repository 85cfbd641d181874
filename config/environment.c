#include "config/sources.h"

#include "base/error.h"

bool environment_put_one(config_lookup_fn lookup, const struct setting *setting,
                         struct config *config, struct error *error)
{
    char variable[SETTING_VARIABLE_SIZE];
    const char *value;

    setting_variable(setting, variable);
    value = lookup(variable);
    if (value && value[0] && !setting_put(setting, value, config, error))
        return error_wrap(error, "%s", variable);
    return true;
}

bool environment_put(config_lookup_fn lookup, struct config *config, struct error *error)
{
    for (size_t i = 0; i < settings_count; i++) {
        if ((settings[i].places & SETTING_IN_ENVIRONMENT) &&
            !environment_put_one(lookup, &settings[i], config, error))
            return false;
    }
    return true;
}
