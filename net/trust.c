#include "net/trust.h"

#include <assert.h>
#include <dirent.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/map.h"

enum {
    PEM_SIZE_MAX = 4 << 20,   /* ten times the bundle of a distribution */
    CERTIFICATES_MAX = 10000, /* in one such file */
    CHAIN_MAX = 16,           /* certificates we show: our own and what leads to its root */
    STORES_MAX = 16,          /* a CA that is renewed for ever must not fill memory */
};

struct trust {
    X509_STORE *store;
    X509 *chain[CHAIN_MAX]; /* our own first */
    size_t chain_count;
    EVP_PKEY *key;
};

struct trust_stores {
    struct map *by_content;
};

static void store_free(void *store)
{
    X509_STORE_free(store);
}

static void bio_free_auto(BIO **bio)
{
    BIO_free(*bio);
}
#define AUTO_BIO __attribute__((cleanup(bio_free_auto)))

struct trust_stores *trust_stores_create(void)
{
    struct trust_stores *stores = memory_alloc(sizeof(*stores));

    stores->by_content = map_create();
    return stores;
}

void trust_stores_destroy(struct trust_stores *stores)
{
    if (!stores)
        return;
    map_clear(stores->by_content, store_free);
    map_destroy(stores->by_content);
    free(stores);
}

/* The next certificate; NULL at the end (broken is false) or where the text is none. */
static X509 *certificate_next(BIO *bio, bool *broken)
{
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    *broken = !certificate && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    ERR_clear_error();
    return certificate;
}

static bool store_read(X509_STORE *store, const char *pem, const char *name, struct error *error)
{
    AUTO_BIO BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    bool broken;
    int count = 0;

    while (count < CERTIFICATES_MAX && (certificate = certificate_next(bio, &broken))) {
        X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
        count++;
    }
    if (count == CERTIFICATES_MAX)
        return error_set(error, ERROR_REFUSED, "%s: more than %d certificates", name, count);
    if (broken)
        return error_set(error, ERROR_REFUSED, "%s: certificate %d is broken", name, count + 1);
    if (count == 0)
        return error_set(error, ERROR_REFUSED, "%s: no certificate (PEM) in it", name);
    return true;
}

static X509_STORE *store_create(void)
{
    X509_STORE *store = X509_STORE_new();

    assert(store);
    /* A CA that is itself signed by another one counts as a root, as in Go's clients and curl. */
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    return store;
}

/* The cache's store under this key, put there when it was not. Takes over the reference. */
static X509_STORE *store_share(struct trust_stores *stores, const char *key, X509_STORE *store)
{
    if (map_count(stores->by_content) >= STORES_MAX)
        map_clear(stores->by_content, store_free);
    map_put(stores->by_content, key, store);
    X509_STORE_up_ref(store);
    return store;
}

static X509_STORE *store_known(struct trust_stores *stores, const char *key)
{
    X509_STORE *store = map_get(stores->by_content, key);

    if (store)
        X509_STORE_up_ref(store);
    return store;
}

static X509_STORE *store_from_text(struct trust_stores *stores, const char *pem, const char *name,
                                   struct error *error)
{
    char key[SHA256_HEX_SIZE];
    X509_STORE *store;

    encode_sha256_hex(pem, strlen(pem), key);
    store = store_known(stores, key);
    if (store)
        return store;
    store = store_create();
    if (store_read(store, pem, name, error))
        return store_share(stores, key, store);
    X509_STORE_free(store);
    return NULL;
}

static X509_STORE *store_from_file(struct trust_stores *stores, const char *path,
                                   struct error *error)
{
    AUTO_FREE char *pem = file_read(path, PEM_SIZE_MAX, NULL, error);

    return pem ? store_from_text(stores, pem, path, error) : NULL;
}

/* True for a directory with names like 5ed36f99.0, in which OpenSSL finds an issuer by hash. */
static bool directory_hashed(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    bool hashed = false;

    if (!directory)
        return false;
    while (!hashed && (entry = readdir(directory)))
        hashed =
            strspn(entry->d_name, "0123456789abcdef") == 8 && strcmp(entry->d_name + 8, ".0") == 0;
    closedir(directory);
    return hashed;
}

/* A hashed directory is read one certificate at a time, when an issuer is asked for. */
static X509_STORE *store_from_directory(struct trust_stores *stores, const char *path)
{
    X509_STORE *store = store_known(stores, path);

    if (store)
        return store;
    store = store_create();
    if (X509_STORE_load_path(store, path))
        return store_share(stores, path, store);
    X509_STORE_free(store);
    ERR_clear_error();
    return NULL;
}

