#include "kube/decode.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "kube/managed_fields.h"

/* An integer of more digits may not fit into 64 bits. */
enum { DIGITS_MAX = 18 };

struct mender {
    const char *at, *end;
    char *out; /* room for everything: see mended_size */
    unsigned depth;
};

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool is_deep(const struct mender *mender)
{
    return mender->depth > KUBE_DECODE_DEPTH;
}

static void put(struct mender *mender, const char *bytes, size_t length)
{
    if (is_deep(mender))
        return;
    memcpy(mender->out, bytes, length);
    mender->out += length;
}

/* A text from quote to quote; an escaped NUL becomes U+FFFD, which has the same length. */
static void mend_text(struct mender *mender)
{
    put(mender, mender->at++, 1);
    while (mender->at < mender->end && *mender->at != '"') {
        size_t left = (size_t)(mender->end - mender->at);

        if (left >= 6 && memcmp(mender->at, "\\u0000", 6) == 0) {
            put(mender, "\\ufffd", 6);
            mender->at += 6;
            continue;
        }
        if (*mender->at == '\\' && left >= 2)
            put(mender, mender->at++, 1);
        put(mender, mender->at++, 1);
    }
    if (mender->at < mender->end)
        put(mender, mender->at++, 1);
}

/* The digits of a number; a fraction or exponent makes it a real already. */
static void mend_digits(struct mender *mender)
{
    const char *start = mender->at;
    bool exponent = start[-1] == 'e' || start[-1] == 'E' || start[-1] == '+' || start[-1] == '.';
    bool real;

    while (mender->at < mender->end && is_digit(*mender->at))
        mender->at++;
    put(mender, start, (size_t)(mender->at - start));
    real = mender->at < mender->end && (*mender->at == '.' || (*mender->at | 0x20) == 'e');
    if (!exponent && !real && mender->at - start > DIGITS_MAX)
        put(mender, ".0", 2);
}

static void mend_bracket(struct mender *mender, bool opens)
{
    if (opens && ++mender->depth == KUBE_DECODE_DEPTH + 1) {
        memcpy(mender->out, "null", 4);
        mender->out += 4;
    }
    put(mender, mender->at, 1);
    if (!opens && mender->depth > 0)
        mender->depth--;
    mender->at++;
}

static void mend_next(struct mender *mender, const char *start)
{
    switch (*mender->at) {
    case '"':
        mend_text(mender);
        return;
    case '{':
    case '[':
        mend_bracket(mender, true);
        return;
    case '}':
    case ']':
        mend_bracket(mender, false);
        return;
    default:
        break;
    }
    if (is_digit(*mender->at) && mender->at > start)
        mend_digits(mender);
    else
        put(mender, mender->at++, 1);
}

/* "[]" may become "null" and twenty bytes of digits twenty-two: never more than double. */
static size_t mended_size(size_t length)
{
    return 2 * length + 1;
}

static json_t *decode_mended(const char *bytes, size_t length, struct error *error)
{
    AUTO_FREE char *mended = memory_alloc(mended_size(length));
    struct mender mender = {.at = bytes, .end = bytes + length, .out = mended};

    while (mender.at < mender.end)
        mend_next(&mender, bytes);
    return json_parse(mended, (size_t)(mender.out - mended), error);
}

json_t *kube_decode(const char *bytes, size_t length, struct error *error)
{
    AUTO_FREE char *cut = memory_alloc(length + 1);
    size_t cut_length = managed_fields_cut(cut, bytes, length);
    struct error trouble = {0};
    json_t *tree = json_parse(cut, cut_length, &trouble);

    return tree ? tree : decode_mended(cut, cut_length, error);
}
