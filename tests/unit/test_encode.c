#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/text.h"

enum { CEILING = 1 << 20 };

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_create(CEILING);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_destroy(TAKE(arena));
    return 0;
}

static void hashes_as_fips_180_shows(void **state)
{
    char hex[SHA256_HEX_SIZE];

    (void)state;
    encode_sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    encode_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, cases 1, 2 and 6. */
static void signs_as_rfc_4231_shows(void **state)
{
    static const struct {
        const char *key;
        size_t repeat;
        const char *text, *hex;
    } cases[] = {
        {"\x0b", 20, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 1, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"\xaa", 131, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        AUTO_TEXT struct text key = TEXT_INIT(200);
        unsigned char digest[SHA256_SIZE];
        char hex[SHA256_HEX_SIZE];

        for (size_t i = 0; i < cases[c].repeat; i++)
            text_add_string(&key, cases[c].key);
        encode_hmac_sha256(key.bytes, key.length, cases[c].text, strlen(cases[c].text), digest);
        encode_hex(digest, sizeof(digest), hex);
        assert_string_equal(hex, cases[c].hex);
    }
}

static void hex_is_lower_case(void **state)
{
    char hex[9];

    (void)state;
    encode_hex("\x00\x7f\xAB\xff", 4, hex);
    assert_string_equal(hex, "007fabff");
    encode_hex(NULL, 0, hex);
    assert_string_equal(hex, "");
}

/* RFC 4648, section 10, lower case and without padding; then counts of bits that end inside. */
static void base32_is_rfc_4648(void **state)
{
    static const struct {
        const char *bytes;
        size_t bits;
        const char *text;
    } cases[] = {
        {"", 0, ""},
        {"f", 8, "my"},
        {"fo", 16, "mzxq"},
        {"foo", 24, "mzxw6"},
        {"foob", 32, "mzxw6yq"},
        {"fooba", 40, "mzxw6ytb"},
        {"foobar", 48, "mzxw6ytboi"},
        {"\xff", 1, "q"},
        {"\xff", 5, "7"},
        {"\xff\xff", 6, "7q"},
        {"foobar", 40, "mzxw6ytb"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        char text[16];

        memset(text, 'x', sizeof(text));
        encode_base32((const unsigned char *)cases[c].bytes, cases[c].bits, text);
        assert_string_equal(text, cases[c].text);
    }
}

/* RFC 4648, section 10. */
static void base64_goes_there_and_back(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        size_t length = strlen(cases[c][0]), decoded_length = 999;
        unsigned char *decoded = encode_base64_decode(arena, cases[c][1], &decoded_length);

        assert_string_equal(encode_base64(arena, cases[c][0], length), cases[c][1]);
        assert_non_null(decoded);
        assert_int_equal(decoded_length, length);
        assert_memory_equal(decoded, cases[c][0], length);
    }
}

static void what_is_not_base64_is_refused(void **state)
{
    static const char *const cases[] = {
        "Z",      "Zg",      "Zg=",      "Zg===", "====",       "Z===", " Zg==",
        "Zg==\n", "Zm9v Zg", "Zg==Zg==", "Zm-_",  "Zm\xC3\xA4", "=Zg=", "Zm=x"};
    size_t length;

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        if (encode_base64_decode(arena, cases[c], &length))
            fail_msg("\"%s\" was taken for base64", cases[c]);
    }
}

static void uri_escapes_all_but_the_unreserved(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"AZaz09-._~", "AZaz09-._~"},
        {" +*/:%", "%20%2B%2A%2F%3A%25"},
        {"\xC3\xA4\x01\x7f", "%C3%A4%01%7F"},
        {"arn:aws:iam::1:role/a@b", "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%40b"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        AUTO_TEXT struct text text = TEXT_INIT(100);

        assert_string_equal(encode_uri(arena, cases[c][0]), cases[c][1]);
        assert_string_equal(encode_uri_decode(arena, cases[c][1]), cases[c][0]);
        encode_uri_add(&text, cases[c][0], strlen(cases[c][0]));
        assert_string_equal(text.bytes, cases[c][1]);
    }
}

static void a_nul_inside_is_escaped_too(void **state)
{
    AUTO_TEXT struct text text = TEXT_INIT(100);

    (void)state;
    encode_uri_add(&text, "a\0b", 3);
    assert_string_equal(text.bytes, "a%00b");
}

static void percent_decoding_refuses_broken_escapes_and_nul(void **state)
{
    static const char *const broken[] = {"%",    "a%",  "%4",    "%g1", "%1g",
                                         "%%41", "%00", "a%00b", "%-1"};

    (void)state;
    for (size_t c = 0; c < COUNT(broken); c++)
        assert_null(encode_uri_decode(arena, broken[c]));
    assert_string_equal(encode_uri_decode(arena, "a+b%2b%2B"), "a+b++");
}

