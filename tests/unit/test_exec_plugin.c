/* Plugins of a kubeconfig that bring tokens and certificates. */

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/access_folder.h"

static void reads_the_plugin_of_eks(void **state)
{
    static const char *const arguments[] = {
        "aws",  "--region", "eu-central-1", "eks", "get-token", "--cluster-name",
        "east", "--output", "json",         NULL,
    };
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "eks");

    (void)state;
    assert_non_null(access->exec);
    assert_string_equal(access->exec->api_version, "client.authentication.k8s.io/v1beta1");
    for (size_t i = 0; i < COUNT(arguments); i++)
        assert_true(text_equal(access->exec->arguments[i], arguments[i]));
    assert_string_equal(access->exec->environment[0], "AWS_PROFILE=prod");
    assert_null(access->exec->environment[1]);
    assert_false(access->exec->provide_cluster_info);
}

static void finds_a_plugin_beside_the_kubeconfig(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "plugin");

    (void)state;
    assert_string_equal(access->exec->arguments[0], DATA "./bin/login");
    assert_null(access->exec->arguments[1]);
    assert_null(access->exec->environment);
    assert_string_equal(access->exec->install_hint, "get it from the platform team");
}

static void tells_the_plugin_what_it_may_know(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    AUTO(kube_access_destroy) struct kube_access *eks = load(FULL, "eks");
    AUTO(kube_access_destroy) struct kube_access *plugin = load(FULL, "plugin");
    struct error error = {0};

    (void)state;
    assert_string_equal(kube_exec_info(arena, eks, &error),
                        "{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\","
                        "\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}");
    eks->exec->provide_cluster_info = true;
    assert_string_equal(
        kube_exec_info(arena, eks, &error),
        "{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\","
        "\"spec\":{\"cluster\":{\"certificate-authority-data\":"
        "\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=\","
        "\"config\":{\"audience\":\"east\"},\"disable-compression\":true,"
        "\"proxy-url\":\"socks5://127.0.0.1:1080\",\"server\":\"https://10.0.0.1:6443\","
        "\"tls-server-name\":\"kubernetes.default\"},\"interactive\":false}}");
    /* A CA in a file is told as its content. */
    assert_string_equal(
        kube_exec_info(arena, plugin, &error),
        "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
        "\"spec\":{\"cluster\":{\"certificate-authority-data\":"
        "\"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=\","
        "\"server\":\"https://[fd00::1]:443/k8s/clusters/c-1\"},\"interactive\":false}}");
    plugin->ca_file = arena_string(plugin->arena, "/nowhere/ca.crt");
    assert_null(kube_exec_info(arena, plugin, &error));
    assert_non_null(strstr(error.text, "/nowhere/ca.crt"));
}

static void gives_the_plugin_our_environment_and_its_own(void **state)
{
    static char home[] = "HOME=/home/me", profile[] = "AWS_PROFILE=dev",
                longer[] = "AWS_PROFILES=x", info[] = "KUBERNETES_EXEC_INFO={}";
    char *const base[] = {home, profile, longer, info, NULL};
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "eks");
    struct error error = {0};
    char *const *whole = kube_exec_environment(arena, access, base, &error);

    (void)state;
    assert_non_null(whole);
    assert_string_equal(whole[0], "HOME=/home/me");
    assert_string_equal(whole[1], "AWS_PROFILES=x");
    assert_string_equal(whole[2], "AWS_PROFILE=prod");
    assert_true(text_starts(whole[3], "KUBERNETES_EXEC_INFO={\"apiVersion\":"));
    assert_null(whole[4]);
}

