/* Where credentials come from, and what is sent to ask for them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aws/credentials.h"
#include "tests/unit/aws_replies.h"
#include "tests/unit/aws_settings.h"

enum { ARENA_SIZE = 1 << 20 };

static bool find(struct aws_credentials_plan *plan, struct error *error)
{
    *error = (struct error){0};
    return aws_credentials_find(plan, setting_of, error);
}

static void takes_keys_from_the_environment_first(void **state)
{
    struct aws_credentials_plan plan;
    struct error error;

    (void)state;
    settings("AWS_ACCESS_KEY_ID", "AKID", "AWS_SECRET_ACCESS_KEY", "se/cr+et", "AWS_SESSION_TOKEN",
             "token==", "AWS_WEB_IDENTITY_TOKEN_FILE", "/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
             "http://169.254.170.23/v1/credentials", NULL);
    assert_true(find(&plan, &error));
    assert_int_equal(plan.source, CREDENTIALS_ENVIRONMENT);
    assert_string_equal(plan.fixed.access_key, "AKID");
    assert_string_equal(plan.fixed.secret_key, "se/cr+et");
    assert_string_equal(plan.fixed.session_token, "token==");
    assert_int_equal(plan.fixed.expires_ms, 0);

    settings("AWS_ACCESS_KEY_ID", "AKID", "AWS_SECRET_ACCESS_KEY", "secret", "AWS_SESSION_TOKEN",
             "", NULL);
    assert_true(find(&plan, &error));
    assert_string_equal(plan.fixed.session_token, "");
}

static void takes_the_container_endpoint_of_eks(void **state)
{
    struct aws_credentials_plan plan;
    struct error error;

    (void)state;
    settings("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials",
             "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/token",
             "AWS_CONTAINER_AUTHORIZATION_TOKEN", "not used", NULL);
    assert_true(find(&plan, &error));
    assert_int_equal(plan.source, CREDENTIALS_CONTAINER);
    assert_string_equal(plan.endpoint, "http://169.254.170.23");
    assert_string_equal(plan.path, "/v1/credentials");
    assert_string_equal(plan.token_file, "/var/run/token");
    assert_string_equal(plan.token, "");
}

static void a_relative_uri_comes_before_a_full_one(void **state)
{
    struct aws_credentials_plan plan;
    struct error error;

    (void)state;
    settings("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/uuid?x=1",
             "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/", NULL);
    assert_true(find(&plan, &error));
    assert_string_equal(plan.endpoint, "http://169.254.170.2");
    assert_string_equal(plan.path, "/v2/credentials/uuid?x=1");
}

static void credentials_are_asked_for_only_where_nobody_listens(void **state)
{
    static const struct {
        const char *uri;
        bool allowed;
    } rows[] = {
        {"https://anywhere.example:8443/c", true},
        {"http://localhost:1234/c", true},
        {"http://LOCALHOST/c", true},
        {"http://127.0.0.1/c", true},
        {"http://127.1.2.3:80", true},
        {"http://[::1]:80/c", true},
        {"http://169.254.170.2/c", true},
        {"http://169.254.170.23/c", true},
        {"http://[fd00:ec2::23]/v1/credentials", true},
        {"http://anywhere.example/c", false},
        {"http://10.0.0.1/c", false},
        {"http://169.254.169.254/c", false},
        {"http://169.254.170.2.evil.example/c", false},
        {"http://127.evil.example/c", false},
        {"http://127.0.0.1.evil.example/c", false},
        {"http://localhost.evil.example/c", false},
        {"http://[::ffff:10.0.0.1]/c", false},
        {"http://169.254.170.23@evil.example/c", false},
        {"http://169.254.170.23\\@evil.example/c", false},
        {"http://169.254.170.23/c\r\nX: y", false},
        {"http://169.254.170.23#@evil.example/", false},
        {"file:///etc/passwd", false},
        {"169.254.170.23/c", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_credentials_plan plan;
        struct error error;

        settings("AWS_CONTAINER_CREDENTIALS_FULL_URI", rows[i].uri, NULL);
        if (find(&plan, &error) != rows[i].allowed)
            fail_msg("%s: %s", rows[i].uri, error.text);
        if (!rows[i].allowed)
            assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void what_is_missing_or_not_supported_is_named(void **state)
{
    static const struct {
        const char *name, *value, *named, *mend;
    } rows[] = {
        {"OTHER", "x", "no AWS credentials", "Pod Identity association"},
        {"AWS_ACCESS_KEY_ID", "AKID", "AWS_SECRET_ACCESS_KEY is not", ""},
        {"AWS_SECRET_ACCESS_KEY", "secret", "no AWS credentials", "AWS_ACCESS_KEY_ID"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "/x", "not supported yet", "Pod Identity association"},
        {"AWS_PROFILE", "dev", "profiles", "export-credentials"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "v2/x", "RELATIVE_URI", "begin with /"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2 x", "RELATIVE_URI", "space"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aws_credentials_plan plan;
        struct error error;

        settings(rows[i].name, rows[i].value, NULL);
        assert_false(find(&plan, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        if (!strstr(error.text, rows[i].named) || !strstr(error.text, rows[i].mend))
            fail_msg("row %zu: %s", i, error.text);
    }
}

/* The SDKs would be the web identity's role, so we are not somebody else in silence. */
static void web_identity_is_not_passed_over(void **state)
{
    struct aws_credentials_plan plan;
    struct error error;

    (void)state;
    settings("AWS_WEB_IDENTITY_TOKEN_FILE", "/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
             "http://169.254.170.23/v1/credentials", NULL);
    assert_false(find(&plan, &error));
    assert_non_null(strstr(error.text, "AWS_WEB_IDENTITY_TOKEN_FILE"));
}

