#include "controller/consequences.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "controller/jobs.h"
#include "crds/metadata.h"
#include "crds/podidentitybinding.h"
#include "crds/podidentitygrant.h"
#include "informers/informer.h"
#include "reconcilers/grants.h"
#include "reconcilers/indices.h"
#include "reconcilers/podidentitybinding.h"
#include "reconcilers/scene.h"
#include "reconcilers/shorthand.h"

/* Counts in a grant's status follow bindings in bursts: one write for all of a second. */
enum { GRANT_DELAY_MS = 1000 };

/* A rollout makes and ends pods by the dozen: one look for all of a second. */
enum { PODS_DELAY_MS = 1000 };

/* Bindings ------------------------------------------------------------------------------------- */

/* When the line came that tells of the change. */
static uint64_t line_us(const struct consequences *consequences)
{
    struct informer_figures figures;

    informer_figures(consequences->bindings, &figures);
    return figures.last_line_us;
}

static void add_binding(void *context, const void *record)
{
    const struct consequences *consequences = context;

    jobs_add(consequences->jobs, JOB_BINDING, ((const struct record *)record)->key, QUEUE_LATER, 0);
}

static void add_account(void *context, const void *record)
{
    const struct consequences *consequences = context;

    jobs_add(consequences->jobs, JOB_SERVICE_ACCOUNT, ((const struct record *)record)->key,
             QUEUE_LATER, 0);
}

static void add_grant(void *context, const void *record)
{
    const struct consequences *consequences = context;

    jobs_add_after(consequences->jobs, JOB_GRANT, ((const struct record *)record)->key,
                   GRANT_DELAY_MS);
}

/* Whom it stops may have changed. */
static bool same_rank(const struct podidentitybinding *before,
                      const struct podidentitybinding *after)
{
    return before->spec.observe == after->spec.observe &&
           before->from_shorthand == after->from_shorthand;
}

/* What one that only observes saw was moved. */
static void add_observer(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    const struct consequences *consequences = context;

    if (!binding->spec.observe)
        return;
    reconcile_doubt_observer(consequences->scene, binding);
    add_binding(context, binding);
}

static bool has_managed_role(const struct podidentitybinding *binding)
{
    return binding && !binding->spec.role_arn;
}

struct succession {
    struct consequences *consequences;
    const struct podidentitybinding *other; /* that came, went or changed */
    bool makes_room;                        /* it wants no role of ours any more */
};

static bool is_allowed(const struct podidentitybinding *binding)
{
    const struct condition *allowed = podidentitybinding_condition(&binding->status, "Allowed");

    return allowed && allowed->status == CONDITION_TRUE;
}

static void add_if_younger(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    const struct succession *succession = context;

    if (binding->spec.role_arn || !grants_is_older(succession->other, binding) ||
        (succession->makes_room && is_allowed(binding)))
        return;
    add_binding(succession->consequences, binding);
}

static void find_limit(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;

    if (grant->max_bindings >= 0)
        *(bool *)context = true;
}

/* Its status counts the bindings it serves. */
static void add_if_selecting(void *context, const void *record)
{
    const struct succession *succession = context;
    const char *name = succession->other->record.namespace_name;
    const struct namespace_metadata *namespace =
        store_get(succession->consequences->scene->namespaces, name);

    if (grant_selects(record, name, namespace ? &namespace->labels : NULL,
                      &succession->consequences->scene->settings))
        add_grant(succession->consequences, record);
}

/* Under maxBindings those that are younger move up or down. */
static void add_waiting(struct consequences *consequences, const struct podidentitybinding *binding,
                        bool makes_room)
{
    struct succession succession = {
        .consequences = consequences, .other = binding, .makes_room = makes_room};
    bool limited = false;

    store_each(consequences->scene->grants, find_limit, &limited);
    if (limited)
        store_each_with(consequences->scene->bindings, INDEX_NAMESPACE,
                        binding->record.namespace_name, add_if_younger, &succession);
}

static bool same_generation(const struct podidentitybinding *before,
                            const struct podidentitybinding *after)
{
    return before && after && before->meta.generation == after->meta.generation;
}

