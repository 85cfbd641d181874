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
#include "reconcilers/difference.h"
#include "reconcilers/policy.h"
#include "reconcilers/trust.h"
#include "tests/property/cases.h"
#include "tests/property/evaluator.h"
#include "tests/property/generator.h"
#include "tests/property/roles.h"

enum { REQUESTS = 16, SESSIONS = 10 };

static unsigned long documents_made;
static struct forms forms;

/* Bytes that make up one case; released together. */
struct specimen {
    struct world world;
    json_t *tree;
    char *text;
    struct evaluated_document document;
};

static void specimen_finish(struct specimen *specimen)
{
    evaluator_release(&specimen->document);
    free(specimen->text);
    json_decref(specimen->tree);
}

/* Takes over tree. */
static void specimen_print(struct specimen *specimen, struct random *random, json_t *tree,
                           enum document_kind kind, bool loose)
{
    specimen->tree = tree;
    specimen->text = generator_print(random, tree, loose);
    evaluator_load(&specimen->document, specimen->text, kind);
}

static void specimen_make(struct specimen *specimen, struct random *random, enum document_kind kind,
                          bool odd)
{
    world_make(&specimen->world, random);
    documents_made++;
    specimen_print(specimen, random,
                   generator_document(random, &specimen->world, kind, odd, &forms), kind, false);
}

/* What difference_role says of a role that has one document and should have another. */
static bool differs(enum document_kind kind, const char *wish, const char *fact)
{
    const struct iam_policy wished = {"Policy1", wish}, had = {"Policy1", fact};
    struct want want = {.managed = true, .role_name = "r", .trust = "{}", .description = ""};
    struct iam_role_detail have = {.role = {.name = "r", .trust = "{}", .description = ""}};
    struct difference difference = {0};

    if (kind == DOCUMENT_TRUST) {
        want.trust = wish;
        have.role.trust = fact;
    } else {
        want.inline_policies = &wished;
        have.inline_policies = &had;
        want.inline_count = have.inline_count = 1;
    }
    difference_role(&difference, arena, &want, &have);
    return !difference_empty(&difference);
}

/* A request that one document lets through, or denies, and the other does not. */
static bool told_apart(const struct evaluated_document *a, const struct evaluated_document *b,
                       struct random *random, const struct world *world, bool doubt_too)
{
    for (int i = 0; i < REQUESTS; i++) {
        struct request_context request;
        struct decision one, other;

        if (i % 4 == 0 && a->kind == DOCUMENT_TRUST)
            request_of_session(&request, random, world,
                               i % 8 ? "sts:TagSession" : "sts:AssumeRole");
        else
            request_of_anybody(&request, random, world, a->kind);
        one = evaluator_decide(a, &request);
        other = evaluator_decide(b, &request);
        if (one.allowed + other.allowed == ANSWER_YES && one.allowed != other.allowed)
            return true;
        if (one.denied + other.denied == ANSWER_YES && one.denied != other.denied)
            return true;
        if (doubt_too && (one.allowed != other.allowed || one.denied != other.denied))
            return true;
    }
    return false;
}

static enum document_kind kind_of(unsigned long nth)
{
    return nth % 2 ? DOCUMENT_PERMISSION : DOCUMENT_TRUST;
}

static void equal_meanings_are_no_difference(void **state)
{
    (void)state;
    for (unsigned long nth = 0; nth < documents_count; nth++) {
        struct random random = random_for(1, nth);
        struct specimen one, other;
        struct error error = {0};

        specimen_make(&one, &random, kind_of(nth), false);
        specimen_print(&other, &random, rewriting_of(&random, one.tree, &forms), kind_of(nth),
                       true);
        if (!one.document.sound || !other.document.sound)
            fail_msg("nth %lu: made what IAM refuses:\n%s\n%s", nth, one.text, other.text);
        if (told_apart(&one.document, &other.document, &random, &one.world, true))
            fail_msg("nth %lu: the rewriting means something else:\n%s\n%s", nth, one.text,
                     other.text);
        if (!policy_check(one.text, POLICY_INLINE_MAX, &error) ||
            !policy_check(other.text, POLICY_INLINE_MAX, &error))
            fail_msg("nth %lu: %s:\n%s\n%s", nth, error.text, one.text, other.text);
        if (differs(kind_of(nth), one.text, other.text))
            fail_msg("nth %lu: equal meanings differ:\n%s\n%s", nth, one.text, other.text);
        specimen_finish(&one);
        specimen_finish(&other);
        arena_reset(arena);
    }
}

