#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

static void close_auto(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

/* What to allocate first: a file tells its size, a pipe (kubeconfig from `<(...)`) does not. */
static size_t first_room(int descriptor, size_t size_max)
{
    struct stat facts;
    size_t size = 4095;

    if (fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0)
        size = (size_t)facts.st_size;
    return (size < size_max ? size : size_max) + 2;
}

/* Reads to the end, or to one byte past size_max. False with errno when reading fails. */
static bool read_all(int descriptor, size_t size_max, char **bytes, size_t *length)
{
    size_t room = first_room(descriptor, size_max);

    *bytes = memory_alloc(room);
    for (;;) {
        ssize_t got = read(descriptor, *bytes + *length, room - 1 - *length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        *length += (size_t)got;
        (*bytes)[*length] = '\0';
        if (got == 0 || *length > size_max)
            return true;
        if (*length == room - 1) {
            room = room < size_max ? 2 * room : size_max + 2;
            *bytes = memory_resize(*bytes, room, 1);
        }
    }
}

char *file_read(const char *path, size_t size_max, size_t *length, struct error *error)
{
    __attribute__((cleanup(close_auto))) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    AUTO_FREE char *bytes = NULL;
    size_t size = 0;

    assert(size_max < SIZE_MAX / 4);
    if (descriptor < 0 || !read_all(descriptor, size_max, &bytes, &size)) {
        error_set(error, ERROR_REFUSED, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (size > size_max) {
        error_set(error, ERROR_REFUSED, "%s: larger than %zu bytes", path, size_max);
        return NULL;
    }
    if (length)
        *length = size;
    return TAKE(bytes);
}
