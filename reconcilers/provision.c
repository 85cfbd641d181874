/*
 * The plan that makes AWS match a binding. Its first row is the gate: without a grant no request
 * leaves. The finalizer is stored before the first request to AWS that changes something.
 */

#include "base/arena.h"
#include "base/text.h"
#include "informers/store.h"
#include "reconcilers/annotations.h"
#include "reconcilers/drift.h"
#include "reconcilers/edited_trust.h"
#include "reconcilers/grants.h"
#include "reconcilers/ledger.h"
#include "reconcilers/mechanism.h"
#include "reconcilers/picture.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/shared_trust.h"
#include "reconcilers/work.h"

static enum verdict refuse_rival(struct work *work, const struct podidentitybinding *rival)
{
    ledger_doubt(work->ledger);
    return work_refuse(work, FACET_ALLOWED, "Conflict",
                       "PodIdentityBinding %s already binds ServiceAccount %s. Delete one of the "
                       "two",
                       rival->record.key, work->binding->spec.service_account);
}

enum verdict provision_allow(struct work *work, struct request *request)
{
    const struct podidentitybinding *rival;
    struct grant_decision decision;
    const char *unsupported = grants_unsupported(work->arena, work->binding);

    (void)request;
    if (unsupported)
        return work_refuse(work, FACET_ALLOWED, "NotYetSupported",
                           "%s is not supported by this version; nothing was changed in AWS. "
                           "Remove it from spec",
                           unsupported);
    rival = grants_rival(work->binding, work->scene);
    if (rival)
        return refuse_rival(work, rival);
    decision = grants_decide(work->arena, work->binding, work->scene);
    if (!decision.granted)
        return work_refuse(work, FACET_ALLOWED, "NotGranted", "%s", decision.message);
    work->gate_stamp = grants_stamp(work->scene);
    work->needs_consent = decision.needs_consent;
    if (work->needs_consent && !work->ledger->consented)
        ledger_doubt(work->ledger);
    work_find(work, FACET_ALLOWED, CONDITION_TRUE, "Granted", "%s", decision.message);
    return VERDICT_NEXT;
}

/* A ServiceAccount that is missing holds nothing back: EKS keys by name. */
enum verdict provision_look_for_account(struct work *work, struct request *request)
{
    const char *key = arena_printf(work->arena, "%s/%s", work->binding->record.namespace_name,
                                   work->binding->spec.service_account);

    (void)request;
    if (work->wanted)
        return VERDICT_NEXT; /* said already: rows run again after VERDICT_TOP */
    if (!work->binding->spec.create_service_account &&
        !store_get(work->scene->service_accounts, key))
        work_warn(work, "ServiceAccount %s does not exist yet",
                  work->binding->spec.service_account);
    if (work->binding->spec.role_arn && work->binding->spec.role_name)
        work_warn(work, "spec.roleName is ignored beside spec.roleARN");
    return VERDICT_NEXT;
}

enum verdict account_known(struct work *work, struct request *request)
{
    const struct account *account = &work->scene->account;

    (void)request;
    if (account->known)
        return VERDICT_NEXT;
    if (account->trouble.kind != ERROR_NONE)
        work->error = account->trouble;
    else
        error_set(&work->error, ERROR_RETRY, "AWS has not answered yet");
    return VERDICT_FAIL;
}

enum verdict provision_wish(struct work *work, struct request *request)
{
    (void)request;
    if (work->wanted)
        return VERDICT_NEXT;
    if (!want_compute(&work->want, work->arena, work->binding, work->scene, &work->error))
        return VERDICT_FAIL;
    for (const char *const *warning = work->want.warnings; warning && *warning; warning++)
        work_warn(work, "%s", *warning);
    work->wanted = true;
    return VERDICT_NEXT;
}

static bool associated_as_wanted(const struct work *work,
                                 const struct picture_association *association)
{
    const char *id = work->binding->status.association_id;

    if (!work->want.pod_identity)
        return !association && !id;
    return association && !association->has_owner && text_equal(id, association->id);
}

