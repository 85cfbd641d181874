#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "kube/events.h"

/* 2026-11-25T04:15:24.000123Z */
#define NOW INT64_C(1795580124000123)
#define MINUTE (INT64_C(60) * 1000 * 1000)

static const struct event_subject cart = {
    .api_version = "podidentity.io/v1alpha1",
    .kind = "PodIdentityBinding",
    .namespace_name = "shop",
    .name = "cart",
    .uid = "6a5f4a86-5e54-4f3c-9d3a-8c7c1d3f2b10",
    .resource_version = "340",
};

struct fixture {
    struct events *events;
    struct arena *arena;
    struct request request;
    json_t *body;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_alloc(sizeof(*fixture));

    fixture->events = events_create("podidentity.io/controller", "host-1");
    fixture->arena = arena_create(64 << 20);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    json_decref(fixture->body);
    events_destroy(fixture->events);
    arena_destroy(fixture->arena);
    free(fixture);
    return 0;
}

/* Tells and reads the request's body. */
static void tell(struct fixture *fixture, const struct event_subject *subject, const char *reason,
                 const char *note, int64_t now_us)
{
    struct error error = {0};

    events_tell(fixture->events, fixture->arena, &fixture->request, subject, true, reason,
                "Reconcile", note, now_us);
    json_decref(fixture->body);
    fixture->body = json_parse(fixture->request.body, fixture->request.body_length, &error);
    assert_non_null(fixture->body);
    assert_true(fixture->request.write);
    assert_int_equal(fixture->request.service, SERVICE_KUBERNETES);
}

static const char *told(const struct fixture *fixture, const char *path)
{
    const char *text = json_path_text(fixture->body, path);

    return text ? text : "(none)";
}

static bool is_new(const struct fixture *fixture)
{
    return text_equal(fixture->request.method, "POST");
}

static void tells_a_new_event_in_full(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, &cart, "RoleMissing", "no such role", NOW);
    assert_string_equal(fixture->request.operation, "CreateEvent");
    assert_string_equal(fixture->request.method, "POST");
    assert_string_equal(fixture->request.path, "/apis/events.k8s.io/v1/namespaces/shop/events");
    assert_string_equal(told(fixture, "apiVersion"), "events.k8s.io/v1");
    assert_string_equal(told(fixture, "kind"), "Event");
    assert_string_equal(told(fixture, "metadata.namespace"), "shop");
    assert_string_equal(told(fixture, "eventTime"), "2026-11-25T04:15:24.000123Z");
    assert_string_equal(told(fixture, "type"), "Warning");
    assert_string_equal(told(fixture, "reason"), "RoleMissing");
    assert_string_equal(told(fixture, "action"), "Reconcile");
    assert_string_equal(told(fixture, "note"), "no such role");
    assert_string_equal(told(fixture, "reportingController"), "podidentity.io/controller");
    assert_string_equal(told(fixture, "reportingInstance"), "host-1");
    assert_string_equal(told(fixture, "regarding.apiVersion"), cart.api_version);
    assert_string_equal(told(fixture, "regarding.kind"), cart.kind);
    assert_string_equal(told(fixture, "regarding.namespace"), "shop");
    assert_string_equal(told(fixture, "regarding.name"), "cart");
    assert_string_equal(told(fixture, "regarding.uid"), cart.uid);
    assert_string_equal(told(fixture, "regarding.resourceVersion"), "340");
    assert_null(json_path(fixture->body, "series"));
}

