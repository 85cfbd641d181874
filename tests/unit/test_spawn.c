#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "net/spawn.h"
#include "tests/unit/wire.h"

struct outcome {
    bool done;
    int status;
    char failure[1200], output[4096];
    size_t output_length;
};

static struct loop *loop;

static int place_open(void **state)
{
    (void)state;
    loop = loop_create();
    return 0;
}

static int place_close(void **state)
{
    (void)state;
    loop_destroy(loop);
    /* No child is left, neither running nor unreaped. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return 0;
}

static void outcome_keep(void *context, const struct spawn_result *result)
{
    struct outcome *outcome = context;

    assert_false(outcome->done);
    outcome->done = true;
    outcome->status = result->status;
    outcome->output_length = result->output_length;
    assert_true((result->failure != NULL) == (result->status != 0));
    snprintf(outcome->failure, sizeof(outcome->failure), "%s",
             result->failure ? result->failure : "");
    snprintf(outcome->output, sizeof(outcome->output), "%s", result->output);
}

static void run(char *const *arguments, char *const *environment, uint64_t timeout_ms,
                struct outcome *outcome)
{
    *outcome = (struct outcome){.done = false};
    spawn_run(loop, arguments, environment, timeout_ms, outcome, outcome_keep);
    assert_false(outcome->done);
    assert_true(wire_wait(loop, &outcome->done));
}

static void shell(const char *script, uint64_t timeout_ms, struct outcome *outcome)
{
    char *const arguments[] = {"sh", "-c", (char *)script, NULL};

    run(arguments, NULL, timeout_ms, outcome);
}

static void arguments_pass_no_shell(void **state)
{
    char *const arguments[] = {"printf", "%s|", "$HOME; echo x", "a b", "*", "", NULL};
    struct outcome outcome;

    (void)state;
    run(arguments, NULL, 10000, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.output, "$HOME; echo x|a b|*||");
}

static void gives_the_environment_and_an_empty_stdin(void **state)
{
    char *const arguments[] = {"sh", "-c", "echo \"$WORD\"; cat", NULL};
    char *const environment[] = {"WORD=given", "PATH=/usr/bin:/bin", NULL};
    struct outcome outcome;

    (void)state;
    run(arguments, environment, 10000, &outcome);
    assert_string_equal(outcome.output, "given\n");
}

static void tells_the_exit_status_and_the_complaint(void **state)
{
    struct outcome outcome;

    (void)state;
    shell("echo token; echo 'no session: log in' >&2; exit 3", 10000, &outcome);
    assert_int_equal(outcome.status, 3);
    assert_string_equal(outcome.failure, "exit status 3: no session: log in");
    assert_string_equal(outcome.output, "");
    shell("kill -9 $$", 10000, &outcome);
    assert_int_equal(outcome.status, -1);
    assert_string_equal(outcome.failure, "killed by signal 9");
}

static void a_program_that_is_not_there(void **state)
{
    char *const arguments[] = {"/nowhere/plugin", NULL};
    struct outcome outcome;

    (void)state;
    run(arguments, NULL, 10000, &outcome);
    assert_int_equal(outcome.status, -1);
    assert_string_equal(outcome.failure, "/nowhere/plugin: no such file or directory");
}

static void kills_what_takes_too_long_with_its_children(void **state)
{
    struct outcome outcome;
    uint64_t begin_ms = uv_hrtime() / 1000000;

    (void)state;
    /* The child of the shell holds the pipe as well. */
    shell("sleep 1000 & sleep 1000", 50, &outcome);
    assert_int_equal(outcome.status, -1);
    assert_string_equal(outcome.failure, "not done within 50 ms");
    assert_true(uv_hrtime() / 1000000 - begin_ms < 15000);
}

static void output_has_a_ceiling(void **state)
{
    struct outcome outcome;

    (void)state;
    shell("head -c 262144 /dev/zero | tr '\\0' x", 10000, &outcome);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.output_length, SPAWN_OUTPUT_MAX);
    shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", 10000,
          &outcome);
    assert_int_equal(outcome.status, -1);
    assert_string_equal(outcome.failure, "it wrote more than 256 KiB");
}

static void a_long_complaint_is_read_and_cut(void **state)
{
    struct outcome outcome;

    (void)state;
    shell("head -c 1000000 /dev/zero | tr '\\0' e >&2; exit 1", 10000, &outcome);
    assert_int_equal(outcome.status, 1);
    assert_int_equal(strlen(outcome.failure), strlen("exit status 1: ") + 512);
}

static void many_at_once_leave_no_zombie(void **state)
{
    char *const arguments[] = {"true", NULL};
    struct outcome outcomes[20] = {{.done = false}};

    (void)state;
    for (size_t i = 0; i < COUNT(outcomes); i++)
        spawn_run(loop, arguments, NULL, 10000, &outcomes[i], outcome_keep);
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        assert_true(wire_wait(loop, &outcomes[i].done));
        assert_int_equal(outcomes[i].status, 0);
    }
}

static void the_loop_takes_what_runs_with_it(void **state)
{
    char *const arguments[] = {"sleep", "1000", NULL};
    struct outcome outcome = {.done = false};

    (void)state;
    spawn_run(loop, arguments, NULL, 1000000, &outcome, outcome_keep);
    loop_destroy(loop);
    assert_false(outcome.done);
    loop = loop_create();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arguments_pass_no_shell),
        TEST(gives_the_environment_and_an_empty_stdin),
        TEST(tells_the_exit_status_and_the_complaint),
        TEST(a_program_that_is_not_there),
        TEST(kills_what_takes_too_long_with_its_children),
        TEST(output_has_a_ceiling),
        TEST(a_long_complaint_is_read_and_cut),
        TEST(many_at_once_leave_no_zombie),
        TEST(the_loop_takes_what_runs_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