static void times_go_there_and_back(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1000, "1969-12-31T23:59:59Z"},
        {951782400000, "2000-02-29T00:00:00Z"},
        {1795580124000, "2026-11-25T04:15:24Z"},
        {-62167219200000, "0000-01-01T00:00:00Z"},
        {253402300799000, "9999-12-31T23:59:59Z"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        char text[ENCODE_TIME_SIZE];
        int64_t wall_ms = 1;

        encode_time(cases[c].wall_ms, text);
        assert_string_equal(text, cases[c].text);
        assert_true(encode_time_parse(text, &wall_ms));
        assert_true(wall_ms == cases[c].wall_ms);
    }
}

static void times_are_rounded_down_and_stay_within_what_can_be_written(void **state)
{
    char text[ENCODE_TIME_SIZE];

    (void)state;
    encode_time(1999, text);
    assert_string_equal(text, "1970-01-01T00:00:01Z");
    encode_time(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
    encode_time(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    encode_time(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void microtimes_have_six_decimals(void **state)
{
    static const struct {
        int64_t wall_us;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {1795580124000123, "2026-11-25T04:15:24.000123Z"},
        {1795580124999999, "2026-11-25T04:15:24.999999Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        char text[ENCODE_MICROTIME_SIZE];

        encode_microtime(cases[c].wall_us, text);
        assert_string_equal(text, cases[c].text);
    }
}

static void reads_the_forms_of_rfc_3339(void **state)
{
    static const struct {
        const char *text;
        int64_t wall_ms;
    } cases[] = {
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T00:00:00.123456789Z", 123},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1985-04-12T23:20:50.52Z", 482196050520},
        {"1996-12-19T16:39:57-08:00", 851042397000},
        {"1990-12-31T23:59:60Z", 662688000000},
        {"1990-12-31T15:59:60-08:00", 662688000000},
        {"1937-01-01T12:00:27.87+00:20", -1041337172130},
        {"1970-01-01T00:00:00+00:00", 0},
        {"1970-01-01T00:00:00-00:00", 0},
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        int64_t wall_ms = 77;

        if (!encode_time_parse(cases[c].text, &wall_ms) || wall_ms != cases[c].wall_ms)
            fail_msg("%s was read as %lld", cases[c].text, (long long)wall_ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-11-25",
        "2026-11-25T04:15:24",
        "2026-11-25 04:15:24Z",
        "2026-11-25T04:15:24ZZ",
        "2026-11-25T04:15:24Z ",
        " 2026-11-25T04:15:24Z",
        "26-11-25T04:15:24Z",
        "2026-1-25T04:15:24Z",
        "2026-13-01T04:15:24Z",
        "2026-00-01T04:15:24Z",
        "2026-11-31T04:15:24Z",
        "2026-11-00T04:15:24Z",
        "2026-02-29T04:15:24Z",
        "2100-02-29T04:15:24Z",
        "2026-11-25T24:00:00Z",
        "2026-11-25T04:60:24Z",
        "2026-11-25T04:15:61Z",
        "2026-11-25T04:15:24.Z",
        "2026-11-25T04:15:24,5Z",
        "2026-11-25T04:15:24+0100",
        "2026-11-25T04:15:24+24:00",
        "2026-11-25T04:15:24+01:60",
        "2026-11-25T04:15:24+1:00",
        "-026-11-25T04:15:24Z",
        "2026-11-25T04:15:2\xC3\xA4Z",
    };

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        int64_t wall_ms;

        if (encode_time_parse(cases[c], &wall_ms))
            fail_msg("\"%s\" was taken for a time", cases[c]);
    }
}

static void random_hex_has_the_length_asked_for_and_differs(void **state)
{
    static const size_t counts[] = {0, 1, 5, 64, 65, 129};
    char first[130], second[130];

    (void)state;
    for (size_t c = 0; c < COUNT(counts); c++) {
        encode_random_hex(first, counts[c]);
        assert_int_equal(strlen(first), counts[c]);
        assert_int_equal(strspn(first, "0123456789abcdef"), counts[c]);
    }
    encode_random_hex(second, 129);
    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_fips_180_shows),
        cmocka_unit_test(signs_as_rfc_4231_shows),
        cmocka_unit_test(hex_is_lower_case),
        cmocka_unit_test(base32_is_rfc_4648),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(what_is_not_base64_is_refused),
        cmocka_unit_test(uri_escapes_all_but_the_unreserved),
        cmocka_unit_test(a_nul_inside_is_escaped_too),
        cmocka_unit_test(percent_decoding_refuses_broken_escapes_and_nul),
        cmocka_unit_test(times_go_there_and_back),
        cmocka_unit_test(times_are_rounded_down_and_stay_within_what_can_be_written),
        cmocka_unit_test(microtimes_have_six_decimals),
        cmocka_unit_test(reads_the_forms_of_rfc_3339),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(random_hex_has_the_length_asked_for_and_differs),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
