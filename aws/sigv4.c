#include "aws/sigv4.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aws/credentials.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/text.h"

/* host, x-amz-date, x-amz-security-token and the request's own. */
enum { SIGNED_HEADERS_MAX = REQUEST_HEADERS_MAX + 3 };

/* What the builders can make: a path, a 64 KiB query escaped a second time, headers with an 8 KiB
 * token. Past it the process would send a wrong signature: asserted. */
enum { CANONICAL_MAX = 512 << 10 };

enum { STAMP_LENGTH = 16, DATE_LENGTH = 8 }; /* 20150830T123600Z */

static const char algorithm[] = "AWS4-HMAC-SHA256";

/* Proxies and clients change these on the way; the SDKs never sign them. */
static const char *const never_signed[] = {
    "authorization", "connection",        "expect",  "keep-alive", "te",
    "trailer",       "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
};

struct signing {
    struct arena *arena;
    const struct request *request;
    const struct sigv4_scope *scope;
    const char *stamp;            /* x-amz-date */
    const char *credential_scope; /* date/region/service/aws4_request */
    struct header headers[SIGNED_HEADERS_MAX];
    size_t header_count;
    const char *signed_headers; /* "host;x-amz-date" */
};

static const char *stamp_of(struct arena *arena, int64_t wall_ms)
{
    char time[ENCODE_TIME_SIZE];
    char *stamp = arena_alloc(arena, STAMP_LENGTH + 1), *at = stamp;

    encode_time(wall_ms, time);
    for (const char *c = time; *c; c++) {
        if (*c != '-' && *c != ':')
            *at++ = *c;
    }
    assert(at - stamp == STAMP_LENGTH);
    return stamp;
}

static bool is_signed(const char *name)
{
    for (size_t i = 0; i < COUNT(never_signed); i++) {
        if (strcasecmp(name, never_signed[i]) == 0)
            return false;
    }
    return true;
}

