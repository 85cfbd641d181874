#include "tests/property/generator.h"

#include <stdlib.h>
#include <string.h>

struct printer {
    struct random *random;
    FILE *out;
    bool loose;
    const json_t *twice; /* the object of which one key is repeated; NULL: none */
};

static void print_space(struct printer *printer)
{
    static const char *const spaces[] = {"", "", " ", "\n", "\t", "  "};

    if (printer->loose)
        fputs(RANDOM_PICK(printer->random, spaces), printer->out);
}

static void print_text(struct printer *printer, const char *text)
{
    fputc('"', printer->out);
    for (; *text; text++) {
        if (printer->loose && random_chance(printer->random, 3))
            fprintf(printer->out, "\\u%04x", (unsigned)(unsigned char)*text);
        else if (*text == '"' || *text == '\\')
            fprintf(printer->out, "\\%c", *text);
        else
            fputc(*text, printer->out);
    }
    fputc('"', printer->out);
}

static void print_value(struct printer *printer, const json_t *value);

static void print_member(struct printer *printer, const char *key, const json_t *value, bool first)
{
    if (!first)
        fputc(',', printer->out);
    print_space(printer);
    print_text(printer, key);
    print_space(printer);
    fputc(':', printer->out);
    print_value(printer, value);
}

static void print_object(struct printer *printer, const json_t *object)
{
    const char *key, *keys[32];
    size_t count = 0, repeated;
    json_t *value;

    json_object_foreach((json_t *)object, key, value) keys[count++] = key;
    for (size_t i = count; printer->loose && i > 1; i--) {
        size_t other = random_below(printer->random, i);
        const char *kept = keys[other];

        keys[other] = keys[i - 1];
        keys[i - 1] = kept;
    }
    repeated = printer->twice == object && count ? random_below(printer->random, count) : count;
    fputc('{', printer->out);
    for (size_t i = 0; i < count; i++) {
        print_member(printer, keys[i], json_object_get(object, keys[i]), i == 0);
        if (i == repeated)
            print_member(printer, keys[i], json_object_get(object, keys[i]), false);
    }
    print_space(printer);
    fputc('}', printer->out);
}

static void print_value(struct printer *printer, const json_t *value)
{
    json_t *item;
    size_t i;

    print_space(printer);
    if (json_is_object(value)) {
        print_object(printer, value);
    } else if (json_is_array(value)) {
        fputc('[', printer->out);
        json_array_foreach(value, i, item)
        {
            if (i)
                fputc(',', printer->out);
            print_value(printer, item);
        }
        print_space(printer);
        fputc(']', printer->out);
    } else if (json_is_string(value)) {
        print_text(printer, json_string_value(value));
    } else if (json_is_integer(value)) {
        fprintf(printer->out, "%lld", (long long)json_integer_value(value));
    } else {
        fputs(json_is_true(value) ? "true" : "false", printer->out);
    }
    print_space(printer);
}

static char *print(struct random *random, const json_t *document, bool loose, const json_t *twice)
{
    char *text = NULL;
    size_t size;
    struct printer printer = {random, open_memstream(&text, &size), loose, twice};

    if (!printer.out)
        abort();
    print_value(&printer, document);
    if (fclose(printer.out))
        abort();
    return text;
}

char *generator_print(struct random *random, const json_t *document, bool loose)
{
    return print(random, document, loose, NULL);
}

char *generator_print_duplicate(struct random *random, const json_t *document, struct forms *forms)
{
    const json_t *statement = json_object_get(document, "Statement");

    forms->made[FORM_DUPLICATE_KEY]++;
    if (json_is_array(statement))
        statement = json_array_get(statement, 0);
    return print(random, document, random_chance(random, 50),
                 random_chance(random, 30) ? document : statement);
}
