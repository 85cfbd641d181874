#include "controller/version.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/options.h"

int command_version(int argc, char **argv)
{
    const struct row rows[] = {{"version", PODIDENTITY_VERSION},
                               {"api", "podidentity.io/v1alpha1"}};
    struct options options = {0};
    struct error error = {0};

    for (int i = 1; i < argc; i++) {
        int taken = options_take(&options, argc, argv, &i, &error);

        if (taken == 1)
            continue;
        command_complain("%s", taken < 0 ? error.text : "version takes no arguments");
        return EXIT_UNCHECKED;
    }
    if (options.help)
        printf("Usage: podidentity version [flags]\n\n%s", options_help);
    else
        options_print(options.output, rows, COUNT(rows));
    return EXIT_GOOD;
}
