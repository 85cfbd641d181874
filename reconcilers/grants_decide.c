/* The decision about one binding, and its reasons in words. */

#include "base/arena.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "informers/store.h"
#include "reconcilers/grants.h"
#include "reconcilers/grants_items.h"
#include "reconcilers/scene.h"

/* A status message has 2,048 bytes, some of which the code and the mend need. */
enum { GRANTS_TOLD_MAX = 1400, GRANTS_NAMED_MAX = 1000, REASON_MAX = 300 };

struct inquiry {
    struct arena *arena;
    const struct podidentitybinding *binding;
    const struct scene *scene;
    struct grant_items items;
    /* Reasons of grants that match the binding, and of the others, which tell a person less. */
    struct text *short_of, *mismatched, *useful;
    size_t grants, untold;
};

static void tell(struct inquiry *inquiry, struct text *text, const struct podidentitygrant *grant,
                 const char *why)
{
    if (inquiry->short_of->length + inquiry->mismatched->length >= GRANTS_TOLD_MAX) {
        inquiry->untold++;
        return;
    }
    text_printf(text, "%s\"%s\": %.*s", text->length > 0 ? "; " : "", grant->record.name,
                REASON_MAX, why);
}

/* "does not allow X, Y and 3 more". */
static const char *lacks(struct inquiry *inquiry, const struct podidentitygrant *grant,
                         const struct grant_item *first, size_t more)
{
    const char *what = grant_item_lack(inquiry->arena, first, grant);

    return more == 0 ? arena_printf(inquiry->arena, "does not allow %s", what)
                     : arena_printf(inquiry->arena, "does not allow %s and %zu more", what, more);
}

static void ask_items(struct inquiry *inquiry, const struct podidentitygrant *grant)
{
    const struct grant_item *first = NULL;
    size_t missing = 0;

    for (size_t i = 0; i < inquiry->items.count; i++) {
        struct grant_item *item = &inquiry->items.list[i];

        if (grant_item_ask(item, grant))
            continue;
        first = first ? first : item;
        missing++;
    }
    if (first)
        tell(inquiry, inquiry->short_of, grant, lacks(inquiry, grant, first, missing - 1));
    if (missing == inquiry->items.count || inquiry->useful->length >= GRANTS_NAMED_MAX)
        return;
    text_printf(inquiry->useful, "%s%s", inquiry->useful->length > 0 ? ", " : "",
                grant->record.name);
}

static void ask_grant(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;
    struct inquiry *inquiry = context;
    const char *mismatch =
        grant_mismatch(inquiry->arena, grant, inquiry->binding->record.namespace_name,
                       inquiry->binding->spec.service_account, inquiry->scene);

    inquiry->grants++;
    if (mismatch)
        tell(inquiry, inquiry->mismatched, grant, mismatch);
    else
        ask_items(inquiry, grant);
}

static bool is_refused(const struct grant_item *item)
{
    return !item->allowed && !item->on_consent;
}

static const struct grant_item *first_refused(const struct grant_items *items, size_t *more)
{
    const struct grant_item *first = NULL;

    *more = 0;
    for (size_t i = 0; i < items->count; i++) {
        if (!is_refused(&items->list[i]))
            continue;
        if (first)
            ++*more;
        else
            first = &items->list[i];
    }
    return first;
}

static bool needs_consent(const struct grant_items *items)
{
    for (size_t i = 0; i < items->count; i++)
        if (!items->list[i].allowed && items->list[i].on_consent)
            return true;
    return false;
}

/* "; 2 more" and the like, or nothing. */
static const char *and_more(struct arena *arena, const char *before, size_t count)
{
    return count > 0 ? arena_printf(arena, "%s%zu more", before, count) : "";
}

static const char *refusal(struct inquiry *inquiry, const struct grant_item *refused, size_t more)
{
    const struct podidentitybinding *binding = inquiry->binding;

    return arena_printf(
        inquiry->arena,
        "No PodIdentityGrant gives namespace %s, ServiceAccount %s: %s%s%.700s%s. %zu looked at"
        "%s%s%s%s%s. Ask the platform team for a grant",
        binding->record.namespace_name, binding->spec.service_account, refused->what,
        refused->value[0] ? " " : "", refused->value, and_more(inquiry->arena, " and ", more),
        inquiry->grants, inquiry->grants > 0 ? ": " : "", inquiry->short_of->bytes,
        inquiry->short_of->length > 0 && inquiry->mismatched->length > 0 ? "; " : "",
        inquiry->mismatched->bytes, and_more(inquiry->arena, "; ", inquiry->untold));
}

