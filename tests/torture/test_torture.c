/*
 * Whatever is disturbed on the way, the end is the same as undisturbed: AWS and the objects are
 * equal, nothing was made twice, nothing that is not ours was written to; and where AWS is not
 * asked to write undisturbed, it never is.
 *
 * Disturbed is the n-th request, for every n: by each fault, before and after its effect; twice in
 * a row; or the process dies there and starts again with empty memory.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/fake/scenarios.h"

enum {
    DESCRIPTION_MAX = 1 << 20,
    LOSSES_MAX = 8,
    ACTS = 4, /* two failures, and twice is what takes the longest */
};

/* How a scenario ends when nothing disturbs it. */
struct reference {
    const struct scenario *scenario;
    struct text end;
    struct fake_counts effects;
    unsigned calls, writes; /* writes: asked of AWS */
    bool waits; /* it fails by itself on the way: the kind of a fault cannot be told apart */
};

struct disturbance {
    struct fake_failure failures[FAKE_FAILURES_MAX];
    unsigned death_call;
    bool death_after_effect;
};

static unsigned runs, losses;

static void tell(const struct reference *reference, const struct disturbance *disturbance)
{
    const struct fake_failure *failures = disturbance->failures;

    print_error("in \"%s\"", reference->scenario->name);
    if (disturbance->death_call != 0)
        print_error(", death %s call %u", disturbance->death_after_effect ? "after" : "before",
                    disturbance->death_call);
    for (size_t i = 0; i < FAKE_FAILURES_MAX && failures[i].call != 0; i++)
        print_error(", %s %s call %u", fake_fault_name(failures[i].fault),
                    failures[i].after_effect ? "after" : "before", failures[i].call);
    print_error(":\n");
}

static struct fake_world *prepared(const struct scenario *scenario)
{
    struct fake_world *world = fake_world_create();

    if (scenario->prepare)
        scenario->prepare(world);
    assert_true(fake_world_settle(world));
    fake_world_reset(world);
    scenario->change(world);
    return world;
}

static void act(struct fake_world *world, const struct scenario *scenario)
{
    for (int i = 0; scenario_is_aside(scenario) && i < ACTS; i++)
        container_of(scenario, struct side_scenario, scenario)->act(world);
}

static bool finish(struct fake_world *world, const struct scenario *scenario)
{
    act(world, scenario);
    return fake_world_settle(world) &&
           (scenario->pass_ms == 0 ||
            (fake_world_pass(world, scenario->pass_ms) && fake_world_settle(world)));
}

static void refer(struct reference *reference, const struct scenario *scenario)
{
    struct fake_world *world = prepared(scenario);

    *reference = (struct reference){.scenario = scenario};
    text_init(&reference->end, DESCRIPTION_MAX);
    assert_true(finish(world, scenario));
    assert_string_equal(fake_world_condition(world, "cart", "Ready"), scenario->end);
    assert_int_equal(world->aws.trespasses, 0);
    assert_int_equal(world->aws.gaps, 0);
    assert_int_equal(world->aws.idle_writes, 0);
    assert_int_equal(world->kubernetes.idle_writes, 0);
    fake_world_describe(world, &reference->end);
    reference->effects = world->aws.effects;
    reference->calls = world->wire.calls;
    reference->writes = world->wire.aws_writes;
    reference->waits = world->first_failure != ERROR_NONE;
    fake_world_destroy(world);
}

static bool same_effects(const struct fake_counts *a, const struct fake_counts *b)
{
    bool same = a->used == b->used;

    for (size_t i = 0; i < a->used; i++)
        if (a->items[i].count != fake_counts_get(b, a->items[i].operation)) {
            print_error("%s took effect %u times, %u undisturbed\n", a->items[i].operation,
                        a->items[i].count, fake_counts_get(b, a->items[i].operation));
            same = false;
        }
    return same;
}

