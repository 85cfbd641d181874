/*
 * podidentity: one program, its subcommands in a table. On PATH as kubectl-podidentity it is a
 * kubectl plugin.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/command.h"

static const struct command commands[] = {
    {"aws-setup", "print the controller's rights in AWS", command_aws_setup},
    {"controller", "run the controller", command_controller},
    {"release", "let go of a binding, or approve its deletion", command_release},
    {"version", "show the version", command_version},
};

void command_complain(const char *format, ...)
{
    char line[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (char *byte = line; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f)
            *byte = '?';
    fprintf(stderr, "podidentity: %s\n", line);
}

static void show_help(FILE *file)
{
    fputs("Usage: podidentity COMMAND [flags]\n\n"
          "Makes IAM roles and EKS Pod Identity associations what PodIdentityBindings say.\n\n"
          "Commands:\n",
          file);
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(file, "  %-12s%s\n", commands[i].name, commands[i].summary);
    fputs("\nEach has --help.\n", file);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        show_help(stderr);
        return EXIT_UNCHECKED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        show_help(stdout);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    command_complain("\"%s\" is not a command; podidentity --help lists them", argv[1]);
    return EXIT_UNCHECKED;
}
