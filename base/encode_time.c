#include <stdio.h>
#include <time.h>

#include "base/encode.h"

/* The years that RFC 3339 can write; a clock beyond them is shown at the nearest end. */
static const int64_t SECOND_MIN = -62167219200, SECOND_MAX = 253402300799;

/* Seconds since 1970, rounded down also before it, and the rest in units. */
static struct tm split(int64_t time, int64_t units_per_second, int64_t *rest)
{
    int64_t second = time / units_per_second;
    struct tm parts;

    *rest = time % units_per_second;
    if (*rest < 0) {
        *rest += units_per_second;
        second--;
    }
    second = second < SECOND_MIN ? SECOND_MIN : second > SECOND_MAX ? SECOND_MAX : second;
    gmtime_r(&(time_t){second}, &parts);
    return parts;
}

/* strftime would write the year 33 with two digits. */
static int put_second(char *text, size_t size, const struct tm *parts)
{
    return snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d", parts->tm_year + 1900,
                    parts->tm_mon + 1, parts->tm_mday, parts->tm_hour, parts->tm_min,
                    parts->tm_sec);
}

void encode_time(int64_t wall_ms, char text[ENCODE_TIME_SIZE])
{
    int64_t rest;
    struct tm parts = split(wall_ms, 1000, &rest);
    int length = put_second(text, ENCODE_TIME_SIZE, &parts);

    snprintf(text + length, ENCODE_TIME_SIZE - (size_t)length, "Z");
}

void encode_microtime(int64_t wall_us, char text[ENCODE_MICROTIME_SIZE])
{
    int64_t rest;
    struct tm parts = split(wall_us, 1000000, &rest);
    int length = put_second(text, ENCODE_MICROTIME_SIZE, &parts);

    snprintf(text + length, ENCODE_MICROTIME_SIZE - (size_t)length, ".%06dZ", (int)rest);
}

/* Reads exactly count digits. */
static bool take_number(const char **text, int count, int min, int max, int *number)
{
    *number = 0;
    for (int digit = 0; digit < count; digit++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *number = 10 * *number + (**text - '0');
    }
    return *number >= min && *number <= max;
}

static bool take_character(const char **text, const char *either)
{
    if (**text != either[0] && **text != either[1])
        return false;
    (*text)++;
    return true;
}

static bool take_date(const char **text, struct tm *parts)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, leap;

    if (!take_number(text, 4, 0, 9999, &year) || !take_character(text, "--") ||
        !take_number(text, 2, 1, 12, &month) || !take_character(text, "--"))
        return false;
    leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    parts->tm_year = year - 1900;
    parts->tm_mon = month - 1;
    return take_number(text, 2, 1, days[month - 1] + leap, &parts->tm_mday);
}

/* A second of 60 is a leap second; timegm carries it into the next minute. */
static bool take_time(const char **text, struct tm *parts)
{
    return take_number(text, 2, 0, 23, &parts->tm_hour) && take_character(text, "::") &&
           take_number(text, 2, 0, 59, &parts->tm_min) && take_character(text, "::") &&
           take_number(text, 2, 0, 60, &parts->tm_sec);
}

static bool take_fraction(const char **text, int *fraction_ms)
{
    int weight = 100, digits = 0;

    *fraction_ms = 0;
    if (**text != '.')
        return true;
    for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, digits++, weight /= 10)
        *fraction_ms += weight * (**text - '0');
    return digits > 0;
}

static bool take_offset(const char **text, int *offset_s)
{
    int sign = **text == '-' ? -1 : 1, hours, minutes;

    *offset_s = 0;
    if (take_character(text, "Zz"))
        return true;
    if (!take_character(text, "+-") || !take_number(text, 2, 0, 23, &hours) ||
        !take_character(text, "::") || !take_number(text, 2, 0, 59, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool encode_time_parse(const char *text, int64_t *wall_ms)
{
    struct tm parts = {0};
    int fraction_ms, offset_s;

    if (!take_date(&text, &parts) || !take_character(&text, "Tt") || !take_time(&text, &parts) ||
        !take_fraction(&text, &fraction_ms) || !take_offset(&text, &offset_s) || *text)
        return false;
    *wall_ms = ((int64_t)timegm(&parts) - offset_s) * 1000 + fraction_ms;
    return true;
}