static void other_meanings_are_a_difference(void **state)
{
    unsigned long other_meaning = 0, refused = 0;

    (void)state;
    for (unsigned long nth = 0; nth < documents_count; nth++) {
        struct random random = random_for(2, nth);
        struct specimen one, other;
        bool apart;

        specimen_make(&one, &random, kind_of(nth), false);
        specimen_print(&other, &random, mutation_of(&random, one.tree), kind_of(nth), true);
        apart = other.document.sound &&
                told_apart(&one.document, &other.document, &random, &one.world, false);
        other_meaning += apart;
        refused += !other.document.sound;
        if ((apart || !other.document.sound) && !differs(kind_of(nth), one.text, other.text))
            fail_msg("nth %lu: other meanings are taken for equal:\n%s\n%s", nth, one.text,
                     other.text);
        specimen_finish(&one);
        specimen_finish(&other);
        arena_reset(arena);
    }
    printf("  %lu mutations meant something else, %lu were no policies\n", other_meaning, refused);
    assert_true(other_meaning && refused);
}

static void a_repeated_key_is_never_equal_to_a_policy(void **state)
{
    (void)state;
    for (unsigned long nth = 0; nth < documents_count / 10; nth++) {
        struct random random = random_for(3, nth);
        struct specimen one;
        char *twice;

        specimen_make(&one, &random, kind_of(nth), false);
        twice = generator_print_duplicate(&random, one.tree, &forms);
        if (!differs(kind_of(nth), one.text, twice))
            fail_msg("nth %lu: taken for equal:\n%s\n%s", nth, one.text, twice);
        free(twice);
        specimen_finish(&one);
        arena_reset(arena);
    }
}

/* Both actions of a session, over what the association does not determine: the worst and the best
 * answer. */
static void session_answers(const struct evaluated_document *document, struct random *random,
                            const struct world *world, enum answer *worst, enum answer *best)
{
    *worst = ANSWER_YES;
    *best = ANSWER_NO;
    for (int i = 0; i < SESSIONS; i++) {
        struct request_context request;
        enum answer admits;

        request_of_session(&request, random, world, "sts:AssumeRole");
        admits = evaluator_admits(document, &request);
        request.action = "sts:TagSession";
        if (world->session_tags)
            admits = answer_and(admits, evaluator_admits(document, &request));
        *worst = answer_and(*worst, admits);
        *best = answer_or(*best, admits);
    }
}

static void a_judgement_never_contradicts_iam(void **state)
{
    unsigned long table[3][3] = {{0}};

    (void)state;
    for (unsigned long nth = 0; nth < documents_count; nth++) {
        struct random random = random_for(4, nth);
        struct specimen one;
        struct trust_subject subject;
        struct trust_judgement judgement;
        enum answer worst, best;

        specimen_make(&one, &random, DOCUMENT_TRUST, nth % 8 == 0);
        if (nth % 16 == 1) {
            free(one.text);
            one.text = generator_print_duplicate(&random, one.tree, &forms);
            evaluator_release(&one.document);
            evaluator_load(&one.document, one.text, DOCUMENT_TRUST);
        }
        subject = subject_in(&one.world);
        judgement = trust_judge(arena, one.text, &subject);
        session_answers(&one.document, &random, &one.world, &worst, &best);
        table[judgement.verdict][worst == ANSWER_YES ? 0 : best == ANSWER_NO ? 1 : 2]++;
        if (judgement.verdict == TRUST_ADMITS && worst != ANSWER_YES)
            fail_msg("nth %lu: judged sufficient (%s), but IAM says %s:\n%s\nfor %s %s/%s tags %d",
                     nth, judgement.why, worst == ANSWER_NO ? "no" : "perhaps", one.text,
                     subject.cluster_arn, subject.namespace_name, subject.service_account,
                     subject.session_tags);
        if (judgement.verdict == TRUST_REFUSES && one.document.sound && best != ANSWER_NO)
            fail_msg(
                "nth %lu: judged insufficient (%s), but IAM says %s:\n%s\nfor %s %s/%s tags %d",
                nth, judgement.why, best == ANSWER_YES ? "yes" : "perhaps", one.text,
                subject.cluster_arn, subject.namespace_name, subject.service_account,
                subject.session_tags);
        specimen_finish(&one);
        arena_reset(arena);
    }
    printf("  IAM says          yes      no  depends\n");
    for (int verdict = 0; verdict < 3; verdict++)
        printf("  judged %-8s %7lu %7lu %7lu\n",
               (const char *[]){"admits", "refuses", "unknown"}[verdict], table[verdict][0],
               table[verdict][1], table[verdict][2]);
    assert_true(table[TRUST_ADMITS][0] && table[TRUST_REFUSES][1] && table[TRUST_UNKNOWN][2]);
}

