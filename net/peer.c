#include "net/peer.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/text.h"
#include "net/multi.h"
#include "net/trust.h"

enum {
    /* A dead peer is found within 45 s, as client-go finds one; TCP alone takes a quarter hour. */
    KEEPALIVE_IDLE_S = 15,
    KEEPALIVE_INTERVAL_S = 15,
    KEEPALIVE_COUNT = 2,
    UNACKNOWLEDGED_MAX_MS = 45000,
    URL_MAX = 8 << 10,
};

static void option_set(curl_socket_t socket, int level, int option, int value)
{
    /* A kernel without one of these still serves: the deadlines above catch what it misses. */
    (void)setsockopt(socket, level, option, &value, sizeof(value));
}

static int socket_opened(void *context, curl_socket_t socket, curlsocktype purpose)
{
    (void)context, (void)purpose;
    option_set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    option_set(socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    option_set(socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    option_set(socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    option_set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MAX_MS);
    return CURL_SOCKOPT_OK;
}

static CURLcode tls_begins(CURL *easy, void *ssl_context, void *context)
{
    const struct http_peer *peer = context;

    (void)easy;
    return trust_apply(peer->trust, ssl_context) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

void peer_prepare(struct http_peer *peer, CURL *easy)
{
    EASY_SET(easy, CURLOPT_PATH_AS_IS, 1L);
    EASY_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    EASY_SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    EASY_SET(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    EASY_SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    EASY_SET(easy, CURLOPT_NOSIGNAL, 1L);
    EASY_SET(easy, CURLOPT_USERAGENT, peer->user_agent);
    EASY_SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)peer->connect_timeout_ms);
    EASY_SET(easy, CURLOPT_SOCKOPTFUNCTION, socket_opened);
    EASY_SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    EASY_SET(easy, CURLOPT_CAINFO, NULL);
    EASY_SET(easy, CURLOPT_CAPATH, NULL);
    EASY_SET(easy, CURLOPT_SSL_CTX_FUNCTION, tls_begins);
    EASY_SET(easy, CURLOPT_SSL_CTX_DATA, peer);
    EASY_SET(easy, CURLOPT_SSL_VERIFYPEER, peer->insecure ? 0L : 1L);
    EASY_SET(easy, CURLOPT_SSL_VERIFYHOST, peer->insecure ? 0L : 2L);
    if (peer->proxy_url)
        EASY_SET(easy, CURLOPT_PROXY, peer->proxy_url);
    if (peer->connect_to)
        EASY_SET(easy, CURLOPT_CONNECT_TO, peer->connect_to);
}

static char *part_take(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL, *copy = NULL;

    if (curl_url_get(url, part, &text, flags) == CURLUE_OK)
        copy = memory_string(text);
    curl_free(text);
    return copy;
}

/*
 * tls-server-name: the host of the URL is what TLS verifies, so the URL names server_name,
 * connections go to the real host, and the Host header still says that one.
 */
static void url_disguise(struct http_peer *peer, CURLU *url, const char *server_name)
{
    AUTO_FREE char *host = part_take(url, CURLUPART_HOST, 0);
    AUTO_FREE char *port = part_take(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    AUTO_FREE char *written_port = part_take(url, CURLUPART_PORT, 0);
    struct text line;

    text_init(&line, URL_MAX);
    text_printf(&line, "%s:%s:%s:%s", server_name, port, host, port);
    peer->connect_to = curl_slist_append(NULL, line.bytes);
    text_clear(&line);
    text_printf(&line, "Host: %s%s%s", host, written_port ? ":" : "",
                written_port ? written_port : "");
    peer->host_header = text_take(&line);
    text_finish(&line);
    curl_url_set(url, CURLUPART_HOST, server_name, 0);
}

static bool url_read(struct http_peer *peer, const struct http_peer_options *options,
                     struct error *error)
{
    CURLU *url = curl_url();
    bool good =
        curl_url_set(url, CURLUPART_URL, options->base_url, CURLU_DISALLOW_USER) == CURLUE_OK &&
        (text_starts(options->base_url, "http://") || text_starts(options->base_url, "https://"));

    if (good && options->server_name)
        url_disguise(peer, url, options->server_name);
    if (good)
        peer->base_url = part_take(url, CURLUPART_URL, 0);
    curl_url_cleanup(url);
    if (!peer->base_url)
        return error_set(error, ERROR_REFUSED,
                         "\"%s\" is no address of a server: write https://HOST[:PORT]",
                         options->base_url);
    for (size_t end = strlen(peer->base_url); end > 0 && peer->base_url[end - 1] == '/'; end--)
        peer->base_url[end - 1] = 0;
    return true;
}

bool peer_fill(struct http_peer *peer, struct trust_stores *stores,
               const struct http_peer_options *options, struct error *error)
{
    list_init(&peer->link);
    list_init(&peer->waiting);
    list_init(&peer->running);
    peer->proxy_url = memory_string(options->proxy_url);
    peer->insecure = options->insecure;
    if (!url_read(peer, options, error))
        return false;
    peer->trust = trust_load(stores, options, error);
    return peer->trust != NULL;
}

void peer_free(struct http_peer *peer)
{
    multi_destroy(peer->requests);
    multi_destroy(peer->streams);
    trust_destroy(peer->trust);
    curl_slist_free_all(peer->connect_to);
    free(peer->base_url);
    free(peer->host_header);
    free(peer->proxy_url);
    free(peer->user_agent);
    free(peer);
}
