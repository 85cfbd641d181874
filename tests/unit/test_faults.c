#include "tests/unit/aws_replies.h"

#include <stdio.h>

#include "aws/faults.h"
#include "base/text.h"

enum { ARENA_SIZE = 4 << 20 };

static const struct request a_read = {.operation = "GetRole"};
static const struct request a_write = {.operation = "CreateRole", .write = true};

#define XML_FAULT(code, message)                                                                   \
    "<ErrorResponse "                                                                              \
    "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"               \
    "<Code>" code "</Code><Message>" message "</Message></Error>"                                  \
    "<RequestId>4a93ceee-9966</RequestId></ErrorResponse>"

/* One answer each: how it is told and what to do next. */
static const struct {
    int status;
    const char *error_type, *body;
    enum error_kind kind;
    const char *code, *text;
} rows[] = {
    {404, "", XML_FAULT("NoSuchEntity", "The role &quot;x&quot; cannot be found."), ERROR_REFUSED,
     "NoSuchEntity",
     "CreateRole: NoSuchEntity: The role \"x\" cannot be found. (request id 4a93ceee-9966)"},
    {400, "", XML_FAULT("Throttling", "Rate exceeded"), ERROR_THROTTLE, "Throttling",
     "CreateRole: Throttling: Rate exceeded (request id 4a93ceee-9966)"},
    {409, "", XML_FAULT("ConcurrentModification", "wait"), ERROR_RETRY, "ConcurrentModification",
     NULL},
    {409, "", XML_FAULT("EntityTemporarilyUnmodifiable", "wait"), ERROR_RETRY,
     "EntityTemporarilyUnmodifiable", NULL},
    {409, "", XML_FAULT("DeleteConflict", "must detach"), ERROR_RETRY, "DeleteConflict", NULL},
    {409, "", XML_FAULT("LimitExceeded", "quota"), ERROR_REFUSED, "LimitExceeded", NULL},
    {409, "", XML_FAULT("EntityAlreadyExists", "exists"), ERROR_REFUSED, "EntityAlreadyExists",
     NULL},
    {400, "", XML_FAULT("MalformedPolicyDocument", "bad"), ERROR_REFUSED, "MalformedPolicyDocument",
     NULL},
    {403, "", XML_FAULT("ExpiredToken", "old"), ERROR_REFUSED, "ExpiredToken", NULL},
    {500, "", XML_FAULT("ServiceFailure", "oops"), ERROR_RETRY, "ServiceFailure", NULL},
    {503, "", XML_FAULT("SlowDown", "please"), ERROR_THROTTLE, "SlowDown", NULL},
    {400, "", "\n " XML_FAULT("Throttling", "Rate exceeded"), ERROR_THROTTLE, "Throttling", NULL},

    {409, "ResourceInUseException", "{\"message\":\"Association already exists: a-1\"}",
     ERROR_REFUSED, "ResourceInUseException",
     "CreateRole: ResourceInUseException: Association already exists: a-1"},
    {404, "ResourceNotFoundException:http://internal.amazon.com/coral/x/",
     "{\"message\":\"none\",\"clusterName\":null}", ERROR_REFUSED, "ResourceNotFoundException",
     "CreateRole: ResourceNotFoundException: none"},
    {404, "com.amazonaws.eks#NotFoundException", "{}", ERROR_REFUSED, "NotFoundException", NULL},
    {429, "ThrottlingException", "{\"message\":\"slow\"}", ERROR_THROTTLE, "ThrottlingException",
     NULL},
    {429, "", "{\"__type\":\"TooManyRequestsException\",\"Message\":\"slow\"}", ERROR_THROTTLE,
     "TooManyRequestsException", "CreateRole: TooManyRequestsException: slow"},
    {429, "", "{\"message\":\"Too Many Requests\"}", ERROR_THROTTLE, "", NULL},
    {400, "", "{\"code\":\"aws.x#InvalidParameterException:y\",\"message\":\"bad\"}", ERROR_REFUSED,
     "InvalidParameterException", "CreateRole: InvalidParameterException: bad"},
    {400, "ResourceLimitExceededException", "{\"message\":\"5000\"}", ERROR_REFUSED,
     "ResourceLimitExceededException", NULL},
    {500, "ServerException", "{}", ERROR_RETRY, "ServerException", NULL},
    {503, "ServiceUnavailableException", "<html>x</html>", ERROR_RETRY,
     "ServiceUnavailableException", NULL},
    {403, "AccessDeniedException", "", ERROR_REFUSED, "AccessDeniedException", NULL},

    {502, "", "<html><head><title>502 Bad Gateway</title></head></html>", ERROR_RETRY, "",
     "CreateRole: HTTP 502 with no error of AWS in it: "
     "<html><head><title>502 Bad Gateway</title></head></html>"},
    {404, "", "<!DOCTYPE html><p>Not Found</p>", ERROR_REFUSED, "", NULL},
    {407, "", "", ERROR_REFUSED, "", "CreateRole: HTTP 407 with no error of AWS in it: (empty)"},
    {408, "", "", ERROR_RETRY, "", NULL},
    {301, "", "", ERROR_REFUSED, "", NULL},
    {500, "", "<ErrorResponse><Error><Code>Thrott", ERROR_RETRY, "", NULL},
    {400, "", "{\"code\":7,\"message\":[]}", ERROR_REFUSED, "", NULL},
    {400, "", "[\"code\"]", ERROR_REFUSED, "", NULL},
    {400, "bad code with spaces", "{}", ERROR_REFUSED, "bad", NULL},
    {400, "<script>", "{}", ERROR_REFUSED, "", NULL},
    {400, "::::", "{}", ERROR_REFUSED, "", NULL},
    {400, "", XML_FAULT("No&#10;Such", "x"), ERROR_REFUSED, "No", NULL},
    {400, "", XML_FAULT("", "x"), ERROR_REFUSED, "", NULL},
};

