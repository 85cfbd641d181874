#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/calls.h"

static const struct kube_resource bindings = {
    "podidentity.io", "v1alpha1", "podidentitybindings", "PodIdentityBinding", true, false, NULL,
};
static const struct kube_resource accounts = {
    "", "v1", "serviceaccounts", "ServiceAccount", true, true, NULL,
};
static const struct kube_resource namespaces = {
    "", "v1", "namespaces", "Namespace", false, true, NULL,
};
static const struct kube_resource some_pods = {
    "", "v1", "pods", "Pod", true, false, "status.phase!=Failed",
};

#define ALL_OF_IT "application/json;drop=metadata.managedFields"
#define METADATA_OF(kind)                                                                          \
    "application/json;as=" kind ";g=meta.k8s.io;v=v1;drop=metadata.managedFields," ALL_OF_IT

static const char *header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

static void builds_paths_of_collections_and_objects(void **state)
{
    static const struct {
        const struct kube_resource *resource;
        const char *namespace_name, *name, *subresource, *path;
    } cases[] = {
        {&bindings, NULL, NULL, NULL, "/apis/podidentity.io/v1alpha1/podidentitybindings"},
        {&bindings, "", NULL, NULL, "/apis/podidentity.io/v1alpha1/podidentitybindings"},
        {&bindings, "shop", NULL, NULL,
         "/apis/podidentity.io/v1alpha1/namespaces/shop/podidentitybindings"},
        {&bindings, "shop", "cart", "status",
         "/apis/podidentity.io/v1alpha1/namespaces/shop/podidentitybindings/cart/status"},
        {&accounts, NULL, NULL, NULL, "/api/v1/serviceaccounts"},
        {&accounts, "shop", "cart", NULL, "/api/v1/namespaces/shop/serviceaccounts/cart"},
        {&accounts, "shop", "../../nodes?x=%41#", NULL,
         "/api/v1/namespaces/shop/serviceaccounts/..%2F..%2Fnodes%3Fx%3D%2541%23"},
        {&namespaces, NULL, "shop", NULL, "/api/v1/namespaces/shop"},
        {&namespaces, "ignored", "shop", NULL, "/api/v1/namespaces/shop"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);

        assert_string_equal(kube_path(arena, cases[i].resource, cases[i].namespace_name,
                                      cases[i].name, cases[i].subresource),
                            cases[i].path);
    }
}

static void gets_one_object(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    struct request request;

    (void)state;
    kube_get(arena, &request, &bindings, "shop", "cart");
    assert_int_equal(request.service, SERVICE_KUBERNETES);
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.path,
                        "/apis/podidentity.io/v1alpha1/namespaces/shop/podidentitybindings/cart");
    assert_null(request.query);
    assert_null(request.body);
    assert_false(request.write);
    assert_string_equal(header(&request, "Accept"), ALL_OF_IT);

    kube_get(arena, &request, &accounts, "shop", "cart");
    assert_string_equal(header(&request, "Accept"), METADATA_OF("PartialObjectMetadata"));
}

