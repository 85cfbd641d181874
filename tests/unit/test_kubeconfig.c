/* Kubeconfigs: what is read of them, which of several files counts, and what is refused. */

#include "base/file.h"
#include "base/text.h"
#include "tests/unit/access_folder.h"

#define PEM "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
#define EXEC(rest) "exec: {apiVersion: client.authentication.k8s.io/" rest "}"

static void reads_a_context_with_certificates_inside(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, NULL);

    (void)state;
    assert_string_equal(access->server, "https://10.0.0.1:6443");
    assert_string_equal(access->ca_data, PEM);
    assert_null(access->ca_file);
    assert_string_equal(access->certificate_data, PEM);
    assert_string_equal(access->key_data, KEY);
    assert_null(access->certificate_file);
    assert_string_equal(access->server_name, "kubernetes.default");
    assert_string_equal(access->proxy_url, "socks5://127.0.0.1:1080");
    assert_string_equal(access->namespace_name, "shop");
    assert_true(access->disable_compression);
    assert_false(access->insecure);
    assert_null(access->exec);
    assert_string_equal(token_of(access, 0), "(none)");
}

static void finds_files_beside_the_kubeconfig(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "files");

    (void)state;
    assert_string_equal(access->server, "https://[fd00::1]:443/k8s/clusters/c-1");
    assert_string_equal(access->ca_file, DATA "pki/ca.crt");
    assert_string_equal(access->certificate_file, DATA "pki/me.crt");
    assert_string_equal(access->key_file, "/etc/pki/me.key");
    assert_string_equal(access->token_file, DATA "token");
    assert_null(access->token);
    assert_null(access->namespace_name);
}

static void reads_tokens_and_passwords(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *token = load(FULL, "token");
    AUTO(kube_access_destroy) struct kube_access *basic = load(FULL, "basic");
    AUTO(kube_access_destroy) struct kube_access *nobody = load(FULL, "nobody");

    (void)state;
    assert_true(token->insecure);
    assert_string_equal(token_of(token, 0), "12345");
    assert_string_equal(basic->username, "admin");
    assert_string_equal(basic->password, "s:cret");
    assert_string_equal(token_of(nobody, 0), "(none)");
}

static void gives_no_credentials_to_a_server_without_tls(void **state)
{
    AUTO(kube_access_destroy) struct kube_access *access = load(FULL, "open");

    (void)state;
    assert_string_equal(access->server, "http://127.0.0.1:8001");
    assert_string_equal(token_of(access, 0), "(none)");
}

