#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/yaml.h"
#include "kube/access.h"
#include "net/request.h"

#define DATA "tests/data/kube/kubeconfig/"
#define FULL DATA "full.yaml"
#define PEM "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define KEY "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"

/* A folder of its own per test, removed with what is in it. */
struct folder {
    char path[64];
    char file[96];
};

static const char *in_folder(struct folder *folder, const char *name)
{
    snprintf(folder->file, sizeof(folder->file), "%.60s/%.30s", folder->path, name);
    return folder->file;
}

static void write_file(struct folder *folder, const char *name, const char *text)
{
    FILE *file = fopen(in_folder(folder, name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    struct folder *folder = memory_alloc(sizeof(*folder));

    strcpy(folder->path, "/tmp/test_access.XXXXXX");
    *state = folder;
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    log_configure(LOG_ERROR, LOG_TEXT);
    return mkdtemp(folder->path) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"token",  "namespace",    "a.yaml",
                                        "b.yaml", ".kube/config", ".kube"};
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT(names); i++)
        remove(in_folder(folder, names[i]));
    rmdir(folder->path);
    free(folder);
    return 0;
}

static struct kube_access *load(const char *paths, const char *context)
{
    struct error error = {0};
    struct kube_access *access = kube_access_kubeconfig(paths, context, true, &error);

    if (!access)
        fail_msg("%s", error.text);
    return access;
}

static const char *token_of(struct kube_access *access, uint64_t now_ms)
{
    const char *token = NULL;
    struct error error = {0};

    if (!kube_access_token(access, now_ms, &token, &error))
        return error.text[0] ? "(error)" : "(silent error)";
    return token ? token : "(none)";
}

/* --- in a pod --- */

static struct kube_access *in_pod(struct folder *folder, const char *host, const char *port,
                                  struct error *error)
{
    host ? setenv("KUBERNETES_SERVICE_HOST", host, 1) : unsetenv("KUBERNETES_SERVICE_HOST");
    port ? setenv("KUBERNETES_SERVICE_PORT", port, 1) : unsetenv("KUBERNETES_SERVICE_PORT");
    return kube_access_in_cluster(folder->path, error);
}

static void finds_the_server_of_the_pods_cluster(void **state)
{
    static const struct {
        const char *host, *port, *server;
    } cases[] = {
        {"10.96.0.1", "443", "https://10.96.0.1:443"},
        {"fd00::1", "6443", "https://[fd00::1]:6443"},
        {"kubernetes.default.svc", "443", "https://kubernetes.default.svc:443"},
    };
    struct folder *folder = *state;

    write_file(folder, "token", "abc\n");
    write_file(folder, "namespace", "shop\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};
        AUTO(kube_access_destroy)
        struct kube_access *access = in_pod(folder, cases[i].host, cases[i].port, &error);

        assert_non_null(access);
        assert_string_equal(access->server, cases[i].server);
        assert_true(text_ends(access->ca_file, "/ca.crt"));
        assert_true(text_starts(access->ca_file, folder->path));
        assert_string_equal(access->namespace_name, "shop");
        assert_string_equal(token_of(access, 0), "abc");
    }
}

static void says_why_it_is_in_no_cluster(void **state)
{
    static const struct {
        const char *host, *port, *token, *text;
    } cases[] = {
        {NULL, "443", "abc", "not in a cluster: KUBERNETES_SERVICE_HOST is not set"},
        {"10.0.0.1", NULL, "abc", "not in a cluster: KUBERNETES_SERVICE_PORT is not set"},
        {"", "443", "abc", "not in a cluster: KUBERNETES_SERVICE_HOST is not set"},
        {"10.0.0.1/x", "443", "abc", "KUBERNETES_SERVICE_HOST and _PORT are no host and port"},
        {"10.0.0.1", "443@b", "abc", "KUBERNETES_SERVICE_HOST and _PORT are no host and port"},
        {"10.0.0.1", "443", "", "token file: "},
        {"10.0.0.1", "443", NULL, "token file: "},
    };
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};

        remove(in_folder(folder, "token"));
        if (cases[i].token)
            write_file(folder, "token", cases[i].token);
        assert_null(in_pod(folder, cases[i].host, cases[i].port, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        if (!text_starts(error.text, cases[i].text))
            fail_msg("%s", error.text);
    }
}

