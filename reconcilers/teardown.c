/*
 * The plan that takes away again what a binding made: association first, then its roles, then the
 * finalizer. Whatever AWS shows as not ours stays. While AWS does not answer the finalizer stays
 * too, and the binding says so.
 */

#include "aws/faults.h"
#include "base/text.h"
#include "reconcilers/ledger.h"
#include "reconcilers/ownership.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/work.h"

/* Observed only: nothing in AWS is ours to take away. */
static bool only_observed(const struct work *work)
{
    return work->binding->spec.observe;
}

static enum verdict brake(struct work *work, struct request *request)
{
    const struct kube_meta *meta = &work->binding->meta;
    uint64_t retry_ms = 0;

    (void)request;
    if (work->ledger->brake_passed || only_observed(work) || work->purge || work->keep_roles ||
        (meta->deleted_ms != 0 && text_equal(meta->deletion_approved, meta->deletion_timestamp)) ||
        brake_pass(&work->scene->brake, work->scene->settings.deletion_limit, work->now_ms,
                   &retry_ms)) {
        work->ledger->brake_passed = true;
        return VERDICT_NEXT;
    }
    work_refuse(work, FACET_ALLOWED, "DeletionHeld",
                "Over %u bindings were deleted within 10 minutes, so this deletion waits. If it is "
                "meant: kubectl podidentity release %s/%s --approve-deletions",
                work->scene->settings.deletion_limit, meta->namespace_name, meta->name);
    work->outcome.retry_ms = retry_ms;
    return VERDICT_FAIL;
}

static enum verdict account(struct work *work, struct request *request)
{
    return only_observed(work) ? VERDICT_NEXT : account_known(work, request);
}

/* The name of the role is all that is needed of the wish; a spec that cannot be granted any more
 * must still be deletable. */
static enum verdict name_role(struct work *work, struct request *request)
{
    struct error ignored = {0};

    (void)request;
    if (work->wanted || only_observed(work))
        return VERDICT_NEXT;
    (void)want_compute(&work->want, work->arena, work->binding, work->scene, &ignored);
    work->wanted = work->want.role_name != NULL;
    return VERDICT_NEXT;
}

static enum verdict expect(struct work *work, struct request *request)
{
    return only_observed(work) ? VERDICT_NEXT : association_look_for(work, request);
}

static bool ours_to_delete(const struct work *work)
{
    if (work->have.association != PRESENCE_PRESENT || work->have.found.owner_arn)
        return false;
    if (work->purge && work->binding->meta.deleted_ms == 0)
        return work->have.association_owner == OWNER_FORMER;
    return work->have.association_owner == OWNER_OURS ||
           (work->purge && work->have.association_owner == OWNER_FORMER);
}

static enum verdict delete_ask(struct work *work, struct request *request)
{
    if (!ours_to_delete(work))
        return VERDICT_NEXT;
    eks_delete_association(work->arena, request, work->scene->settings.cluster_name,
                           work->have.found.id);
    return VERDICT_SEND;
}

static enum verdict choose(struct work *work, struct request *request)
{
    return only_observed(work) ? VERDICT_NEXT : removal_choose_all(work, request);
}

/* Keeps everything in AWS: for `release` while AWS does not answer. */
const struct step let_go_plan[] = {
    {"DropFinalizer", finalizer_drop_ask, finalizer_drop_answer, FACET_ALLOWED},
    {0},
};

const struct step teardown_plan[] = {
    {"Brake", brake, NULL, FACET_ALLOWED},
    {"Account", account, NULL, FACET_ROLE},
    {"NameRole", name_role, NULL, FACET_ROLE},

    {"ExpectAssociation", expect, NULL, FACET_ASSOCIATION},
    {"ListPodIdentityAssociations", association_list_ask, association_list_answer,
     FACET_ASSOCIATION},
    {"DescribePodIdentityAssociation", association_describe_ask, association_describe_answer,
     FACET_ASSOCIATION},
    {"HandOver", handover_wait, NULL, FACET_ASSOCIATION},
    {"RemoveAnnotations", annotations_remove_ask, annotations_take_back_answer, FACET_ROLE},
    {"DeletePodIdentityAssociation", delete_ask, association_delete_answer, FACET_ASSOCIATION},
    {"LetGoAssociation", association_let_go_ask, association_let_go_answer, FACET_ASSOCIATION},

    {"ChooseRole", choose, NULL, FACET_ROLE},
    {"Drain", pods_drain, NULL, FACET_ROLE},
    {"GetRole", removal_get_ask, removal_get_answer, FACET_ROLE},
    {"LetGoRole", removal_let_go_ask, removal_let_go_answer, FACET_ROLE},
    /* Once more, now that its tags have been read. */
    {"DrainAfterAll", pods_drain, NULL, FACET_ROLE},
    {"PutRolePermissionsBoundary", removal_boundary_ask, removal_boundary_answer, FACET_ROLE},
    {"ListRolePolicies", removal_policies_list_ask, removal_policies_list_answer, FACET_ROLE},
    {"DeleteRolePolicy", removal_policy_delete_ask, removal_policy_delete_answer, FACET_ROLE},
    {"ListAttachedRolePolicies", removal_attached_list_ask, removal_attached_list_answer,
     FACET_ROLE},
    {"DetachRolePolicy", removal_detach_ask, removal_detach_answer, FACET_ROLE},
    {"ListInstanceProfilesForRole", removal_profiles_ask, removal_profiles_answer, FACET_ROLE},
    {"DeleteRole", removal_delete_ask, removal_delete_answer, FACET_ROLE},

    {"GetServiceAccount", created_account_get_ask, created_account_get_answer, FACET_ALLOWED},
    {"DeleteServiceAccount", created_account_delete_ask, created_account_delete_answer,
     FACET_ALLOWED},

    {"DropFinalizer", finalizer_drop_ask, finalizer_drop_answer, FACET_ALLOWED},
    {0},
};
