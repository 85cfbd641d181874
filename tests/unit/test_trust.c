#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>

#include "base/error.h"
#include "net/http.h"
#include "net/trust.h"
#include "tests/unit/wire.h"

/* A certificate and its key, as objects and as PEM. */
struct identity {
    X509 *certificate;
    EVP_PKEY *key;
    char *certificate_pem, *key_pem;
};

/* A TLS server in a thread of its own: one connection after another, one request on each. */
struct tls_server {
    pthread_t thread;
    SSL_CTX *context;
    int listener, port;
    char shown[64]; /* the client certificate's name; read after the answer has come */
};

static struct identity authority, other_authority, server_identity, client_identity;
static char folder[] = "/tmp/trust-XXXXXX";

static char *pem_take(BIO *bio)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    char *pem = memory_text(bytes, (size_t)length);

    BIO_free(bio);
    return pem;
}

static void extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: an authority, signed by itself. */
static void identity_make(struct identity *identity, const char *name,
                          const struct identity *issuer, const char *alternative)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *subject = X509_get_subject_name(certificate);
    BIO *bio;

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate,
                         issuer ? X509_get_subject_name(issuer->certificate) : subject);
    if (!issuer)
        extension_add(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (alternative)
        extension_add(certificate, certificate, NID_subject_alt_name, alternative);
    X509_sign(certificate, issuer ? issuer->key : key, EVP_sha256());
    identity->certificate = certificate;
    identity->key = key;
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    identity->certificate_pem = pem_take(bio);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    identity->key_pem = pem_take(bio);
}

static void identity_free(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    free(identity->certificate_pem);
    free(identity->key_pem);
}

static int identities_make(void **state)
{
    (void)state;
    identity_make(&authority, "authority", NULL, NULL);
    identity_make(&other_authority, "other authority", NULL, NULL);
    identity_make(&server_identity, "server", &authority, "DNS:right.invalid,IP:127.0.0.1");
    identity_make(&client_identity, "client", &authority, NULL);
    return mkdtemp(folder) ? 0 : -1;
}

static int identities_free(void **state)
{
    (void)state;
    identity_free(&authority);
    identity_free(&other_authority);
    identity_free(&server_identity);
    identity_free(&client_identity);
    return rmdir(folder);
}

static void connection_serve(struct tls_server *server, int socket)
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

static void *server_run(void *context)
{
    struct tls_server *server = context;
    int socket;

    while ((socket = accept(server->listener, NULL, NULL)) >= 0)
        connection_serve(server, socket);
    return NULL;
}

static void server_start(struct tls_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);

    *server = (struct tls_server){.context = SSL_CTX_new(TLS_server_method())};
    SSL_CTX_use_certificate(server->context, server_identity.certificate);
    SSL_CTX_use_PrivateKey(server->context, server_identity.key);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(server->context), authority.certificate);
    SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &length);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static void server_stop(struct tls_server *server)
{
    shutdown(server->listener, SHUT_RDWR); /* wakes accept */
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->context);
}

struct outcome {
    bool done, sent;
    int status;
    char failure[512], shown[64];
};

static void outcome_keep(void *context, const struct reply *reply)
{
    struct outcome *outcome = context;

    outcome->done = true;
    outcome->status = reply->status;
    outcome->sent = reply->sent;
    snprintf(outcome->failure, sizeof(outcome->failure), "%s",
             reply->failure ? reply->failure : "");
}

