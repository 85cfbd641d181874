#include "net/spawn.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "base/text.h"
#include "net/loop.h"

enum { COMPLAINT_MAX = 512, HANDLES = 3 };

struct spawn {
    uv_process_t process;
    uv_pipe_t output_pipe, error_pipe;
    struct loop *loop;
    struct loop_closer closer;
    struct timer timeout;
    struct task finish; /* done comes from here: later, when nothing of libuv's is on the stack */
    struct text output, complaint;
    char buffer[16 << 10];
    char failure[1024];
    uint64_t timeout_ms;
    unsigned pipes_open, handles_open;
    bool started, exited, over, reported;
    int status; /* -1: did not end by itself */
    void *context;
    spawn_done_fn done;
};

static void spawn_free(struct spawn *spawn)
{
    timer_stop(spawn->loop, &spawn->timeout);
    task_cancel(&spawn->finish);
    list_remove(&spawn->closer.link);
    memory_wipe(spawn->output.room ? spawn->output.bytes : NULL, spawn->output.length);
    memory_wipe(spawn->buffer, sizeof(spawn->buffer));
    text_finish(&spawn->output);
    text_finish(&spawn->complaint);
    free(spawn);
}

static void handle_closed(uv_handle_t *handle)
{
    struct spawn *spawn = handle->data;

    if (--spawn->handles_open == 0)
        spawn_free(spawn);
}

static void handle_close(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, handle_closed);
}

/* libuv reaps only children whose handle is open: the handle goes after the child. */
static void handles_close(struct spawn *spawn)
{
    handle_close(&spawn->output_pipe);
    handle_close(&spawn->error_pipe);
    if (spawn->exited || !spawn->started)
        handle_close(&spawn->process);
}

/* Reports in the next turn; whatever the program does now is of no interest. */
static void spawn_over(struct spawn *spawn)
{
    if (spawn->over)
        return;
    spawn->over = true;
    timer_stop(spawn->loop, &spawn->timeout);
    task_schedule(spawn->loop, &spawn->finish);
}

static void spawn_over_when_complete(struct spawn *spawn)
{
    if (spawn->exited && spawn->pipes_open == 0)
        spawn_over(spawn);
}

static void group_kill(const struct spawn *spawn)
{
    if (spawn->started && !spawn->exited)
        kill(-spawn->process.pid, SIGKILL);
}

static void spawn_give_up(struct spawn *spawn, const char *why)
{
    if (spawn->over)
        return;
    spawn->status = -1;
    snprintf(spawn->failure, sizeof(spawn->failure), "%s", why);
    group_kill(spawn);
    spawn_over(spawn);
}

static void timeout_passes(struct timer *timer)
{
    struct spawn *spawn = container_of(timer, struct spawn, timeout);
    char why[64];

    snprintf(why, sizeof(why), "not done within %llu ms", (unsigned long long)spawn->timeout_ms);
    spawn_give_up(spawn, why);
}

static void process_exits(uv_process_t *process, int64_t status, int number)
{
    struct spawn *spawn = container_of(process, struct spawn, process);

    spawn->exited = true;
    if (spawn->reported)
        handle_close(process);
    if (spawn->over)
        return;
    spawn->status = number ? -1 : (int)status;
    if (number)
        snprintf(spawn->failure, sizeof(spawn->failure), "killed by signal %d", number);
    else if (status)
        snprintf(spawn->failure, sizeof(spawn->failure), "exit status %d", (int)status);
    spawn_over_when_complete(spawn);
}

static void room_give(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct spawn *spawn = handle->data;

    (void)wanted;
    *room = uv_buf_init(spawn->buffer, sizeof(spawn->buffer));
}

static void pipe_ends(struct spawn *spawn, uv_stream_t *pipe)
{
    uv_read_stop(pipe);
    spawn->pipes_open--;
    spawn_over_when_complete(spawn);
}

static void output_arrives(uv_stream_t *pipe, ssize_t length, const uv_buf_t *bytes)
{
    struct spawn *spawn = pipe->data;

    if (length < 0) {
        pipe_ends(spawn, pipe);
        return;
    }
    text_add(&spawn->output, bytes->base, (size_t)length);
    if (spawn->output.overflow)
        spawn_give_up(spawn, "it wrote more than 256 KiB");
}