static void takes_the_plugins_token_until_it_expires(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "eks");
    struct error error = {0};
    size_t length = 0;
    AUTO_FREE char *reply = file_read(DATA "exec-reply.json", 1 << 16, &length, &error);
    int64_t expires_ms = 0;
    const char *token = "untouched";

    (void)state;
    assert_true(kube_access_exec_needed(access, 0));
    assert_false(kube_access_token(access, 0, &token, &error));
    assert_int_equal(error.kind, ERROR_RETRY);

    assert_true(kube_access_exec_reply(access, reply, length, &expires_ms, &error));
    assert_int_equal(expires_ms, 1795580964000);
    assert_string_equal(token_of(access, 0), "k8s-aws-v1.aHR0cHM6Ly9zdHMuZXUtY2VudHJhbC0x");
    assert_false(kube_access_exec_needed(access, expires_ms - 1));
    assert_true(kube_access_exec_needed(access, expires_ms));

    kube_access_forget_token(access);
    assert_true(kube_access_exec_needed(access, 0));
    assert_true(kube_access_exec_reply(access, reply, length, &expires_ms, &error));
    assert_false(kube_access_exec_needed(access, 0));
}

static bool reply(struct kube_access *access, const char *status, struct error *error)
{
    char json[1024];
    int64_t expires_ms;
    int length = snprintf(json, sizeof(json),
                          "{\"kind\":\"ExecCredential\",\"apiVersion\":"
                          "\"client.authentication.k8s.io/v1\",\"status\":%s}",
                          status);

    return kube_access_exec_reply(access, json, (size_t)length, &expires_ms, error);
}

static void takes_the_plugins_certificate_with_its_key(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "plugin");
    struct error error = {0};

    (void)state;
    assert_true(
        reply(access, "{\"clientCertificateData\":\"C1\",\"clientKeyData\":\"K1\"}", &error));
    assert_string_equal(access->certificate_data, "C1");
    assert_string_equal(access->key_data, "K1");
    assert_string_equal(token_of(access, 0), "(none)");
    assert_true(reply(access, "{\"token\":\"t\"}", &error));
    assert_null(access->certificate_data);
    assert_null(access->key_data);
    assert_string_equal(token_of(access, 0), "t");
    assert_false(kube_access_exec_needed(access, INT64_MAX));
}

static void refuses_what_no_plugin_should_say(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"", "wrote no ExecCredential"},
        {"error: no credentials", "wrote no ExecCredential"},
        {"[]", "wrote no ExecCredential"},
        {"{}", "wrote something else"},
        {"{\"kind\":\"Pod\"}", "wrote something else"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\","
         "\"status\":{\"token\":\"t\"}}",
         "another apiVersion"},
    };
    static const struct {
        const char *status, *text;
    } statuses[] = {
        {"null", "neither a token nor a certificate"},
        {"{}", "neither a token nor a certificate"},
        {"{\"token\":\"\"}", "neither a token nor a certificate"},
        {"{\"token\":7}", "neither a token nor a certificate"},
        {"{\"clientCertificateData\":\"c\"}", "without its key"},
        {"{\"token\":\"t\",\"clientKeyData\":\"k\"}", "without its key"},
        {"{\"token\":\"SECRET\\r\\nX-A: b\"}", "characters no token has"},
        {"{\"token\":\"t\",\"expirationTimestamp\":\"soon\"}", "no time"},
    };
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "plugin");
    struct error error = {0};
    int64_t expires_ms;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(kube_access_exec_reply(access, cases[i].json, strlen(cases[i].json),
                                            &expires_ms, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_non_null(strstr(error.text, cases[i].text));
    }
    for (size_t i = 0; i < COUNT(statuses); i++) {
        assert_false(reply(access, statuses[i].status, &error));
        assert_non_null(strstr(error.text, statuses[i].text));
        assert_null(strstr(error.text, "SECRET"));
    }
    assert_true(kube_access_exec_needed(access, 0));
    /* What it said well before stays when it says nonsense later. */
    assert_true(reply(access, "{\"token\":\"good\"}", &error));
    assert_false(reply(access, "{}", &error));
    assert_string_equal(token_of(access, 0), "good");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_plugin_of_eks),
        cmocka_unit_test(finds_a_plugin_beside_the_kubeconfig),
        cmocka_unit_test(tells_the_plugin_what_it_may_know),
        cmocka_unit_test(gives_the_plugin_our_environment_and_its_own),
        cmocka_unit_test(takes_the_plugins_token_until_it_expires),
        cmocka_unit_test(takes_the_plugins_certificate_with_its_key),
        cmocka_unit_test(refuses_what_no_plugin_should_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
