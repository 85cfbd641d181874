#pragma once

/*
 * The flags that every subcommand for people has, and printing in the form they asked for.
 */

#include <stdbool.h>
#include <stddef.h>

struct error;

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML };

struct options {
    const char *kubeconfig, *context, *namespace_name; /* NULL: not given */
    enum output output;
    bool help;
};

/* Takes the common flag at argv[*index] (moves *index over its value): 1 taken, 0 not one of them,
 * -1 with ERROR_REFUSED when its value is missing or wrong. */
int options_take(struct options *options, int argc, char **argv, int *index, struct error *error);

extern const char options_help[];

/* A row of what a subcommand has to say. */
struct row {
    const char *name, *value;
};

/* Prints rows to stdout: aligned, as a JSON object, or as YAML. A name may come twice: it becomes
 * a list in JSON and YAML. */
void options_print(enum output output, const struct row *rows, size_t count);
