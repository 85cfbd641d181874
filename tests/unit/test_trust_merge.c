#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "reconcilers/trust.h"
#include "reconcilers/trust_merge.h"
#include "tests/unit/cart_subject.h"

#define V "\"Version\":\"2012-10-17\""
#define DOCUMENT(statement) "{" V ",\"Statement\":" statement "}"
/* Of others: text or list, numbers, escapes and elements that we do not know stay as they stand. */
#define THEIRS                                                                                     \
    "{ \"Sid\" : \"Them\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::1:root\"},"   \
    "\"Action\":\"sts:AssumeRole\",\"Condition\":{\"NumericLessThan\":{\"x\":3.10}},"              \
    "\"Odd\":\"br\\u0061ce } ] , \\\" {\" }"
#define DENY "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sts:*\"}"

static struct arena *arena;

static char sid[2][32];

static int set_up(void **state)
{
    char hash[TRUST_HASH_SIZE];

    (void)state;
    arena = arena_create(16 << 20);
    trust_hash(hash, CLUSTER_ARN, "shop", "cart");
    snprintf(sid[0], sizeof(sid[0]), "PodIdentity%s", hash);
    snprintf(sid[1], sizeof(sid[1]), "WebIdentity%s", hash);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

/* One statement of ours, as short as the test needs it. */
static const char *own(int which, const char *effect)
{
    return arena_printf(arena, "{\"Sid\":\"%s\",\"Effect\":\"%s\"}", sid[which], effect);
}

static const char *list(const char *statements)
{
    return arena_printf(arena, DOCUMENT("[%s]"), statements);
}

static void ours_is_added_behind_theirs_which_stand_as_they_stood(void **state)
{
    static const char *const documents[] = {
        DOCUMENT("[" THEIRS "," DENY "]"),
        " {\n\"Statement\" :\t[ " THEIRS " ,\n" DENY " ] , \"Id\":\"x\" } ",
        "{\"Id\":\"Statement\",\"Stat\\u0065ment\":[" THEIRS "," DENY "]}",
        "{\"Id\":{\"Statement\":[]},\"Statement\":[" THEIRS "," DENY "]}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        const char *ours = own(0, "Allow"), *at = strstr(documents[i], DENY) + strlen(DENY);
        const char *merged =
            trust_merge(arena, documents[i], list(ours), &cart_subject, &(struct error){0});
        const char *end = strchr(at, ']');

        assert_non_null(merged);
        assert_non_null(
            strstr(merged, arena_printf(arena, "[%s,%s,%s]%s", THEIRS, DENY, ours, end + 1)));
        assert_memory_equal(merged, documents[i],
                            (size_t)(strchr(documents[i], '{') - documents[i]));
    }
}

static void a_statement_alone_becomes_one_of_a_list(void **state)
{
    const char *merged = trust_merge(arena, DOCUMENT(THEIRS), list(own(0, "Allow")), &cart_subject,
                                     &(struct error){0});

    (void)state;
    assert_string_equal(merged, arena_printf(arena, DOCUMENT("[%s,%s]"), THEIRS, own(0, "Allow")));
}

static void ours_of_before_is_replaced_where_it_stood(void **state)
{
    const char *before =
        list(arena_printf(arena, DENY ",%s,%s," THEIRS, own(0, "Deny"), own(1, "Deny")));
    const char *merged =
        trust_merge(arena, before, list(own(0, "Allow")), &cart_subject, &(struct error){0});

    (void)state;
    assert_string_equal(merged, list(arena_printf(arena, DENY ",%s," THEIRS, own(0, "Allow"))));
    assert_string_equal(
        trust_merge(arena, merged, list(own(0, "Allow")), &cart_subject, &(struct error){0}),
        merged);
}

static void a_Sid_of_another_binding_is_not_ours(void **state)
{
    static const char *const sids[] = {"PodIdentity", "PodIdentityabcdefgh", "podidentity"};

    (void)state;
    for (size_t i = 0; i < COUNT(sids); i++) {
        const char *theirs = arena_printf(arena, "{\"Sid\":\"%s\",\"Effect\":\"Allow\"}", sids[i]);

        assert_non_null(strstr(trust_merge(arena, list(theirs), list(own(0, "Allow")),
                                           &cart_subject, &(struct error){0}),
                               theirs));
    }
}

static void an_old_version_stays(void **state)
{
    (void)state;
    assert_string_equal(trust_merge(arena, "{\"Statement\":[]}", list(own(0, "Allow")),
                                    &cart_subject, &(struct error){0}),
                        arena_printf(arena, "{\"Statement\":[%s]}", own(0, "Allow")));
}

static void what_cannot_be_read_is_refused(void **state)
{
    static const char *const documents[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{" V "}",
        DOCUMENT("\"x\""),
        DOCUMENT("7"),
        DOCUMENT("null"),
        DOCUMENT("[[]]"),
        DOCUMENT("[" THEIRS ",\"x\"]"),
        "{\"Statement\":[],\"Statement\":[]}",
        "{\"Statement\":[],\"Stat\\u0065ment\":[]}",
        DOCUMENT("[{\"Sid\":\"a\",\"Sid\":\"b\"}]"),
        DOCUMENT("[]") "x",
        DOCUMENT("[{\"x\":\"\\u0000\"}]"),
        DOCUMENT("[{\"x\":123456789012345678901234567890}]"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        struct error error = {0};

        if (trust_merge(arena, documents[i], list(own(0, "Allow")), &cart_subject, &error))
            fail_msg("merged into %s", documents[i]);
        assert_string_equal(error.code, "TrustUnknown");
        assert_int_equal(error.kind, ERROR_REFUSED);
    }
}

static void every_cut_of_a_document_is_refused_and_none_is_read_past_its_end(void **state)
{
    const char *whole = DOCUMENT("[" THEIRS "," DENY "]");

    (void)state;
    for (size_t length = 0; length < strlen(whole); length++) {
        AUTO_FREE char *part = memory_text(whole, length);
        struct error error = {0};

        assert_null(trust_merge(arena, part, list(own(0, "Allow")), &cart_subject, &error));
    }
}

static void over_the_quota_it_says_both_sizes(void **state)
{
    struct error error = {0};
    char padding[2048];

    (void)state;
    memset(padding, 'x', sizeof(padding) - 1);
    padding[sizeof(padding) - 1] = '\0';
    assert_null(trust_merge(arena, list(arena_printf(arena, "{\"Sid\":\"%s\"}", padding)),
                            list(own(0, "Allow")), &cart_subject, &error));
    assert_string_equal(error.code, "TrustTooLarge");
    assert_non_null(strstr(error.text, "2048"));
    /* White space does not count. */
    memset(padding, ' ', sizeof(padding) - 1);
    assert_non_null(trust_merge(arena, list(arena_printf(arena, "{%s}", padding)),
                                list(own(0, "Allow")), &cart_subject, &error));
}

static void what_was_lost_comes_back_and_what_is_there_stays(void **state)
{
    const char *before = list(arena_printf(arena, THEIRS "," DENY ",%s", own(0, "Deny")));
    const char *now = list(arena_printf(arena, "%s," DENY, own(0, "Allow")));
    const char *restored = trust_restore(arena, now, before, &cart_subject);

    (void)state;
    assert_string_equal(restored,
                        list(arena_printf(arena, "%s," DENY "," THEIRS, own(0, "Allow"))));
    assert_ptr_equal(trust_restore(arena, restored, before, &cart_subject), restored);
}

static void another_text_of_the_same_meaning_is_not_lost(void **state)
{
    const char *before =
        DOCUMENT("{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":[\"a:b\"]}");
    const char *now = DOCUMENT("[{\"Action\":\"A:B\",\"Principal\":\"*\",\"Effect\":\"Allow\"}]");

    (void)state;
    assert_ptr_equal(trust_restore(arena, now, before, &cart_subject), now);
    assert_ptr_equal(trust_restore(arena, "{", before, &cart_subject), "{");
    assert_ptr_equal(trust_restore(arena, now, "{", &cart_subject), now);
}

static void own_statements_are_told_apart_by_their_way(void **state)
{
    struct trust_subject web = cart_subject;

    (void)state;
    web.provider_arn = "arn:aws:iam::123456789012:oidc-provider/x";
    assert_true(trust_has_own(list(own(0, "Allow")), &cart_subject));
    assert_false(trust_has_own(list(own(0, "Allow")), &web));
    assert_true(trust_has_own(list(own(1, "Allow")), &web));
    assert_false(trust_has_own("{", &cart_subject));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_is_added_behind_theirs_which_stand_as_they_stood),
        cmocka_unit_test(a_statement_alone_becomes_one_of_a_list),
        cmocka_unit_test(ours_of_before_is_replaced_where_it_stood),
        cmocka_unit_test(a_Sid_of_another_binding_is_not_ours),
        cmocka_unit_test(an_old_version_stays),
        cmocka_unit_test(what_cannot_be_read_is_refused),
        cmocka_unit_test(every_cut_of_a_document_is_refused_and_none_is_read_past_its_end),
        cmocka_unit_test(over_the_quota_it_says_both_sizes),
        cmocka_unit_test(what_was_lost_comes_back_and_what_is_there_stays),
        cmocka_unit_test(another_text_of_the_same_meaning_is_not_lost),
        cmocka_unit_test(own_statements_are_told_apart_by_their_way),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
