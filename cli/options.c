#include "cli/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

const char options_help[] =
    "      --kubeconfig FILE   where the cluster is (else KUBECONFIG, in cluster, ~/.kube/config)\n"
    "      --context NAME      a context of the kubeconfig\n"
    "  -n, --namespace NAME    the namespace of names given without one\n"
    "  -o, --output FORM       table, json or yaml\n"
    "  -h, --help              this text\n";

static bool is_flag(const char *argument, const char *letter, const char *word, size_t *length)
{
    *length = strlen(word);
    if (letter && text_equal(argument, letter))
        return true;
    return strncmp(argument, word, *length) == 0 &&
           (argument[*length] == '\0' || argument[*length] == '=');
}

/* The value behind '=' or in the next argument. */
static const char *value_of(int argc, char **argv, int *index, size_t length)
{
    const char *argument = argv[*index];

    if (argument[0] == '-' && argument[1] == '-' && argument[length] == '=')
        return argument + length + 1;
    return *index + 1 < argc ? argv[++*index] : NULL;
}

static bool output_parse(const char *word, enum output *output)
{
    static const char *const words[] = {"table", "json", "yaml"};

    assert(output); /* of a flag without a place */
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_equal(words[i], word)) {
            *output = (enum output)i;
            return true;
        }
    return false;
}

int options_take(struct options *options, int argc, char **argv, int *index, struct error *error)
{
    const struct {
        const char *letter, *word;
        const char **place;
    } flags[] = {
        {NULL, "--kubeconfig", &options->kubeconfig},
        {NULL, "--context", &options->context},
        {"-n", "--namespace", &options->namespace_name},
        {"-o", "--output", NULL},
    };
    const char *argument = argv[*index];
    size_t length;

    if (text_equal(argument, "-h") || text_equal(argument, "--help")) {
        options->help = true;
        return 1;
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        const char *value;

        if (!is_flag(argument, flags[i].letter, flags[i].word, &length))
            continue;
        value = value_of(argc, argv, index, length);
        if (!value) {
            error_set(error, ERROR_REFUSED, "%s: needs a value", flags[i].word);
            return -1;
        }
        if (flags[i].place)
            *flags[i].place = value;
        else if (!output_parse(value, &options->output)) {
            error_set(error, ERROR_REFUSED, "--output: \"%s\" is none of table, json, yaml", value);
            return -1;
        }
        return 1;
    }
    return 0;
}

/* {"name": "value"}, or {"name": ["value", …]} for a name that comes again. */
static json_t *as_object(const struct row *rows, size_t count)
{
    json_t *object = json_object();

    for (size_t i = 0; i < count; i++) {
        json_t *before = json_object_get(object, rows[i].name);
        json_t *value = json_string(rows[i].value);

        if (json_is_array(before)) {
            json_array_append_new(before, value);
        } else if (before) {
            json_t *list = json_array();

            json_array_append(list, before);
            json_array_append_new(list, value);
            json_object_set_new(object, rows[i].name, list);
        } else {
            json_object_set_new(object, rows[i].name, value);
        }
    }
    return object;
}

/* JSON's texts are YAML's too, so only the shape differs. */
static void print_yaml(json_t *object)
{
    const char *name;
    json_t *value, *item;
    size_t index;

    json_object_foreach(object, name, value)
    {
        printf("%s:", name);
        if (json_is_array(value)) {
            json_array_foreach(value, index, item)
            {
                fputs("\n- ", stdout);
                json_dumpf(item, stdout, JSON_ENCODE_ANY);
            }
        } else {
            fputc(' ', stdout);
            json_dumpf(value, stdout, JSON_ENCODE_ANY);
        }
        fputc('\n', stdout);
    }
}

void options_print(enum output output, const struct row *rows, size_t count)
{
    AUTO_JSON json_t *object = NULL;

    if (output == OUTPUT_TABLE) {
        for (size_t i = 0; i < count; i++)
            printf("%-14s%s\n", rows[i].name, rows[i].value);
        return;
    }
    object = as_object(rows, count);
    if (output == OUTPUT_YAML) {
        print_yaml(object);
        return;
    }
    json_dumpf(object, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
}
