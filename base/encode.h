#pragma once

/*
 * Bytes into text and back: hex, base64, base32, URI escapes, times, SHA-256.
 * Functions that fill a buffer say how much room they need; those with an arena build there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct text;

enum { SHA256_SIZE = 32, SHA256_HEX_SIZE = 65 };

void encode_sha256(const void *bytes, size_t length, unsigned char digest[SHA256_SIZE]);
void encode_sha256_hex(const void *bytes, size_t length, char hex[SHA256_HEX_SIZE]);
void encode_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                        unsigned char digest[SHA256_SIZE]);

/* Lower-case; hex needs 2 * length + 1 bytes. */
void encode_hex(const void *bytes, size_t length, char *hex);

/* Lower-case RFC 4648 base32 without padding; needs (bits + 4) / 5 + 1 bytes of room. */
void encode_base32(const unsigned char *bytes, size_t bits, char *text);

char *encode_base64(struct arena *arena, const void *bytes, size_t length);
/* NULL when it is not base64 (padding required, white space refused). */
unsigned char *encode_base64_decode(struct arena *arena, const char *text, size_t *length);

/* RFC 3986: everything but A-Za-z0-9-._~ becomes %XX with upper-case hex. */
char *encode_uri(struct arena *arena, const char *text);
void encode_uri_add(struct text *text, const char *bytes, size_t length);
/* %XX only, '+' stays '+'. NULL when an escape is broken or hides a NUL. */
char *encode_uri_decode(struct arena *arena, const char *text);

/* "2026-11-25T04:15:24Z"; needs 21 bytes. */
enum { ENCODE_TIME_SIZE = 21, ENCODE_MICROTIME_SIZE = 28 };
void encode_time(int64_t wall_ms, char text[ENCODE_TIME_SIZE]);
/* "2026-11-25T04:15:24.000123Z": exactly six decimals (Kubernetes MicroTime); needs 28 bytes. */
void encode_microtime(int64_t wall_us, char text[ENCODE_MICROTIME_SIZE]);
/* RFC 3339 with optional fraction and offset; false when it is none. */
bool encode_time_parse(const char *text, int64_t *wall_ms);

/* Random lower-case hex digits, count of them and a NUL. */
void encode_random_hex(char *text, size_t count);
