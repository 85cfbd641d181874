#pragma once

/*
 * A TLS server on 127.0.0.1 in a thread of its own, which answers "ok": tests of net/trust.h look
 * at who believes whom.
 */

#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "tests/unit/identity.h"

/* A TLS server in a thread of its own: one connection after another, one request on each. */
struct tls_server {
    pthread_t thread;
    SSL_CTX *context;
    int listener, port;
    char shown[64]; /* the client certificate's name; read after the answer has come */
};

static inline void connection_serve(struct tls_server *server, int socket)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                 "Connection: close\r\n\r\nok";
    char request[4096];
    SSL *ssl = SSL_new(server->context);

    SSL_set_fd(ssl, socket);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
        X509 *shown = SSL_get0_peer_certificate(ssl);

        if (shown)
            X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, server->shown,
                                      sizeof(server->shown));
        SSL_write(ssl, answer, (int)strlen(answer));
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    close(socket);
}

static inline void *server_run(void *context)
{
    struct tls_server *server = context;
    int socket;

    while ((socket = accept(server->listener, NULL, NULL)) >= 0)
        connection_serve(server, socket);
    return NULL;
}

/* identity is the server's; clients must show one that authority signed, or none. */
static inline void server_start(struct tls_server *server, const struct identity *identity,
                                const struct identity *authority)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    *server = (struct tls_server){.context = SSL_CTX_new(TLS_server_method())};
    SSL_CTX_use_certificate(server->context, identity->certificate);
    SSL_CTX_use_PrivateKey(server->context, identity->key);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(server->context), authority->certificate);
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static inline void server_stop(struct tls_server *server)
{
    shutdown(server->listener, SHUT_RDWR); /* wakes accept */
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->context);
}
