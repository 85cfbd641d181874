/*
 * The statement that we write admits what its trustScope says, and no more; each condition of
 * --trust-conditions takes away from that exactly what does not meet it. Requests are random, and
 * who is let in is decided by the evaluator and by the rules in so many words: design 6.1.
 *
 * PROPERTY_DOCUMENTS and PROPERTY_SEED as in test_property.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/form.h"
#include "reconcilers/trust.h"
#include "tests/property/cases.h"
#include "tests/property/evaluator.h"
#include "tests/property/generator.h"

enum { REQUESTS = 64, CONDITIONS_MAX = 3, TEXT_SIZE = 400 };

/* Anybody's request, also a session's of an association whose tags are switched on or off. It
 * borrows from world. */
static void ask(struct request_context *request, struct random *random, struct world *world)
{
    bool session_tags = world->session_tags;

    world->session_tags = random_chance(random, 80);
    request_of_anybody(request, random, world, DOCUMENT_TRUST);
    world->session_tags = session_tags;
}

static bool key_is(const struct request_context *request, const char *name, const char *value)
{
    const struct request_key *key = request_key_find(request, name);

    return key && !strcmp(key->values[0], value);
}

/* Design rule 6.1 in so many words. */
static bool within_scope(const struct request_context *request, const struct world *world,
                         enum trust_scope scope)
{
    bool cluster = key_is(request, "aws:SourceArn", world->cluster_arn);
    bool account = key_is(request, "aws:SourceAccount", world->account);
    bool workload =
        key_is(request, "aws:RequestTag/eks-cluster-arn", world->cluster_arn) &&
        key_is(request, "aws:RequestTag/kubernetes-namespace", world->namespace_name) &&
        key_is(request, "aws:RequestTag/kubernetes-service-account", world->service_account);

    if (request->kind != PRINCIPAL_SERVICE ||
        strcmp(request->principal, "pods.eks.amazonaws.com") != 0)
        return false;
    if (strcmp(request->action, "sts:AssumeRole") != 0 &&
        strcmp(request->action, "sts:TagSession") != 0)
        return false;
    return account && (scope == TRUST_ACCOUNT || cluster) &&
           (scope != TRUST_SERVICE_ACCOUNT || !world->session_tags || workload);
}

static void our_statement_admits_its_scope_alone(void **state)
{
    unsigned long admitted = 0, refused = 0;

    (void)state;
    for (unsigned long nth = 0; nth < documents_count / 10; nth++) {
        struct random random = random_for(5, nth);
        enum trust_scope scope = (enum trust_scope)random_below(&random, 3);
        struct evaluated_document document;
        struct trust_subject subject;
        struct world world;
        const char *text;

        world_make(&world, &random);
        subject = subject_in(&world);
        text = trust_document(arena, &subject, scope);
        evaluator_load(&document, text, DOCUMENT_TRUST);
        assert_true(document.sound);
        for (int i = 0; i < REQUESTS; i++) {
            struct request_context request;
            enum answer wish;

            ask(&request, &random, &world);
            wish = answer_of(within_scope(&request, &world, scope));
            admitted += wish == ANSWER_YES;
            refused += wish == ANSWER_NO;
            if (evaluator_admits(&document, &request) != wish)
                fail_msg("nth %lu: scope %d should %sadmit:\n%s", nth, (int)scope,
                         wish == ANSWER_YES ? "" : "not ", text);
        }
        evaluator_release(&document);
        arena_reset(arena);
    }
    printf("  %lu requests admitted, %lu refused\n", admitted, refused);
    assert_true(admitted && refused);
}

/* --trust-conditions ------------------------------------------------------------------------- */

/* Keys that requests have, some with another case; those of our own statement, which nobody may
 * write; and values with and without wildcards. */
static const char *const condition_keys[] = {
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:PrincipalTag/team",
    "sts:RoleSessionName",
    "aws:sourceorgid",
    "aws:PrincipalArn",
    "aws:SourceAccount",
    "AWS:SourceAccount",
    "aws:SourceArn",
    "aws:sourcearn",
    "aws:RequestTag/kubernetes-namespace",
    "aws:requesttag/other",
};
static const char *const condition_values[] = {
    "o-a1b2c3",
    "o-*",
    "*",
    "shop",
    "sh?p",
    "O-A1B2C3",
    "eks-prod-*",
    "111122223333",
    "arn:aws:*",
    "o-a1b2c3/r-1/*",
    "${aws:SourceOrgID}",
};

