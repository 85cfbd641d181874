#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "crds/pod.h"

#define POD(metadata, spec)                                                                        \
    "{\"metadata\":{\"name\":\"cart-1\",\"namespace\":\"shop\",\"uid\":\"u-1\","                   \
    "\"creationTimestamp\":\"2026-11-25T04:15:24Z\"" metadata                                      \
    "},\"spec\":{\"serviceAccountName\":\"cart\"" spec "}}"
#define CONTAINERS(environment) ",\"containers\":[{\"name\":\"app\",\"env\":[" environment "]}]"
#define AGENT                                                                                      \
    "{\"name\":\"AWS_CONTAINER_CREDENTIALS_FULL_URI\",\"value\":"                                  \
    "\"http://169.254.170.23/v1/credentials\"}"
#define AGENT_6                                                                                    \
    "{\"name\":\"AWS_CONTAINER_CREDENTIALS_FULL_URI\",\"value\":"                                  \
    "\"http://[fd00:ec2::23]/v1/credentials\"}"
#define TOKEN "{\"name\":\"AWS_WEB_IDENTITY_TOKEN_FILE\",\"value\":\"/var/run/token\"}"
#define OTHER "{\"name\":\"PATH\",\"value\":\"/bin\"},{\"name\":\"X\",\"valueFrom\":{}}"

static bool try_read(struct pod_reading *reading, json_t **json, const char *text)
{
    struct error error = {0};

    *json = json_parse(text, strlen(text), &error);
    assert_non_null(*json);
    return pod_read(reading, *json, &error);
}

static struct pod read_pod(const char *text)
{
    AUTO_JSON json_t *json = NULL;
    struct pod_reading reading;

    assert_true(try_read(&reading, &json, text));
    return reading.pod;
}

static void reads_which_credentials_the_environment_gives(void **state)
{
    static const struct {
        const char *text;
        enum pod_credentials credentials;
    } cases[] = {
        {POD("", CONTAINERS("")), POD_NO_CREDENTIALS},
        {POD("", CONTAINERS(OTHER)), POD_NO_CREDENTIALS},
        {POD("", CONTAINERS(OTHER "," AGENT)), POD_CONTAINER_CREDENTIALS},
        {POD("", CONTAINERS(AGENT_6)), POD_CONTAINER_CREDENTIALS},
        {POD("", CONTAINERS(TOKEN)), POD_WEB_IDENTITY},
        /* every SDK looks for the token first */
        {POD("", CONTAINERS(AGENT "," TOKEN)), POD_WEB_IDENTITY},
        {POD("", ",\"containers\":[{},{\"env\":null},{\"env\":[" AGENT "]}]"),
         POD_CONTAINER_CREDENTIALS},
        {POD("", ",\"containers\":[{}],\"initContainers\":[{\"env\":[" AGENT "]}]"),
         POD_CONTAINER_CREDENTIALS},
        /* ECS has the same variable, for another server */
        {POD("", CONTAINERS("{\"name\":\"AWS_CONTAINER_CREDENTIALS_FULL_URI\",\"value\":"
                            "\"http://127.0.0.1:8080/creds\"}")),
         POD_NO_CREDENTIALS},
        {POD("", CONTAINERS("{\"name\":\"AWS_CONTAINER_CREDENTIALS_FULL_URI\"}")),
         POD_NO_CREDENTIALS},
        {POD("", ",\"containers\":\"none\""), POD_NO_CREDENTIALS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (read_pod(cases[i].text).credentials != cases[i].credentials)
            fail_msg("%s", cases[i].text);
}

static void reads_where_it_runs(void **state)
{
    static const struct {
        const char *text;
        int flags;
    } cases[] = {
        {POD("", ""), 0},
        {POD("", ",\"nodeName\":\"ip-10-0-0-1\",\"nodeSelector\":{\"kubernetes.io/os\":\"linux\"},"
                 "\"os\":{\"name\":\"linux\"},\"schedulerName\":\"default-scheduler\""),
         0},
        {POD(",\"labels\":{\"eks.amazonaws.com/fargate-profile\":\"fp\"}", ""), POD_FARGATE},
        {POD("", ",\"schedulerName\":\"fargate-scheduler\""), POD_FARGATE},
        {POD("", ",\"nodeName\":\"fargate-ip-10-0-0-1\""), POD_FARGATE},
        {POD("", ",\"os\":{\"name\":\"windows\"}"), POD_WINDOWS},
        {POD("", ",\"nodeSelector\":{\"kubernetes.io/os\":\"windows\"}"), POD_WINDOWS},
        {POD(",\"labels\":{\"eks.amazonaws.com/skip-pod-identity-webhook\":\"\"}", ""),
         POD_OPTED_OUT},
        {POD(",\"deletionTimestamp\":\"2026-11-25T04:16:24Z\"", ""), POD_TERMINATING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (read_pod(cases[i].text).flags != cases[i].flags)
            fail_msg("%s: %d", cases[i].text, read_pod(cases[i].text).flags);
}

static void reads_when_it_was_made_and_whose_it_is(void **state)
{
    AUTO_JSON json_t *json = NULL;
    struct pod_reading reading;

    (void)state;
    assert_true(try_read(&reading, &json, POD("", "")));
    assert_string_equal(reading.namespace_name, "shop");
    assert_string_equal(reading.service_account, "cart");
    assert_false(reading.finished);
    assert_int_equal(reading.pod.created_s, 1795580124);
    assert_int_not_equal(reading.pod.identity, 0);
}

static void knows_what_needs_no_credentials(void **state)
{
    AUTO_JSON json_t *mirror = NULL, *finished = NULL;
    struct pod_reading reading;

    (void)state;
    assert_true(try_read(&reading, &mirror,
                         "{\"metadata\":{\"namespace\":\"kube-system\",\"uid\":\"u\"},"
                         "\"spec\":{\"containers\":[]}}"));
    assert_null(reading.service_account);
    assert_int_equal(reading.pod.created_s, 0);
    assert_true(try_read(&reading, &finished,
                         "{\"metadata\":{\"namespace\":\"shop\",\"uid\":\"u\"},"
                         "\"status\":{\"phase\":\"Succeeded\"}}"));
    assert_true(reading.finished);
}

static void refuses_what_is_no_pod(void **state)
{
    static const char *const texts[] = {"{}", "{\"metadata\":{\"namespace\":\"shop\"}}",
                                        "{\"metadata\":{\"uid\":\"u\"}}", "[]"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        AUTO_JSON json_t *json = NULL;
        struct pod_reading reading;

        assert_false(try_read(&reading, &json, texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_which_credentials_the_environment_gives),
        cmocka_unit_test(reads_where_it_runs),
        cmocka_unit_test(reads_when_it_was_made_and_whose_it_is),
        cmocka_unit_test(knows_what_needs_no_credentials),
        cmocka_unit_test(refuses_what_is_no_pod),
    };

    return cmocka_run_group_tests_name("pod", tests, NULL, NULL);
}
