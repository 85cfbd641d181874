#pragma once

/*
 * Subcommands. Exit codes are the same for all: 0 good, 1 broken, 2 warnings, 3 could not check.
 */

enum exit_code { EXIT_GOOD = 0, EXIT_BROKEN = 1, EXIT_WARNINGS = 2, EXIT_UNCHECKED = 3 };

struct command {
    const char *name, *summary;
    /* argv[0] is the subcommand's name. */
    int (*run)(int argc, char **argv);
};

int command_aws_setup(int argc, char **argv);
int command_controller(int argc, char **argv);
int command_release(int argc, char **argv);
int command_version(int argc, char **argv);

/* One line on stderr: "podidentity: …". Control characters from outside become '?'. */
void command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