/* Who makes thousands at once waits for AWS; who changes one that was made does not wait for them.
 */
static enum queue_priority priority_of(const struct podidentitybinding *after)
{
    return after && after->status.observed_generation < 0 ? QUEUE_NEW : QUEUE_FIRST;
}

static bool keeps(const struct podidentitybinding *binding)
{
    return binding && shorthand_is(binding);
}

/* The ServiceAccount that a binding is kept for, and one whose annotation wants the name. */
static void add_namesake(struct consequences *consequences, const struct podidentitybinding *before,
                         const struct podidentitybinding *after)
{
    const char *key = (after ? after : before)->record.key;
    const struct serviceaccount_metadata *account =
        store_get(consequences->scene->service_accounts, key);

    if (keeps(before) || keeps(after) || (account && account->role_arn))
        jobs_add(consequences->jobs, JOB_SERVICE_ACCOUNT, key, QUEUE_LATER, 0);
}

void consequences_of_binding(void *context, const void *before, const void *after, bool initial)
{
    struct consequences *consequences = context;
    const struct podidentitybinding *binding = after ? after : before;
    const struct record *record = &binding->record;
    bool came_or_went = !before || !after || binding->meta.deleted_ms != 0;

    assert(before || after);
    if (initial) {
        add_namesake(consequences, before, after);
        jobs_add(consequences->jobs, JOB_BINDING, record->key, QUEUE_LATER, 0);
        return;
    }
    if (reconcile_moved_things(before, after))
        indices_each_of_account(consequences->scene->bindings, binding, add_observer, consequences);
    if (after && reconcile_is_own_write(consequences->scene, record->key, record->uid,
                                        record->resource_version))
        return;
    jobs_hear(consequences->jobs, record->key, priority_of(after), line_us(consequences));
    if (came_or_went || !same_rank(before, after)) /* one may have to give way, or may go on */
        indices_each_of_account(consequences->scene->bindings, binding, add_binding, consequences);
    if (came_or_went || keeps(before) != keeps(after) || !same_generation(before, after))
        add_namesake(consequences, before, after);
    if (has_managed_role(before) != has_managed_role(after))
        add_waiting(consequences, binding, !has_managed_role(after));
    if (same_generation(before, after))
        return; /* nothing that grants are asked about */
    store_each(consequences->scene->grants, add_if_selecting,
               &(struct succession){.consequences = consequences, .other = binding});
}

/* Grants --------------------------------------------------------------------------------------- */

/* And ServiceAccounts whose annotation may make a binding now. */
static void add_bindings_in(struct consequences *consequences, const char *namespace_name)
{
    store_each_with(consequences->scene->bindings, INDEX_NAMESPACE, namespace_name, add_binding,
                    consequences);
    store_each_with(consequences->scene->service_accounts, INDEX_NAMESPACE, namespace_name,
                    add_account, consequences);
}

struct selection {
    struct consequences *consequences;
    const struct podidentitygrant *grant;
};

static void add_if_selected(void *context, const void *record)
{
    const struct namespace_metadata *namespace = record;
    const struct selection *selection = context;
    const char *name = namespace->metadata.record.name;

    if (grant_selects(selection->grant, name, &namespace->labels,
                      &selection->consequences->scene->settings))
        add_bindings_in(selection->consequences, name);
}

/* Named namespaces are looked up, not searched: most grants have no labels. */
static void add_bindings_of(struct consequences *consequences, const struct podidentitygrant *grant)
{
    struct selection selection = {.consequences = consequences, .grant = grant};

    if (!grant)
        return;
    for (const char *const *name = grant->namespace_names; *name; name++)
        add_bindings_in(consequences, *name);
    if (grant->match_labels.count > 0)
        store_each(consequences->scene->namespaces, add_if_selected, &selection);
}

void consequences_of_grant(void *context, const void *before, const void *after, bool initial)
{
    struct consequences *consequences = context;
    const struct podidentitygrant *old = before, *new = after;

    assert(old || new);
    if (old && new && old->meta.generation == new->meta.generation)
        return; /* its status, which we wrote */
    jobs_add(consequences->jobs, JOB_GRANT, (new ? new : old)->record.key, QUEUE_FIRST, 0);
    if (initial)
        return; /* all bindings come anyway */
    add_bindings_of(consequences, old);
    add_bindings_of(consequences, new);
}

