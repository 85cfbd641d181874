#include "tests/property/evaluator.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A pattern taken apart: characters, and two signs that no character has. What a variable puts in
 * is never a wildcard. */
enum { SIGN_ANY = 256, SIGN_ONE = 257, TOKENS_MAX = 1024 };

struct tokens {
    uint16_t items[TOKENS_MAX];
    size_t count;
    enum answer usable; /* NO: a variable without a value */
};

static void token_add(struct tokens *tokens, unsigned token)
{
    if (tokens->count == TOKENS_MAX)
        tokens->usable = ANSWER_DOUBT;
    else
        tokens->items[tokens->count++] = (uint16_t)token;
}

static void tokens_add_text(struct tokens *tokens, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        token_add(tokens, (unsigned char)text[i]);
}

/* ${key, 'default'}: the default stands in when the request has no such key. */
static void tokens_add_variable(struct tokens *tokens, const char *inside, size_t length,
                                const struct request_context *request)
{
    char name[256];
    const char *comma = memchr(inside, ',', length);
    size_t name_length = comma ? (size_t)(comma - inside) : length;
    const struct request_key *key;

    while (name_length && inside[name_length - 1] == ' ')
        name_length--;
    if (name_length == 1 && strchr("*?$", inside[0])) {
        token_add(tokens, (unsigned char)inside[0]);
        return;
    }
    if (name_length >= sizeof(name)) {
        tokens->usable = ANSWER_DOUBT;
        return;
    }
    memcpy(name, inside, name_length);
    name[name_length] = '\0';
    key = request_key_find(request, name);
    if (key && (key->many || key->count != 1)) {
        tokens->usable = answer_and(tokens->usable, ANSWER_DOUBT);
    } else if (key) {
        tokens_add_text(tokens, key->values[0], strlen(key->values[0]));
    } else if (comma) {
        const char *from = memchr(comma, '\'', (size_t)(inside + length - comma));
        const char *to = from ? memchr(from + 1, '\'', (size_t)(inside + length - from - 1)) : NULL;

        if (to)
            tokens_add_text(tokens, from + 1, (size_t)(to - from - 1));
        else
            tokens->usable = answer_and(tokens->usable, ANSWER_DOUBT);
    } else {
        tokens->usable = ANSWER_NO;
    }
}

static void tokens_read(struct tokens *tokens, const char *pattern, bool wildcards,
                        const struct request_context *request, bool variables)
{
    tokens->count = 0;
    tokens->usable = ANSWER_YES;
    for (const char *at = pattern; *at; at++) {
        if (variables && at[0] == '$' && at[1] == '{') {
            const char *end = strchr(at, '}');

            if (!end) {
                tokens->usable = ANSWER_DOUBT;
                return;
            }
            tokens_add_variable(tokens, at + 2, (size_t)(end - at - 2), request);
            at = end;
        } else if (wildcards && *at == '*') {
            token_add(tokens, SIGN_ANY);
        } else if (wildcards && *at == '?') {
            token_add(tokens, SIGN_ONE);
        } else {
            token_add(tokens, (unsigned char)*at);
        }
    }
}

static bool token_fits(unsigned token, char character, bool any_case)
{
    unsigned other = (unsigned char)character;

    if (token == SIGN_ONE || token == other)
        return true;
    return any_case && token < 128 && other < 128 && tolower((int)token) == tolower((int)other);
}

/* The usual walk: remember the last *, come back to it when stuck. */
static bool tokens_fit(const uint16_t *tokens, size_t count, const char *text, size_t length,
                       bool any_case)
{
    size_t at = 0, i = 0, star = SIZE_MAX, resume = 0;

    while (i < length) {
        if (at < count && tokens[at] == SIGN_ANY) {
            star = at++;
            resume = i;
        } else if (at < count && token_fits(tokens[at], text[i], any_case)) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            i = ++resume;
        } else {
            return false;
        }
    }
    while (at < count && tokens[at] == SIGN_ANY)
        at++;
    return at == count;
}

/* "Each of the six colon-delimited components of the ARN is checked separately." */
static enum answer arn_fits(const struct tokens *tokens, const char *text)
{
    size_t from = 0, start = 0, length = strlen(text);

    for (int part = 0; part < 6; part++) {
        size_t to = from, end = start;

        while (to < tokens->count && (part == 5 || tokens->items[to] != ':'))
            to++;
        while (end < length && (part == 5 || text[end] != ':'))
            end++;
        if (part < 5 && (to == tokens->count || end == length))
            return ANSWER_DOUBT; /* not an ARN */
        if (!tokens_fit(tokens->items + from, to - from, text + start, end - start, false))
            return ANSWER_NO;
        from = to + 1;
        start = end + 1;
    }
    return ANSWER_YES;
}

enum answer match_text(enum match_rule rule, const char *pattern, const char *text,
                       const struct request_context *request, bool variables)
{
    struct tokens tokens;
    bool any_case = rule == MATCH_EXACT_ANY_CASE || rule == MATCH_LIKE_ANY_CASE;

    if (!variables && rule == MATCH_EXACT)
        return answer_of(strcmp(pattern, text) == 0);
    if (!variables && rule == MATCH_EXACT_ANY_CASE)
        return answer_of(strcasecmp(pattern, text) == 0);
    tokens_read(&tokens, pattern, rule >= MATCH_LIKE, request, variables);
    if (tokens.usable != ANSWER_YES)
        return tokens.usable;
    if (rule == MATCH_ARN)
        return arn_fits(&tokens, text);
    return answer_of(tokens_fit(tokens.items, tokens.count, text, strlen(text), any_case));
}