static void lists_from_the_version_it_is_told(void **state)
{
    static const struct {
        const char *version;
        unsigned limit;
        const char *token, *query;
    } cases[] = {
        {NULL, 0, NULL, NULL},
        {"", 0, "", NULL},
        {NULL, 500, NULL, "limit=500"},
        {"342", 0, NULL, "resourceVersion=342&resourceVersionMatch=NotOlderThan"},
        {"342", 1, NULL, "limit=1&resourceVersion=342&resourceVersionMatch=NotOlderThan"},
        {"342", 500, "eyJ2+/=", "limit=500&continue=eyJ2%2B%2F%3D"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
        struct request request;

        kube_list(arena, &request, &accounts, cases[i].version, cases[i].limit, cases[i].token);
        assert_string_equal(request.method, "GET");
        assert_string_equal(request.path, "/api/v1/serviceaccounts");
        if (cases[i].query)
            assert_string_equal(request.query, cases[i].query);
        else
            assert_null(request.query);
        assert_string_equal(header(&request, "Accept"), METADATA_OF("PartialObjectMetadataList"));
        assert_false(request.write);
    }
}

static void watches_with_bookmarks_always(void **state)
{
    static const struct {
        const char *version;
        bool initial;
        unsigned timeout_s;
        const char *query;
    } cases[] = {
        {"342", false, 420,
         "watch=true&allowWatchBookmarks=true&resourceVersion=342&timeoutSeconds=420"},
        {NULL, true, 300,
         "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
         "resourceVersionMatch=NotOlderThan&timeoutSeconds=300"},
        {"342", true, 0,
         "watch=true&allowWatchBookmarks=true&sendInitialEvents=true&"
         "resourceVersionMatch=NotOlderThan&resourceVersion=342"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
        struct request request;

        kube_watch(arena, &request, &bindings, cases[i].version, cases[i].initial,
                   cases[i].timeout_s);
        assert_string_equal(request.query, cases[i].query);
        assert_string_equal(header(&request, "Accept"), ALL_OF_IT);
        kube_watch(arena, &request, &accounts, cases[i].version, cases[i].initial,
                   cases[i].timeout_s);
        assert_string_equal(header(&request, "Accept"), METADATA_OF("PartialObjectMetadata"));
    }
}

static void asks_for_some_objects_of_a_kind_on_every_page(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    struct request request;

    (void)state;
    kube_list(arena, &request, &some_pods, NULL, 50, "next");
    assert_string_equal(request.query,
                        "fieldSelector=status.phase%21%3DFailed&limit=50&continue=next");
    kube_watch(arena, &request, &some_pods, "342", false, 300);
    assert_string_equal(request.query, "watch=true&allowWatchBookmarks=true&fieldSelector="
                                       "status.phase%21%3DFailed&resourceVersion=342&"
                                       "timeoutSeconds=300");
}

static void patches_status_only_over_the_version_it_saw(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    AUTO_JSON json_t *patch = json_pack("{s:{s:i}}", "status", "observedGeneration", 2);
    struct request request;

    (void)state;
    kube_patch(arena, &request, &bindings, "shop", "cart", "status", "342", patch);
    assert_string_equal(request.operation, "PatchStatus");
    assert_string_equal(request.method, "PATCH");
    assert_true(text_ends(request.path, "/podidentitybindings/cart/status"));
    assert_string_equal(request.query, "fieldManager=podidentity");
    assert_string_equal(header(&request, "Content-Type"), "application/merge-patch+json");
    assert_string_equal(header(&request, "Accept"), METADATA_OF("PartialObjectMetadata"));
    assert_string_equal(request.body, "{\"metadata\":{\"resourceVersion\":\"342\"},"
                                      "\"status\":{\"observedGeneration\":2}}");
    assert_int_equal(request.body_length, strlen(request.body));
    assert_true(request.write);
    assert_false(request.sharable);
}

static void keeps_metadata_that_a_patch_brings(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    AUTO_JSON json_t *patch = json_pack("{s:{s:{s:n}}}", "metadata", "annotations", "a");
    struct request request;

    (void)state;
    kube_patch(arena, &request, &bindings, "shop", "cart", NULL, NULL, patch);
    assert_string_equal(request.operation, "Patch");
    assert_string_equal(request.body, "{\"metadata\":{\"annotations\":{\"a\":null}}}");
    kube_patch(arena, &request, &bindings, "shop", "cart", NULL, "7", patch);
    assert_string_equal(request.body,
                        "{\"metadata\":{\"annotations\":{\"a\":null},\"resourceVersion\":\"7\"}}");
}

static void makes_an_object_and_deletes_exactly_the_one_it_saw(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    AUTO_JSON json_t *body = json_pack("{s:{s:s}}", "metadata", "name", "cart");
    struct request request;

    (void)state;
    kube_create(arena, &request, &bindings, "shop", body);
    assert_string_equal(request.method, "POST");
    assert_true(text_ends(request.path, "/namespaces/shop/podidentitybindings"));
    assert_string_equal(request.body, "{\"metadata\":{\"name\":\"cart\"}}");
    assert_true(request.write);
    kube_delete(arena, &request, &bindings, "shop", "cart", "u-1", "7");
    assert_string_equal(request.method, "DELETE");
    assert_true(text_ends(request.path, "/namespaces/shop/podidentitybindings/cart"));
    assert_string_equal(request.body,
                        "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"preconditions\":{"
                        "\"resourceVersion\":\"7\",\"uid\":\"u-1\"}}");
    assert_int_equal(request.body_length, strlen(request.body));
    assert_true(request.write);
}

static void writes_the_whole_list_of_finalizers(void **state)
{
    static const char *const both[] = {"other.example/x", "podidentity.io/aws"};
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    struct request request;

    (void)state;
    kube_patch_finalizers(arena, &request, &bindings, "shop", "cart", "342", both, 2);
    assert_string_equal(request.operation, "PatchFinalizers");
    assert_true(text_ends(request.path, "/podidentitybindings/cart"));
    assert_string_equal(request.body, "{\"metadata\":{\"finalizers\":[\"other.example/x\","
                                      "\"podidentity.io/aws\"],\"resourceVersion\":\"342\"}}");
    kube_patch_finalizers(arena, &request, &bindings, "shop", "cart", "342", both, 0);
    assert_string_equal(request.body,
                        "{\"metadata\":{\"finalizers\":[],\"resourceVersion\":\"342\"}}");
}

static void applies_annotations_with_the_uid_and_without_force(void **state)
{
    AUTO(arena_destroy) struct arena *arena = arena_create(1 << 16);
    AUTO_JSON json_t *annotations = json_pack("{s:s}", "a.example/b", "c");
    struct request request = {0};

    (void)state;
    kube_apply_annotations(arena, &request, &accounts, "shop", "cart", "u-1", annotations);
    assert_string_equal(request.method, "PATCH");
    assert_string_equal(request.path, "/api/v1/namespaces/shop/serviceaccounts/cart");
    assert_string_equal(request.query, "fieldManager=podidentity");
    assert_string_equal(header(&request, "Content-Type"), "application/apply-patch+yaml");
    assert_string_equal(request.body,
                        "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{"
                        "\"annotations\":{\"a.example/b\":\"c\"},\"name\":\"cart\",\"namespace\":"
                        "\"shop\",\"uid\":\"u-1\"}}");
    assert_true(request.write);
    request = (struct request){0};
    kube_apply_annotations(arena, &request, &accounts, "shop", "cart", "u-1", NULL);
    assert_null(strstr(request.body, "annotations"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_paths_of_collections_and_objects),
        cmocka_unit_test(gets_one_object),
        cmocka_unit_test(lists_from_the_version_it_is_told),
        cmocka_unit_test(watches_with_bookmarks_always),
        cmocka_unit_test(asks_for_some_objects_of_a_kind_on_every_page),
        cmocka_unit_test(patches_status_only_over_the_version_it_saw),
        cmocka_unit_test(keeps_metadata_that_a_patch_brings),
        cmocka_unit_test(makes_an_object_and_deletes_exactly_the_one_it_saw),
        cmocka_unit_test(writes_the_whole_list_of_finalizers),
        cmocka_unit_test(applies_annotations_with_the_uid_and_without_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