/* ServiceAccounts and namespaces --------------------------------------------------------------- */

static bool is_annotated(const struct serviceaccount_metadata *account)
{
    return account && account->role_arn;
}

/* Somebody may have taken over or removed what we applied. */
static bool annotations_differ(const struct serviceaccount_metadata *before,
                               const struct serviceaccount_metadata *after)
{
    return memcmp(before->hashes, after->hashes, sizeof(before->hashes)) != 0;
}

void consequences_of_service_account(void *context, const void *before, const void *after,
                                     bool initial)
{
    struct consequences *consequences = context;
    const struct record *record = after ? after : before;

    assert(record);
    if (is_annotated(before) || is_annotated(after) ||
        keeps(store_get(consequences->scene->bindings, record->key)))
        jobs_add(consequences->jobs, JOB_SERVICE_ACCOUNT, record->key,
                 initial ? QUEUE_LATER : QUEUE_FIRST, 0);
    if (!initial && (!before || !after || annotations_differ(before, after)))
        store_each_with(consequences->scene->bindings, INDEX_SERVICE_ACCOUNT, record->key,
                        add_binding, consequences);
}

struct relabelling {
    struct consequences *consequences;
    const struct namespace_metadata *before, *after; /* NULL: it did not exist, or is gone */
    bool matters;                                    /* for what bindings may do */
};

static bool selects(const struct relabelling *relabelling, const struct podidentitygrant *grant,
                    const struct namespace_metadata *namespace)
{
    return namespace && grant_selects(grant, namespace->metadata.record.name, &namespace->labels,
                                      &relabelling->consequences->scene->settings);
}

static void compare_selection(void *context, const void *record)
{
    const struct podidentitygrant *grant = record;
    struct relabelling *relabelling = context;

    if (selects(relabelling, grant, relabelling->before) ==
        selects(relabelling, grant, relabelling->after))
        return;
    add_grant(relabelling->consequences, grant);
    if (grant->match_labels.count > 0)
        relabelling->matters = true;
}

static const char *suspension(const struct namespace_metadata *namespace)
{
    return namespace ? namespace->suspended : NULL;
}

/* Of all bindings only those in this namespace, and only when a grant reaches it or no longer, or
 * a person suspends it or no longer. */
void consequences_of_namespace(void *context, const void *before, const void *after, bool initial)
{
    struct relabelling relabelling = {.consequences = context, .before = before, .after = after};
    const struct record *record = after ? after : before;

    assert(record);
    if (initial)
        return;
    store_each(relabelling.consequences->scene->grants, compare_selection, &relabelling);
    if (relabelling.matters || !text_equal(suspension(before), suspension(after)))
        add_bindings_in(context, record->name);
}

/* Pods ----------------------------------------------------------------------------------------- */

/* A binding that waits for AWS or for a person comes back in its own time, whatever its pods do. */
static void add_if_pods_matter(void *context, const void *record)
{
    const struct podidentitybinding *binding = record;
    const struct consequences *consequences = context;

    if (reconcile_looks_at_pods(consequences->scene, binding))
        jobs_add_after(consequences->jobs, JOB_BINDING, binding->record.key, PODS_DELAY_MS);
}

void consequences_of_pods(void *context, const char *account)
{
    const struct consequences *consequences = context;

    store_each_with(consequences->scene->bindings, INDEX_SERVICE_ACCOUNT, account,
                    add_if_pods_matter, context);
}

/* Whatever changed ----------------------------------------------------------------------------- */

void consequences_for_binding(const struct consequences *consequences, const char *key)
{
    jobs_add(consequences->jobs, JOB_BINDING, key, QUEUE_LATER, 0);
}

void consequences_for_all(struct consequences *consequences)
{
    store_each(consequences->scene->bindings, add_binding, consequences);
    store_each(consequences->scene->grants, add_grant, consequences);
}
