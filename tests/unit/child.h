#pragma once

/*
 * Runs a piece of code in a child process, for what ends the process or writes to stderr.
 */

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

/* The wait status of a child that ran body; said gets what it wrote to stderr, NUL-terminated. */
static inline int child_run(void (*body)(void), char *said, size_t size)
{
    int ends[2], status;
    size_t length = 0;
    ssize_t got;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        abort();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body();
        _Exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    while (length < size - 1 && (got = read(ends[0], said + length, size - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        abort();
    return status;
}

static inline int child_exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
