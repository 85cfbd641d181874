#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws/faults.h"
#include "base/error.h"
#include "base/log.h"
#include "controller/aws_link.h"
#include "controller/metrics.h"
#include "net/http.h"
#include "tests/unit/patient_http.h"
#include "tests/unit/wire.h"

#define SESSION                                                                                    \
    "{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"hush\",\"Token\":\"t\","                      \
    "\"Expiration\":\"2096-11-25T10:15:24Z\"}"

/* A link whose credentials and whose AWS are a server of the test. */
struct place {
    struct loop *loop;
    struct http *http;
    struct metrics *metrics;
    struct wire_server *server;
    struct aws_link *link;
    int credentials_status;
    unsigned answers, recoveries, signed_requests;
    int status; /* of the last answer */
    char error_type[64], failure[200];
};

static void serve(void *context, struct wire_connection *connection, const char *request)
{
    struct place *place = context;

    if (strstr(request, "GET /credentials")) {
        wire_answer(connection, place->credentials_status, "",
                    place->credentials_status == 200 ? SESSION : "no association");
        return;
    }
    place->signed_requests++;
    wire_answer(connection, 200, "", "{}");
}

static void answered(void *context, const struct reply *reply)
{
    struct place *place = context;

    place->answers++;
    place->status = reply->status;
    snprintf(place->error_type, sizeof(place->error_type), "%s", reply->error_type);
    snprintf(place->failure, sizeof(place->failure), "%s", reply->failure ? reply->failure : "");
}

static void recovered(void *context)
{
    ((struct place *)context)->recoveries++;
}

static void point_to(const char *url)
{
    char credentials[200];

    snprintf(credentials, sizeof(credentials), "%s/credentials", url);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", credentials, 1);
    setenv("AWS_ENDPOINT_URL", url, 1);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
    unsetenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    unsetenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    setenv("NO_PROXY", "127.0.0.1", 1);
    unsetenv("AWS_CA_BUNDLE");
}

static struct place *place_open(int credentials_status)
{
    struct place *place = memory_alloc(sizeof(*place));
    struct aws_link_options options = {.region = "eu-west-1",
                                       .iam_rate = 100,
                                       .eks_rate = 100,
                                       .recovered = recovered,
                                       .context = place};
    struct error error = {0};

    place->credentials_status = credentials_status;
    place->loop = loop_create();
    place->http = http_patient(place->loop, 8);
    place->metrics = metrics_create();
    place->server = wire_start(place->loop, serve, place);
    point_to(wire_url(place->server));
    place->link = aws_link_create(place->loop, place->http, place->metrics, &options, &error);
    if (!place->link)
        fail_msg("%s", error.text);
    return place;
}

static void place_close_auto(struct place **place)
{
    aws_link_destroy((*place)->link);
    http_destroy((*place)->http);
    metrics_destroy((*place)->metrics);
    loop_destroy((*place)->loop);
    free(*place);
}
#define AUTO_PLACE __attribute__((cleanup(place_close_auto)))

static void ask(struct place *place)
{
    static const struct request request = {.service = SERVICE_EKS,
                                           .operation = "ListAddons",
                                           .method = "GET",
                                           .path = "/clusters/c/addons"};

    aws_link_send(place->link, &request, place, answered);
}

/* How many answers there were when this one came. */
struct place_in_line {
    struct place *place;
    unsigned answers_before;
};

static void noted(void *context, const struct reply *reply)
{
    struct place_in_line *line = context;

    line->answers_before = line->place->answers;
    answered(line->place, reply);
}

static void what_is_urgent_does_not_keep_others_waiting_for_ever(void **state)
{
    static const struct request patient = {.service = SERVICE_EKS,
                                           .operation = "ListAddons",
                                           .method = "GET",
                                           .path = "/clusters/c/addons"};
    AUTO_PLACE struct place *place = place_open(200);
    struct place_in_line line = {.place = place};
    struct request urgent = patient;

    (void)state;
    urgent.urgent = true;
    for (int i = 0; i < 60; i++) /* they wait until there are credentials */
        aws_link_send(place->link, &urgent, place, answered);
    aws_link_send(place->link, &patient, &line, noted);
    assert_true(wire_wait_count(place->loop, &place->answers, 61));
    assert_in_range(line.answers_before, 0, 20); /* four before it, and some connections */
}

static void what_is_asked_goes_out_signed(void **state)
{
    AUTO_PLACE struct place *place = place_open(200);

    (void)state;
    ask(place);
    assert_int_equal(place->answers, 0); /* never from inside the call */
    assert_true(wire_wait_count(place->loop, &place->answers, 1));
    assert_int_equal(place->status, 200);
    assert_int_equal(place->signed_requests, 1);
    assert_int_equal(place->recoveries, 0); /* nobody was refused */
}

static void without_credentials_it_says_why_and_later_that_there_are_some(void **state)
{
    AUTO_PLACE struct place *place = place_open(403);

    (void)state;
    ask(place);
    assert_true(wire_wait_count(place->loop, &place->answers, 1));
    assert_int_equal(place->status, 0);
    assert_string_equal(place->error_type, AWS_NO_CREDENTIALS);
    assert_non_null(strstr(place->failure, "HTTP 403: no association"));
    assert_int_equal(place->signed_requests, 0);

    place->credentials_status = 200;
    assert_true(wire_wait_count(place->loop, &place->recoveries, 1));
    ask(place);
    assert_true(wire_wait_count(place->loop, &place->answers, 2));
    assert_int_equal(place->status, 200);
}

static void trouble_that_passes_is_no_matter_of_credentials(void **state)
{
    AUTO_PLACE struct place *place = place_open(503);

    (void)state;
    ask(place);
    assert_true(wire_wait_count(place->loop, &place->answers, 1));
    assert_int_equal(place->status, 0);
    assert_string_equal(place->error_type, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_goes_out_signed),
        cmocka_unit_test(what_is_urgent_does_not_keep_others_waiting_for_ever),
        cmocka_unit_test(without_credentials_it_says_why_and_later_that_there_are_some),
        cmocka_unit_test(trouble_that_passes_is_no_matter_of_credentials),
    };

    log_configure(LOG_ERROR, LOG_JSON);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