/* One request over TLS to a server at 127.0.0.1 whose certificate `authority` signed. */
static void ask(struct http_peer_options options, struct outcome *outcome)
{
    struct loop *loop = loop_create();
    struct http *http =
        http_create(loop, &(struct http_options){"podidentity/test", 4, 10000, 10000, 10000});
    struct request request = {.method = "POST", .path = "/", .write = true};
    struct tls_server server;
    struct http_peer *peer;
    struct error error = {0};
    char url[64];

    server_start(&server);
    snprintf(url, sizeof(url), "https://127.0.0.1:%d", server.port);
    options.base_url = url;
    options.proxy_url = "";
    peer = http_peer_create(http, &options, &error);
    if (!peer)
        print_error("%s\n", error.text);
    assert_non_null(peer);
    *outcome = (struct outcome){.done = false};
    http_send(http, peer, &request, NULL, 0, outcome, outcome_keep);
    assert_true(wire_wait(loop, &outcome->done));
    http_destroy(http);
    http_peer_destroy(peer);
    loop_destroy(loop);
    server_stop(&server);
    memcpy(outcome->shown, server.shown, sizeof(outcome->shown));
}

static void file_put(char *path, size_t room, const char *name, const char *content)
{
    FILE *file;

    snprintf(path, room, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void believes_the_authority_it_was_given(void **state)
{
    struct outcome outcome;

    (void)state;
    ask((struct http_peer_options){.ca_data = authority.certificate_pem}, &outcome);
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.shown, "");
}

static void believes_no_other(void **state)
{
    struct outcome outcome;

    (void)state;
    ask((struct http_peer_options){.ca_data = other_authority.certificate_pem}, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_false(outcome.sent);
    assert_non_null(strstr(outcome.failure, "certificate"));
}

static void believes_only_the_right_name(void **state)
{
    struct outcome outcome;
    struct http_peer_options options = {.ca_data = authority.certificate_pem,
                                        .server_name = "wrong.invalid"};

    (void)state;
    ask(options, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_false(outcome.sent);
    options.server_name = "right.invalid";
    ask(options, &outcome);
    assert_int_equal(outcome.status, 200);
}

static void looks_at_nothing_when_told_so(void **state)
{
    struct outcome outcome;

    (void)state;
    ask((struct http_peer_options){.insecure = true, .server_name = "wrong.invalid"}, &outcome);
    assert_int_equal(outcome.status, 200);
}

static void shows_its_certificate(void **state)
{
    struct outcome outcome;
    char certificate[128], key[128];

    (void)state;
    ask((struct http_peer_options){.ca_data = authority.certificate_pem,
                                   .certificate_data = client_identity.certificate_pem,
                                   .key_data = client_identity.key_pem},
        &outcome);
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.shown, "client");

    file_put(certificate, sizeof(certificate), "client.crt", client_identity.certificate_pem);
    file_put(key, sizeof(key), "client.key", client_identity.key_pem);
    ask((struct http_peer_options){.ca_data = authority.certificate_pem,
                                   .certificate_file = certificate,
                                   .key_file = key},
        &outcome);
    assert_string_equal(outcome.shown, "client");
    unlink(certificate);
    unlink(key);
}

static void believes_what_the_environment_names(void **state)
{
    struct outcome outcome;
    char path[128], name[32];

    (void)state;
    file_put(path, sizeof(path), "ca.crt", authority.certificate_pem);
    setenv("SSL_CERT_FILE", path, 1);
    ask((struct http_peer_options){.insecure = false}, &outcome);
    assert_int_equal(outcome.status, 200);
    unlink(path);

    unsetenv("SSL_CERT_FILE");
    setenv("SSL_CERT_DIR", folder, 1);
    snprintf(name, sizeof(name), "%08lx.0", X509_subject_name_hash(authority.certificate));
    file_put(path, sizeof(path), name, authority.certificate_pem);
    ask((struct http_peer_options){.insecure = false}, &outcome);
    assert_int_equal(outcome.status, 200);
    unlink(path);

    /* A folder without hashes says nothing: the system's bundle counts, and knows us not. */
    file_put(path, sizeof(path), "ca.crt", authority.certificate_pem);
    ask((struct http_peer_options){.insecure = false}, &outcome);
    assert_int_equal(outcome.status, 0);
    unlink(path);
    unsetenv("SSL_CERT_DIR");
}

static void peers_that_believe_the_same_share_it(void **state)
{
    struct trust_stores *stores = trust_stores_create();
    struct http_peer_options options = {.ca_data = authority.certificate_pem};
    SSL_CTX *contexts[3];
    struct trust *trusts[3];
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT(trusts); i++) {
        if (i == 2)
            options.ca_data = other_authority.certificate_pem;
        trusts[i] = trust_load(stores, &options, &error);
        assert_non_null(trusts[i]);
        contexts[i] = SSL_CTX_new(TLS_client_method());
        assert_true(trust_apply(trusts[i], contexts[i]));
    }
    assert_ptr_equal(SSL_CTX_get_cert_store(contexts[0]), SSL_CTX_get_cert_store(contexts[1]));
    assert_ptr_not_equal(SSL_CTX_get_cert_store(contexts[0]), SSL_CTX_get_cert_store(contexts[2]));
    trust_stores_destroy(stores); /* what is in use stays */
    for (size_t i = 0; i < COUNT(trusts); i++) {
        SSL_CTX_free(contexts[i]);
        trust_destroy(trusts[i]);
    }
}

static void a_hundred_authorities_leave_nothing_behind(void **state)
{
    struct trust_stores *stores = trust_stores_create();
    struct error error;

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct identity fresh;
        struct trust *trust;

        identity_make(&fresh, "fresh", NULL, NULL);
        trust = trust_load(stores, &(struct http_peer_options){.ca_data = fresh.certificate_pem},
                           &error);
        assert_non_null(trust);
        trust_destroy(trust);
        identity_free(&fresh);
    }
    trust_stores_destroy(stores);
}

