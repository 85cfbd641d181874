#pragma once

/* Certificates made for one run of a test. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/memory.h"

/* A certificate and its key, as objects and as PEM. */
struct identity {
    X509 *certificate;
    EVP_PKEY *key;
    char *certificate_pem, *key_pem;
};

static inline char *pem_take(BIO *bio)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    char *pem = memory_text(bytes, (size_t)length);

    BIO_free(bio);
    return pem;
}

static inline void extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
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
static inline void identity_make(struct identity *identity, const char *name,
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

static inline void identity_free(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    free(identity->certificate_pem);
    free(identity->key_pem);
}
