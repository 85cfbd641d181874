#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "tests/unit/aws_calls.h"

/*
 * Vectors are JSON, one case a line, as tests/data/aws/fetch_vectors.py and make_vectors.py write
 * them: name, the request (method, path, query, headers, body), scope, keys, and what must come out
 * (canonical, signature). A vector with a "call" is made by that builder of ours first.
 */
enum { VECTORS_MAX_SIZE = 4 << 20, ARENA_SIZE = 4 << 20 };

static const char *text_of(const json_t *vector, const char *path)
{
    const char *text = json_path_text(vector, path);

    return text ? text : "";
}

static void read_request(const json_t *vector, struct request *request)
{
    const json_t *headers = json_path(vector, "headers");

    *request = (struct request){
        .method = text_of(vector, "method"),
        .path = text_of(vector, "path"),
        .query = json_path_text(vector, "query"),
        .body = json_path_text(vector, "body"),
    };
    request->body_length = request->body ? strlen(request->body) : 0;
    for (size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *pair = json_array_get(headers, i);

        request_add_header(request, json_string_value(json_array_get(pair, 0)),
                           json_string_value(json_array_get(pair, 1)));
    }
}

/* The builder's request, after it was found to be botocore's: what both of them sign. */
static void build_request(struct arena *arena, const json_t *vector, struct request *request,
                          bool built[])
{
    const struct call call = {arena, request, json_path(vector, "arguments")};
    size_t row = call_find(text_of(vector, "call"));
    struct request theirs;

    assert_in_range(row, 0, COUNT(calls) - 1);
    built[row] = true;
    call_build(row, &call);
    read_request(vector, &theirs);
    assert_string_equal(request->operation, text_of(vector, "operation"));
    assert_string_equal(request->method, theirs.method);
    assert_string_equal(request->path, theirs.path);
    assert_string_equal(request->query ? request->query : "", theirs.query ? theirs.query : "");
    assert_int_equal(request->header_count, theirs.header_count);
    for (size_t i = 0; i < theirs.header_count; i++) {
        assert_string_equal(request->headers[i].name, theirs.headers[i].name);
        assert_string_equal(request->headers[i].value, theirs.headers[i].value);
    }
    assert_int_equal(request->write, calls[row].write);
    assert_int_equal(request->sharable, !calls[row].write);
}

static void read_keys(const json_t *vector, struct aws_credentials *credentials)
{
    *credentials = (struct aws_credentials){0};
    snprintf(credentials->access_key, sizeof(credentials->access_key), "%s",
             text_of(vector, "access_key"));
    snprintf(credentials->secret_key, sizeof(credentials->secret_key), "%s",
             text_of(vector, "secret_key"));
    snprintf(credentials->session_token, sizeof(credentials->session_token), "%s",
             text_of(vector, "token"));
}

static void check(struct arena *arena, const json_t *vector, bool built[])
{
    struct aws_credentials credentials;
    struct sigv4_scope scope = {
        .region = text_of(vector, "region"),
        .service = text_of(vector, "service"),
        .host = text_of(vector, "host"),
    };
    struct sigv4_signed result;
    struct request request;
    const char *expected = text_of(vector, "canonical");

    assert_true(encode_time_parse(text_of(vector, "time"), &scope.wall_ms));
    if (json_path(vector, "call"))
        build_request(arena, vector, &request, built);
    else
        read_request(vector, &request);
    read_keys(vector, &credentials);
    sigv4_sign(arena, &result, &request, &credentials, &scope);
    if (strcmp(result.canonical_request, expected) != 0 ||
        strcmp(result.signature, text_of(vector, "signature")) != 0)
        fail_msg("%s:\n--- expected\n%s\n%s\n--- signed\n%s\n%s\n--- body\n%s",
                 text_of(vector, "name"), expected, text_of(vector, "signature"),
                 result.canonical_request, result.signature, request.body ? request.body : "");
}

/* How many were checked; built tells which builders made some of them. */
static size_t check_file(const char *path, bool built[])
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    AUTO_FREE char *lines = NULL;
    struct error error = {0};
    size_t count = 0;

    lines = file_read(path, VECTORS_MAX_SIZE, NULL, &error);
    if (!lines)
        fail_msg("%s (make vectors fetches what is missing)", error.text);
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        AUTO_JSON json_t *vector = json_parse(line, strlen(line), &error);

        if (!vector)
            fail_msg("%s: %s", path, error.text);
        check(arena, vector, built);
        arena_reset(arena);
        count++;
    }
    return count;
}

static void signs_as_the_published_vectors_of_aws(void **state)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[1024];

    (void)state;
    snprintf(path, sizeof(path), "%s%s/podidentity/sigv4/published.jsonl",
             cache && *cache ? cache
             : home          ? home
                             : "",
             cache && *cache ? "" : "/.cache");
    assert_int_equal(check_file(path, NULL), 34);
}

static void signs_what_the_builders_make_as_botocore_does(void **state)
{
    bool built[COUNT(calls)] = {0};

    (void)state;
    assert_true(check_file("tests/data/aws/sigv4.jsonl", built) >= 500);
    for (size_t row = 0; row < COUNT(calls); row++) {
        if (!built[row])
            fail_msg("no vector for %s", calls[row].name);
    }
}

static const struct sigv4_scope plain_scope = {
    .region = "eu-west-1", .service = "eks", .host = "localhost:8443", .wall_ms = 1795580124999};

