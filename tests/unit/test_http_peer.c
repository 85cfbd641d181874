/* Whom we ask: addresses, proxies, names and certificates. */

#include "tests/unit/http_place.h"

static void finds_a_proxy_in_the_environment_and_spares_no_proxy(void **state)
{
    struct place *place = *state;
    struct http_peer_options options = {.base_url = "http://server.invalid", .connections_max = 2};
    struct request request = {.method = "GET", .path = "/through"};
    struct result result = {0};
    struct error error;
    struct http_peer *peer = http_peer_create(place->http, &options, &error);

    setenv("http_proxy", wire_url(place->server), 1);
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    send_and_wait(place, peer, &request, NULL, &result);
    assert_int_equal(result.status, 200);
    assert_true(text_starts(place->request, "GET http://server.invalid/through HTTP/1.1\r\n"));
    http_peer_destroy(peer);

    setenv("no_proxy", "127.0.0.1", 1);
    options.base_url = wire_url(place->server);
    peer = http_peer_create(place->http, &options, &error);
    send_and_wait(place, peer, &request, NULL, &result);
    assert_true(text_starts(place->request, "GET /through HTTP/1.1\r\n"));
    http_peer_destroy(peer);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

static void asks_by_another_name_when_told_so(void **state)
{
    struct place *place = *state;
    struct http_peer_options options = {
        .base_url = wire_url(place->server), .server_name = "other.invalid", .proxy_url = ""};
    struct request request = {.method = "GET", .path = "/x"};
    struct result result = {0};
    struct error error;
    struct http_peer *peer = http_peer_create(place->http, &options, &error);
    char host[64];

    send_and_wait(place, peer, &request, NULL, &result);
    assert_int_equal(result.status, 200);
    snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%d\r\n", wire_port(place->server));
    assert_non_null(strstr(place->request, host));
    http_peer_destroy(peer);
}

static void refuses_addresses_and_certificates_that_are_none(void **state)
{
    struct place *place = *state;
    static const struct {
        struct http_peer_options options;
        const char *words;
    } cases[] = {
        {{.base_url = "ftp://x"}, "\"ftp://x\" is no address"},
        {{.base_url = "https://"}, "is no address"},
        {{.base_url = "https://user:password@x"}, "is no address"},
        {{.base_url = "https://x", .ca_file = "/nowhere/ca.crt"}, "/nowhere/ca.crt"},
        {{.base_url = "https://x", .ca_file = "/etc/hostname"}, "/etc/hostname: no certificate"},
        {{.base_url = "https://x", .ca_data = "x"}, "CA data: no certificate"},
        {{.base_url = "https://x", .insecure = true, .certificate_data = "x"},
         "client certificate data: no client certificate"},
        {{.base_url = "https://x", .insecure = true, .certificate_file = "/nowhere/c"},
         "/nowhere/c"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};

        assert_null(http_peer_create(place->http, &cases[i].options, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_non_null(strstr(error.text, cases[i].words));
    }
}

static void keeps_a_base_path_and_drops_its_slash(void **state)
{
    struct place *place = *state;
    struct request request = {.method = "GET", .path = "/api"};
    struct result result = {0};
    struct http_peer *peer;
    char url[128];

    snprintf(url, sizeof(url), "%s/k8s/c-1/", wire_url(place->server));
    peer = peer_at(place, url);
    send_and_wait(place, peer, &request, NULL, &result);
    assert_true(text_starts(place->request, "GET /k8s/c-1/api HTTP/1.1\r\n"));
    http_peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_a_proxy_in_the_environment_and_spares_no_proxy),
        TEST(asks_by_another_name_when_told_so),
        TEST(refuses_addresses_and_certificates_that_are_none),
        TEST(keeps_a_base_path_and_drops_its_slash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
