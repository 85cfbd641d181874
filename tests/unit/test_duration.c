#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "config/duration.h"
#include "tests/unit/long_texts.h"

static void reads_durations_as_go_writes_them(void **state)
{
    static const struct {
        const char *text;
        uint64_t duration_ms;
    } cases[] = {
        {"0", 0},          {"0s", 0},      {"10s", 10000},
        {"1m30s", 90000},  {"500ms", 500}, {"24h", 86400000},
        {"1.5h", 5400000}, {"0.001s", 1},  {"1h2m3s4ms", 3723004},
        {"30s1m", 90000},  {"1s1s", 2000}, {"87600h", DURATION_MAX_MS},
        {"0.25s", 250},    {"007s", 7000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t duration_ms = 1;

        if (!duration_parse(cases[i].text, &duration_ms) || duration_ms != cases[i].duration_ms)
            fail_msg("%s: %ju", cases[i].text, (uintmax_t)duration_ms);
    }
}

static void refuses_what_is_no_duration(void **state)
{
    static const char *const cases[] = {
        "",
        "10",
        "s",
        "-1s",
        "+1s",
        "1 s",
        " 1s",
        "1s ",
        "1d",
        "10S",
        "1.s",
        ".5s",
        "1..5s",
        "0.0001s",
        "0.5ms",
        "10us",
        "1e3s",
        "87601h",
        "1s500",
        "ms",
        "1m30",
        "87600h1ms",
        "0x1s",
        "9999999999999999999h",
        "00",
        "1,5s",
        "1mss",
        "1hm",
        "999999999999h",
        "0000000000000s",
        "0.0000000000000s",
        "0.0000000000000001h",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t duration_ms = 7;

        if (duration_parse(cases[i], &duration_ms))
            fail_msg("\"%s\" is %ju", cases[i], (uintmax_t)duration_ms);
        assert_int_equal(duration_ms, 7);
    }
}

static void writes_durations_in_the_largest_whole_unit(void **state)
{
    static const struct {
        uint64_t duration_ms;
        const char *text;
    } cases[] = {{0, "0s"},         {500, "500ms"},   {10000, "10s"},
                 {90000, "90s"},    {60000, "1m"},    {3600000, "1h"},
                 {86400000, "24h"}, {1001, "1001ms"}, {DURATION_MAX_MS, "87600h"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DURATION_TEXT_SIZE];
        uint64_t duration_ms;

        duration_write(cases[i].duration_ms, text);
        assert_string_equal(text, cases[i].text);
        assert_true(duration_parse(text, &duration_ms));
        assert_int_equal(duration_ms, cases[i].duration_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_durations_as_go_writes_them),
        cmocka_unit_test(refuses_what_is_no_duration),
        cmocka_unit_test(writes_durations_in_the_largest_whole_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