struct grant_decision grants_decide(struct arena *arena, const struct podidentitybinding *binding,
                                    const struct scene *scene)
{
    AUTO_TEXT struct text short_of = TEXT_INIT(2 * GRANTS_TOLD_MAX);
    AUTO_TEXT struct text mismatched = TEXT_INIT(2 * GRANTS_TOLD_MAX);
    AUTO_TEXT struct text useful = TEXT_INIT(2 * GRANTS_NAMED_MAX);
    struct inquiry inquiry = {
        .arena = arena,
        .binding = binding,
        .scene = scene,
        .items = grant_items_of(arena, binding, scene),
        .short_of = &short_of,
        .mismatched = &mismatched,
        .useful = &useful,
    };
    const struct grant_item *refused;
    size_t more;

    store_each(scene->grants, ask_grant, &inquiry);
    refused = first_refused(&inquiry.items, &more);
    if (refused)
        return (struct grant_decision){.message = refusal(&inquiry, refused, more)};
    return (struct grant_decision){
        .granted = true,
        .needs_consent = needs_consent(&inquiry.items),
        .message = arena_printf(arena, "Allowed by PodIdentityGrant %s", useful.bytes)};
}

bool grant_serves(struct arena *arena, const struct podidentitygrant *grant,
                  const struct podidentitybinding *binding, const struct scene *scene)
{
    struct grant_items items;

    if (grant->unreadable || grant->bad_glob ||
        !grant_has_glob(grant->service_accounts, binding->spec.service_account))
        return false;
    items = grant_items_of(arena, binding, scene);
    /* From the end: whether there is room is asked first in the list, and costs the most. */
    for (size_t i = items.count; i > 0; i--)
        if (grant_item_ask(&items.list[i - 1], grant))
            return true;
    return false;
}

/* Rights beside the items --------------------------------------------------------------------- */

/* A right that a grant gives by itself, to whom it matches. value: what is asked for; NULL: the
 * right alone. */
typedef bool (*right_fn)(const struct podidentitygrant *grant, const char *value);

struct petition {
    const struct scene *scene;
    const char *namespace_name, *service_account, *value;
    right_fn right;
    bool allowed;
};

static void ask_right(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;
    struct petition *petition = context;

    if (petition->right(grant, petition->value) &&
        grant_matches(grant, petition->namespace_name, petition->service_account, petition->scene))
        petition->allowed = true;
}

static bool some_grant_gives(right_fn right, const char *value, const char *namespace_name,
                             const char *service_account, const struct scene *scene)
{
    struct petition petition = {.scene = scene,
                                .namespace_name = namespace_name,
                                .service_account = service_account,
                                .value = value,
                                .right = right};

    store_each(scene->grants, ask_right, &petition);
    return petition.allowed;
}

static bool gives_adoption_of_role(const struct podidentitygrant *grant, const char *role_arn)
{
    return grant_has_glob(grant->adoption_roles, role_arn);
}

bool grants_allow_adoption_of_role(const struct podidentitybinding *binding,
                                   const struct scene *scene, const char *role_arn)
{
    return some_grant_gives(gives_adoption_of_role, role_arn, binding->record.namespace_name,
                            binding->spec.service_account, scene);
}

static bool gives_adoption_of_association(const struct podidentitygrant *grant, const char *value)
{
    (void)value;
    return grant->adoption_associations;
}

bool grants_allow_adoption_of_association(const struct podidentitybinding *binding,
                                          const struct scene *scene)
{
    return some_grant_gives(gives_adoption_of_association, NULL, binding->record.namespace_name,
                            binding->spec.service_account, scene);
}

static bool gives_annotation(const struct podidentitygrant *grant, const char *value)
{
    (void)value;
    return grant->allow_service_account_annotation;
}

bool grants_allow_annotation(const char *namespace_name, const char *service_account,
                             const struct scene *scene)
{
    return some_grant_gives(gives_annotation, NULL, namespace_name, service_account, scene);
}

static bool gives_retention(const struct podidentitygrant *grant, const char *value)
{
    (void)value;
    return grant->allow_retain;
}

bool grants_retain(const struct podidentitybinding *binding, const struct scene *scene)
{
    return binding->spec.retain &&
           some_grant_gives(gives_retention, NULL, binding->record.namespace_name,
                            binding->spec.service_account, scene);
}
