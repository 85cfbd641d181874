#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "controller/kube_link.h"
#include "controller/metrics.h"
#include "kube/access.h"
#include "kube/access_parts.h"
#include "net/http.h"
#include "tests/unit/identity.h"
#include "tests/unit/patient_http.h"
#include "tests/unit/wire.h"

#define VERSION "client.authentication.k8s.io/v1"

enum { HELD_MAX = 4, EXPOSITION_MAX = 1 << 20 };

/* A link to a server of the test, with a plugin that prints a file. */
struct place {
    struct loop *loop;
    struct http *http;
    struct metrics *metrics;
    struct wire_server *server;
    struct kube_access *access;
    struct kube_link *link;
    char file[32];
    char *arguments[3];
    char request[4096]; /* the last one */
    struct wire_connection *held[HELD_MAX];
    unsigned held_count, status;
};

struct result {
    bool done;
    unsigned count;
    int status;
};

struct watching {
    struct stream *stream;
    unsigned lines;
    bool ended;
    const char *failure;
};

/* "/hold" and "/watch" wait for the test, everything else is answered at once. */
static void server_answers(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;

    snprintf(place->request, sizeof(place->request), "%s", request);
    if (!strstr(request, "/hold") && !strstr(request, "/watch")) {
        wire_answer(connection, (int)place->status, "", "{}");
        return;
    }
    assert_true(place->held_count < HELD_MAX);
    place->held[place->held_count++] = connection;
    if (strstr(request, "/watch"))
        wire_chunked(connection);
}

static void plugin_says(struct place *place, json_t *status)
{
    json_t *reply = json_pack("{s:s, s:s, s:o}", "kind", "ExecCredential", "apiVersion", VERSION,
                              "status", status);

    assert_int_equal(json_dump_file(reply, place->file, 0), 0);
    json_decref(reply);
}

static void plugin_gives_token(struct place *place, const char *token)
{
    plugin_says(place, json_pack("{s:s}", "token", token));
}

static void plugin_gives_certificate(struct place *place, const char *token)
{
    struct identity identity;

    identity_make(&identity, "plugin", NULL, NULL);
    plugin_says(place, json_pack("{s:s, s:s, s:s}", "token", token, "clientCertificateData",
                                 identity.certificate_pem, "clientKeyData", identity.key_pem));
    identity_free(&identity);
}

static void access_make(struct place *place)
{
    struct kube_exec *exec;

    place->access = kube_access_create();
    exec = arena_alloc(place->access->arena, sizeof(*exec));
    place->arguments[0] = arena_string(place->access->arena, "cat");
    place->arguments[1] = place->file;
    exec->api_version = VERSION;
    exec->arguments = place->arguments;
    place->access->exec = exec;
    place->access->server = arena_string(place->access->arena, wire_url(place->server));
    place->access->proxy_url = arena_string(place->access->arena, "");
}

static int place_open(void **state)
{
    struct place *place = memory_alloc(sizeof(*place));
    struct error error = {0};
    int descriptor;

    snprintf(place->file, sizeof(place->file), "/tmp/kube-link-XXXXXX");
    descriptor = mkstemp(place->file);
    assert_true(descriptor >= 0);
    close(descriptor);
    place->status = 200;
    place->loop = loop_create();
    place->server = wire_start(place->loop, server_answers, place);
    place->http = http_patient(place->loop, 8);
    place->metrics = metrics_create();
    access_make(place);
    place->link = kube_link_create(place->loop, place->http, place->access, place->metrics, &error);
    assert_non_null(place->link);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    http_destroy(place->http);
    kube_link_destroy(place->link);
    kube_access_destroy(place->access);
    metrics_destroy(place->metrics);
    wire_stop(place->server);
    loop_destroy(place->loop);
    unlink(place->file);
    free(place);
    return 0;
}

static void answered(void *context, const struct reply *reply)
{
    struct result *result = context;

    result->done = true;
    result->count++;
    result->status = reply->status;
}

static void ask(struct place *place, const char *path, struct result *result)
{
    struct request request = {
        .service = SERVICE_KUBERNETES, .operation = "Get", .method = "GET", .path = path};

    *result = (struct result){0};
    kube_link_send(place->link, &request, result, answered);
    assert_false(result->done);
}

