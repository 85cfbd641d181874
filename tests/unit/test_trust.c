#include <sys/stat.h>

#include "base/error.h"
#include "net/http.h"
#include "net/trust.h"
#include "tests/unit/tls_server.h"
#include "tests/unit/wire.h"

static struct identity authority, other_authority, server_identity, client_identity;
static char folder[] = "/tmp/trust-XXXXXX";

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

    server_start(&server, &server_identity, &authority);
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
