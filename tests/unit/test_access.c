/* Where the API server is and who we are: in a pod, and where else we look. */

#include <sys/stat.h>

#include "base/arena.h"
#include "base/text.h"
#include "net/request.h"
#include "tests/unit/access_folder.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_own_folder(finds_the_server_of_the_pods_cluster),
        in_own_folder(says_why_it_is_in_no_cluster),
        in_own_folder(needs_no_namespace_file),
        in_own_folder(reads_the_token_again_when_it_may_have_changed),
        in_own_folder(keeps_the_last_good_token),
        in_own_folder(looks_where_controllers_look),
        in_own_folder(says_so_when_there_is_nowhere_to_look),
        cmocka_unit_test(proves_who_we_are_in_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