/* Every part of the sweep's picture says that the binding is as its status claims. */
static bool picture_agrees(struct work *work)
{
    const struct podidentitybinding *binding = work->binding;
    const struct condition *ready = podidentitybinding_condition(&binding->status, "Ready");
    const struct picture_association *association = picture_association(
        work->scene->picture, binding->record.namespace_name, binding->spec.service_account);

    if (!ready || ready->status != CONDITION_TRUE || !associated_as_wanted(work, association) ||
        (work->want.web_identity && !annotations_are_as_wanted(work)) ||
        (binding->status.pending_changes && binding->status.pending_changes[0]) ||
        binding->status.observed_generation != binding->meta.generation ||
        !text_equal(binding->status.role_arn, work->want.role_arn))
        return false;
    if (!work->want.managed)
        return existing_role_is_good(work) &&
               !work->needs_consent; /* which is asked of the trust as it is now */
    return role_is_pictured_as_wanted(work);
}

/* The ledger does not keep the ARN: what a report could not write, or somebody took out of the
 * status, is read from AWS once more. */
static bool status_names_association(const struct work *work)
{
    const struct podidentitybinding_status *status = &work->binding->status;
    const char *id = work->ledger->association_id;

    return !id || (text_equal(status->association_id, id) && status->association_arn);
}

/* A sweep's picture serves bindings that were not looked at since; not for ever. */
enum { PICTURE_SERVES_MS = 10 * 60 * 1000 };

/*
 * Is there anything to ask AWS? Not when this generation was verified by this process, nor when
 * the sweep at start shows it all as the status says. What waits for pods is taken up when the last
 * of them is gone.
 */
enum verdict provision_remember(struct work *work, struct request *request)
{
    struct ledger_entry *ledger = work->ledger;
    int64_t swept_ms = picture_swept_ms(work->scene->picture);

    (void)request;
    work->have.verified = ledger->verified && ledger->generation == work->binding->meta.generation;
    if (work->have.verified && !status_names_association(work)) {
        ledger_doubt(ledger);
        work->have.verified = false;
    }
    if (work->have.verified && ledger->web_identity_held && !mechanism_still_holds(work)) {
        ledger_doubt(ledger);
        work->have.verified = false;
    }
    if (work->have.verified && shared_trust_check_is_due(work)) {
        ledger_doubt(ledger);
        work->have.verified = false;
    }
    if (work->have.verified || ledger->failed_ms != 0 || ledger->generation != 0 ||
        swept_ms + PICTURE_SERVES_MS <= work->now_ms || !picture_agrees(work))
        return VERDICT_NEXT;
    ledger->verified = work->have.verified = true;
    ledger->generation = work->binding->meta.generation;
    ledger_keep(&ledger->role_arn, work->want.role_arn);
    ledger_keep(&ledger->association_id, work->binding->status.association_id);
    ledger_keep(&ledger->external_id, work->binding->status.external_id);
    drift_remember_role(work);
    if (removal_has_retired(work))
        ledger->retired_until_ms = work->now_ms; /* its tag says when; read it now */
    return VERDICT_NEXT;
}