static void every_answer_has_its_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
        struct reply reply = reply_of(rows[i].status, rows[i].body);
        struct error error = {0};

        reply.error_type = rows[i].error_type;
        assert_false(aws_reply_good(arena, &a_write, &reply, &error));
        if (error.kind != rows[i].kind || strcmp(error.code, rows[i].code) != 0 ||
            (rows[i].text && strcmp(error.text, rows[i].text) != 0))
            fail_msg("row %zu: %s, code \"%s\": %s", i, error_kind_name(error.kind), error.code,
                     error.text);
    }
}

static void a_good_answer_leaves_the_error_alone(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(200, XML_FAULT("Throttling", "not really"));
    struct error error = {.kind = ERROR_CONFLICT};

    (void)state;
    assert_true(aws_reply_good(arena, &a_write, &reply, &error));
    reply.status = 204;
    assert_true(aws_reply_good(arena, &a_read, &reply, &error));
    assert_int_equal(error.kind, ERROR_CONFLICT);
}

static void only_a_write_that_may_have_arrived_is_lost(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    static const struct {
        const struct request *request;
        bool sent;
        enum error_kind kind;
    } answers[] = {
        {&a_read, false, ERROR_RETRY},
        {&a_read, true, ERROR_RETRY},
        {&a_write, false, ERROR_RETRY},
        {&a_write, true, ERROR_LOST},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct reply reply = reply_of(0, "");
        struct error error = {0};

        reply.failure = "Connection reset by peer";
        reply.sent = answers[i].sent;
        assert_false(aws_reply_good(arena, answers[i].request, &reply, &error));
        assert_int_equal(error.kind, answers[i].kind);
        assert_non_null(strstr(error.text, "Connection reset by peer"));
        assert_string_equal(error.code, "");
    }
}

static void what_nobody_could_sign_is_a_matter_of_our_credentials(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_none("HTTP 403: no association");
    struct error error = {0};

    (void)state;
    reply.error_type = AWS_NO_CREDENTIALS;
    assert_false(aws_reply_good(arena, &a_write, &reply, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_true(aws_bad_credentials(&error));
    assert_non_null(strstr(error.text, "no association"));
}

static void the_request_id_comes_from_body_or_header(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(400, "{\"message\":\"m\"}");
    struct aws_fault fault;

    (void)state;
    reply.request_id = "0b1c";
    aws_fault_read(arena, &reply, &fault);
    assert_string_equal(fault.request_id, "0b1c");
    reply.request_id = "not an id\x1b[2J";
    aws_fault_read(arena, &reply, &fault);
    assert_string_equal(fault.request_id, "");
}

/* What AWS says goes into statuses, Events and terminals. */
static void a_message_is_one_clean_line(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply =
        reply_of(400, "{\"message\":\"a\\nb\\tc\\u001b[31md\\u007fe\\u009bf\\u00a0é😀\"}");
    struct aws_fault fault;

    (void)state;
    aws_fault_read(arena, &reply, &fault);
    assert_string_equal(fault.message, "a b c [31md e  f\xc2\xa0é😀");
}

static void a_broken_body_becomes_clean_text(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
    struct reply reply = reply_of(400, "caf\xe9 \xff\xfe \xc3");
    struct aws_fault fault;

    (void)state;
    aws_fault_read(arena, &reply, &fault);
    assert_string_equal(fault.message, "caf? ?? ?");
    assert_true(text_utf8(fault.message, strlen(fault.message)));
}

static void a_message_ends_at_a_thousand_bytes_between_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
        char body[4096];
        struct aws_fault fault;
        struct reply reply;

        snprintf(body, sizeof(body), "{\"message\":\"%.*s", (int)shift, "abc");
        for (size_t i = 0; i < 300; i++)
            strcat(body, "😀");
        strcat(body, "\"}");
        reply = reply_of(400, body);
        aws_fault_read(arena, &reply, &fault);
        assert_in_range(strlen(fault.message), 997, 1000);
        assert_true(text_utf8(fault.message, strlen(fault.message)));
        assert_null(strchr(fault.message, '?'));
    }
}

