/*
 * Chooses roles of ours that go, one after the other. Each is read again right before: its tags
 * decide whether it is ours. A role that is not needed any more but may still serve running pods is
 * tagged as retired, and goes later. How one goes is in removal_delete.c.
 */

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "informers/pods.h"
#include "reconcilers/adoption.h"
#include "reconcilers/grants.h"
#include "reconcilers/injection.h"
#include "reconcilers/ledger.h"
#include "reconcilers/ownership.h"
#include "reconcilers/picture.h"
#include "reconcilers/removal_parts.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* A binding has one role, and a retired one for each change of mind within six hours. */
enum { UNKNOWN_MS = 60 * 1000, DOOMED_MAX = 32 };

static void doomed_add(struct work *work, const char *name)
{
    struct doomed *doomed = &work->doomed;

    for (size_t i = 0; i < doomed->count; i++)
        if (strcasecmp(doomed->names[i], name) == 0)
            return;
    if (doomed->count < DOOMED_MAX)
        doomed->names[doomed->count++] = arena_string(work->arena, name);
}

static bool is_unwanted(const struct work *work, const struct picture_role *role)
{
    return !work->want.managed || strcasecmp(role->name, work->want.role_name) != 0;
}

static void add_unwanted(void *context, const struct picture_role *role)
{
    if (is_unwanted(context, role))
        doomed_add(context, role->name);
}

struct unwanted {
    const struct work *work;
    bool found;
};

static void find_unwanted(void *context, const struct picture_role *role)
{
    struct unwanted *unwanted = context;

    if (is_unwanted(unwanted->work, role))
        unwanted->found = true;
}

bool removal_has_retired(struct work *work)
{
    struct unwanted unwanted = {.work = work};

    picture_each_role_of(work->scene->picture, work->binding->record.uid, find_unwanted, &unwanted);
    return unwanted.found;
}

static void pend_unwanted(void *context, const struct picture_role *role)
{
    if (is_unwanted(context, role))
        work_pend(context,
                  "Delete role %s, which is not wanted any more, when all pods are younger",
                  role->name);
}

void removal_pend_retired(struct work *work)
{
    picture_each_role_of(work->scene->picture, work->binding->record.uid, pend_unwanted, work);
}

/* An association of others, one that was adopted too, stays and gives pods the role of this name.
 */
static bool is_in_use(const struct work *work, const char *role_name)
{
    const char *name =
        work->have.association == PRESENCE_PRESENT ? strrchr(work->have.found.role_arn, '/') : NULL;

    return name && strcasecmp(name + 1, role_name) == 0 && !work->purge && !work->withdrawn &&
           (work->have.association_owner == OWNER_FOREIGN ||
            work->have.association_owner == OWNER_ADOPTED);
}

/* What is left working needs its role. */
static void add_unless_in_use(struct work *work, const char *name)
{
    if (is_in_use(work, name))
        work->doomed.spared = true;
    else
        doomed_add(work, name);
}

static void add_any(void *context, const struct picture_role *role)
{
    add_unless_in_use(context, role->name);
}

static void add_adopted(void *context, const struct picture_role *role)
{
    if (role->adopted)
        add_any(context, role);
}

/* Lists once what is to go; true when that was done now. */
static bool doomed_begin(struct work *work)
{
    if (work->doomed.listed)
        return false;
    work->doomed.listed = true;
    work->doomed.names = arena_array(work->arena, DOOMED_MAX, sizeof(*work->doomed.names));
    return true;
}

/* Turns to the next role of the list; everything known about the one before is dropped. */
static enum verdict doomed_next(struct work *work)
{
    struct doomed *doomed = &work->doomed;

    if (doomed->chosen)
        return VERDICT_NEXT;
    doomed->chosen = doomed->next < doomed->count;
    if (!doomed->chosen)
        work->ledger->retired_until_ms = doomed->until_ms;
    return VERDICT_NEXT;
}

enum verdict removal_done(struct work *work)
{
    struct doomed *doomed = &work->doomed;

    *doomed = (struct doomed){.listed = true,
                              .names = doomed->names,
                              .count = doomed->count,
                              .next = doomed->next + 1,
                              .until_ms = doomed->until_ms,
                              .spared = doomed->spared};
    return VERDICT_TOP;
}

