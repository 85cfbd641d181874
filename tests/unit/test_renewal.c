#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "controller/renewal.h"
#include "net/http.h"
#include "tests/unit/patient_http.h"
#include "tests/unit/wire.h"

#define GOOD                                                                                       \
    "{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush\",\"Token\":\"t\","                      \
    "\"Expiration\":\"2096-11-25T10:15:24Z\"}"

enum { LOG_MAX = 1 << 16 };

static char url[128]; /* of the endpoint, for lookup, which has no context */

/* A renewal from an endpoint of the test, and what it logs. */
struct place {
    struct loop *loop;
    struct http *http;
    struct wire_server *server;
    struct renewal *renewal;
    int status;
    const char *body; /* NULL: another request id each time */
    unsigned renewed, failing;
    struct error trouble;
    int log, stderr_before;
};

static const char *lookup(const char *name)
{
    return strcmp(name, "AWS_CONTAINER_CREDENTIALS_FULL_URI") == 0 ? url : NULL;
}

static void answers(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;
    char words[100];

    (void)request;
    snprintf(words, sizeof(words), "[%u-5f]: (AccessDeniedException): no association",
             wire_requests(place->server));
    wire_answer(connection, place->status, "", place->body ? place->body : words);
}

static void renewed(void *context)
{
    ((struct place *)context)->renewed++;
}

static void failing(void *context, const struct error *error)
{
    struct place *place = context;

    place->failing++;
    place->trouble = *error;
}

static struct place *place_open(int status, const char *body)
{
    struct place *place = memory_alloc(sizeof(*place));
    struct renewal_client client = {place, renewed, failing};
    struct error error = {0};
    char name[] = "/tmp/test_renewal_XXXXXX";

    place->status = status;
    place->body = body;
    place->loop = loop_create();
    place->http = http_patient(place->loop, 4);
    place->server = wire_start(place->loop, answers, place);
    snprintf(url, sizeof(url), "%s/v1/credentials", wire_url(place->server));
    place->renewal = renewal_create(place->loop, place->http, lookup, &client, &error);
    assert_non_null(place->renewal);
    place->log = mkstemp(name);
    unlink(name);
    place->stderr_before = dup(STDERR_FILENO);
    dup2(place->log, STDERR_FILENO);
    return place;
}

static void place_close_auto(struct place **place)
{
    dup2((*place)->stderr_before, STDERR_FILENO);
    close((*place)->stderr_before);
    close((*place)->log);
    renewal_destroy((*place)->renewal);
    http_destroy((*place)->http);
    loop_destroy((*place)->loop);
    free(*place);
}
#define AUTO_PLACE __attribute__((cleanup(place_close_auto)))

/* How often a failure was logged. */
static unsigned logged(const struct place *place)
{
    static char bytes[LOG_MAX];
    ssize_t length = pread(place->log, bytes, sizeof(bytes) - 1, 0);
    unsigned count = 0;

    assert_true(length >= 0);
    bytes[length] = '\0';
    for (const char *at = bytes; (at = strstr(at, "could not be renewed")); at++)
        count++;
    return count;
}

static void what_the_endpoint_gives_is_used(void **state)
{
    AUTO_PLACE struct place *place = place_open(200, GOOD);

    (void)state;
    assert_false(renewal_ready(place->renewal));
    assert_true(wire_wait_count(place->loop, &place->renewed, 1));
    assert_true(renewal_ready(place->renewal));
    assert_string_equal(renewal_credentials(place->renewal)->access_key, "ASIA");
    assert_int_equal(wire_requests(place->server), 1);
    assert_int_equal(logged(place), 0);
}

static void a_refusal_is_told_to_who_waits_and_logged_once_while_it_is_the_same(void **state)
{
    AUTO_PLACE struct place *place = place_open(403, NULL);
    unsigned told;

    (void)state;
    assert_false(renewal_ready(place->renewal));
    assert_true(wire_wait_count(place->loop, &place->failing, 1));
    assert_int_equal(wire_requests(place->server), 3);
    assert_int_equal(place->trouble.kind, ERROR_REFUSED);
    assert_non_null(strstr(place->trouble.text, "no association"));
    assert_int_equal(logged(place), 1);

    told = place->failing;
    assert_false(renewal_ready(place->renewal)); /* who comes now does not wait for the next try */
    assert_int_equal(place->failing, told);
    assert_true(wire_wait_count(place->loop, &place->failing, told + 1));
    assert_int_equal(wire_requests(place->server), 3);

    place->status = 503; /* another trouble is news */
    assert_true(wire_wait_count(place->loop, &place->server->requests, 4));
    told = place->failing;
    assert_true(wire_wait_count(place->loop, &place->failing, told + 1));
    assert_int_equal(place->trouble.kind, ERROR_RETRY);
    assert_int_equal(logged(place), 2);
}

static void a_session_that_aws_ended_is_renewed_and_a_newer_one_kept(void **state)
{
    AUTO_PLACE struct place *place = place_open(200, GOOD);

    (void)state;
    assert_false(renewal_ready(place->renewal));
    assert_true(wire_wait_count(place->loop, &place->renewed, 1));
    renewal_distrust(place->renewal, 0); /* signed with the one before */
    assert_true(renewal_ready(place->renewal));
    renewal_distrust(place->renewal, UINT64_MAX);
    assert_false(renewal_ready(place->renewal));
    assert_true(wire_wait_count(place->loop, &place->renewed, 2));
    assert_true(renewal_ready(place->renewal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_endpoint_gives_is_used),
        cmocka_unit_test(a_refusal_is_told_to_who_waits_and_logged_once_while_it_is_the_same),
        cmocka_unit_test(a_session_that_aws_ended_is_renewed_and_a_newer_one_kept),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