struct further {
    const char *keys[CONDITIONS_MAX], *values[CONDITIONS_MAX];
    size_t count;
    char text[TEXT_SIZE];
};

static void further_make(struct further *further, struct random *random)
{
    size_t length = 0;

    *further = (struct further){.count = 1 + random_below(random, CONDITIONS_MAX)};
    for (size_t i = 0; i < further->count; i++) {
        further->keys[i] = RANDOM_PICK(random, condition_keys);
        further->values[i] = RANDOM_PICK(random, condition_values);
        length += (size_t)snprintf(further->text + length, sizeof(further->text) - length,
                                   "%s%s=%s", i ? "," : "", further->keys[i], further->values[i]);
    }
    assert_true(length < sizeof(further->text));
}

/* Some value of the key is as written: * and ? stand for what they may, a case is a case. */
static enum answer holds(const char *key, const char *value, const struct request_context *request)
{
    const struct request_key *found = request_key_find(request, key);
    enum answer answer = ANSWER_NO;

    for (size_t i = 0; found && i < found->count; i++)
        answer = answer_or(answer, match_text(strpbrk(value, "*?") ? MATCH_LIKE : MATCH_EXACT,
                                              value, found->values[i], request, true));
    return answer;
}

static enum answer all_hold(const struct further *further, const struct request_context *request)
{
    enum answer answer = ANSWER_YES;

    for (size_t i = 0; i < further->count; i++)
        answer = answer_and(answer, holds(further->keys[i], further->values[i], request));
    return answer;
}

/* The only key of many values that a trust policy may ask for. */
static void add_paths(struct request_context *request, struct random *random)
{
    if (random_chance(random, 60))
        request->keys[request->count++] = (struct request_key){
            .name = "aws:SourceOrgPaths",
            .values = {"o-other/r-1/", random_chance(random, 50) ? "o-a1b2c3/r-1/ou-1/" : "shop"},
            .count = 2,
            .many = true};
}

struct tally {
    unsigned long admitted, narrowed, refused;
};

static void ask_both(unsigned long nth, struct random *random, struct world *world,
                     enum trust_scope scope, const struct further *further,
                     const struct evaluated_document *with, struct tally *tally)
{
    for (int i = 0; i < REQUESTS; i++) {
        struct request_context request;
        enum answer wish, without;

        ask(&request, random, world);
        add_paths(&request, random);
        without = answer_of(within_scope(&request, world, scope));
        wish = answer_and(without, all_hold(further, &request));
        tally->admitted += wish == ANSWER_YES;
        tally->narrowed += wish == ANSWER_NO && without == ANSWER_YES;
        if (evaluator_admits(with, &request) != wish)
            fail_msg("nth %lu: scope %d with %s should %sadmit", nth, (int)scope, further->text,
                     wish == ANSWER_YES ? "" : "not ");
    }
}

static void further_conditions_take_away_what_does_not_meet_them_and_add_nothing(void **state)
{
    struct tally tally = {0};

    (void)state;
    for (unsigned long nth = 0; nth < documents_count / 10; nth++) {
        struct random random = random_for(8, nth);
        enum trust_scope scope = (enum trust_scope)random_below(&random, 3);
        struct evaluated_document with;
        struct trust_subject subject;
        struct further further;
        struct error error = {0};
        struct world world;

        world_make(&world, &random);
        further_make(&further, &random);
        if (!form_trust_conditions(further.text, &error)) {
            tally.refused++; /* the program does not start with it */
            continue;
        }
        subject = subject_in(&world);
        subject.conditions = further.text;
        evaluator_load(&with, trust_document(arena, &subject, scope), DOCUMENT_TRUST);
        assert_true(with.sound);
        ask_both(nth, &random, &world, scope, &further, &with, &tally);
        evaluator_release(&with);
        arena_reset(arena);
    }
    printf("  %lu requests admitted, %lu by the scope alone; %lu settings were refused\n",
           tally.admitted, tally.narrowed, tally.refused);
    assert_true(tally.admitted && tally.narrowed && tally.refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_statement_admits_its_scope_alone),
        cmocka_unit_test(further_conditions_take_away_what_does_not_meet_them_and_add_nothing),
    };

    return cmocka_run_group_tests(tests, cases_begin, cases_end);
}
