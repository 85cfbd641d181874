#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reconcilers/plan.h"
#include "reconcilers/work.h"

enum { TRAIL_MAX = 8192 };

/* The test's plan writes down what is called; answers come when the test gives them. */
static struct trail {
    char words[TRAIL_MAX];
    enum verdict first, second; /* what the answers of the two asking rows say */
    unsigned done;
    void *asker;
    transport_done_fn pending;
} trail;

static void note(const char *word)
{
    size_t used = strlen(trail.words);

    snprintf(trail.words + used, sizeof(trail.words) - used, "%s ", word);
}

static enum verdict look(struct work *work, struct request *request)
{
    (void)work;
    (void)request;
    note("look");
    return VERDICT_NEXT;
}

static enum verdict first_ask(struct work *work, struct request *request)
{
    (void)work;
    assert_null(request->operation); /* a fresh request each time */
    request->operation = "First";
    request->service = SERVICE_IAM;
    request->write = true;
    note("first?");
    return VERDICT_SEND;
}

static enum verdict answer_with(struct work *work, enum verdict verdict)
{
    if (verdict == VERDICT_FAIL)
        error_set(&work->error, ERROR_THROTTLE, "slower");
    return verdict;
}

static enum verdict first_answer(struct work *work, const struct reply *reply)
{
    assert_int_equal(reply->status, 200);
    note("first!");
    return answer_with(work, trail.first);
}

static enum verdict second_ask(struct work *work, struct request *request)
{
    (void)work;
    request->operation = "Second";
    request->service = SERVICE_KUBERNETES;
    request->write = true;
    note("second?");
    return VERDICT_SEND;
}

static enum verdict second_answer(struct work *work, const struct reply *reply)
{
    (void)reply;
    note("second!");
    return answer_with(work, trail.second);
}

static enum verdict stop(struct work *work, struct request *request)
{
    (void)work;
    (void)request;
    note("stop");
    return VERDICT_STOP;
}

static enum verdict refuse(struct work *work, struct request *request)
{
    (void)request;
    note("refuse");
    return work->error.kind ? VERDICT_FAIL : answer_with(work, VERDICT_FAIL);
}

static const struct step asking[] = {
    {"Look", look, NULL, FACET_ALLOWED},
    {"First", first_ask, first_answer, FACET_ROLE},
    {"Second", second_ask, second_answer, FACET_ASSOCIATION},
    {"LookAgain", look, NULL, FACET_ASSOCIATION},
    {0},
};
static const struct step silent[] = {{"Look", look, NULL, 0}, {"Look", look, NULL, 0}, {0}};
static const struct step stopping[] = {{"Stop", stop, NULL, 0}, {"Look", look, NULL, 0}, {0}};
static const struct step refusing[] = {
    {"Look", look, NULL, 0}, {"Refuse", refuse, NULL, 0}, {"Look", look, NULL, 0}, {0}};
static const struct step empty[] = {{0}};

static void keep_question(struct transport *transport, const struct request *request, void *context,
                          transport_done_fn done)
{
    (void)transport;
    assert_null(trail.pending);
    note(request->operation);
    trail.asker = context;
    trail.pending = done;
}

static void count_done(struct work *work)
{
    assert_null(work->step);
    trail.done++;
}

static struct transport transport = {.send = keep_question};

static struct work work_make(enum verdict first, enum verdict second)
{
    trail = (struct trail){.first = first, .second = second};
    return (struct work){.transport = &transport, .done = count_done};
}

/* Answers the question that is on its way. */
static void answer(void)
{
    static const struct reply good = {.status = 200, .body = ""};
    transport_done_fn pending = trail.pending;

    assert_non_null(pending);
    trail.pending = NULL;
    pending(trail.asker, &good);
}

static void runs_rows_from_top_to_bottom_and_waits_at_each_question(void **state)
{
    struct work work = work_make(VERDICT_NEXT, VERDICT_NEXT);

    (void)state;
    plan_start(&work, asking);
    assert_string_equal(trail.words, "look first? First ");
    assert_int_equal(trail.done, 0);
    answer();
    assert_string_equal(trail.words, "look first? First first! second? Second ");
    answer();
    assert_string_equal(trail.words, "look first? First first! second? Second second! look ");
    assert_int_equal(trail.done, 1);
    assert_int_equal(work.requests, 2);
    assert_int_equal(work.error.kind, ERROR_NONE);
    assert_null(work.failed);
}

