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
#include "base/memory.h"
#include "reconcilers/policy.h"
#include "reconcilers/trust.h"
#include "reconcilers/trust_merge.h"
#include "tests/property/cases.h"
#include "tests/property/evaluator.h"
#include "tests/property/generator.h"

/*
 * Statements of others in a trust policy survive the merge with ours, and what somebody's write
 * lost comes back: judged by an evaluator that knows neither. Each document is asked many requests
 * before and after. The merge has TIMES as many documents as other properties.
 */
enum { REQUESTS = 8, TIMES = 4 };

static struct forms forms;

struct specimen {
    struct random random;
    struct world world;
    struct trust_subject subject;
    char sids[2][32];
    json_t *tree; /* with statements under our Sids here and there */
    char *text;
};

static bool is_own(const struct specimen *specimen, const json_t *statement)
{
    const char *sid = json_string_value(json_object_get(statement, "Sid"));

    return sid && (!strcmp(sid, specimen->sids[0]) || !strcmp(sid, specimen->sids[1]));
}

/* Some statements of the document are of ours from before, and some have a Sid like it. */
static void name_statements(struct specimen *specimen)
{
    json_t *list = json_object_get(specimen->tree, "Statement"), *statement;
    bool used[2] = {false, false};
    size_t i;

    if (json_is_object(list)) {
        if (random_chance(&specimen->random, 20))
            json_object_set_new(list, "Sid", json_string(specimen->sids[0]));
        return;
    }
    json_array_foreach(list, i, statement)
    {
        size_t which = random_below(&specimen->random, 6);

        if (which < 2 && !used[which])
            json_object_set_new(statement, "Sid", json_string(specimen->sids[which]));
        else if (which == 2)
            json_object_set_new(statement, "Sid",
                                json_sprintf("PodIdentity%zu%s", i, specimen->sids[0] + 11));
        if (which < 2)
            used[which] = true;
    }
}

static void specimen_make(struct specimen *specimen, unsigned property, unsigned long nth)
{
    char hash[TRUST_HASH_SIZE];

    specimen->random = random_for(property, nth);
    world_make(&specimen->world, &specimen->random);
    specimen->subject = subject_in(&specimen->world);
    trust_hash(hash, specimen->subject.cluster_arn, specimen->subject.namespace_name,
               specimen->subject.service_account);
    snprintf(specimen->sids[0], sizeof(specimen->sids[0]), "PodIdentity%s", hash);
    snprintf(specimen->sids[1], sizeof(specimen->sids[1]), "WebIdentity%s", hash);
    specimen->tree =
        generator_document(&specimen->random, &specimen->world, DOCUMENT_TRUST, false, &forms);
    name_statements(specimen);
    specimen->text = generator_print(&specimen->random, specimen->tree, true);
}

static void specimen_finish(struct specimen *specimen)
{
    free(specimen->text);
    json_decref(specimen->tree);
    arena_reset(arena);
}

/* The document without our statements, as text; NULL when none is left. */
static const char *without_own(const struct specimen *specimen, const json_t *tree)
{
    json_t *copy = json_deep_copy(tree), *list = json_object_get(copy, "Statement");
    const char *kept = NULL;
    char *text;

    if (json_is_object(list)) {
        list = json_pack("[O]", list);
        json_object_set_new(copy, "Statement", list);
    }
    for (size_t i = json_array_size(list); i-- > 0;)
        if (is_own(specimen, json_array_get(list, i)))
            json_array_remove(list, i);
    if (json_array_size(list) > 0) {
        text = json_dumps(copy, 0);
        kept = arena_string(arena, text);
        free(text);
    }
    json_decref(copy);
    return kept;
}

/* NULL: no document, which lets nobody in and keeps nobody out. */
static void load(struct evaluated_document *document, unsigned long nth, const char *text)
{
    *document = (struct evaluated_document){0};
    if (!text)
        return;
    evaluator_load(document, text, DOCUMENT_TRUST);
    if (!document->sound)
        fail_msg("nth %lu: IAM would refuse it:\n%s", nth, text);
}