static const char *lower_case(struct arena *arena, const char *name)
{
    char *lower = arena_string(arena, name);

    for (char *c = lower; *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return lower;
}

/* Without white space at both ends, and with one space for each run of it inside. */
static const char *trimmed(struct arena *arena, const char *value)
{
    static const char white[] = " \t\r\n";
    char *trim = arena_alloc(arena, strlen(value) + 1), *at = trim;

    value += strspn(value, white);
    while (*value) {
        size_t word = strcspn(value, white);

        memcpy(at, value, word);
        at += word;
        value += word;
        value += strspn(value, white);
        if (*value)
            *at++ = ' ';
    }
    return trim;
}

/* A name that comes again adds its value after a comma, in the order sent. */
static void add_header(struct signing *signing, const char *name, const char *value)
{
    const char *lower = lower_case(signing->arena, name), *trim = trimmed(signing->arena, value);
    size_t at = 0;

    while (at < signing->header_count && strcmp(signing->headers[at].name, lower) < 0)
        at++;
    if (at < signing->header_count && strcmp(signing->headers[at].name, lower) == 0) {
        signing->headers[at].value =
            arena_printf(signing->arena, "%s,%s", signing->headers[at].value, trim);
        return;
    }
    assert(signing->header_count < SIGNED_HEADERS_MAX);
    memmove(&signing->headers[at + 1], &signing->headers[at],
            (signing->header_count - at) * sizeof(signing->headers[0]));
    signing->headers[at] = (struct header){.name = lower, .value = trim};
    signing->header_count++;
}

static void collect_headers(struct signing *signing, const struct aws_credentials *credentials)
{
    AUTO_TEXT struct text names = TEXT_INIT(CANONICAL_MAX);

    add_header(signing, "host", signing->scope->host);
    add_header(signing, "x-amz-date", signing->stamp);
    if (credentials->session_token[0])
        add_header(signing, "x-amz-security-token", credentials->session_token);
    for (size_t i = 0; i < signing->request->header_count; i++) {
        if (is_signed(signing->request->headers[i].name))
            add_header(signing, signing->request->headers[i].name,
                       signing->request->headers[i].value);
    }
    for (size_t i = 0; i < signing->header_count; i++) {
        if (i > 0)
            text_add_char(&names, ';');
        text_add_string(&names, signing->headers[i].name);
    }
    signing->signed_headers = arena_text(signing->arena, names.bytes, names.length);
}

/* Takes the last segment away again: "/a/b" → "/a". */
static void drop_segment(struct text *path)
{
    const char *slash = strrchr(path->bytes, '/');

    if (slash) {
        path->length = (size_t)(slash - path->bytes);
        path->bytes[path->length] = '\0';
    }
}

/*
 * The path with dot segments and empty segments removed, each remaining segment escaped once more,
 * so that %2F on the wire is %252F here. A slash at the end stays; as in botocore, and against RFC
 * 3986, a last ".." leaves none.
 */
static void add_path(struct text *canonical, const char *path)
{
    AUTO_TEXT struct text clean = TEXT_INIT(CANONICAL_MAX);
    bool open = text_ends(path, "/");

    while (*path) {
        size_t length = strcspn(path, "/");

        if (length == 2 && memcmp(path, "..", 2) == 0) {
            drop_segment(&clean);
        } else if (length > 0 && !(length == 1 && *path == '.')) {
            text_add_char(&clean, '/');
            encode_uri_add(&clean, path, length);
        }
        path += length;
        path += *path == '/';
    }
    assert(!clean.overflow);
    text_add(canonical, clean.bytes, clean.length);
    if (open || clean.length == 0)
        text_add_char(canonical, '/');
}

/* Decoded where an escape is whole, then escaped by the one rule: what arrives is what counts. */
static const char *normal(struct arena *arena, const char *bytes, size_t length)
{
    const char *text = arena_text(arena, bytes, length);
    const char *decoded = encode_uri_decode(arena, text);

    return encode_uri(arena, decoded ? decoded : text);
}

static int compare_parameters(const void *a, const void *b)
{
    const struct header *first = a, *second = b;
    int order = strcmp(first->name, second->name);

    return order ? order : strcmp(first->value, second->value);
}

static size_t count_parameters(const char *query)
{
    size_t count = 1;

    for (; *query; query++)
        count += *query == '&';
    return count;
}

/* Sorted by name, then value, as escaped; a name without a value gets "=". */
static void add_query(struct arena *arena, struct text *canonical, const char *query)
{
    struct header *parameters = arena_array(arena, count_parameters(query), sizeof(*parameters));
    size_t count = 0;

    while (*query) {
        size_t length = strcspn(query, "&"), name = strcspn(query, "=&");

        if (length > 0)
            parameters[count++] = (struct header){
                .name = normal(arena, query, name),
                .value = name < length ? normal(arena, query + name + 1, length - name - 1) : "",
            };
        query += length;
        query += *query == '&';
    }
    qsort(parameters, count, sizeof(*parameters), compare_parameters);
    for (size_t i = 0; i < count; i++)
        text_printf(canonical, "%s%s=%s", i > 0 ? "&" : "", parameters[i].name,
                    parameters[i].value);
}

static const char *canonical_request(const struct signing *signing)
{
    AUTO_TEXT struct text canonical = TEXT_INIT(CANONICAL_MAX);
    const struct request *request = signing->request;
    char payload[SHA256_HEX_SIZE];

    encode_sha256_hex(request->body ? request->body : "", request->body_length, payload);
    text_printf(&canonical, "%s\n", request->method);
    add_path(&canonical, request->path);
    text_add_char(&canonical, '\n');
    add_query(signing->arena, &canonical, request->query ? request->query : "");
    text_add_char(&canonical, '\n');
    for (size_t i = 0; i < signing->header_count; i++)
        text_printf(&canonical, "%s:%s\n", signing->headers[i].name, signing->headers[i].value);
    text_printf(&canonical, "\n%s\n%s", signing->signed_headers, payload);
    assert(!canonical.overflow);
    return arena_text(signing->arena, canonical.bytes, canonical.length);
}

static const char *string_to_sign(const struct signing *signing, const char *canonical)
{
    char digest[SHA256_HEX_SIZE];

    encode_sha256_hex(canonical, strlen(canonical), digest);
    return arena_printf(signing->arena, "%s\n%s\n%s\n%s", algorithm, signing->stamp,
                        signing->credential_scope, digest);
}

static void chain(unsigned char key[SHA256_SIZE], const char *word, size_t length)
{
    unsigned char next[SHA256_SIZE];

    encode_hmac_sha256(key, SHA256_SIZE, word, length, next);
    memcpy(key, next, SHA256_SIZE);
    memory_wipe(next, sizeof(next));
}

static void make_key(const struct signing *signing, const struct aws_credentials *credentials,
                     unsigned char key[SHA256_SIZE])
{
    char secret[AWS_KEY_SIZE + 4];
    int length = snprintf(secret, sizeof(secret), "AWS4%s", credentials->secret_key);

    encode_hmac_sha256(secret, (size_t)length, signing->stamp, DATE_LENGTH, key);
    chain(key, signing->scope->region, strlen(signing->scope->region));
    chain(key, signing->scope->service, strlen(signing->scope->service));
    chain(key, "aws4_request", strlen("aws4_request"));
    memory_wipe(secret, sizeof(secret));
}

/* Newlines occur in none of the parts but, at most, the last: no two sets of them read alike. */
static void refresh_key(const struct signing *signing, const struct aws_credentials *credentials,
                        struct sigv4_key *key)
{
    char made_of[sizeof(key->made_of)];
    int length = snprintf(made_of, sizeof(made_of), "%.*s\n%s\n%s\n%s", DATE_LENGTH, signing->stamp,
                          signing->scope->region, signing->scope->service, credentials->secret_key);

    if ((size_t)length >= sizeof(made_of) || strcmp(made_of, key->made_of) != 0) {
        make_key(signing, credentials, key->bytes);
        memcpy(key->made_of, made_of, sizeof(made_of));
    }
    memory_wipe(made_of, sizeof(made_of));
}

static const char *signature_of(const struct signing *signing,
                                const struct aws_credentials *credentials, const char *text)
{
    struct sigv4_key once = {0}, *kept = signing->scope->key ? signing->scope->key : &once;
    unsigned char signature[SHA256_SIZE];
    char *hex = arena_alloc(signing->arena, SHA256_HEX_SIZE);

    refresh_key(signing, credentials, kept);
    encode_hmac_sha256(kept->bytes, SHA256_SIZE, text, strlen(text), signature);
    encode_hex(signature, sizeof(signature), hex);
    memory_wipe(&once, sizeof(once));
    return hex;
}

static void add_result(struct sigv4_signed *out, const char *name, const char *value)
{
    assert(out->header_count < COUNT(out->headers));
    out->headers[out->header_count++] = (struct header){.name = name, .value = value};
}

void sigv4_sign(struct arena *arena, struct sigv4_signed *out, const struct request *request,
                const struct aws_credentials *credentials, const struct sigv4_scope *scope)
{
    struct signing signing = {.arena = arena, .request = request, .scope = scope};

    signing.stamp = stamp_of(arena, scope->wall_ms);
    signing.credential_scope = arena_printf(arena, "%.*s/%s/%s/aws4_request", DATE_LENGTH,
                                            signing.stamp, scope->region, scope->service);
    collect_headers(&signing, credentials);
    *out = (struct sigv4_signed){.canonical_request = canonical_request(&signing)};
    out->signature =
        signature_of(&signing, credentials, string_to_sign(&signing, out->canonical_request));
    add_result(out, "x-amz-date", signing.stamp);
    add_result(out, "authorization",
               arena_printf(arena, "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", algorithm,
                            credentials->access_key, signing.credential_scope,
                            signing.signed_headers, out->signature));
    if (credentials->session_token[0])
        add_result(out, "x-amz-security-token", arena_string(arena, credentials->session_token));
}