static void counts_only_what_is_written_to_aws(void **state)
{
    struct work work = work_make(VERDICT_NEXT, VERDICT_NEXT);

    (void)state;
    plan_start(&work, asking);
    answer();
    answer();
    assert_int_equal(work.writes, 1);
}

static void a_plan_without_questions_is_done_at_once(void **state)
{
    struct work work = work_make(0, 0);

    (void)state;
    plan_start(&work, silent);
    assert_string_equal(trail.words, "look look ");
    assert_int_equal(trail.done, 1);
    plan_start(&work, empty);
    assert_int_equal(trail.done, 2);
    assert_int_equal(work.requests, 0);
}

static void a_row_that_stops_skips_what_remains(void **state)
{
    struct work work = work_make(0, 0);

    (void)state;
    plan_start(&work, stopping);
    assert_string_equal(trail.words, "stop ");
    assert_int_equal(trail.done, 1);
    assert_null(work.failed);
}

static void an_answer_that_stops_skips_what_remains(void **state)
{
    struct work work = work_make(VERDICT_STOP, 0);

    (void)state;
    plan_start(&work, asking);
    answer();
    assert_string_equal(trail.words, "look first? First first! ");
    assert_int_equal(trail.done, 1);
    assert_int_equal(work.error.kind, ERROR_NONE);
}

static void a_failure_ends_the_plan_and_names_its_row(void **state)
{
    struct work work = work_make(0, 0);

    (void)state;
    plan_start(&work, refusing);
    assert_string_equal(trail.words, "look refuse ");
    assert_string_equal(work.failed->name, "Refuse");
    assert_int_equal(work.error.kind, ERROR_THROTTLE);
    assert_int_equal(trail.done, 1);

    work = work_make(VERDICT_NEXT, VERDICT_FAIL);
    plan_start(&work, asking);
    answer();
    answer();
    assert_string_equal(work.failed->name, "Second");
    assert_int_equal(work.failed->facet, FACET_ASSOCIATION);
    assert_int_equal(trail.done, 1);
}

static void a_repeated_row_asks_again(void **state)
{
    struct work work = work_make(VERDICT_REPEAT, VERDICT_NEXT);

    (void)state;
    plan_start(&work, asking);
    answer();
    trail.first = VERDICT_NEXT;
    answer();
    assert_string_equal(trail.words,
                        "look first? First first! first? First first! second? Second ");
    answer();
    assert_int_equal(trail.done, 1);
    assert_int_equal(work.requests, 3);
}

static void what_was_wrong_sends_the_plan_back_to_its_top(void **state)
{
    struct work work = work_make(VERDICT_NEXT, VERDICT_TOP);

    (void)state;
    plan_start(&work, asking);
    answer();
    trail.words[0] = '\0';
    answer();
    assert_string_equal(trail.words, "second! look first? First ");
    assert_int_equal(trail.done, 0);
    trail.second = VERDICT_NEXT;
    answer();
    answer();
    assert_int_equal(trail.done, 1);
}

static void a_plan_that_finds_no_end_is_tried_again_later(void **state)
{
    struct work work = work_make(VERDICT_REPEAT, 0);

    (void)state;
    plan_start(&work, asking);
    for (int i = 0; i < PLAN_REQUESTS_MAX; i++) {
        trail.words[0] = '\0';
        answer();
    }
    assert_null(trail.pending);
    assert_int_equal(trail.done, 1);
    assert_int_equal(work.requests, PLAN_REQUESTS_MAX);
    assert_int_equal(work.error.kind, ERROR_RETRY);
    assert_string_equal(work.failed->name, "First");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_rows_from_top_to_bottom_and_waits_at_each_question),
        cmocka_unit_test(counts_only_what_is_written_to_aws),
        cmocka_unit_test(a_plan_without_questions_is_done_at_once),
        cmocka_unit_test(a_row_that_stops_skips_what_remains),
        cmocka_unit_test(an_answer_that_stops_skips_what_remains),
        cmocka_unit_test(a_failure_ends_the_plan_and_names_its_row),
        cmocka_unit_test(a_repeated_row_asks_again),
        cmocka_unit_test(what_was_wrong_sends_the_plan_back_to_its_top),
        cmocka_unit_test(a_plan_that_finds_no_end_is_tried_again_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