/* The status of the answer. */
static int ask_and_wait(struct place *place, const char *path)
{
    struct result result;

    ask(place, path, &result);
    assert_true(wire_wait(place->loop, &result.done));
    return result.status;
}

static void line_came(void *context, const char *line, size_t length)
{
    struct watching *watching = context;

    assert_int_equal(length, 2);
    assert_memory_equal(line, "{}", 2);
    watching->lines++;
}

static void watch_ended(void *context, const struct stream_end *end)
{
    struct watching *watching = context;

    watching->ended = true;
    watching->failure = end->failure;
}

static void watch(struct place *place, struct watching *watching)
{
    struct request request = {
        .service = SERVICE_KUBERNETES, .operation = "Watch", .method = "GET", .path = "/watch"};
    struct stream_options options = {
        .idle_timeout_ms = 15000, .line = line_came, .end = watch_ended, .context = watching};

    *watching = (struct watching){0};
    watching->stream = kube_link_stream(place->link, &request, &options);
}

static bool sent(const struct place *place, const char *part)
{
    return strstr(place->request, part) != NULL;
}

static void a_request_waits_for_the_plugin_and_goes_with_what_it_brought(void **state)
{
    struct place *place = *state;

    plugin_gives_token(place, "one");
    assert_int_equal(ask_and_wait(place, "/a"), 200);
    assert_true(sent(place, "Authorization: Bearer one\r\n"));
    plugin_gives_token(place, "two");
    assert_int_equal(ask_and_wait(place, "/b"), 200);
    assert_true(sent(place, "Authorization: Bearer one\r\n")); /* it still holds: not asked again */
}

static void all_that_wait_are_sent_after_one_run_of_the_plugin(void **state)
{
    struct place *place = *state;
    struct result results[3];

    plugin_gives_token(place, "one");
    for (size_t i = 0; i < COUNT(results); i++)
        ask(place, "/a", &results[i]);
    for (size_t i = 0; i < COUNT(results); i++) {
        assert_true(wire_wait(place->loop, &results[i].done));
        assert_int_equal(results[i].status, 200);
        assert_int_equal(results[i].count, 1);
    }
    assert_int_equal(wire_requests(place->server), 3);
}

static void a_watch_is_begun_only_when_we_can_say_who_we_are(void **state)
{
    struct place *place = *state;
    struct watching watching;

    plugin_gives_token(place, "one");
    watch(place, &watching);
    assert_null(watching.stream);
    assert_int_equal(ask_and_wait(place, "/a"), 200);
    assert_false(watching.ended);
    watch(place, &watching);
    assert_non_null(watching.stream);
    assert_true(wire_wait_count(place->loop, &place->held_count, 1));
    assert_true(sent(place, "Authorization: Bearer one\r\n"));
    stream_stop(watching.stream);
}

static void after_a_401_the_plugin_is_asked_again(void **state)
{
    struct place *place = *state;

    plugin_gives_token(place, "one");
    place->status = 401;
    assert_int_equal(ask_and_wait(place, "/a"), 401);
    place->status = 200;
    plugin_gives_token(place, "two");
    assert_int_equal(ask_and_wait(place, "/a"), 200);
    assert_true(sent(place, "Authorization: Bearer two\r\n"));
}

/* net/http.h forbids to destroy a peer with anything on it, and says so by an assertion. */
static void a_renewed_certificate_leaves_what_runs_over_the_former_one(void **state)
{
    struct place *place = *state;
    struct result held;
    struct watching watching;

    plugin_gives_certificate(place, "one");
    ask(place, "/hold", &held);
    assert_true(wire_wait_count(place->loop, &place->held_count, 1));
    watch(place, &watching);
    assert_true(wire_wait_count(place->loop, &place->held_count, 2));

    kube_access_forget_token(place->access);
    plugin_gives_certificate(place, "two");
    assert_int_equal(ask_and_wait(place, "/a"), 200);
    assert_true(sent(place, "Authorization: Bearer two\r\n"));
    assert_false(held.done);
    assert_false(watching.ended);

    wire_answer(place->held[0], 200, "", "{}");
    assert_true(wire_wait(place->loop, &held.done));
    assert_int_equal(held.status, 200);
    wire_chunk(place->held[1], "{}\n", 3);
    assert_true(wire_wait_count(place->loop, &watching.lines, 1));
    wire_chunked_end(place->held[1]);
    assert_true(wire_wait(place->loop, &watching.ended));
    assert_null(watching.failure);
}

