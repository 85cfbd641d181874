#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/memory.h"
#include "reconcilers/reasons.h"

static const char *reason_of(enum error_kind kind, const char *code, enum facet facet)
{
    struct error error = {0};

    error_set_code(&error, kind, code, "as AWS says");
    return reason_of_error(&error, facet);
}

static void what_aws_refuses_means_something_else_in_each_facet(void **state)
{
    static const struct {
        const char *code;
        enum facet facet;
        const char *reason;
    } cases[] = {
        {"MalformedPolicyDocument", FACET_ROLE, "MalformedPolicy"},
        {"LimitExceeded", FACET_ROLE, "PolicyTooLarge"},
        {"NoSuchEntity", FACET_ROLE, "RoleMissing"},
        {"EntityAlreadyExists", FACET_ROLE, "RoleNameTaken"},
        {"ResourceNotFoundException", FACET_ROLE, "ClusterNotFound"},
        {"ResourceNotFoundException", FACET_ASSOCIATION, "ClusterNotFound"},
        {"NoSuchEntity", FACET_ASSOCIATION, "RefusedByAWS"},
        {"AccessDenied", FACET_ROLE, "AccessDenied"},
        {"AccessDeniedException", FACET_ASSOCIATION, "AccessDenied"},
        {"InvalidClientTokenId", FACET_ROLE, "CredentialsInvalid"},
        {"SomethingNew", FACET_ROLE, "RefusedByAWS"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(reason_of(ERROR_REFUSED, cases[i].code, cases[i].facet),
                            cases[i].reason);
}

static void what_goes_by_itself_is_no_refusal(void **state)
{
    (void)state;
    assert_string_equal(reason_of(ERROR_THROTTLE, "Throttling", FACET_ROLE), "Throttled");
    assert_string_equal(reason_of(ERROR_RETRY, "ServiceFailure", FACET_ROLE), "AWSUnavailable");
    assert_string_equal(reason_of(ERROR_LOST, "", FACET_ASSOCIATION), "AWSUnavailable");
    assert_string_equal(reason_of(ERROR_RETRY, "NoSuchEntity", FACET_ROLE), "AWSUnavailable");
}

static void a_reason_of_ours_stays_whatever_the_kind(void **state)
{
    (void)state;
    assert_string_equal(reason_of(ERROR_REFUSED, "TrustInsufficient", FACET_ASSOCIATION),
                        "TrustInsufficient");
    assert_string_equal(reason_of(ERROR_RETRY, "WaitingForRole", FACET_ROLE), "WaitingForRole");
}

static void trouble_has_a_code_and_good_news_none(void **state)
{
    (void)state;
    assert_string_equal(reason_code("TrustInsufficient"), "D06-TRUST");
    assert_string_equal(reason_code("NotGranted"), "D03-GRANT");
    assert_null(reason_code("Ready"));
    assert_null(reason_code("PodsNotWatched"));
}

static void a_mend_is_a_sentence_or_nothing(void **state)
{
    (void)state;
    assert_string_equal(reason_mend("Throttled"), "It goes on by itself");
    assert_string_equal(reason_mend("NotGranted"), ""); /* its message says it already */
    assert_string_equal(reason_mend("Ready"), "");
}

static bool waits(enum error_kind kind, const char *code)
{
    struct error error = {0};

    error_set_code(&error, kind, code, "words");
    return reason_waits(&error);
}

static void only_the_gate_and_what_a_sweep_brings_wait_without_trying(void **state)
{
    (void)state;
    assert_true(waits(ERROR_REFUSED, "NotGranted"));
    assert_true(waits(ERROR_REFUSED, "NotYetSupported"));
    assert_true(waits(ERROR_REFUSED, "Conflict"));
    assert_true(waits(ERROR_REFUSED, "Suspended"));
    assert_true(waits(ERROR_RETRY, "RepairingDeleted"));
    assert_false(waits(ERROR_CONFLICT, "Conflict")); /* the API server's, not ours */
    assert_false(waits(ERROR_REFUSED, "RoleMissing"));
    assert_false(waits(ERROR_REFUSED, "DeletionHeld"));
    assert_false(waits(ERROR_RETRY, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_aws_refuses_means_something_else_in_each_facet),
        cmocka_unit_test(what_goes_by_itself_is_no_refusal),
        cmocka_unit_test(a_reason_of_ours_stays_whatever_the_kind),
        cmocka_unit_test(trouble_has_a_code_and_good_news_none),
        cmocka_unit_test(a_mend_is_a_sentence_or_nothing),
        cmocka_unit_test(only_the_gate_and_what_a_sweep_brings_wait_without_trying),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