/* The first line in which they differ. */
static void tell_difference(const char *end, const char *wanted)
{
    while (strcspn(end, "\n") == strcspn(wanted, "\n") &&
           strncmp(end, wanted, strcspn(end, "\n") + 1) == 0) {
        end += strcspn(end, "\n") + 1;
        wanted += strcspn(wanted, "\n") + 1;
    }
    print_error("in the end\n%.*s\ninstead of\n%.*s\n", (int)strcspn(end, "\n"), end,
                (int)strcspn(wanted, "\n"), wanted);
}

static bool same_end(const struct fake_world *world, const struct reference *reference)
{
    AUTO_TEXT struct text end = TEXT_INIT(DESCRIPTION_MAX);

    fake_world_describe(world, &end);
    if (text_equal(end.bytes, reference->end.bytes))
        return true;
    tell_difference(end.bytes, reference->end.bytes);
    print_error("last error: %s\n", world->last_error.text);
    return false;
}

/* The repeat of a write whose answer was lost may find nothing to do; no other may. */
static unsigned ambiguous(const struct disturbance *disturbance)
{
    unsigned count = disturbance->death_call != 0 && disturbance->death_after_effect;

    for (size_t i = 0; i < FAKE_FAILURES_MAX; i++)
        count += disturbance->failures[i].call != 0 && disturbance->failures[i].after_effect;
    return count;
}

static bool good_end(const struct fake_world *world, const struct reference *reference,
                     const struct disturbance *disturbance)
{
    bool good = same_end(world, reference);

    good &= same_effects(&world->aws.effects, &reference->effects);
    if (world->aws.trespasses > 0)
        print_error("%u writes to what is not ours\n", world->aws.trespasses);
    if (world->aws.gaps > 0)
        print_error("%u times pods were without credentials\n", world->aws.gaps);
    if (world->aws.idle_writes > ambiguous(disturbance))
        print_error("%u writes changed nothing, %s\n", world->aws.idle_writes,
                    world->aws.idle_operation);
    if (reference->writes == 0 && world->wire.aws_writes > 0) {
        print_error("AWS was asked to write %u times\n", world->wire.aws_writes);
        good = false;
    }
    return good && world->aws.trespasses == 0 && world->aws.gaps == 0 &&
           world->aws.idle_writes <= ambiguous(disturbance);
}

/* What the program must make of one fault; ERROR_NONE also where nobody reads the answer. */
static enum error_kind kind_of(const struct fake_wire *wire, enum fake_fault fault)
{
    bool kube = wire->hit == SERVICE_KUBERNETES;

    switch (fault) {
    case FAULT_LOST:
        return wire->hit_write ? ERROR_LOST : ERROR_RETRY;
    case FAULT_THROTTLING:
        return ERROR_THROTTLE;
    case FAULT_ACCESS_DENIED:
        return ERROR_REFUSED;
    case FAULT_CONCURRENT_MODIFICATION:
        return kube ? ERROR_CONFLICT : ERROR_RETRY;
    default:
        return ERROR_RETRY;
    }
}

static bool well_classified(const struct fake_world *world, enum fake_fault fault)
{
    bool event = text_ends(world->wire.hit_operation, "Event");
    bool unread =
        world->first_failure == ERROR_NONE && fault == FAULT_GARBAGE && world->wire.hit_write;

    if (event || unread || world->first_failure == kind_of(&world->wire, fault))
        return true;
    print_error("%s ended as %s\n", world->wire.hit_operation,
                error_kind_name(world->first_failure));
    return false;
}

/* All of them, or every n-th where each is slow (TORTURE_EVERY=n; `make memcheck`), or those of the
 * scenarios that have a word in their names (TORTURE_ONLY=word). */
static bool is_tried(const struct scenario *scenario)
{
    static unsigned turn;
    const char *every = getenv("TORTURE_EVERY"), *only = getenv("TORTURE_ONLY");

    if (only && !strstr(scenario->name, only))
        return false;
    return turn++ % (every ? (unsigned)strtoul(every, NULL, 10) : 1) == 0;
}