/* What is there means what was wished; documents are asked, not compared. */
static void check_document(unsigned long nth, const char *wish, const char *fact,
                           enum document_kind kind, struct random *random,
                           const struct world *world)
{
    struct evaluated_document wished, had;

    evaluator_load(&wished, wish, kind);
    evaluator_load(&had, fact, kind);
    if (!wished.sound || !had.sound || told_apart(&wished, &had, random, world, true))
        fail_msg("nth %lu: after all changes it means something else:\n%s\n%s", nth, wish, fact);
    evaluator_release(&wished);
    evaluator_release(&had);
}

static bool only_denies(const char *document)
{
    json_t *tree = json_loads(document, 0, NULL), *list = json_object_get(tree, "Statement");
    json_t *statement;
    bool all = true;
    size_t i;

    if (json_is_object(list))
        all = !strcmp(json_string_value(json_object_get(list, "Effect")), "Deny");
    json_array_foreach(list, i, statement)
    {
        all = all && !strcmp(json_string_value(json_object_get(statement, "Effect")), "Deny");
    }
    json_decref(tree);
    return all;
}

static const char *document_named(const struct iam_policy *policies, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(policies[i].name, name))
            return policies[i].document;
    }
    return NULL;
}

static bool lists(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(names[i], name))
            return true;
    }
    return false;
}

static void check_policies(unsigned long nth, const struct role_pair *pair, struct random *random,
                           const struct difference *told)
{
    const struct iam_role_detail *have = &pair->have;
    const struct want *want = &pair->want;

    for (size_t i = 0; i < want->inline_count; i++) {
        const struct iam_policy *wish = &want->inline_policies[i];
        const char *fact = document_named(have->inline_policies, have->inline_count, wish->name);

        assert_non_null(fact);
        check_document(nth, wish->document, fact, DOCUMENT_PERMISSION, random, &pair->world);
    }
    for (size_t i = 0; i < have->inline_count; i++) {
        const struct iam_policy *fact = &have->inline_policies[i];

        if (document_named(want->inline_policies, want->inline_count, fact->name))
            continue;
        if (!only_denies(fact->document) ||
            !lists(told->foreign_denies, told->foreign_denies_count, fact->name))
            fail_msg("nth %lu: left untold: %s", nth, fact->document);
    }
    for (size_t i = 0; i < told->policies_deleted_count; i++)
        assert_false(
            lists(told->foreign_denies, told->foreign_denies_count, told->policies_deleted[i]));
    assert_int_equal(have->attached_count, want->attached_count);
    for (size_t i = 0; i < want->attached_count; i++)
        assert_true(lists(have->attached_arns, have->attached_count, want->attached_arns[i]));
}