static void needs_no_namespace_file(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    AUTO(kube_access_destroy) struct kube_access *access = NULL;

    write_file(folder, "token", "abc");
    access = in_pod(folder, "10.0.0.1", "443", &error);
    assert_non_null(access);
    assert_null(access->namespace_name);
}

static void reads_the_token_again_when_it_may_have_changed(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    AUTO(kube_access_destroy) struct kube_access *access = NULL;

    write_file(folder, "token", " one \r\n");
    access = in_pod(folder, "10.0.0.1", "443", &error);
    assert_string_equal(token_of(access, 100000), "one");
    write_file(folder, "token", "two");
    assert_string_equal(token_of(access, 150000), "one");
    assert_string_equal(token_of(access, 150001), "two");
    write_file(folder, "token", "three");
    assert_string_equal(token_of(access, 150002), "two");
    kube_access_forget_token(access);
    assert_string_equal(token_of(access, 150003), "three");
}

static void keeps_the_last_good_token(void **state)
{
    static const char *const bad[] = {"", " \n", "a\nb", "a\x01", "caf\xc3\xa9"};
    struct folder *folder = *state;
    struct error error = {0};
    AUTO(kube_access_destroy) struct kube_access *access = NULL;

    write_file(folder, "token", "good");
    access = in_pod(folder, "10.0.0.1", "443", &error);
    for (size_t i = 0; i < COUNT(bad); i++) {
        write_file(folder, "token", bad[i]);
        kube_access_forget_token(access);
        assert_string_equal(token_of(access, 1000), "good");
    }
    remove(in_folder(folder, "token"));
    assert_string_equal(token_of(access, 1000000), "good");
    write_file(folder, "token", "new");
    /* Not at every request: the file is looked at again after its time. */
    assert_string_equal(token_of(access, 1000001), "good");
    assert_string_equal(token_of(access, 1050001), "new");
}

/* --- kubeconfig --- */

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

/* One context around a cluster's and a user's lines; what is refused is named with its line. */
#define CLUSTER "server: https://h"
#define DOCUMENT(cluster, user)                                                                    \
    "current-context: c\n"                                                                         \
    "contexts:\n"                                                                                  \
    "- {name: c, context: {cluster: a, user: b}}\n"                                                \
    "clusters: [{name: a, cluster: {" cluster "}}]\n"                                              \
    "users:\n"                                                                                     \
    "- name: b\n"                                                                                  \
    "  user: {" user "}\n"
#define EXEC(rest) "exec: {apiVersion: client.authentication.k8s.io/" rest "}"