const char *removal_name(const struct work *work)
{
    return work->doomed.names[work->doomed.next];
}

/*
 * Does no pod work with a role any more that was retired then? Its time has passed, or every pod is
 * younger than the change of roles. EKS may have given the old role for a moment longer, so that
 * moment counts as before.
 */
static bool is_left(const struct work *work, int64_t until_ms)
{
    const struct settings *settings = &work->scene->settings;
    int64_t retired_ms = until_ms - (int64_t)settings->retired_role_ms;

    return work->now_ms >= until_ms ||
           injection_is_over(work, retired_ms + (int64_t)settings->settle_ms);
}

/* When to look again: at its time; sooner where pods tell, who come and go by themselves, but for
 * the moment after the change of roles. */
static int64_t look_again_ms(const struct work *work, int64_t until_ms)
{
    const struct settings *settings = &work->scene->settings;
    int64_t over_ms = until_ms - (int64_t)settings->retired_role_ms + (int64_t)settings->settle_ms;

    if (work->scene->pods && !pods_known(work->scene->pods) && work->now_ms >= over_ms)
        over_ms =
            work->now_ms + UNKNOWN_MS; /* nobody tells when the watch has no trouble any more */
    return work->scene->pods && work->now_ms < over_ms && over_ms < until_ms ? over_ms : until_ms;
}

enum verdict removal_choose_retired(struct work *work, struct request *request)
{
    (void)request;
    if (work->have.verified && !work->doomed.listed &&
        (work->ledger->retired_until_ms == 0 || !is_left(work, work->ledger->retired_until_ms))) {
        if (work->ledger->retired_until_ms != 0 && work->outcome.again_ms == 0)
            work->outcome.again_ms =
                (uint64_t)(look_again_ms(work, work->ledger->retired_until_ms) - work->now_ms) + 1;
        return VERDICT_STOP;
    }
    if (doomed_begin(work)) {
        picture_each_role_of(work->scene->picture, work->binding->record.uid, add_unwanted, work);
        /* Due until the list is through: a failure on the way must not lose the rest. */
        work->ledger->retired_until_ms = work->doomed.count > 0 ? work->now_ms : 0;
    }
    return doomed_next(work);
}

/* When nothing else is left to wait for. */
static void tell_of_spared(struct work *work)
{
    if (work->doomed.chosen || !work->doomed.spared)
        return;
    work->doomed.spared = false;
    work_tell(work, false, "RoleLeft", "DeleteRole",
              "Role %s stays, because association %s, which others made, gives it to pods",
              work->have.found.role_arn, work->have.found.id);
}

/* A person who says --purge means it, whatever the spec says. */
static bool keeps_roles(const struct work *work)
{
    return work->keep_roles || (!work->purge && grants_retain(work->binding, work->scene));
}

/* Adopted ones first: they are let go at once, while the others may wait for pods. */
static void list_all(struct work *work)
{
    const char *uid = work->binding->record.uid;

    picture_each_role_of(work->scene->picture, uid, add_adopted, work);
    picture_each_role_of(work->scene->picture, uid, add_any, work);
    /* Not in the picture when the program died right after CreateRole. */
    if (work->wanted && work->want.managed)
        add_unless_in_use(work, work->want.role_name);
}

enum verdict removal_choose_all(struct work *work, struct request *request)
{
    (void)request;
    if (doomed_begin(work) && !keeps_roles(work))
        list_all(work);
    work->doomed.delete_now = true;
    (void)doomed_next(work);
    tell_of_spared(work);
    return VERDICT_NEXT;
}

enum verdict removal_get_ask(struct work *work, struct request *request)
{
    if (!work->doomed.chosen || work->doomed.read)
        return VERDICT_NEXT;
    iam_get_role(work->arena, request, removal_name(work));
    return VERDICT_SEND;
}

/* When a retired role may go; 0 when it is not retired or its tag says no time. */
static int64_t retired_until(const struct work *work)
{
    const char *at = aws_tags_get(&work->doomed.role.tags, TAG_RETIRED_AT);
    int64_t retired_ms;

    if (!at || !encode_time_parse(at, &retired_ms))
        return 0;
    return retired_ms + (int64_t)work->scene->settings.retired_role_ms;
}

