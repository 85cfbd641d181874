#pragma once

/* Recorded answers of AWS, and answers spoiled on purpose. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "net/request.h"

static struct reply reply_of(int status, const char *body)
{
    return (struct reply){
        .status = status,
        .body = body,
        .body_length = strlen(body),
        .content_type = "",
        .request_id = "",
        .error_type = "",
        .date = "",
        .retry_after_s = -1,
    };
}

/* The bytes of tests/data/aws/replies/<name>, in the arena. */
static char *recorded(struct arena *arena, const char *name)
{
    struct error error = {0};
    AUTO_FREE char *bytes =
        file_read(arena_printf(arena, "tests/data/aws/replies/%s", name), 1 << 20, NULL, &error);

    if (!bytes)
        fail_msg("%s", error.text);
    return arena_string(arena, bytes);
}

/* The recorded bytes with the first occurrence of what replaced; it must occur. */
__attribute__((unused)) static const char *spoiled(struct arena *arena, const char *name,
                                                   const char *what, const char *with)
{
    char *bytes = recorded(arena, name), *at = strstr(bytes, what);

    if (!at)
        fail_msg("%s does not hold %s", name, what);
    *at = '\0';
    return arena_printf(arena, "%s%s%s", bytes, with, at + strlen(what));
}

/* An answer that must be refused, and what the refusal must name. */
struct spoiled_row {
    const char *what, *with, *named;
};

typedef bool (*read_reply_fn)(struct arena *arena, const struct reply *reply, struct error *error);

__attribute__((unused)) static void refuses_each(const char *name, const struct spoiled_row *rows,
                                                 size_t count, read_reply_fn read)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(8 << 20);
        struct reply reply = reply_of(200, spoiled(arena, name, rows[i].what, rows[i].with));
        struct error error = {0};

        if (read(arena, &reply, &error))
            fail_msg("%s: read in spite of \"%s\" → \"%s\"", name, rows[i].what, rows[i].with);
        assert_int_equal(error.kind, ERROR_RETRY);
        if (!strstr(error.text, rows[i].named))
            fail_msg("%s: \"%s\" does not name %s", name, error.text, rows[i].named);
    }
}

/* Every proper prefix of the recorded answer must be refused, with a reason and without harm. */
__attribute__((unused)) static void refuses_every_cut(const char *name, read_reply_fn read)
{
    AUTO(arena_destroy) struct arena *bytes_arena = arena_create(1 << 20);
    const char *bytes = recorded(bytes_arena, name);
    size_t whole = strlen(bytes);

    while (bytes[whole - 1] == '\n')
        whole--;
    for (size_t length = 0; length < whole; length++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(8 << 20);
        AUTO_FREE char *cut = memory_text(bytes, length);
        struct reply reply = reply_of(200, cut);
        struct error error = {0};

        if (read(arena, &reply, &error))
            fail_msg("%s: read although cut after %zu bytes", name, length);
        assert_int_equal(error.kind, ERROR_RETRY);
        assert_true(error.text[0]);
    }
}