static void disturb(const struct reference *reference, const struct disturbance *disturbance,
                    bool judge_kind)
{
    struct fake_world *world;
    bool good;

    if (!is_tried(reference->scenario))
        return;
    world = prepared(reference->scenario);
    memcpy(world->wire.failures, disturbance->failures, sizeof(world->wire.failures));
    world->wire.death_call = disturbance->death_call;
    world->wire.death_after_effect = disturbance->death_after_effect;
    good = finish(world, reference->scenario);
    if (world->wire.dead) {
        fake_world_restart(world);
        good = finish(world, reference->scenario);
    }
    if (!good)
        print_error("it does not become quiet: %s\n", world->last_error.text);
    good &= good_end(world, reference, disturbance);
    if (judge_kind && world->wire.hit_operation)
        good &= well_classified(world, disturbance->failures[0].fault);
    if (!good) {
        tell(reference, disturbance);
        print_error("requests: %s\n", world->wire.log.bytes);
    }
    fake_world_destroy(world);
    runs++;
    if (!good && ++losses == LOSSES_MAX)
        fail_msg("%u runs went wrong; the rest is not tried", losses);
}

/* A 200 is a promise: an answer that cannot be read does not take it back. And a connection that
 * was refused had no effect. */
static bool makes_sense(enum fake_fault fault, bool after_effect)
{
    if (fault == FAULT_GARBAGE)
        return after_effect;
    return fault != FAULT_REFUSED || !after_effect;
}

static void each_failure(const struct reference *reference)
{
    for (unsigned call = 1; call <= reference->calls; call++)
        for (int fault = 0; fault < FAULT_COUNT; fault++)
            for (int after = 0; after < 2; after++) {
                struct disturbance disturbance = {
                    .failures = {{call, (enum fake_fault)fault, after != 0}}};

                if (makes_sense((enum fake_fault)fault, after != 0))
                    disturb(reference, &disturbance,
                            !reference->waits && !scenario_is_aside(reference->scenario));
            }
}

static void survives_any_one_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < scenario_count(); i++) {
        struct reference reference;

        refer(&reference, scenario_at(i));
        each_failure(&reference);
        text_finish(&reference.end);
    }
    assert_int_equal(losses, 0);
}

static void survives_death_at_any_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < scenario_count(); i++) {
        struct reference reference;

        refer(&reference, scenario_at(i));
        for (unsigned call = 1; call <= reference.calls; call++)
            for (int after = 0; after < 2; after++) {
                struct disturbance disturbance = {.death_call = call,
                                                  .death_after_effect = after != 0};

                disturb(&reference, &disturbance, false);
            }
        text_finish(&reference.end);
    }
    assert_int_equal(losses, 0);
}

/* Kinds that lead to different ways on: read again, wait, give up until later. */
static const struct fake_failure second_faults[] = {
    {0, FAULT_LOST, true},
    {0, FAULT_500, false},
    {0, FAULT_ACCESS_DENIED, true},
};

static void each_pair(const struct reference *reference, unsigned first)
{
    for (unsigned second = first + 1; second <= reference->calls + 4; second++)
        for (size_t a = 0; a < COUNT(second_faults); a++)
            for (size_t b = 0; b < COUNT(second_faults); b++) {
                struct disturbance disturbance = {.failures = {second_faults[a], second_faults[b]}};

                disturbance.failures[0].call = first;
                disturbance.failures[1].call = second;
                disturb(reference, &disturbance, false);
            }
}

static void survives_two_failures_in_short_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < scenario_count(); i++) {
        struct reference reference;

        if (!scenario_at(i)->quick)
            continue;
        refer(&reference, scenario_at(i));
        for (unsigned first = 1; first <= reference.calls; first++)
            each_pair(&reference, first);
        text_finish(&reference.end);
    }
    assert_int_equal(losses, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_any_one_failure),
        cmocka_unit_test(survives_death_at_any_request),
        cmocka_unit_test(survives_two_failures_in_short_scenarios),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    printf("%zu scenarios, disturbed in %u ways\n", scenario_count(), runs);
    return failed;
}