static void sends_date_signature_and_the_token_only_when_there_is_one(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct aws_credentials credentials = {.access_key = "AKID", .secret_key = "secret"};
    struct request request = {.method = "GET", .path = "/clusters/main"};
    struct sigv4_signed result;

    (void)state;
    sigv4_sign(arena, &result, &request, &credentials, &plain_scope);
    assert_int_equal(result.header_count, 2);
    assert_string_equal(result.headers[0].name, "x-amz-date");
    assert_string_equal(result.headers[0].value, "20261125T041524Z");
    assert_string_equal(result.headers[1].name, "authorization");
    assert_non_null(strstr(result.headers[1].value,
                           "AWS4-HMAC-SHA256 Credential=AKID/20261125/eu-west-1/eks/aws4_request, "
                           "SignedHeaders=host;x-amz-date, Signature="));
    assert_non_null(strstr(result.headers[1].value, result.signature));
    assert_null(strstr(result.headers[1].value, "secret"));

    strcpy(credentials.session_token, "token");
    sigv4_sign(arena, &result, &request, &credentials, &plain_scope);
    assert_int_equal(result.header_count, 3);
    assert_string_equal(result.headers[2].name, "x-amz-security-token");
    assert_string_equal(result.headers[2].value, "token");
    assert_non_null(
        strstr(result.headers[1].value, "SignedHeaders=host;x-amz-date;x-amz-security-token"));
}

static void keeps_a_key_only_for_what_it_was_made_of(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct {
        const char *secret, *region, *service;
        int64_t wall_ms;
    } rows[] = {
        {"secret", "eu-west-1", "eks", 1795580124999},
        {"secret", "eu-west-1", "eks", 1795580125999},
        {"other", "eu-west-1", "eks", 1795580125999},
        {"other", "us-east-1", "eks", 1795580125999},
        {"other", "us-east-1", "iam", 1795580125999},
        {"other", "us-east-1", "iam", 1795580125999 + 86400000},
    };
    struct request request = {.method = "GET", .path = "/clusters/main"};
    struct sigv4_key key = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_credentials credentials = {.access_key = "AKID"};
        struct sigv4_scope scope = {.region = rows[i].region,
                                    .service = rows[i].service,
                                    .host = "localhost",
                                    .wall_ms = rows[i].wall_ms};
        struct sigv4_signed alone, with_key;

        strcpy(credentials.secret_key, rows[i].secret);
        sigv4_sign(arena, &alone, &request, &credentials, &scope);
        scope.key = &key;
        sigv4_sign(arena, &with_key, &request, &credentials, &scope);
        assert_string_equal(with_key.signature, alone.signature);
    }
}

static void never_signs_what_proxies_change(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct aws_credentials credentials = {.access_key = "AKID", .secret_key = "secret"};
    struct request request = {.method = "GET", .path = "/"};
    struct sigv4_signed result;

    (void)state;
    request_add_header(&request, "User-Agent", "podidentity");
    request_add_header(&request, "Expect", "");
    request_add_header(&request, "Accept", "text/xml");
    sigv4_sign(arena, &result, &request, &credentials, &plain_scope);
    assert_non_null(strstr(result.headers[1].value, "SignedHeaders=accept;host;x-amz-date,"));
}

/* What no builder makes must still have one reading. */
static void reads_paths_and_queries_as_aws_does(void **state)
{
    static const struct {
        const char *path, *query, *canonical_path, *canonical_query;
    } rows[] = {
        {"/", NULL, "/", ""},
        {"", "", "/", ""},
        {"//a//b", NULL, "/a/b", ""},
        {"/a/./b/../c/", NULL, "/a/c/", ""},
        {"/../../..", NULL, "/", ""},
        {"/a/..", NULL, "/", ""},
        {"/a/b/..", NULL, "/a", ""},
        {"/a/b/../", NULL, "/a/", ""},
        {"/a/b/.", NULL, "/a/b", ""},
        {"/a..b/...", NULL, "/a..b/...", ""},
        {"/tags/arn%3Aaws%2Fx", NULL, "/tags/arn%253Aaws%252Fx", ""},
        {"/", "b=2&a=1&&a=0&=&", "/", "=&a=0&a=1&b=2"},
        {"/", "key", "/", "key="},
        {"/", "a=x=y", "/", "a=x%3Dy"},
        {"/", "a=1+2&b=%2b", "/", "a=1%2B2&b=%2B"},
        {"/", "a=%zz", "/", "a=%25zz"},
        {"/", "a-b=1&a=2", "/", "a=2&a-b=1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
        struct aws_credentials credentials = {.access_key = "AKID", .secret_key = "secret"};
        struct request request = {.method = "GET", .path = rows[i].path, .query = rows[i].query};
        struct sigv4_signed result;
        const char *start;

        sigv4_sign(arena, &result, &request, &credentials, &plain_scope);
        start = arena_printf(arena, "GET\n%s\n%s\nhost:", rows[i].canonical_path,
                             rows[i].canonical_query);
        if (strncmp(result.canonical_request, start, strlen(start)) != 0)
            fail_msg("row %zu: %s", i, result.canonical_request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_published_vectors_of_aws),
        cmocka_unit_test(signs_what_the_builders_make_as_botocore_does),
        cmocka_unit_test(sends_date_signature_and_the_token_only_when_there_is_one),
        cmocka_unit_test(keeps_a_key_only_for_what_it_was_made_of),
        cmocka_unit_test(never_signs_what_proxies_change),
        cmocka_unit_test(reads_paths_and_queries_as_aws_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
