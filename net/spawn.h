#pragma once

/*
 * Runs a program with an argument vector (never a shell) and hands over what it wrote to stdout:
 * kubeconfig exec plugins.
 */

#include <stddef.h>
#include <stdint.h>

struct loop;

struct spawn_result {
    int status;          /* exit status; -1: did not start, was killed or timed out */
    const char *failure; /* words when status is not 0, stderr's first 512 bytes included */
    const char *output;  /* stdout, NUL-terminated, at most SPAWN_OUTPUT_MAX */
    size_t output_length;
};

enum { SPAWN_OUTPUT_MAX = 256 << 10 };

typedef void (*spawn_done_fn)(void *context, const struct spawn_result *result);

/*
 * The program is killed with all it started (it leads a process group of its own) after timeout_ms
 * or SPAWN_OUTPUT_MAX bytes, and when the loop is destroyed (then done does not come). stdin is
 * empty. The output may be a credential: it is wiped when done returns.
 */
/* arguments[0] is the program (looked up in PATH when it has no '/'); environment NULL: ours.
 * done comes later, once. */
void spawn_run(struct loop *loop, char *const *arguments, char *const *environment,
               uint64_t timeout_ms, void *context, spawn_done_fn done);