static void refuse(const struct http_peer_options *options, const char *words)
{
    struct trust_stores *stores = trust_stores_create();
    struct error error = {0};

    assert_null(trust_load(stores, options, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    if (!strstr(error.text, words))
        print_error("%s\n", error.text);
    assert_non_null(strstr(error.text, words));
    trust_stores_destroy(stores);
}

static void says_what_is_wrong_with_a_certificate(void **state)
{
    struct http_peer_options options = {.insecure = true,
                                        .certificate_data = client_identity.certificate_pem};
    struct text broken = TEXT_INIT(64 << 10);

    (void)state;
    refuse(&options, "client key data: no private key");
    options.key_data = server_identity.key_pem;
    refuse(&options, "client key data: the key belongs to another certificate");
    options.key_data = NULL;
    options.key_file = "/nowhere/client.key";
    refuse(&options, "/nowhere/client.key");
    text_printf(&broken, "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                authority.certificate_pem);
    refuse(&(struct http_peer_options){.ca_data = broken.bytes},
           "CA data: certificate 2 is broken");
    text_finish(&broken);
}

static void a_key_with_a_passphrase_is_refused_without_asking(void **state)
{
    BIO *bio = BIO_new(BIO_s_mem());
    AUTO_FREE char *pem = NULL;

    (void)state;
    PEM_write_bio_PKCS8PrivateKey(bio, client_identity.key, EVP_aes_128_cbc(), "secret", 6, NULL,
                                  NULL);
    pem = pem_take(bio);
    refuse(&(struct http_peer_options){.insecure = true,
                                       .certificate_data = client_identity.certificate_pem,
                                       .key_data = pem},
           "without passphrase");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_the_authority_it_was_given),
        cmocka_unit_test(believes_no_other),
        cmocka_unit_test(believes_only_the_right_name),
        cmocka_unit_test(looks_at_nothing_when_told_so),
        cmocka_unit_test(shows_its_certificate),
        cmocka_unit_test(believes_what_the_environment_names),
        cmocka_unit_test(peers_that_believe_the_same_share_it),
        cmocka_unit_test(a_hundred_authorities_leave_nothing_behind),
        cmocka_unit_test(says_what_is_wrong_with_a_certificate),
        cmocka_unit_test(a_key_with_a_passphrase_is_refused_without_asking),
    };

    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    signal(SIGPIPE, SIG_IGN); /* the server's thread writes to clients that hang up */
    return cmocka_run_group_tests(tests, identities_make, identities_free);
}