static X509_STORE *store_of_system(struct trust_stores *stores, struct error *error)
{
    const char *file = getenv("SSL_CERT_FILE");
    const char *directory = getenv("SSL_CERT_DIR");
    X509_STORE *store = NULL;

    if (file && *file)
        return store_from_file(stores, file, error);
    if (!directory || !*directory)
        directory = X509_get_default_cert_dir();
    if (directory_hashed(directory))
        store = store_from_directory(stores, directory);
    if (store)
        return store;
    file = curl_version_info(CURLVERSION_NOW)->cainfo;
    return store_from_file(stores, file ? file : X509_get_default_cert_file(), error);
}

static X509_STORE *store_load(struct trust_stores *stores, const struct http_peer_options *options,
                              struct error *error)
{
    if (options->ca_file)
        return store_from_file(stores, options->ca_file, error);
    if (options->ca_data)
        return store_from_text(stores, options->ca_data, "CA data", error);
    return store_of_system(stores, error);
}

static bool chain_read(struct trust *trust, const char *pem, const char *name, struct error *error)
{
    AUTO_BIO BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate;
    bool broken = false;

    while (trust->chain_count < CHAIN_MAX && (certificate = certificate_next(bio, &broken)))
        trust->chain[trust->chain_count++] = certificate;
    if (broken || trust->chain_count == 0)
        return error_set(error, ERROR_REFUSED, "%s: no client certificate (PEM) in it", name);
    return true;
}

/* OpenSSL would ask the terminal; a program without one must not. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return -1;
}

static bool key_read(struct trust *trust, const char *pem, const char *name, struct error *error)
{
    AUTO_BIO BIO *bio = BIO_new_mem_buf(pem, -1);

    trust->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    ERR_clear_error();
    if (!trust->key)
        return error_set(error, ERROR_REFUSED, "%s: no private key (PEM, without passphrase) in it",
                         name);
    if (X509_check_private_key(trust->chain[0], trust->key) != 1) {
        ERR_clear_error();
        return error_set(error, ERROR_REFUSED, "%s: the key belongs to another certificate", name);
    }
    return true;
}

typedef bool (*pem_read_fn)(struct trust *trust, const char *pem, const char *name,
                            struct error *error);

static bool pem_read(struct trust *trust, pem_read_fn read, const char *file, const char *data,
                     const char *name, struct error *error)
{
    size_t length;
    char *pem;
    bool good;

    if (!file)
        return read(trust, data ? data : "", name, error);
    pem = file_read(file, PEM_SIZE_MAX, &length, error);
    if (!pem)
        return false;
    good = read(trust, pem, file, error);
    memory_wipe(pem, length);
    free(pem);
    return good;
}

struct trust *trust_load(struct trust_stores *stores, const struct http_peer_options *options,
                         struct error *error)
{
    AUTO(trust_destroy) struct trust *trust = memory_alloc(sizeof(*trust));
    bool shows = options->certificate_file || options->certificate_data;

    if (!options->insecure) {
        trust->store = store_load(stores, options, error);
        if (!trust->store)
            return NULL;
    }
    if (shows && !pem_read(trust, chain_read, options->certificate_file, options->certificate_data,
                           "client certificate data", error))
        return NULL;
    if (shows &&
        !pem_read(trust, key_read, options->key_file, options->key_data, "client key data", error))
        return NULL;
    return TAKE(trust);
}

void trust_destroy(struct trust *trust)
{
    if (!trust)
        return;
    X509_STORE_free(trust->store);
    for (size_t i = 0; i < trust->chain_count; i++)
        X509_free(trust->chain[i]);
    EVP_PKEY_free(trust->key);
    free(trust);
}

bool trust_apply(const struct trust *trust, void *ssl_context)
{
    bool good = true;

    if (trust->store)
        SSL_CTX_set1_cert_store(ssl_context, trust->store);
    if (!trust->key)
        return true;
    good = SSL_CTX_use_certificate(ssl_context, trust->chain[0]) == 1;
    for (size_t i = 1; good && i < trust->chain_count; i++)
        good = SSL_CTX_add1_chain_cert(ssl_context, trust->chain[i]) == 1;
    return good && SSL_CTX_use_PrivateKey(ssl_context, trust->key) == 1;
}