static bool closed_down_to(struct place *place, unsigned open)
{
    struct deadline deadline = {.passed = false};

    timer_init(&deadline.timer, deadline_passes);
    timer_start(place->loop, &deadline.timer, WAIT_MS);
    while (wire_open(place->server) > open && !deadline.passed)
        uv_run(loop_uv(place->loop), UV_RUN_ONCE);
    timer_stop(place->loop, &deadline.timer);
    return wire_open(place->server) == open;
}

static void connections_over_former_certificates_are_closed_once_idle(void **state)
{
    struct place *place = *state;

    for (int i = 0; i < 4; i++) {
        plugin_gives_certificate(place, "token");
        kube_access_forget_token(place->access);
        assert_int_equal(ask_and_wait(place, "/a"), 200);
    }
    assert_int_equal(wire_accepted(place->server), 4); /* each certificate its own connection */
    assert_true(closed_down_to(place, 1));
}

static void a_certificate_that_cannot_be_read_leaves_the_former_one_at_work(void **state)
{
    struct place *place = *state;
    struct result held, waiting;
    struct reply nothing = reply_none("the program ends");

    plugin_gives_certificate(place, "one");
    ask(place, "/hold", &held);
    assert_true(wire_wait_count(place->loop, &place->held_count, 1));
    kube_access_forget_token(place->access);
    plugin_says(place, json_pack("{s:s, s:s}", "clientCertificateData", "no certificate",
                                 "clientKeyData", "no key"));
    ask(place, "/a", &waiting);
    wire_answer(place->held[0], 200, "", "{}");
    assert_true(wire_wait(place->loop, &held.done));
    assert_int_equal(held.status, 200);
    assert_false(waiting.done); /* until the plugin says something better */
    kube_link_drain(place->link, &nothing);
    assert_true(waiting.done);
    assert_int_equal(waiting.status, 0);
}

static void what_waits_for_a_plugin_that_fails_is_answered_at_the_end(void **state)
{
    struct place *place = *state;
    struct reply nothing = reply_none("the program ends");
    struct result results[2];

    unlink(place->file);
    ask(place, "/a", &results[0]);
    ask(place, "/b", &results[1]);
    kube_link_drain(place->link, &nothing);
    assert_int_equal(results[0].count, 1);
    assert_int_equal(results[1].count, 1);
    assert_int_equal(wire_requests(place->server), 0);
}

static bool measured(const struct place *place, const char *line)
{
    AUTO_TEXT struct text text = TEXT_INIT(EXPOSITION_MAX);

    metrics_write(place->metrics, &text);
    return strstr(text.bytes, line) != NULL;
}

static void answers_are_counted_by_code_and_those_that_never_came_as_errors(void **state)
{
    struct place *place = *state;
    struct result lost;

    plugin_gives_token(place, "one");
    assert_int_equal(ask_and_wait(place, "/a"), 200);
    ask(place, "/hold", &lost);
    assert_true(wire_wait_count(place->loop, &place->held_count, 1));
    http_destroy(TAKE(place->http));
    assert_int_equal(lost.count, 1);
    assert_true(measured(place, "rest_client_requests_total{code=\"200\",method=\"GET\""));
    assert_true(measured(place, "rest_client_requests_total{code=\"<error>\",method=\"GET\""));
}

int main(void)
{
#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)
    const struct CMUnitTest tests[] = {
        WITH_PLACE(a_request_waits_for_the_plugin_and_goes_with_what_it_brought),
        WITH_PLACE(all_that_wait_are_sent_after_one_run_of_the_plugin),
        WITH_PLACE(a_watch_is_begun_only_when_we_can_say_who_we_are),
        WITH_PLACE(after_a_401_the_plugin_is_asked_again),
        WITH_PLACE(a_renewed_certificate_leaves_what_runs_over_the_former_one),
        WITH_PLACE(connections_over_former_certificates_are_closed_once_idle),
        WITH_PLACE(a_certificate_that_cannot_be_read_leaves_the_former_one_at_work),
        WITH_PLACE(what_waits_for_a_plugin_that_fails_is_answered_at_the_end),
        WITH_PLACE(answers_are_counted_by_code_and_those_that_never_came_as_errors),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
