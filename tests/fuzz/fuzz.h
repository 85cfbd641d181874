#pragma once

/*
 * What the fuzz targets share. A target feeds bytes that come from outside to one decoder and
 * trusts the sanitizers to speak up; promises that can be checked are asserted.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "net/request.h"

/* As much as the program gives a reconcile. */
enum { FUZZ_ARENA_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of exactly these bytes, NULs among them, and one NUL more, so that a step too far is
 * seen; for free(). */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = memory_array(size + 1, 1);

    if (size > 0)
        memcpy(text, data, size);
    return text;
}

static inline struct reply fuzz_reply(const char *body, size_t size)
{
    struct reply reply = reply_none(NULL);

    reply.status = 200;
    reply.body = body;
    reply.body_length = size;
    return reply;
}

/* Reads the reply as what AWS says when it refuses. */
static inline void fuzz_faults(struct arena *arena, struct reply *reply,
                               enum request_service service, int status)
{
    struct request request = {.service = service, .operation = "Any", .method = "POST"};
    struct error error = {0};

    reply->status = status;
    aws_reply_good(arena, &request, reply, &error);
    assert(error.kind != ERROR_NONE);
}

/* A file with these bytes that has no place on the disk; close it. */
static inline int fuzz_file(const uint8_t *data, size_t size, char *path, size_t path_size)
{
    int file = memfd_create("fuzz", 0);

    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    snprintf(path, path_size, "/proc/self/fd/%d", file);
    return file;
}