static void refuses_with_file_line_and_key(void **state)
{
    static const struct {
        const char *document, *text;
    } cases[] = {
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
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct error error = {0};

        write_file(folder, "a.yaml", cases[i].document);
        if (kube_access_kubeconfig(in_folder(folder, "a.yaml"), NULL, true, &error))
            fail_msg("accepted: %s", cases[i].document);
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_true(text_starts(error.text, "kubeconfig"));
        assert_non_null(strstr(error.text, folder->file));
        if (!strstr(error.text, cases[i].text))
            fail_msg("%s\n%s", cases[i].text, error.text);
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

/* --- which of them --- */

static void looks_where_controllers_look(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};
    struct kube_access *access;

    setenv("HOME", folder->path, 1);
    assert_int_equal(mkdir(in_folder(folder, ".kube"), 0700), 0);
    write_file(folder, ".kube/config", DOCUMENT("server: https://home", "token: h"));
    write_file(folder, "a.yaml", DOCUMENT("server: https://variable", "token: v"));
    write_file(folder, "b.yaml", DOCUMENT("server: https://flag", "token: f"));

    access = kube_access_find(NULL, NULL, &error);
    assert_string_equal(access->server, "https://home");
    kube_access_destroy(access);

    setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
    access = kube_access_find(NULL, "c", &error);
    assert_string_equal(access->server, "https://home");
    kube_access_destroy(access);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    access = kube_access_find("", "c", &error);
    assert_string_equal(access->server, "https://home");
    kube_access_destroy(access);
    /* The pod's own access is tried; whether there is one depends on where this test runs. */
    access = kube_access_find(NULL, NULL, &error);
    assert_true(access ? text_equal(access->server, "https://10.0.0.1:443")
                       : strstr(error.text, KUBE_ACCESS_DIRECTORY) != NULL);
    kube_access_destroy(access);

    setenv("KUBECONFIG", in_folder(folder, "a.yaml"), 1);
    access = kube_access_find(NULL, NULL, &error);
    assert_string_equal(access->server, "https://variable");
    kube_access_destroy(access);
    access = kube_access_find(in_folder(folder, "b.yaml"), NULL, &error);
    assert_string_equal(access->server, "https://flag");
    kube_access_destroy(access);
}

static void says_so_when_there_is_nowhere_to_look(void **state)
{
    struct folder *folder = *state;
    struct error error = {0};

    setenv("HOME", folder->path, 1);
    assert_null(kube_access_find(NULL, NULL, &error));
    assert_non_null(strstr(error.text, "/.kube/config"));
    unsetenv("HOME");
    assert_null(kube_access_find(NULL, NULL, &error));
    assert_non_null(strstr(error.text, "no --kubeconfig"));
}

/* --- headers --- */

static void proves_who_we_are_in_headers(void **state)
{
    static const struct {
        const char *context;
        const char *headers[12];
    } cases[] = {
        {"nobody", {NULL}},
        {"shop", {NULL}},
        {"token", {"Authorization", "Bearer 12345", NULL}},
        {"basic", {"Authorization", "Basic YWRtaW46czpjcmV0", NULL}},
        {"acting",
         {"Authorization", "Bearer abc", "Impersonate-User", "jane", "Impersonate-Uid", "42",
          "Impersonate-Group", "devs", "Impersonate-Group", "ops", NULL}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
        AUTO(kube_access_destroy) struct kube_access *access = load(FULL, cases[i].context);
        const struct header *headers = NULL;
        struct error error = {0};
        size_t count = 99, j = 0;

        assert_true(kube_access_headers(access, arena, 0, &headers, &count, &error));
        for (; cases[i].headers[2 * j]; j++) {
            assert_true(j < count);
            assert_string_equal(headers[j].name, cases[i].headers[2 * j]);
            assert_string_equal(headers[j].value, cases[i].headers[2 * j + 1]);
        }
        if (text_equal(cases[i].context, "acting")) {
            assert_string_equal(headers[j].name, "Impersonate-Extra-Example.com%2FScopes");
            assert_string_equal(headers[j].value, "view");
            assert_string_equal(headers[j + 1].value, "edit");
            j += 2;
        }
        assert_int_equal(count, j);
    }
}

/* --- plugins --- */

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

#define in_own_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_own_folder(finds_the_server_of_the_pods_cluster),
        in_own_folder(says_why_it_is_in_no_cluster),
        in_own_folder(needs_no_namespace_file),
        in_own_folder(reads_the_token_again_when_it_may_have_changed),
        in_own_folder(keeps_the_last_good_token),
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
        in_own_folder(looks_where_controllers_look),
        in_own_folder(says_so_when_there_is_nowhere_to_look),
        cmocka_unit_test(proves_who_we_are_in_headers),
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