const struct step provision_plan[] = {
    {"Suspended", drift_suspended, NULL, FACET_ALLOWED},
    {"Allowed", provision_allow, NULL, FACET_ALLOWED},
    {"LookForServiceAccount", provision_look_for_account, NULL, FACET_ALLOWED},
    {"Account", account_known, NULL, FACET_ROLE},
    {"Wish", provision_wish, NULL, FACET_ROLE},
    {"Remember", provision_remember, NULL, FACET_ROLE},
    {"LookAtAddons", addons_look, NULL, FACET_ROLE},
    {"HoldRepair", drift_hold, NULL, FACET_ASSOCIATION},

    {"GetExistingRole", existing_role_get_ask, existing_role_get_answer, FACET_ROLE},
    {"JudgeTrust", existing_role_judge, NULL, FACET_ROLE},

    {"GetOpenIDConnectProvider", provider_get_ask, provider_get_answer, FACET_ROLE},
    {"JudgeProvider", provider_judge, NULL, FACET_ROLE},

    {"StoreFinalizer", finalizer_store_ask, finalizer_store_answer, FACET_ALLOWED},

    /* First of all: what a former binding left must not go on giving its role to pods. */
    {"ExpectAssociation", association_expect, NULL, FACET_ASSOCIATION},
    {"ListPodIdentityAssociations", association_list_ask, association_list_answer,
     FACET_ASSOCIATION},
    {"DescribePodIdentityAssociation", association_describe_ask, association_describe_answer,
     FACET_ASSOCIATION},
    {"DeleteLeftOver", association_delete_left_over_ask, association_delete_answer,
     FACET_ASSOCIATION},

    {"CreateOpenIDConnectProvider", provider_create_ask, provider_create_answer, FACET_ROLE},
    {"AddClientIDToOpenIDConnectProvider", provider_add_audience_ask, provider_add_audience_answer,
     FACET_ROLE},
    {"TakeBackAnnotations", annotations_take_back_ask, annotations_take_back_answer, FACET_ROLE},

    {"GetRole", role_get_ask, role_get_answer, FACET_ROLE},
    {"ListRolePolicies", role_policies_list_ask, role_policies_list_answer, FACET_ROLE},
    {"GetRolePolicy", role_policy_get_ask, role_policy_get_answer, FACET_ROLE},
    {"ListAttachedRolePolicies", role_attached_list_ask, role_attached_list_answer, FACET_ROLE},
    {"Compare", role_compare, NULL, FACET_ROLE},
    {"CreateRole", role_create_ask, role_create_answer, FACET_ROLE},
    {"PutRolePermissionsBoundary", role_boundary_ask, role_boundary_answer, FACET_ROLE},
    {"AdoptRole", role_adopt_ask, role_adopt_answer, FACET_ROLE},
    {"UpdateAssumeRolePolicy", role_trust_ask, role_trust_answer, FACET_ROLE},
    {"VerifyTrust", shared_trust_verify_ask, shared_trust_verify_answer, FACET_ROLE},
    {"UpdateRole", role_update_ask, role_update_answer, FACET_ROLE},
    {"TagRole", role_tag_ask, role_tag_answer, FACET_ROLE},
    {"UntagRole", role_untag_ask, role_untag_answer, FACET_ROLE},
    {"MakeRoom", role_policy_delete_first_ask, role_policy_delete_answer, FACET_ROLE},
    {"PutRolePolicy", role_policy_put_ask, role_policy_put_answer, FACET_ROLE},
    {"AttachRolePolicy", role_attach_ask, role_attach_answer, FACET_ROLE},
    {"DeleteRolePolicy", role_policy_delete_ask, role_policy_delete_answer, FACET_ROLE},
    {"DetachRolePolicy", role_detach_ask, role_detach_answer, FACET_ROLE},
    {"RoleSettled", role_settled, NULL, FACET_ROLE},

    {"LookAtCompute", pods_compute, NULL, FACET_ASSOCIATION},
    {"JudgeAssociation", association_judge, NULL, FACET_ASSOCIATION},
    {"TrustAge", edited_trust_wait, NULL, FACET_ASSOCIATION},
    {"CreatePodIdentityAssociation", association_create_ask, association_create_answer,
     FACET_ASSOCIATION},
    {"AdoptAssociation", association_adopt_ask, association_adopt_answer, FACET_ASSOCIATION},
    {"KeepAssociation", association_keep, NULL, FACET_ASSOCIATION},
    {"UpdatePodIdentityAssociation", association_update_ask, association_update_answer,
     FACET_ASSOCIATION},
    {"TagAssociation", association_tag_ask, association_tag_answer, FACET_ASSOCIATION},
    {"UntagAssociation", association_untag_ask, association_untag_answer, FACET_ASSOCIATION},
    {"AssociationSettled", association_settled, NULL, FACET_ASSOCIATION},
    {"DriftSettled", drift_settled, NULL, FACET_ASSOCIATION},

    {"CreateServiceAccount", created_account_make_ask, created_account_make_answer, FACET_ALLOWED},
    {"AnnotateServiceAccount", annotations_apply_ask, annotations_apply_answer, FACET_ROLE},
    {"WithdrawAssociation", association_withdraw_ask, association_withdraw_answer,
     FACET_ASSOCIATION},

    RETIRED_ROLE_ROWS,
    {0},
};