static void keys_with_line_breaks_are_refused_and_not_shown(void **state)
{
    struct aws_credentials_plan plan;
    struct error error;

    (void)state;
    settings("AWS_ACCESS_KEY_ID", "AKID", "AWS_SECRET_ACCESS_KEY", "hush\n", NULL);
    assert_false(find(&plan, &error));
    assert_non_null(strstr(error.text, "AWS_SECRET_ACCESS_KEY"));
    assert_null(strstr(error.text, "hush"));
}

/* A file with this content; the name is for unlink. */
static void write_token(char path[32], const char *content)
{
    int file;

    strcpy(path, "/tmp/podidentity-token-XXXXXX");
    file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), strlen(content));
    close(file);
}

static void rewrite_token(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static const char *header_of(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return NULL;
}

static void reads_the_token_file_at_every_fetch(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct aws_credentials_plan plan = {.source = CREDENTIALS_CONTAINER, .path = "/v1?a=b"};
    struct request request;
    struct error error = {0};
    char path[32];

    (void)state;
    write_token(path, "first");
    strcpy(plan.token_file, path);
    assert_true(aws_credentials_request(&plan, arena, &request, &error));
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.path, "/v1");
    assert_string_equal(request.query, "a=b");
    assert_string_equal(header_of(&request, "accept"), "application/json");
    assert_string_equal(header_of(&request, "authorization"), "first");
    rewrite_token(path, "second");
    assert_true(aws_credentials_request(&plan, arena, &request, &error));
    assert_string_equal(header_of(&request, "authorization"), "second");
    unlink(path);
    assert_false(aws_credentials_request(&plan, arena, &request, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, path));
}

static void a_token_that_could_end_the_header_is_refused(void **state)
{
    static const char *const tokens[] = {"", "a\n", "a\r\nX: y", "a b", "\xc3\xa9"};

    (void)state;
    for (size_t i = 0; i < COUNT(tokens); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
        struct aws_credentials_plan plan = {.source = CREDENTIALS_CONTAINER, .path = "/"};
        struct request request;
        struct error error = {0};
        char path[32];
        bool taken;

        write_token(path, tokens[i]);
        strcpy(plan.token_file, path);
        taken = aws_credentials_request(&plan, arena, &request, &error);
        unlink(path);
        assert_false(taken);
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void without_a_token_no_authorization_is_sent(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct aws_credentials_plan plan = {.source = CREDENTIALS_CONTAINER, .path = "/"};
    struct request request;
    struct error error = {0};

    (void)state;
    assert_true(aws_credentials_request(&plan, arena, &request, &error));
    assert_null(header_of(&request, "authorization"));
    assert_null(request.query);
    strcpy(plan.token, "fixed");
    assert_true(aws_credentials_request(&plan, arena, &request, &error));
    assert_string_equal(header_of(&request, "authorization"), "fixed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_keys_from_the_environment_first),
        cmocka_unit_test(takes_the_container_endpoint_of_eks),
        cmocka_unit_test(a_relative_uri_comes_before_a_full_one),
        cmocka_unit_test(credentials_are_asked_for_only_where_nobody_listens),
        cmocka_unit_test(what_is_missing_or_not_supported_is_named),
        cmocka_unit_test(web_identity_is_not_passed_over),
        cmocka_unit_test(keys_with_line_breaks_are_refused_and_not_shown),
        cmocka_unit_test(reads_the_token_file_at_every_fetch),
        cmocka_unit_test(a_token_that_could_end_the_header_is_refused),
        cmocka_unit_test(without_a_token_no_authorization_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
