#include "base/encode.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/text.h"

static const char lower_hex[] = "0123456789abcdef";

/* EVP_sha256() is looked up among the providers at each use, which costs more than the digest of a
 * short text. Kept for the life of the process. */
static const EVP_MD *sha256(void)
{
    static EVP_MD *fetched;

    if (!fetched)
        fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    assert(fetched);
    return fetched;
}

/* What OpenSSL refuses here is memory or a library without SHA-256: neither can be mended. */
void encode_sha256(const void *bytes, size_t length, unsigned char digest[SHA256_SIZE])
{
    int done = EVP_Digest(bytes, length, digest, NULL, sha256(), NULL);

    assert(done == 1);
    (void)done;
}

void encode_sha256_hex(const void *bytes, size_t length, char hex[SHA256_HEX_SIZE])
{
    unsigned char digest[SHA256_SIZE];

    encode_sha256(bytes, length, digest);
    encode_hex(digest, sizeof(digest), hex);
}

void encode_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                        unsigned char digest[SHA256_SIZE])
{
    unsigned char *done;

    assert(key_length <= INT_MAX);
    done = HMAC(EVP_sha256(), key, (int)key_length, bytes, length, digest, NULL);
    assert(done);
    (void)done;
}

void encode_hex(const void *bytes, size_t length, char *hex)
{
    const unsigned char *byte = bytes;

    for (size_t i = 0; i < length; i++) {
        *hex++ = lower_hex[byte[i] >> 4];
        *hex++ = lower_hex[byte[i] & 15];
    }
    *hex = '\0';
}

static unsigned bit_at(const unsigned char *bytes, size_t bit)
{
    return ((unsigned)bytes[bit / 8] >> (7 - bit % 8)) & 1;
}

void encode_base32(const unsigned char *bytes, size_t bits, char *text)
{
    for (size_t bit = 0; bit < bits; bit += 5) {
        unsigned value = 0;

        for (size_t i = bit; i < bit + 5; i++)
            value = value << 1 | (i < bits ? bit_at(bytes, i) : 0);
        *text++ = "abcdefghijklmnopqrstuvwxyz234567"[value];
    }
    *text = '\0';
}

char *encode_base64(struct arena *arena, const void *bytes, size_t length)
{
    char *text;

    assert(length < INT_MAX / 2);
    text = arena_alloc(arena, (length + 2) / 3 * 4 + 1);
    EVP_EncodeBlock((unsigned char *)text, bytes, (int)length);
    return text;
}

/* EVP_DecodeBlock forgives white space and misplaced padding: the form is checked here. */
static bool is_base64(const char *text, size_t length, size_t *padding)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t digits = strspn(text, alphabet);

    *padding = length - digits;
    return length % 4 == 0 && *padding <= 2 && strspn(text + digits, "=") == *padding;
}

unsigned char *encode_base64_decode(struct arena *arena, const char *text, size_t *length)
{
    size_t size = strlen(text), padding;
    unsigned char *bytes;
    int decoded;

    if (size > INT_MAX || !is_base64(text, size, &padding))
        return NULL;
    bytes = arena_alloc(arena, size / 4 * 3 + 1);
    decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size);
    if (decoded < (int)padding)
        return NULL;
    *length = (size_t)decoded - padding;
    return bytes;
}

static bool is_unreserved(char character)
{
    return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
           (character >= '0' && character <= '9') || (character && strchr("-._~", character));
}

static char *put_uri(char *at, char character)
{
    static const char upper_hex[] = "0123456789ABCDEF";

    if (is_unreserved(character)) {
        *at++ = character;
        return at;
    }
    *at++ = '%';
    *at++ = upper_hex[(unsigned char)character >> 4];
    *at++ = upper_hex[(unsigned char)character & 15];
    return at;
}

void encode_uri_add(struct text *text, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t plain = 0;
        char escape[3];

        while (plain < length && is_unreserved(bytes[plain]))
            plain++;
        text_add(text, bytes, plain);
        if (plain < length) {
            text_add(text, escape, (size_t)(put_uri(escape, bytes[plain]) - escape));
            plain++;
        }
        bytes += plain;
        length -= plain;
    }
}

char *encode_uri(struct arena *arena, const char *text)
{
    size_t length = 0;
    char *escaped, *at;

    for (const char *c = text; *c; c++)
        length += is_unreserved(*c) ? 1 : 3;
    at = escaped = arena_alloc(arena, length + 1);
    for (; *text; text++)
        at = put_uri(at, *text);
    return escaped;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

char *encode_uri_decode(struct arena *arena, const char *text)
{
    char *decoded = arena_alloc(arena, strlen(text) + 1), *at = decoded;

    for (; *text; text++) {
        int high, low;

        if (*text != '%') {
            *at++ = *text;
            continue;
        }
        high = hex_value(text[1]);
        low = high < 0 ? -1 : hex_value(text[2]);
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        *at++ = (char)(high << 4 | low);
        text += 2;
    }
    return decoded;
}

void encode_random_hex(char *text, size_t count)
{
    unsigned char bytes[32];

    while (count > 0) {
        size_t digits = count < 2 * sizeof(bytes) ? count : 2 * sizeof(bytes);

        while (getentropy(bytes, (digits + 1) / 2) != 0)
            continue;
        for (size_t d = 0; d < digits; d++)
            *text++ = lower_hex[d % 2 ? bytes[d / 2] & 15 : bytes[d / 2] >> 4];
        count -= digits;
    }
    *text = '\0';
}