static void a_huge_answer_is_cut_and_not_decoded(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(64 << 10);
    AUTO_FREE char *body = memory_alloc((8 << 20) + 1);
    struct error error = {0};
    struct reply reply;

    (void)state;
    memset(body, '<', 8 << 20);
    reply = reply_of(500, body);
    assert_false(aws_reply_good(arena, &a_read, &reply, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_true(strlen(error.text) < 300);
    assert_true(arena_used(arena) < 4096);
}

static void codes_that_plans_decide_on(void **state)
{
    static const struct {
        const char *code;
        bool not_found, exists, denied, credentials;
    } codes[] = {
        {"", false, false, false, false},
        {"NoSuchEntity", true, false, false, false},
        {"ResourceNotFoundException", true, false, false, false},
        {"NotFoundException", true, false, false, false},
        {"EntityAlreadyExists", false, true, false, false},
        {"ResourceInUseException", false, true, false, false},
        {"AccessDenied", false, false, true, false},
        {"AccessDeniedException", false, false, true, false},
        {"UnauthorizedOperation", false, false, true, false},
        {"InvalidClientTokenId", false, false, false, true},
        {"ExpiredToken", false, false, false, true},
        {"ExpiredTokenException", false, false, false, true},
        {"SignatureDoesNotMatch", false, false, false, true},
        {"InvalidSignatureException", false, false, false, true},
        {"UnrecognizedClientException", false, false, false, true},
        {"MissingAuthenticationToken", false, false, false, true},
        {"IncompleteSignature", false, false, false, true},
        {"Throttling", false, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct error error = {0};

        error_set_code(&error, ERROR_REFUSED, codes[i].code, "x");
        assert_int_equal(aws_not_found(&error), codes[i].not_found);
        assert_int_equal(aws_already_exists(&error), codes[i].exists);
        assert_int_equal(aws_denied(&error), codes[i].denied);
        assert_int_equal(aws_bad_credentials(&error), codes[i].credentials);
    }
}

static void knows_a_role_that_is_too_young(void **state)
{
    static const struct {
        const char *code, *message;
        bool young;
    } answers[] = {
        {"InvalidParameterException", "Role provided in the request does not exist.", true},
        {"InvalidParameterException", "Trust policy of the role provided is invalid.", true},
        {"InvalidParameterException", "namespace is invalid", false},
        {"InvalidRequestException", "Role provided in the request does not exist.", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(ARENA_SIZE);
        char body[256];
        struct error error = {0};
        struct reply reply;

        snprintf(body, sizeof(body), "{\"message\":\"%s\"}", answers[i].message);
        reply = reply_of(400, body);
        reply.error_type = answers[i].code;
        assert_false(aws_reply_good(arena, &a_write, &reply, &error));
        assert_int_equal(aws_young_role(&error), answers[i].young);
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_its_kind),
        cmocka_unit_test(a_good_answer_leaves_the_error_alone),
        cmocka_unit_test(only_a_write_that_may_have_arrived_is_lost),
        cmocka_unit_test(what_nobody_could_sign_is_a_matter_of_our_credentials),
        cmocka_unit_test(the_request_id_comes_from_body_or_header),
        cmocka_unit_test(a_message_is_one_clean_line),
        cmocka_unit_test(a_broken_body_becomes_clean_text),
        cmocka_unit_test(a_message_ends_at_a_thousand_bytes_between_characters),
        cmocka_unit_test(a_huge_answer_is_cut_and_not_decoded),
        cmocka_unit_test(codes_that_plans_decide_on),
        cmocka_unit_test(knows_a_role_that_is_too_young),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