static void writes_times_with_six_decimals_whatever_they_are(void **state)
{
    static const struct {
        int64_t now_us;
        const char *time;
    } cases[] = {
        {INT64_C(1795580124000000), "2026-11-25T04:15:24.000000Z"},
        {INT64_C(1795580124100000), "2026-11-25T04:15:24.100000Z"},
        {INT64_C(1795580124999999), "2026-11-25T04:15:24.999999Z"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        events_forget(fixture->events, &cart, true, "RoleMissing", "Reconcile");
        tell(fixture, &cart, "RoleMissing", "x", cases[i].now_us);
        assert_string_equal(told(fixture, "eventTime"), cases[i].time);
    }
}

static void makes_a_series_of_what_repeats(void **state)
{
    struct fixture *fixture = *state;
    struct event_subject newer = cart;
    AUTO_FREE char *name = NULL;

    newer.resource_version = "999";
    tell(fixture, &cart, "RoleMissing", "no such role", NOW);
    name = memory_string(told(fixture, "metadata.name"));
    for (int count = 2; count <= 4; count++) {
        int64_t now = NOW + (count - 1) * 6 * MINUTE;

        tell(fixture, &newer, "RoleMissing", "another note", now);
        assert_string_equal(fixture->request.operation, "PatchEvent");
        assert_string_equal(fixture->request.method, "PATCH");
        assert_true(text_starts(fixture->request.path,
                                "/apis/events.k8s.io/v1/namespaces/shop/events/cart."));
        assert_true(text_ends(fixture->request.path, name));
        assert_string_equal(fixture->request.headers[0].value, "application/merge-patch+json");
        assert_int_equal(json_path_int(fixture->body, "series.count", 0), count);
        /* Whatever else a PATCH of an Event changes is refused. */
        assert_int_equal(json_object_size(fixture->body), 1);
        assert_int_equal(json_object_size(json_path(fixture->body, "series")), 2);
    }
    assert_string_equal(told(fixture, "series.lastObservedTime"), "2026-11-25T04:33:24.000123Z");
    assert_int_equal(events_remembered(fixture->events), 1);
}

static void begins_again_after_six_quiet_minutes(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, &cart, "RoleMissing", "x", NOW);
    tell(fixture, &cart, "RoleMissing", "x", NOW + 6 * MINUTE);
    assert_false(is_new(fixture));
    tell(fixture, &cart, "RoleMissing", "x", NOW + 12 * MINUTE + 1);
    assert_true(is_new(fixture));
    tell(fixture, &cart, "RoleMissing", "x", NOW + 13 * MINUTE);
    assert_int_equal(json_path_int(fixture->body, "series.count", 0), 2);
    assert_int_equal(events_remembered(fixture->events), 1);
}

static void tells_apart_what_differs_in_anything_but_the_note(void **state)
{
    struct fixture *fixture = *state;
    struct event_subject others[] = {cart, cart, cart, cart};

    others[0].name = "cart2";
    others[1].namespace_name = "shop2";
    others[2].uid = "0b8ab9a6-30a6-4be0-8a9c-0f3c2b1d4e5f";
    others[3].kind = "ServiceAccount";
    tell(fixture, &cart, "RoleMissing", "x", NOW);
    for (size_t i = 0; i < COUNT(others); i++) {
        tell(fixture, &others[i], "RoleMissing", "x", NOW);
        assert_true(is_new(fixture));
    }
    tell(fixture, &cart, "RoleForbidden", "x", NOW);
    assert_true(is_new(fixture));
    events_tell(fixture->events, fixture->arena, &fixture->request, &cart, false, "RoleMissing",
                "Reconcile", "x", NOW);
    assert_true(is_new(fixture));
    events_tell(fixture->events, fixture->arena, &fixture->request, &cart, true, "RoleMissing",
                "Delete", "x", NOW);
    assert_true(is_new(fixture));
    tell(fixture, &cart, "RoleMissing", "y", NOW);
    assert_false(is_new(fixture));
}

static void tells_anew_what_was_not_accepted(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, &cart, "RoleMissing", "x", NOW);
    events_forget(fixture->events, &cart, true, "RoleForbidden", "Reconcile");
    tell(fixture, &cart, "RoleMissing", "x", NOW);
    assert_false(is_new(fixture));
    events_forget(fixture->events, &cart, true, "RoleMissing", "Reconcile");
    tell(fixture, &cart, "RoleMissing", "x", NOW);
    assert_true(is_new(fixture));
}

static void puts_events_on_cluster_scoped_objects_into_default(void **state)
{
    static const char *const names[] = {NULL, ""};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(names); i++) {
        struct event_subject grant = cart;

        grant.kind = "PodIdentityGrant";
        grant.namespace_name = names[i];
        grant.uid = i == 0 ? "a" : "b";
        tell(fixture, &grant, "InvalidGlob", "x", NOW);
        assert_string_equal(fixture->request.path,
                            "/apis/events.k8s.io/v1/namespaces/default/events");
        assert_string_equal(told(fixture, "metadata.namespace"), "default");
        assert_null(json_path(fixture->body, "regarding.namespace"));
        tell(fixture, &grant, "InvalidGlob", "x", NOW);
        assert_true(text_starts(fixture->request.path,
                                "/apis/events.k8s.io/v1/namespaces/default/events/cart."));
    }
}

static void cuts_a_note_at_1024_bytes_and_a_character(void **state)
{
    struct fixture *fixture = *state;
    AUTO_TEXT struct text note = TEXT_INIT(8192);
    const char *cut;

    text_add_char(&note, 'x');
    for (int i = 0; i < 1500; i++)
        text_add_string(&note, "\xc3\xa9");
    tell(fixture, &cart, "RoleMissing", note.bytes, NOW);
    cut = told(fixture, "note");
    assert_int_equal(strlen(cut), 1023);
    assert_true(text_utf8(cut, strlen(cut)));
}

static void mends_a_note_that_is_not_text(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, &cart, "RoleMissing",
         " a\n\x01"
         "b\xff\xfe c \n",
         NOW);
    assert_string_equal(told(fixture, "note"), "a  b   c");
}