static void check_role(unsigned long nth, const struct role_pair *pair, struct random *random,
                       const struct difference *told)
{
    const struct iam_role *role = &pair->have.role;
    const struct want *want = &pair->want;
    size_t others = 0;

    check_document(nth, want->trust, role->trust, DOCUMENT_TRUST, random, &pair->world);
    for (size_t i = 0; i < want->tags.count; i++) {
        const char *value = aws_tags_get(&role->tags, want->tags.items[i].key);

        if (!value || strcmp(value, want->tags.items[i].value) != 0)
            fail_msg("nth %lu: tag %s", nth, want->tags.items[i].key);
    }
    for (size_t i = 0; i < told->tags_removed_count; i++)
        assert_int_not_equal(strncmp(told->tags_removed[i], "aws:", 4), 0);
    for (size_t i = 0; i < role->tags.count; i++)
        others += !strncmp(role->tags.items[i].key, "aws:", 4);
    assert_int_equal(role->tags.count - others, want->tags.count);
    if (want->boundary_arn)
        assert_string_equal(role->boundary_arn, want->boundary_arn);
    assert_string_equal(role->description, want->description);
    assert_int_equal(role->max_session_s, want->max_session_s);
}

/* What others only deny with stays: the difference has to tell it, not to take it away. */
static size_t denies_of_others(const struct role_pair *pair)
{
    size_t count = 0;

    for (size_t i = 0; i < pair->have.inline_count; i++) {
        const struct iam_policy *fact = &pair->have.inline_policies[i];

        count += !document_named(pair->want.inline_policies, pair->want.inline_count, fact->name) &&
                 only_denies(fact->document);
    }
    return count;
}

static void applying_the_difference_gives_the_wish(void **state)
{
    unsigned long changed = 0, denials = 0;

    (void)state;
    for (unsigned long nth = 0; nth < documents_count / 10; nth++) {
        struct random random = random_for(6, nth);
        struct difference difference, left;
        struct role_pair pair;
        size_t denies;

        role_pair_make(&pair, arena, &random, false, &forms);
        documents_made += 1 + pair.want.inline_count;
        denies = denies_of_others(&pair);
        difference_role(&difference, arena, &pair.want, &pair.have);
        changed += !difference_empty(&difference);
        denials += denies;
        if (!difference_empty(&difference))
            role_apply(&pair.have, arena, &pair.want, &difference);
        check_role(nth, &pair, &random, &difference);
        check_policies(nth, &pair, &random, &difference);
        assert_int_equal(denies_of_others(&pair), denies);
        difference_role(&left, arena, &pair.want, &pair.have);
        if (!difference_empty(&left))
            fail_msg("nth %lu: something is left: %s", nth, difference_describe(arena, &left)[0]);
        arena_reset(arena);
    }
    printf("  %lu roles differed, %lu policies of others only denied\n", changed, denials);
    assert_true(changed && denials);
}

static void a_role_in_other_words_is_no_difference_and_has_its_digest(void **state)
{
    (void)state;
    for (unsigned long nth = 0; nth < documents_count / 10; nth++) {
        struct random random = random_for(7, nth);
        char wished[DIGEST_SIZE], had[DIGEST_SIZE];
        struct difference difference;
        struct role_pair pair;

        role_pair_make(&pair, arena, &random, true, &forms);
        documents_made += 1 + pair.want.inline_count;
        difference_role(&difference, arena, &pair.want, &pair.have);
        difference_wish_digest(wished, arena, &pair.want);
        difference_digest(had, arena, &pair.have);
        if (!difference_empty(&difference))
            fail_msg("nth %lu: it differs: %s", nth, difference_describe(arena, &difference)[0]);
        if (strcmp(wished, had) != 0)
            fail_msg("nth %lu: the digests differ:\n%s\n%s", nth, pair.want.trust,
                     pair.have.role.trust);
        arena_reset(arena);
    }
}

static void every_form_was_made(void **state)
{
    (void)state;
    printf("  %lu documents of seed %llu:\n", documents_made, (unsigned long long)cases_seed);
    assert_true(forms_print(&forms, stdout));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_meanings_are_no_difference),
        cmocka_unit_test(other_meanings_are_a_difference),
        cmocka_unit_test(a_repeated_key_is_never_equal_to_a_policy),
        cmocka_unit_test(a_judgement_never_contradicts_iam),
        cmocka_unit_test(applying_the_difference_gives_the_wish),
        cmocka_unit_test(a_role_in_other_words_is_no_difference_and_has_its_digest),
        cmocka_unit_test(every_form_was_made),
    };

    return cmocka_run_group_tests(tests, cases_begin, cases_end);
}