/* Comes back when this retired role may go. */
enum verdict removal_leave(struct work *work, int64_t until_ms)
{
    uint64_t delay_ms = (uint64_t)(look_again_ms(work, until_ms) - work->now_ms) + 1;

    if (work->doomed.until_ms == 0 || until_ms < work->doomed.until_ms)
        work->doomed.until_ms = until_ms;
    if (work->outcome.again_ms == 0 || delay_ms < work->outcome.again_ms)
        work->outcome.again_ms = delay_ms;
    return removal_done(work);
}

static bool may_go(const struct work *work)
{
    enum owner owner = ownership_of(&work->doomed.role.tags, work->binding, work->scene);

    if (!text_starts(work->doomed.role.path, work->scene->settings.role_path))
        return false;
    if (work->purge && work->binding->meta.deleted_ms == 0)
        return owner == OWNER_FORMER; /* what the living binding has is not meant */
    return owner == OWNER_OURS || (work->purge && owner == OWNER_FORMER);
}

/* Adopted for this very binding. A purge under a living one means what former ones left. */
static bool may_be_let_go(const struct work *work)
{
    return ownership_of(&work->doomed.role.tags, work->binding, work->scene) == OWNER_ADOPTED &&
           !(work->purge && work->binding->meta.deleted_ms == 0);
}

enum verdict removal_get_answer(struct work *work, const struct reply *reply)
{
    struct doomed *doomed = &work->doomed;
    int64_t until_ms;

    if (!row_good(work, reply)) {
        if (!row_gone(work))
            return VERDICT_FAIL;
        picture_remove_role(work->scene->picture, removal_name(work));
        return removal_done(work);
    }
    if (!iam_read_role(work->arena, reply, &doomed->role, &work->error))
        return VERDICT_FAIL;
    doomed->let_go = may_be_let_go(work);
    if (doomed->let_go)
        return VERDICT_NEXT;
    if (!may_go(work))
        return removal_done(work); /* its tags say that it is not ours to delete */
    doomed->read = true;
    until_ms = retired_until(work);
    if (until_ms != 0 && !is_left(work, until_ms) && !doomed->delete_now)
        return removal_leave(work, until_ms);
    if (until_ms != 0)
        doomed->delete_now = true;
    return VERDICT_NEXT;
}

enum verdict removal_let_go_ask(struct work *work, struct request *request)
{
    const char *const *keys;
    size_t count;

    if (!work->doomed.let_go)
        return VERDICT_NEXT;
    keys = adoption_own_keys(work->arena, &work->doomed.role.tags, &count);
    iam_untag_role(work->arena, request, removal_name(work), keys, count);
    return VERDICT_SEND;
}

enum verdict removal_let_go_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply)) {
        if (!row_gone(work))
            return VERDICT_FAIL;
        return removal_done(work); /* gone is as good as let go */
    }
    work_tell(work, false, "RoleLeft", "UntagRole",
              "Role %s was adopted and is not deleted: it stays with its policies and its trust "
              "policy, without our tags",
              work->doomed.role.arn);
    picture_remove_role(work->scene->picture, removal_name(work));
    return removal_done(work);
}

enum verdict removal_retire_ask(struct work *work, struct request *request)
{
    char *now = arena_alloc(work->arena, ENCODE_TIME_SIZE);
    struct aws_tag *tag = arena_alloc(work->arena, sizeof(*tag));
    struct aws_tags tags = {.items = tag, .count = 1};

    if (!work->doomed.read || work->doomed.delete_now)
        return VERDICT_NEXT;
    encode_time(work->now_ms, now);
    *tag = (struct aws_tag){.key = TAG_RETIRED_AT, .value = now};
    iam_tag_role(work->arena, request, removal_name(work), &tags);
    return VERDICT_SEND;
}

enum verdict removal_retire_answer(struct work *work, const struct reply *reply)
{
    if (!row_good(work, reply))
        return VERDICT_FAIL;
    work_tell(work, false, "RoleRetired", "TagRole",
              "Role %s is not wanted any more and is deleted when all pods are younger, in %" PRIu64
              " minutes at the latest",
              work->doomed.role.arn, work->scene->settings.retired_role_ms / 60000);
    return removal_leave(work, work->now_ms + (int64_t)work->scene->settings.retired_role_ms);
}
