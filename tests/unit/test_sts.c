#include "tests/unit/aws_replies.h"

#include "aws/sts.h"

static void asks_who_we_are(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    struct request request;

    (void)state;
    sts_get_caller_identity(arena, &request);
    assert_int_equal(request.service, SERVICE_STS);
    assert_string_equal(request.operation, "GetCallerIdentity");
    assert_string_equal(request.body, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_false(request.write);
}

static void reads_who_we_are(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 20);
    struct reply reply = reply_of(200, recorded(arena, "get_caller_identity.xml"));
    struct sts_identity identity;
    struct error error = {0};

    (void)state;
    assert_true(sts_read_caller_identity(arena, &reply, &identity, &error));
    assert_string_equal(identity.account, "123456789012");
    assert_string_equal(
        identity.arn,
        "arn:aws:sts::123456789012:assumed-role/podidentity-controller/eks-main-podidentity");
    assert_string_equal(identity.user_id, "AROAEXAMPLE:eks-main-podidentity");
}

static bool read_identity(struct arena *arena, const struct reply *reply, struct error *error)
{
    struct sts_identity identity;

    return sts_read_caller_identity(arena, reply, &identity, error);
}

static void nobody_is_not_somebody(void **state)
{
    static const struct spoiled_row rows[] = {
        {"<Account>123456789012</Account>", "", "Account"},
        {"<Account>123456789012", "<Account>12345678901", "twelve"},
        {"<Account>123456789012", "<Account>12345678901x", "twelve"},
        {"<Account>123456789012", "<Account>123456789012x", "twelve"},
        {"<Arn>", "<Arn/><Brn>", ""},
        {"<UserId>AROAEXAMPLE:eks-main-podidentity</UserId>", "", "UserId"},
    };

    (void)state;
    refuses_each("get_caller_identity.xml", rows, COUNT(rows), read_identity);
    refuses_every_cut("get_caller_identity.xml", read_identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_who_we_are),
        cmocka_unit_test(reads_who_we_are),
        cmocka_unit_test(nobody_is_not_somebody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