static void takes_what_the_first_file_says(void **state)
{
    static const struct {
        const char *paths, *context, *server, *namespace_name, *token;
    } cases[] = {
        {FULL ":" DATA "second.yaml", NULL, "https://10.0.0.1:6443", "shop", "(none)"},
        {DATA "second.yaml:" FULL, "shop", "https://west.example", "second", "second"},
        {FULL ":" DATA "second.yaml", "west", "https://west.example", NULL, "12345"},
        {DATA "contexts.yaml:" DATA "second.yaml:" FULL, "west", "https://west.example", "first",
         "(none)"},
        {":/nowhere/at/all::" FULL ":" FULL ":", NULL, "https://10.0.0.1:6443", "shop", "(none)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        AUTO(kube_access_destroy)
        struct kube_access *access =
            kube_access_kubeconfig(cases[i].paths, cases[i].context, false, &error);

        if (!access)
            fail_msg("%s", error.text);
        assert_string_equal(access->server, cases[i].server);
        assert_true(text_equal(access->namespace_name, cases[i].namespace_name));
        assert_string_equal(token_of(access, 0), cases[i].token);
    }
}

static void takes_the_current_context_of_the_first_file_that_has_one(void **state)
{
    AUTO(kube_access_destroy)
    struct kube_access *access = load(DATA "contexts.yaml:" DATA "second.yaml:" FULL, NULL);

    (void)state;
    assert_string_equal(access->server, "https://[fd00::1]:443/k8s/clusters/c-1");
}

static void wants_a_file_that_is_named_alone(void **state)
{
    struct error error = {0};

    (void)state;
    assert_null(kube_access_kubeconfig("/nowhere/at/all", NULL, true, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
    assert_null(kube_access_kubeconfig("/nowhere/at/all", NULL, false, &error));
    assert_non_null(strstr(error.text, "no current-context"));
    assert_null(kube_access_kubeconfig(FULL, "nope", true, &error));
    assert_non_null(strstr(error.text, "there is no context \"nope\""));
}

static const struct refusal {
    const char *document, *text;
} refusals[] = {
    {"- 1\n", ":1: not a kubeconfig"},
    {"kind: Pod\n", ":1: kind is \"Pod\", not Config"},
    {"a: [\n", ": line 2: "},
    {"clusters: {}\n", ":1: clusters: not a list"},
    {"users:\n- {name: x}\n- {name: x}\n", ":3: users: \"x\" is here twice"},
    {"current-context: c\ncontexts:\n- name: c\n  context: {cluster: x}\n",
     ":4: contexts[c].cluster: \"x\" is not in clusters"},
    {"current-context: c\ncontexts:\n- name: c\n  context: {user: x}\n",
     ":4: contexts[c].user: \"x\" is not in users"},
    {"current-context: c\ncontexts:\n- name: c\n  context: {}\n",
     ":4: contexts[c].cluster: names no cluster"},
    {DOCUMENT("server: h:6443", ""), ":4: clusters[a].server: must be like https://host:port"},
    {DOCUMENT("server: \"https://u@h\"", ""), ":4: clusters[a].server: must be like"},
    {DOCUMENT("server: \"https://h?x\"", ""), ":4: clusters[a].server: must be like"},
    {DOCUMENT("server: \"https://\"", ""), ":4: clusters[a].server: must be like"},
    {DOCUMENT("server: \"https:///\"", ""), ":4: clusters[a].server: must be like"},
    {DOCUMENT("server: \"https://h\\r\\nX: y\"", ""), ":4: clusters[a].server: must be like"},
    {DOCUMENT("server: [1]", ""), ":4: clusters[a].server: must be a text"},
    {DOCUMENT("ca: x", ""), "clusters[a].server: must be like"},
    {DOCUMENT(CLUSTER ", proxy-url: ftp://x", ""), ":4: clusters[a].proxy-url: must begin"},
    {DOCUMENT(CLUSTER ", insecure-skip-tls-verify: sure", ""),
     ":4: clusters[a].insecure-skip-tls-verify: must be true or false"},
    {DOCUMENT(CLUSTER ", insecure-skip-tls-verify: true, certificate-authority: x", ""),
     ":4: clusters[a].insecure-skip-tls-verify: contradicts"},
    {DOCUMENT(CLUSTER ", certificate-authority-data: \"***\"", ""),
     ":4: clusters[a].certificate-authority-data: must be base64"},
    {DOCUMENT(CLUSTER ", certificate-authority-data: AGE=", ""),
     ":4: clusters[a].certificate-authority-data: must be base64"},
    {DOCUMENT(CLUSTER, "client-certificate: x"), ":7: users[b].client-certificate: "},
    {DOCUMENT(CLUSTER, "client-key-data: YQ=="), ":7: users[b].client-key: "},
    {DOCUMENT(CLUSTER, "token: \"a\\nb\""), ":7: users[b].token: has characters"},
    {DOCUMENT(CLUSTER, "token: t, username: u"), ":7: users[b].username: there is a token"},
    {DOCUMENT(CLUSTER, "username: \"a:b\""), ":7: users[b].username: must not contain"},
    {DOCUMENT(CLUSTER, "auth-provider: {name: gcp}"),
     ":7: users[b].auth-provider: Kubernetes has removed these"},
    {DOCUMENT(CLUSTER, "exec: x"), ":7: users[b].exec: must be a map"},
    {DOCUMENT(CLUSTER, EXEC("v1alpha1, command: x")),
     ":7: users[b].exec.apiVersion: must be client.authentication.k8s.io/v1 or /v1beta1"},
    {DOCUMENT(CLUSTER, "exec: {command: x}"), ":7: users[b].exec.apiVersion: must be"},
    {DOCUMENT(CLUSTER, EXEC("v1, command: x")),
     ":7: users[b].exec.interactiveMode: is required with v1"},
    {DOCUMENT(CLUSTER, EXEC("v1, command: x, interactiveMode: Always")),
     ":7: users[b].exec.interactiveMode: is Always"},
    {DOCUMENT(CLUSTER, EXEC("v1beta1, command: x, interactiveMode: Always")),
     ":7: users[b].exec.interactiveMode: is Always"},
    {DOCUMENT(CLUSTER, EXEC("v1, command: x, interactiveMode: never")),
     ":7: users[b].exec.interactiveMode: must be Never"},
    {DOCUMENT(CLUSTER, EXEC("v1beta1")), ":7: users[b].exec.command: is required"},
    {DOCUMENT(CLUSTER, EXEC("v1beta1, command: x, args: y")),
     ":7: users[b].exec.args: must be a list of texts"},
    {DOCUMENT(CLUSTER, EXEC("v1beta1, command: x, args: [{}]")),
     ":7: users[b].exec.args: must be a list of texts"},
    {DOCUMENT(CLUSTER, EXEC("v1beta1, command: x, env: {A: b}")),
     ":7: users[b].exec.env: must be a list of {name, value}"},
    {DOCUMENT(CLUSTER, EXEC("v1beta1, command: x, env: [{value: b}]")),
     ":7: users[b].exec.env: must be a list of {name, value}"},
    {DOCUMENT(CLUSTER, "as-groups: [x]"), ":7: users[b].as-groups: needs `as`"},
    {DOCUMENT(CLUSTER, "as: \"a\\r\\nb\""), ":7: users[b].as: has characters"},
    {DOCUMENT(CLUSTER, "as: a, as-groups: [\"\"]"), ":7: users[b].as-groups: has characters"},
    {DOCUMENT(CLUSTER, "as: a, as-user-extra: {k: v}"),
     ":7: users[b].as-user-extra.k: must be a list of texts"},
};

static void refuses_with_file_line_and_key(void **state)
{
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct error error = {0};

        write_file(folder, "a.yaml", refusals[i].document);
        if (kube_access_kubeconfig(in_folder(folder, "a.yaml"), NULL, true, &error))
            fail_msg("accepted: %s", refusals[i].document);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_true(text_starts(error.text, "kubeconfig"));
        assert_non_null(strstr(error.text, folder->file));
        if (!strstr(error.text, refusals[i].text))
            fail_msg("%s\n%s", refusals[i].text, error.text);
    }
}

static void accepts_what_kubectl_accepts(void **state)
{
    static const char *const documents[] = {
        DOCUMENT(CLUSTER, ""),
        DOCUMENT(CLUSTER, "token: \"\", username: ~, client-key: ''"),
        DOCUMENT(CLUSTER ", certificate-authority-data: \"YW\\nJj\"", ""),
        DOCUMENT(CLUSTER ", unknown: {a: [1]}", "unknown: 1"),
        DOCUMENT(CLUSTER, EXEC("v1beta1, command: x, env: [{name: A}], args: ~")),
        DOCUMENT(CLUSTER, "token: t, " EXEC("v1beta1, command: x")),
    };
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT(documents); i++) {
        AUTO(kube_access_destroy) struct kube_access *access = NULL;

        write_file(folder, "a.yaml", documents[i]);
        access = load(in_folder(folder, "a.yaml"), NULL);
        assert_string_equal(access->server, "https://h");
    }
}

/* A kubeconfig cut off anywhere is read or refused, never more than that. */
static void survives_a_kubeconfig_cut_at_every_byte(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    size_t length = 0;
    AUTO_FREE char *whole = file_read(FULL, 1 << 20, &length, &error);

    assert_non_null(whole);
    while (length-- > 0) {
        AUTO(kube_access_destroy) struct kube_access *access = NULL;

        whole[length] = '\0';
        write_file(folder, "a.yaml", whole);
        error_clear(&error);
        access = kube_access_kubeconfig(in_folder(folder, "a.yaml"), "acting", true, &error);
        assert_true(access ? error.kind == ERROR_NONE : error.kind == ERROR_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_context_with_certificates_inside),
        cmocka_unit_test(finds_files_beside_the_kubeconfig),
        cmocka_unit_test(reads_tokens_and_passwords),
        cmocka_unit_test(gives_no_credentials_to_a_server_without_tls),
        cmocka_unit_test(takes_what_the_first_file_says),
        cmocka_unit_test(takes_the_current_context_of_the_first_file_that_has_one),
        cmocka_unit_test(wants_a_file_that_is_named_alone),
        in_own_folder(refuses_with_file_line_and_key),
        in_own_folder(accepts_what_kubectl_accepts),
        in_own_folder(survives_a_kubeconfig_cut_at_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
