#include "reconcilers/audit_inquiry.h"

#include <string.h>

#include "aws/faults.h"
#include "base/arena.h"
#include "base/text.h"
#include "crds/metadata.h"
#include "informers/store.h"
#include "kube/events.h"
#include "reconcilers/brake.h"
#include "reconcilers/namespaces.h"
#include "reconcilers/ownership.h"
#include "reconcilers/picture.h"
#include "reconcilers/report.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"

enum { ARENA_MAX = 16 << 20 };

static struct inquiry *inquiry_of(struct work *work)
{
    return container_of(work, struct inquiry, work);
}

static const char *namespace_asked(struct work *work)
{
    const char *key = inquiry_of(work)->key;

    return arena_text(work->arena, key, strcspn(key, "/"));
}

static enum verdict describe_ask(struct work *work, struct request *request)
{
    if (!suspect_is_to_be_asked(inquiry_of(work)->suspect))
        return VERDICT_NEXT;
    eks_describe_association(work->arena, request, work->scene->settings.cluster_name,
                             inquiry_of(work)->suspect->id);
    return VERDICT_SEND;
}

static enum verdict describe_answer(struct work *work, const struct reply *reply)
{
    struct inquiry *inquiry = inquiry_of(work);
    struct suspect *suspect = inquiry->suspect;
    const char *name = strchr(inquiry->key, '/') + 1;
    const char *space = namespace_asked(work);

    if (!row_good(work, reply) ||
        !eks_read_association(work->arena, reply, &inquiry->found, &work->error))
        return VERDICT_FAIL;
    if (!text_equal(inquiry->found.namespace_name, space) ||
        !text_equal(inquiry->found.service_account, name))
        return VERDICT_STOP;
    suspect->belonging = inquiry->found.owner_arn ? BELONGS_TO_ADDON : BELONGS_TO_OTHERS;
    if (!inquiry->found.owner_arn &&
        ownership_left_over(&inquiry->found.tags, space, name, work->scene))
        suspect->belonging = BELONGS_TO_US;
    return VERDICT_NEXT;
}

static bool is_suspended(struct work *work)
{
    return namespace_suspended(work->scene, namespace_asked(work)) ||
           suspect_has_suspended_binding(work->scene, inquiry_of(work)->key);
}

/* Of what is to be removed this very moment, after the Describe. */
static bool is_due(struct work *work)
{
    const struct suspect *suspect = inquiry_of(work)->suspect;
    uint64_t retry_ms; /* the next sweep is soon enough */

    return suspect_is_to_be_asked(suspect) && suspect->belonging == BELONGS_TO_US &&
           suspicion_of(work->scene, inquiry_of(work)->key, suspect->id) == suspect->suspicion &&
           !is_suspended(work) &&
           brake_pass(&work->scene->brake, work->scene->settings.deletion_limit, work->now_ms,
                      &retry_ms);
}

static enum verdict delete_ask(struct work *work, struct request *request)
{
    if (!is_due(work))
        return VERDICT_NEXT;
    eks_delete_association(work->arena, request, work->scene->settings.cluster_name,
                           inquiry_of(work)->suspect->id);
    return VERDICT_SEND;
}

static enum verdict delete_answer(struct work *work, const struct reply *reply)
{
    struct inquiry *inquiry = inquiry_of(work);

    if (!row_good(work, reply) && !row_gone(work))
        return VERDICT_FAIL;
    picture_remove_association(work->scene->picture, inquiry->found.namespace_name,
                               inquiry->found.service_account);
    inquiry->removed = true;
    work_tell(work, false, "AssociationDeleted", "DeletePodIdentityAssociation",
              "Deleted association %s of ServiceAccount %s (role %s): it was made for a binding "
              "that is gone, and %s",
              inquiry->found.id, inquiry->key, inquiry->found.role_arn,
              inquiry->suspect->suspicion == SUSPICION_ORPHAN
                  ? "the ServiceAccount is gone, too"
                  : "the binding of today has not come to it");
    return VERDICT_NEXT;
}

