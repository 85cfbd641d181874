#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "net/serve.h"
#include "tests/unit/wire.h"

/* A client of raw bytes on the loop of the test. */
struct client {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    const char *bytes;
    struct text answer;
    bool connected, answered, closed, freed;
    char buffer[65536];
};

struct place {
    struct loop *loop;
    struct serve *serve;
    char query[64];
};

static int healthy(void *context, const char *query, struct text *body)
{
    struct place *place = context;

    snprintf(place->query, sizeof(place->query), "%s", query);
    text_add_string(body, "ok\n");
    return 200;
}

static int sick(void *context, const char *query, struct text *body)
{
    (void)context, (void)query;
    text_add_string(body, "caches are not synced\n");
    return 503;
}

static int endless(void *context, const char *query, struct text *body)
{
    (void)context, (void)query;
    while (!body->overflow)
        text_add_string(body, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    return 200;
}

static struct serve_route routes[] = {
    {"/healthz", "text/plain; charset=utf-8", healthy, NULL},
    {"/readyz", "text/plain; charset=utf-8", sick, NULL},
    {"/endless", "text/plain; charset=utf-8", endless, NULL},
    {NULL, NULL, NULL, NULL},
};

static int place_open(void **state)
{
    struct place *place = memory_alloc(sizeof(*place));
    struct error error;

    place->loop = loop_create();
    routes[0].context = place;
    place->serve = serve_start(place->loop, "127.0.0.1:0", routes, &error);
    assert_non_null(place->serve);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    serve_stop(place->serve);
    loop_destroy(place->loop);
    free(place);
    return 0;
}

static void client_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct client *client = handle->data;

    (void)wanted;
    *room = uv_buf_init(client->buffer, sizeof(client->buffer));
}

/* True when the answer's body has come whole, or its head to a HEAD. */
static bool answer_whole(const struct client *client)
{
    const char *end = strstr(client->answer.bytes, "\r\n\r\n");
    const char *length = strcasestr(client->answer.bytes, "\r\nContent-Length:");

    if (!end || !length)
        return false;
    if (text_starts(client->bytes, "HEAD"))
        return true;
    return client->answer.length >= (size_t)(end - client->answer.bytes) + 4 +
                                        strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

static void client_bytes(uv_stream_t *stream, ssize_t length, const uv_buf_t *bytes)
{
    struct client *client = stream->data;

    if (length < 0) {
        client->closed = true;
        uv_read_stop(stream);
        return;
    }
    text_add(&client->answer, bytes->base, (size_t)length);
    client->answered = answer_whole(client);
}

static void written(uv_write_t *write, int status)
{
    (void)write, (void)status;
}

static void client_send(struct client *client, const char *bytes)
{
    uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)strlen(bytes));

    client->bytes = bytes;
    client->answered = false;
    text_clear(&client->answer);
    assert_int_equal(uv_write(&client->write, (uv_stream_t *)&client->tcp, &buffer, 1, written), 0);
}

static void client_connected(uv_connect_t *connect, int status)
{
    struct client *client = connect->handle->data;

    assert_int_equal(status, 0);
    client->connected = true;
    uv_read_start((uv_stream_t *)&client->tcp, client_room, client_bytes);
    if (client->bytes)
        client_send(client, client->bytes);
}

static void client_open(struct place *place, struct client *client, const char *bytes)
{
    struct sockaddr_in address;

    memset(client, 0, sizeof(*client));
    client->bytes = bytes;
    text_init(&client->answer, 16 << 20);
    uv_tcp_init(loop_uv(place->loop), &client->tcp);
    client->tcp.data = client;
    uv_ip4_addr("127.0.0.1", serve_port(place->serve), &address);
    assert_int_equal(uv_tcp_connect(&client->connect, &client->tcp, (struct sockaddr *)&address,
                                    client_connected),
                     0);
}

static void client_freed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    client->freed = true;
}

static void client_close(struct place *place, struct client *client)
{
    uv_close((uv_handle_t *)&client->tcp, client_freed);
    assert_true(wire_wait(place->loop, &client->freed));
    text_finish(&client->answer);
}

static void expect(struct place *place, const char *request, const char *status, const char *body)
{
    struct client client;
    size_t length = strlen(status);

    client_open(place, &client, request);
    assert_true(wire_wait(place->loop, &client.answered));
    if (strncmp(client.answer.bytes, status, length) != 0 || !strstr(client.answer.bytes, body))
        print_error("%.2000s\n", client.answer.bytes);
    assert_memory_equal(client.answer.bytes, status, length);
    assert_non_null(strstr(client.answer.bytes, body));
    client_close(place, &client);
}

#define HOST "\r\nHost: x\r\n\r\n"

static void answers_its_paths_with_status_and_type(void **state)
{
    struct place *place = *state;

    expect(place, "GET /healthz?a=%20&verbose HTTP/1.1" HOST, "HTTP/1.1 200 ", "\r\n\r\nok\n");
    assert_string_equal(place->query, "a=%20&verbose");
    expect(place, "GET /healthz HTTP/1.1" HOST, "HTTP/1.1 200 ",
           "Content-Type: text/plain; charset=utf-8");
    assert_string_equal(place->query, "");
    expect(place, "GET /readyz HTTP/1.1" HOST, "HTTP/1.1 503 ", "\r\n\r\ncaches are not synced\n");
}