static bool is_dns_subdomain(const char *name)
{
    const char *at = name;

    for (; *at; at++) {
        bool edge = at == name || at[-1] == '.' || at[1] == '.' || at[1] == '\0';
        bool word = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');

        if (!word && (edge || (*at != '-' && *at != '.')))
            return false;
    }
    return at > name && at - name <= 253;
}

static void builds_names_that_kubernetes_takes(void **state)
{
    struct fixture *fixture = *state;
    static const char tails[] = {'a', '-', '.'};

    for (size_t length = 1; length <= 253; length++) {
        for (size_t i = 0; i < COUNT(tails); i++) {
            struct event_subject subject = cart;
            char name[254];
            const char *made;

            memset(name, tails[i] == '.' ? 'a' : tails[i], length);
            for (size_t j = 1; tails[i] == '.' && j < length; j += 2)
                name[j] = '.';
            name[0] = name[length - 1] = 'z';
            name[length] = '\0';
            subject.name = name;
            events_forget(fixture->events, &subject, true, "RoleMissing", "Reconcile");
            tell(fixture, &subject, "RoleMissing", "x", NOW);
            made = told(fixture, "metadata.name");
            if (!is_dns_subdomain(made))
                fail_msg("%s", made);
        }
    }
}

static void what_was_done_is_told_anew_each_time_and_not_remembered(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 2; i++) {
        events_tell(fixture->events, fixture->arena, &fixture->request, &cart, false, "PolicyPut",
                    "PutRolePolicy", "x", NOW + i);
        assert_true(is_new(fixture));
        assert_int_equal(events_remembered(fixture->events), 0);
    }
}

static void forgets_what_no_series_can_go_on(void **state)
{
    struct fixture *fixture = *state;

    tell(fixture, &cart, "RoleMissing", "x", NOW);
    tell(fixture, &cart, "RoleCreated", "x", NOW + MINUTE);
    tell(fixture, &cart, "Associated", "x", NOW + 6 * MINUTE);
    assert_int_equal(events_remembered(fixture->events), 3);
    tell(fixture, &cart, "Ready", "x", NOW + 7 * MINUTE + 1);
    assert_int_equal(events_remembered(fixture->events), 2);
}

static void remembers_no_more_than_its_table_holds(void **state)
{
    struct fixture *fixture = *state;
    struct event_subject subject = cart;
    char uid[16];

    subject.uid = uid;
    for (int i = 0; i < EVENTS_REMEMBERED_MAX + 10; i++) {
        snprintf(uid, sizeof(uid), "%d", i);
        tell(fixture, &subject, "RoleMissing", "x", NOW + i);
        if (i == EVENTS_REMEMBERED_MAX - 1) {
            /* The oldest is heard again, so it is not the next to go. */
            snprintf(uid, sizeof(uid), "0");
            tell(fixture, &subject, "RoleMissing", "x", NOW + i);
            assert_false(is_new(fixture));
        }
        arena_reset(fixture->arena);
    }
    assert_int_equal(events_remembered(fixture->events), EVENTS_REMEMBERED_MAX);
    snprintf(uid, sizeof(uid), "0");
    tell(fixture, &subject, "RoleMissing", "x", NOW + 9999);
    assert_false(is_new(fixture));
    snprintf(uid, sizeof(uid), "1");
    tell(fixture, &subject, "RoleMissing", "x", NOW + 9999);
    assert_true(is_new(fixture));
}

static void cuts_a_long_instance(void **state)
{
    struct fixture *fixture = *state;
    char instance[300];

    memset(instance, 'h', sizeof(instance) - 1);
    instance[sizeof(instance) - 1] = '\0';
    events_destroy(fixture->events);
    fixture->events = events_create("podidentity.io/controller", instance);
    tell(fixture, &cart, "RoleMissing", "x", NOW);
    assert_int_equal(strlen(told(fixture, "reportingInstance")), 128);
}

#define with_fixture(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fixture(tells_a_new_event_in_full),
        with_fixture(writes_times_with_six_decimals_whatever_they_are),
        with_fixture(makes_a_series_of_what_repeats),
        with_fixture(begins_again_after_six_quiet_minutes),
        with_fixture(tells_apart_what_differs_in_anything_but_the_note),
        with_fixture(tells_anew_what_was_not_accepted),
        with_fixture(puts_events_on_cluster_scoped_objects_into_default),
        with_fixture(cuts_a_note_at_1024_bytes_and_a_character),
        with_fixture(mends_a_note_that_is_not_text),
        with_fixture(builds_names_that_kubernetes_takes),
        with_fixture(what_was_done_is_told_anew_each_time_and_not_remembered),
        with_fixture(forgets_what_no_series_can_go_on),
        with_fixture(remembers_no_more_than_its_table_holds),
        with_fixture(cuts_a_long_instance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