static const char *what_becomes_of_it(struct work *work, const struct suspect *suspect)
{
    switch (suspect->belonging) {
    case BELONGS_TO_US:
        return "It was made for a binding that is gone and is deleted after one more look";
    case BELONGS_TO_ADDON:
        return "It belongs to an EKS add-on and goes with it";
    default:
        return arena_printf(work->arena,
                            "It was not made by podidentity and is left alone. If nobody needs it: "
                            "aws eks delete-pod-identity-association --cluster-name %s "
                            "--association-id %s",
                            work->scene->settings.cluster_name, suspect->id);
    }
}

/* A namesake that somebody makes later would get the role. */
static enum verdict word(struct work *work, struct request *request)
{
    struct suspect *suspect = inquiry_of(work)->suspect;
    bool of_namespace = !store_get(work->scene->namespaces, namespace_asked(work));

    (void)request;
    if (suspect->suspicion != SUSPICION_ORPHAN || suspect->told || work->outcome.told_count > 0)
        return VERDICT_NEXT;
    suspect->told = true;
    work_tell(work, true, "OrphanedAssociation", "Audit",
              "Association %s is for ServiceAccount %s, which does not exist%s: whoever makes it "
              "gets the role. %s",
              suspect->id, inquiry_of(work)->key, of_namespace ? ", nor does its namespace" : "",
              what_becomes_of_it(work, suspect));
    return VERDICT_NEXT;
}

/* On the namespace, or where there is none (any more) on that of the controller. */
static struct event_subject subject_of(struct work *work)
{
    const char *name = namespace_asked(work);
    const struct metadata *namespace = store_get(work->scene->namespaces, name);

    if (!namespace || namespace->terminating) {
        name = work->scene->settings.controller_namespace;
        namespace = store_get(work->scene->namespaces, name);
    }
    return (struct event_subject){
        .api_version = "v1",
        .kind = "Namespace",
        .namespace_name = name,
        .name = name,
        .uid = namespace ? namespace->record.uid : "",
    };
}

static void say(const struct inquiry *inquiry, bool warning, const char *reason, const char *note)
{
    if (inquiry->told)
        inquiry->told(inquiry->context, warning, reason, note);
}

/* The log and the metric say what an Event says, which may be refused. */
static enum verdict tell_ask(struct work *work, struct request *request)
{
    struct event_subject subject = subject_of(work);
    const struct told *told = &work->outcome.told[work->outcome.told_next];
    enum verdict verdict = report_tell_ask(work, request, &subject);

    if (verdict == VERDICT_SEND)
        say(inquiry_of(work), told->warning, told->reason, told->note);
    return verdict;
}

/* Each is told once, by an Event of its own: a series would keep the first one's note. */
static enum verdict tell_answer(struct work *work, const struct reply *reply)
{
    const struct told *told = &work->outcome.told[work->outcome.told_next];
    struct event_subject subject = subject_of(work);

    events_forget(work->events, &subject, told->warning, told->reason, told->action);
    return report_tell_answer(work, reply, &subject);
}

static const struct step inquiry_plan[] = {
    {"DescribePodIdentityAssociation", describe_ask, describe_answer, FACET_ASSOCIATION},
    {"DeletePodIdentityAssociation", delete_ask, delete_answer, FACET_ASSOCIATION},
    {"Word", word, NULL, FACET_ASSOCIATION},
    {"TellEvents", tell_ask, tell_answer, FACET_ASSOCIATION},
    {0},
};

static void finished(struct work *work)
{
    struct inquiry *inquiry = inquiry_of(work);

    if (work->failed && !aws_not_found(&work->error))
        say(inquiry, true, "", work->error.text);
    arena_destroy(work->arena);
    inquiry->done(inquiry);
}

void inquiry_start(struct inquiry *inquiry, struct scene *scene, struct transport *transport,
                   struct events *events, int64_t now_ms)
{
    inquiry->work = (struct work){
        .transport = transport,
        .done = finished,
        .arena = arena_create(ARENA_MAX),
        .scene = scene,
        .events = events,
        .now_ms = now_ms,
    };
    plan_start(&inquiry->work, inquiry_plan);
}

void inquiry_drop(struct inquiry *inquiry)
{
    arena_destroy(inquiry->work.arena);
}
