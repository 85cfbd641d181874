/* What is to come, in words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "reconcilers/changes.h"
#include "reconcilers/work.h"
#include "tests/unit/bindings.h"

#define ROLE "arn:aws:iam::123456789012:role/cart"

struct place {
    struct scene scene;
    struct work work;
};

static struct place *place_open(void)
{
    struct place *place = memory_alloc(sizeof(*place));

    place->scene = scene_make(NULL);
    place->work.arena = arena_create(UNIT_ARENA_MAX);
    place->work.scene = &place->scene;
    place->work.binding = binding_make("shop", "cart", "u-1", "");
    place->work.want.role_name = "cart";
    place->work.want.role_arn = ROLE;
    place->work.have.found = (struct eks_association){.id = "a-1", .role_arn = ROLE};
    return place;
}

static void place_close_auto(struct place **place)
{
    record_unref((*place)->work.binding);
    arena_destroy((*place)->work.arena);
    free(*place);
}
#define AUTO_PLACE __attribute__((cleanup(place_close_auto)))

/* What makes an association one of this binding's. */
#define OURS(place)                                                                                \
    {TAG_MANAGED, "true"}, {TAG_CLUSTER, (place)->scene.account.cluster_arn},                      \
        {TAG_NAMESPACE, "shop"}, {TAG_SERVICE_ACCOUNT, "cart"}, {TAG_BINDING_UID, "u-1"},          \
    {                                                                                              \
        TAG_ORIGIN, ORIGIN_CREATED                                                                 \
    }

/* Sentences with a line's end each. */
static const char *pending(const struct place *place)
{
    const char *all = "";

    for (size_t i = 0; place->work.outcome.pending && place->work.outcome.pending[i]; i++)
        all = arena_printf(place->work.arena, "%s%s\n", all, place->work.outcome.pending[i]);
    return all;
}

static void each_change_of_a_role_is_a_sentence(void **state)
{
    AUTO_PLACE struct place *place = place_open();
    static const struct iam_policy put[] = {{.name = "Policy1", .document = "{}"}};
    static const char *const detached[] = {"arn:aws:iam::aws:policy/Old"};

    (void)state;
    changes_pend_role(&place->work, &(struct difference){.trust = true,
                                                         .policies_put = put,
                                                         .policies_put_count = 1,
                                                         .detached = detached,
                                                         .detached_count = 1});
    assert_string_equal(pending(place), "Change role cart: write the trust policy\n"
                                        "Change role cart: put inline policy Policy1\n"
                                        "Change role cart: detach arn:aws:iam::aws:policy/Old\n");
}

/* The list ends at twenty; the association's own changes come after those of the role. */
static void a_role_with_many_changes_leaves_room_for_the_rest(void **state)
{
    AUTO_PLACE struct place *place = place_open();
    const char *attached[25];

    (void)state;
    for (size_t i = 0; i < COUNT(attached); i++)
        attached[i] = arena_printf(place->work.arena, "arn:%zu", i);
    changes_pend_role(&place->work,
                      &(struct difference){.attached = attached, .attached_count = 25});
    changes_pend_new_association(&place->work);
    assert_non_null(strstr(pending(place), "Change role cart: attach arn:10\n"
                                           "Change role cart in 14 more ways\n"
                                           "Create association: new pods of ServiceAccount cart "
                                           "get role " ROLE "\n"));
}

static void an_association_that_is_as_wanted_has_none(void **state)
{
    AUTO_PLACE struct place *place = place_open();

    (void)state;
    changes_pend_association(&place->work);
    assert_string_equal(pending(place), "");
    assert_string_equal(changes_of_association(&place->work, &place->work.have.found), "");
}

static void an_association_says_what_it_was_before(void **state)
{
    AUTO_PLACE struct place *place = place_open();
    struct aws_tag wanted[] = {OURS(place), {"team", "blue"}, {"stage", "live"}};
    struct aws_tag found[] = {OURS(place), {"old", "yes"}};

    (void)state;
    place->work.want.tags = (struct aws_tags){.items = wanted, .count = COUNT(wanted)};
    place->work.want.disable_session_tags = true;
    place->work.have.found.role_arn = "arn:aws:iam::123456789012:role/other";
    place->work.have.found.target_role_arn = "arn:aws:iam::210987654321:role/there";
    place->work.have.found.tags = (struct aws_tags){.items = found, .count = COUNT(found)};
    changes_pend_association(&place->work);
    assert_string_equal(pending(place),
                        "Change association a-1; role " ROLE
                        " (before: arn:aws:iam::123456789012:role/other); target role none "
                        "(before: arn:aws:iam::210987654321:role/there); session tags off\n"
                        "Tag association a-1: team, stage\n"
                        "Remove tags of association a-1: old\n");
}

static void a_sentence_is_no_longer_than_the_schema_takes(void **state)
{
    AUTO_PLACE struct place *place = place_open();
    char name[600];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    place->work.want.role_arn = name;
    changes_pend_new_association(&place->work);
    assert_int_equal(strlen(place->work.outcome.pending[0]), 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_of_a_role_is_a_sentence),
        cmocka_unit_test(a_role_with_many_changes_leaves_room_for_the_rest),
        cmocka_unit_test(an_association_that_is_as_wanted_has_none),
        cmocka_unit_test(an_association_says_what_it_was_before),
        cmocka_unit_test(a_sentence_is_no_longer_than_the_schema_takes),
    };

    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