static void a_head_has_no_body(void **state)
{
    struct place *place = *state;
    struct client client;

    client_open(place, &client, "HEAD /healthz HTTP/1.1" HOST);
    assert_true(wire_wait(place->loop, &client.answered));
    assert_non_null(strstr(client.answer.bytes, "Content-Length: 3\r\n"));
    assert_true(text_ends(client.answer.bytes, "\r\n\r\n"));
    client_close(place, &client);
}

static void an_unknown_path_is_404_and_another_method_405(void **state)
{
    struct place *place = *state;

    expect(place, "GET / HTTP/1.1" HOST, "HTTP/1.1 404 ", "no such path");
    expect(place, "GET /healthz/ HTTP/1.1" HOST, "HTTP/1.1 404 ", "no such path");
    expect(place, "DELETE /healthz HTTP/1.1" HOST, "HTTP/1.1 405 ", "Allow: GET, HEAD");
    expect(place, "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
           "HTTP/1.1 405 ", "only GET and HEAD");
}

static void an_answer_over_the_ceiling_is_an_error_of_ours(void **state)
{
    expect(*state, "GET /endless HTTP/1.1" HOST, "HTTP/1.1 500 ", "too large");
}

static void garbage_is_refused(void **state)
{
    struct place *place = *state;
    struct client client;

    client_open(place, &client, "\x16\x03\x01 nonsense\r\n\r\n");
    assert_true(wire_wait(place->loop, &client.closed));
    client_close(place, &client);
    expect(place, "GET /healthz HTTP/1.1" HOST, "HTTP/1.1 200 ", "ok");
}

static void keeps_a_connection_for_the_next_request(void **state)
{
    struct place *place = *state;
    struct client client;

    client_open(place, &client, "GET /healthz HTTP/1.1" HOST);
    for (size_t i = 0; i < 100; i++) {
        assert_true(wire_wait(place->loop, &client.answered));
        assert_false(client.closed);
        client_send(&client, "GET /healthz HTTP/1.1" HOST);
    }
    assert_true(wire_wait(place->loop, &client.answered));
    client_close(place, &client);
}

static void half_a_request_times_out(void **state)
{
    struct place *place = *state;
    struct client half, silent;

    client_open(place, &half, "GET /healthz HT");
    client_open(place, &silent, NULL);
    assert_true(wire_wait(place->loop, &half.closed));
    assert_true(wire_wait(place->loop, &silent.closed));
    assert_false(half.answered);
    client_close(place, &half);
    client_close(place, &silent);
}

static void serves_more_clients_than_it_holds_at_once(void **state)
{
    struct place *place = *state;
    struct client *clients = memory_array(150, sizeof(*clients));

    for (size_t i = 0; i < 150; i++)
        client_open(place, &clients[i], "GET /healthz HTTP/1.1\r\nConnection: close" HOST);
    for (size_t i = 0; i < 150; i++) {
        assert_true(wire_wait(place->loop, &clients[i].answered));
        assert_true(text_starts(clients[i].answer.bytes, "HTTP/1.1 200 "));
    }
    for (size_t i = 0; i < 150; i++)
        client_close(place, &clients[i]);
    free(clients);
}

static bool has_ipv6(void)
{
    int probe = socket(AF_INET6, SOCK_STREAM, 0);

    return probe >= 0 && close(probe) == 0;
}

static void reads_addresses_as_people_write_them(void **state)
{
    struct place *place = *state;
    static const char *const good[] = {":0", "127.0.0.1:0", "0.0.0.0:0", "localhost:0", "[::]:0"};
    static const char *const bad[] = {"",          "8080",      ":",         ":port", ":99999",
                                      "::1:8080",  "[::1:8080", "[::1]",     ":-1",   "a b:80",
                                      "example:0", ":80800000", "[1.2.3.4:0"};
    struct error error;

    for (size_t i = 0; i < COUNT(good) - !has_ipv6(); i++) {
        struct serve *serve = serve_start(place->loop, good[i], routes, &error);

        assert_non_null(serve);
        assert_true(serve_port(serve) > 0);
        serve_stop(serve);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        error = (struct error){.kind = ERROR_NONE};
        assert_null(serve_start(place->loop, bad[i], routes, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void says_when_the_address_is_taken(void **state)
{
    struct place *place = *state;
    struct error error = {0};
    char address[32];

    snprintf(address, sizeof(address), "127.0.0.1:%d", serve_port(place->serve));
    assert_null(serve_start(place->loop, address, routes, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, address));
    assert_non_null(strstr(error.text, "in use"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_its_paths_with_status_and_type),
        TEST(a_head_has_no_body),
        TEST(an_unknown_path_is_404_and_another_method_405),
        TEST(an_answer_over_the_ceiling_is_an_error_of_ours),
        TEST(garbage_is_refused),
        TEST(keeps_a_connection_for_the_next_request),
        TEST(half_a_request_times_out),
        TEST(serves_more_clients_than_it_holds_at_once),
        TEST(reads_addresses_as_people_write_them),
        TEST(says_when_the_address_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