/* The first words are kept, the rest is read so that the program does not block. */
static void complaint_arrives(uv_stream_t *pipe, ssize_t length, const uv_buf_t *bytes)
{
    struct spawn *spawn = pipe->data;

    if (length < 0) {
        pipe_ends(spawn, pipe);
        return;
    }
    size_t room = COMPLAINT_MAX - spawn->complaint.length;

    text_add(&spawn->complaint, bytes->base, (size_t)length < room ? (size_t)length : room);
}

static void failure_complete(struct spawn *spawn)
{
    size_t length = strlen(spawn->failure);

    if (spawn->complaint.length == 0)
        return;
    snprintf(spawn->failure + length, sizeof(spawn->failure) - length, ": %s",
             spawn->complaint.bytes);
    length = strlen(spawn->failure);
    while (length > 0 && strchr("\r\n \t", spawn->failure[length - 1]))
        spawn->failure[--length] = 0;
}

static void spawn_reports(struct task *task)
{
    struct spawn *spawn = container_of(task, struct spawn, finish);
    struct spawn_result result = {.status = spawn->status, .output = "", .failure = NULL};

    if (spawn->status == 0) {
        result.output = spawn->output.bytes;
        result.output_length = spawn->output.length;
    } else {
        failure_complete(spawn);
        result.failure = spawn->failure;
    }
    spawn->done(spawn->context, &result);
    spawn->reported = true;
    handles_close(spawn);
}

static void loop_goes(struct loop_closer *closer)
{
    struct spawn *spawn = container_of(closer, struct spawn, closer);

    group_kill(spawn);
    spawn->over = spawn->reported = true;
    timer_stop(spawn->loop, &spawn->timeout);
    task_cancel(&spawn->finish);
    handles_close(spawn);
}

static void pipe_open(struct spawn *spawn, uv_pipe_t *pipe)
{
    int result = uv_pipe_init(loop_uv(spawn->loop), pipe, 0);

    assert(result == 0);
    (void)result;
    pipe->data = spawn;
}

static int process_start(struct spawn *spawn, char *const *arguments, char *const *environment)
{
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&spawn->output_pipe},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&spawn->error_pipe},
    };
    uv_process_options_t options = {
        .file = arguments[0],
        .args = (char **)arguments,
        .env = (char **)environment,
        .stdio = stdio,
        .stdio_count = COUNT(stdio),
        .exit_cb = process_exits,
        .flags = UV_PROCESS_DETACHED, /* a process group, so that all of it can be killed */
    };

    return uv_spawn(loop_uv(spawn->loop), &spawn->process, &options);
}

static void spawn_begin(struct spawn *spawn, char *const *arguments, char *const *environment)
{
    int result = process_start(spawn, arguments, environment);

    if (result != 0) {
        snprintf(spawn->failure, sizeof(spawn->failure), "%s: %s", arguments[0],
                 uv_strerror(result));
        spawn_over(spawn);
        return;
    }
    spawn->started = true;
    spawn->pipes_open = 2;
    uv_read_start((uv_stream_t *)&spawn->output_pipe, room_give, output_arrives);
    uv_read_start((uv_stream_t *)&spawn->error_pipe, room_give, complaint_arrives);
    timer_start(spawn->loop, &spawn->timeout, spawn->timeout_ms);
}

void spawn_run(struct loop *loop, char *const *arguments, char *const *environment,
               uint64_t timeout_ms, void *context, spawn_done_fn done)
{
    struct spawn *spawn = memory_alloc(sizeof(*spawn));

    spawn->loop = loop;
    spawn->status = -1;
    spawn->timeout_ms = timeout_ms;
    spawn->context = context;
    spawn->done = done;
    spawn->handles_open = HANDLES;
    spawn->process.data = spawn;
    text_init(&spawn->output, SPAWN_OUTPUT_MAX);
    text_init(&spawn->complaint, COMPLAINT_MAX);
    timer_init(&spawn->timeout, timeout_passes);
    task_init(&spawn->finish, spawn_reports);
    loop_add_closer(loop, &spawn->closer, loop_goes);
    pipe_open(spawn, &spawn->output_pipe);
    pipe_open(spawn, &spawn->error_pipe);
    spawn_begin(spawn, arguments, environment);
}
