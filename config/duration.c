#include "config/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const struct unit {
    const char *name;
    uint64_t length_ms;
} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

/* More digits than any duration in the limit needs; what they make times an hour fits 64 bits. */
enum { DIGITS_MAX = 12 };

/* Reads digits into *number, gives how many there were; DIGITS_MAX + 1 when there are too many. */
static size_t read_digits(const char *text, uint64_t *number)
{
    size_t count = strspn(text, "0123456789");

    *number = 0;
    if (count > DIGITS_MAX)
        return DIGITS_MAX + 1;
    for (size_t i = 0; i < count; i++)
        *number = 10 * *number + (uint64_t)(text[i] - '0');
    return count;
}

static const struct unit *read_unit(const char **text)
{
    size_t length = strcspn(*text, "0123456789.");

    for (size_t i = 0; i < COUNT(units); i++) {
        if (strlen(units[i].name) == length && memcmp(*text, units[i].name, length) == 0) {
            *text += length;
            return &units[i];
        }
    }
    return NULL;
}

/* One number with its unit, such as "30s" or "1.5h"; adds it to *sum_ms. */
static bool read_part(const char **text, uint64_t *sum_ms)
{
    uint64_t whole, fraction = 0, scale = 1;
    size_t count = read_digits(*text, &whole);
    const struct unit *unit;

    if (count == 0 || count > DIGITS_MAX)
        return false;
    *text += count;
    if (**text == '.') {
        count = read_digits(++*text, &fraction);
        if (count == 0 || count > DIGITS_MAX)
            return false;
        *text += count;
        while (count--)
            scale *= 10;
    }
    unit = read_unit(text);
    if (!unit || fraction * unit->length_ms % scale != 0)
        return false;
    *sum_ms += whole * unit->length_ms + fraction * unit->length_ms / scale;
    return *sum_ms <= DURATION_MAX_MS;
}

bool duration_parse(const char *text, uint64_t *duration_ms)
{
    uint64_t sum_ms = 0;

    if (strcmp(text, "0") != 0) {
        do {
            if (!read_part(&text, &sum_ms))
                return false;
        } while (*text);
    }
    *duration_ms = sum_ms;
    return true;
}

void duration_write(uint64_t duration_ms, char text[DURATION_TEXT_SIZE])
{
    const struct unit *unit = units;

    while (unit->length_ms > 1 && duration_ms % unit->length_ms != 0)
        unit++;
    if (duration_ms == 0)
        unit = &units[2];
    snprintf(text, DURATION_TEXT_SIZE, "%" PRIu64 "%s", duration_ms / unit->length_ms, unit->name);
}