static struct decision decide(const struct evaluated_document *document,
                              const struct request_context *request)
{
    return document->root ? evaluator_decide(document, request)
                          : (struct decision){ANSWER_NO, ANSWER_NO};
}

/* Every other request is the session's own. */
static void ask(struct request_context *request, struct specimen *specimen, int nth)
{
    if (nth % 2 == 0)
        request_of_session(request, &specimen->random, &specimen->world,
                           nth % 4 ? "sts:TagSession" : "sts:AssumeRole");
    else
        request_of_anybody(request, &specimen->random, &specimen->world, DOCUMENT_TRUST);
}

/* The whole says to every request what its two parts say together. */
static void assert_both(struct specimen *specimen, unsigned long nth, const char *whole,
                        const char *one, const char *other)
{
    const char *const texts[] = {whole, one, other};
    struct evaluated_document documents[3];

    for (int i = 0; i < 3; i++)
        load(&documents[i], nth, texts[i]);
    for (int i = 0; i < REQUESTS; i++) {
        struct request_context request;
        struct decision all, a, b;

        ask(&request, specimen, i);
        all = decide(&documents[0], &request);
        a = decide(&documents[1], &request);
        b = decide(&documents[2], &request);
        if (all.allowed != answer_or(a.allowed, b.allowed) ||
            all.denied != answer_or(a.denied, b.denied))
            fail_msg("nth %lu: %s\nis not both:\n%s\n%s", nth, whole, one ? one : "nothing",
                     other ? other : "nothing");
    }
    for (int i = 0; i < 3; i++)
        evaluator_release(&documents[i]);
}

static void statements_of_others_survive_the_merge(void **state)
{
    unsigned long merged_count = 0, too_large = 0;

    (void)state;
    for (unsigned long nth = 0; nth < documents_count * TIMES; nth++) {
        struct specimen specimen;
        struct error error = {0};
        const char *ours, *merged;

        specimen_make(&specimen, 8, nth);
        ours = trust_document(arena, &specimen.subject,
                              (enum trust_scope)random_below(&specimen.random, 3));
        merged = trust_merge(arena, specimen.text, ours, &specimen.subject, &error);
        if (merged) {
            assert_both(&specimen, nth, merged, without_own(&specimen, specimen.tree), ours);
            merged_count++;
        } else {
            if (strcmp(error.code, "TrustTooLarge") != 0)
                fail_msg("nth %lu: %s: %s", nth, error.text, specimen.text);
            too_large++;
        }
        specimen_finish(&specimen);
    }
    printf("  %lu documents merged, %lu were too large\n", merged_count, too_large);
    assert_true(merged_count > too_large);
}

/* What somebody wrote over ours: some statements are not there any more. */
static json_t *with_losses(struct specimen *specimen)
{
    json_t *now = json_deep_copy(specimen->tree), *list = json_object_get(now, "Statement");

    if (!json_is_array(list)) {
        json_object_set_new(now, "Statement", json_array());
        return now;
    }
    for (size_t i = json_array_size(list); i-- > 0;)
        if (random_chance(&specimen->random, 40))
            json_array_remove(list, i);
    return now;
}

static void what_a_write_of_others_lost_comes_back(void **state)
{
    unsigned long restored_count = 0;

    (void)state;
    for (unsigned long nth = 0; nth < documents_count; nth++) {
        struct specimen specimen;
        const char *restored, *present;
        json_t *now;
        char *text;

        specimen_make(&specimen, 9, nth);
        now = with_losses(&specimen);
        text = generator_print(&specimen.random, now, true);
        restored = trust_restore(arena, text, specimen.text, &specimen.subject);
        present = json_array_size(json_object_get(now, "Statement")) > 0 ? text : NULL;
        if (restored != text || present)
            assert_both(&specimen, nth, restored, without_own(&specimen, specimen.tree), present);
        restored_count += restored != text;
        free(text);
        json_decref(now);
        specimen_finish(&specimen);
    }
    printf("  %lu documents had lost something\n", restored_count);
    assert_true(restored_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_of_others_survive_the_merge),
        cmocka_unit_test(what_a_write_of_others_lost_comes_back),
    };

    return cmocka_run_group_tests(tests, cases_begin, cases_end);
}
