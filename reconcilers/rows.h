#pragma once

/*
 * The rows of the plans provision and teardown, by file. What a row does stands beside its name in
 * the tables (provision.c, teardown.c); here is only who may use it.
 */

#include "reconcilers/plan.h"

struct difference;
struct iam_page;
struct iam_role;

/* What every row of IAM and EKS does with a bad answer: sets work->error, gives VERDICT_FAIL. */
bool row_good(struct work *work, const struct reply *reply);
/* After a bad answer, of the API server, too: what was asked about is not there. That is a fact,
 * and no error any more. False: the error stands. */
bool row_gone(struct work *work);
/* The role that was read is adopted, or about to be: it passed role_judge_owner. */
bool role_is_adopted(const struct work *work);

/* finalizer.c: what keeps a binding until AWS is clean. */
enum verdict finalizer_store_ask(struct work *work, struct request *request);
enum verdict finalizer_store_answer(struct work *work, const struct reply *reply);
enum verdict finalizer_drop_ask(struct work *work, struct request *request);
enum verdict finalizer_drop_answer(struct work *work, const struct reply *reply);

/* drift_rows.c: what others change behind our back, and who suspends us. */
enum verdict drift_suspended(struct work *work, struct request *request);
enum verdict drift_hold(struct work *work, struct request *request);
enum verdict drift_tell_what_stays(struct work *work, struct request *request);
enum verdict drift_settled(struct work *work, struct request *request);

/* addons.c: what EKS add-ons mean for a binding. */
enum verdict addons_look(struct work *work, struct request *request);

/* existing_role.c: a role of others, named by spec.roleARN: read, judged, never changed. */
enum verdict existing_role_get_ask(struct work *work, struct request *request);
enum verdict existing_role_get_answer(struct work *work, const struct reply *reply);
enum verdict existing_role_judge(struct work *work, struct request *request);
bool existing_role_is_good(struct work *work); /* by the picture, without a word */

/* managed_role_read.c: what hangs on our role now. */
/* The last sweep shows the role for this binding, with all that the wish says. */
bool role_is_pictured_as_wanted(const struct work *work);
/* Appends a page of names of policies to a list in the arena, as many as the ceiling lets; false
 * when there were more. */
bool role_names_add(struct work *work, const char *const **names, size_t *count,
                    const struct iam_page *page);
enum verdict role_get_ask(struct work *work, struct request *request);
enum verdict role_get_answer(struct work *work, const struct reply *reply);
enum verdict role_policies_list_ask(struct work *work, struct request *request);
enum verdict role_policies_list_answer(struct work *work, const struct reply *reply);
enum verdict role_policy_get_ask(struct work *work, struct request *request);
enum verdict role_policy_get_answer(struct work *work, const struct reply *reply);
enum verdict role_attached_list_ask(struct work *work, struct request *request);
enum verdict role_attached_list_answer(struct work *work, const struct reply *reply);
/* work->todo: what the role that was read lacks or has too much, for every plan. */
enum verdict role_list_changes(struct work *work);
enum verdict role_compare(struct work *work, struct request *request);

/* role_adopt.c: one of the wanted name that is not ours. */
/* Refuses one that stays others'. */
enum verdict role_judge_owner(struct work *work, const struct iam_role *role);
/* role_compare for it; and out of the list what would repair what others changed. */
enum verdict role_compare_adopted(struct work *work);
void role_keep_adopted(struct work *work);
/* The same for a plan that writes nothing, when only a grant is missing: why, in words; or NULL. */
const char *role_keep_ungranted(struct work *work);
void role_warn_of_rest(struct work *work);
/* When the role is settled, adopted or not: what it keeps of others is told, and its trust looked
 * at again in time. */
void role_settle_adopted(struct work *work);
enum verdict role_adopt_ask(struct work *work, struct request *request);
enum verdict role_adopt_answer(struct work *work, const struct reply *reply);

/* The first pause after AWS has said that a role made a moment ago does not exist: IAM and EKS show
 * it everywhere within seconds. */
enum { YOUNG_ROLE_RETRY_MS = 3000 };

/* managed_role_create.c: it is not there. */
enum verdict role_create_ask(struct work *work, struct request *request);
enum verdict role_create_answer(struct work *work, const struct reply *reply);
/* Sets work->have.detail to the role as CreateRole makes it, when nothing hangs on it yet, and
 * work->todo to what it lacks then. */
void role_suppose_made(struct work *work);
/* The role is good and its boundary is not there (work->error): that is what a person is told. */
enum verdict role_refuse_boundary(struct work *work);

/* managed_role_write.c: what it lacks or has too much. */
enum verdict role_boundary_ask(struct work *work, struct request *request);
enum verdict role_boundary_answer(struct work *work, const struct reply *reply);
enum verdict role_trust_ask(struct work *work, struct request *request);
enum verdict role_trust_answer(struct work *work, const struct reply *reply);
enum verdict role_update_ask(struct work *work, struct request *request);
enum verdict role_update_answer(struct work *work, const struct reply *reply);
enum verdict role_tag_ask(struct work *work, struct request *request);
enum verdict role_tag_answer(struct work *work, const struct reply *reply);
enum verdict role_untag_ask(struct work *work, struct request *request);
enum verdict role_untag_answer(struct work *work, const struct reply *reply);
enum verdict role_policy_delete_first_ask(struct work *work, struct request *request);
enum verdict role_policy_put_ask(struct work *work, struct request *request);
enum verdict role_policy_put_answer(struct work *work, const struct reply *reply);
enum verdict role_attach_ask(struct work *work, struct request *request);
enum verdict role_attach_answer(struct work *work, const struct reply *reply);
enum verdict role_policy_delete_ask(struct work *work, struct request *request);
enum verdict role_policy_delete_answer(struct work *work, const struct reply *reply);
enum verdict role_detach_ask(struct work *work, struct request *request);
enum verdict role_detach_answer(struct work *work, const struct reply *reply);

/* role_settled.c: every role, ours or not. */
enum verdict role_settled(struct work *work, struct request *request);
/* Finds RoleReady: the role is as wanted, for all we can see. */
void role_say_ready(struct work *work);

/* narrowing.c: takes out of work->todo what the association that stands still needs, and says so in
 * work->progress; and when to come back for it, once the association is as wanted. */
void narrowing_hold_back(struct work *work);
uint64_t narrowing_due_ms(const struct work *work);

/* association_read.c, association_write.c */
enum verdict association_expect(struct work *work, struct request *request);
/* Where absence has to be seen, because nothing is made: asks List where the picture is blank. */
enum verdict association_look_for(struct work *work, struct request *request);
enum verdict association_list_ask(struct work *work, struct request *request);
enum verdict association_list_answer(struct work *work, const struct reply *reply);
enum verdict association_describe_ask(struct work *work, struct request *request);
enum verdict association_describe_answer(struct work *work, const struct reply *reply);
/* association_adopt.c: one that others made; refuses one that stays theirs. */
enum verdict association_judge(struct work *work, struct request *request);
enum verdict association_adopt_ask(struct work *work, struct request *request);
enum verdict association_adopt_answer(struct work *work, const struct reply *reply);
enum verdict association_keep(struct work *work, struct request *request);
/* Why an adopted one that is not as wanted receives no write, in words; NULL: it may. */
const char *association_why_kept(struct work *work);
enum verdict association_let_go_ask(struct work *work, struct request *request);
enum verdict association_let_go_answer(struct work *work, const struct reply *reply);
enum verdict association_delete_left_over_ask(struct work *work, struct request *request);
enum verdict association_delete_answer(struct work *work, const struct reply *reply);
enum verdict association_create_ask(struct work *work, struct request *request);
enum verdict association_create_answer(struct work *work, const struct reply *reply);
enum verdict association_update_ask(struct work *work, struct request *request);
enum verdict association_update_answer(struct work *work, const struct reply *reply);
enum verdict association_tag_ask(struct work *work, struct request *request);
enum verdict association_tag_answer(struct work *work, const struct reply *reply);
enum verdict association_untag_ask(struct work *work, struct request *request);
enum verdict association_untag_answer(struct work *work, const struct reply *reply);
enum verdict association_withdraw_ask(struct work *work, struct request *request);
enum verdict association_withdraw_answer(struct work *work, const struct reply *reply);

/* association_compare.c: the association that was found (work->have.found) against work->want. */
/* The tags that it lacks or has too much, adopted or not. */
void association_compare_tags(struct work *work, struct difference *difference);
/* Is it not as wanted? */
bool association_differs(struct work *work);

/* association_settled.c */
enum verdict association_settled(struct work *work, struct request *request);
/* Finds Associated: the ledger's association is as wanted. */
void association_say_associated(struct work *work);

/* handover.c: another binding of the ServiceAccount takes over what this one had. */
enum verdict handover_wait(struct work *work, struct request *request);
/* provider.c: the IAM OIDC provider of the cluster, for web identity. */
enum verdict provider_get_ask(struct work *work, struct request *request);
enum verdict provider_get_answer(struct work *work, const struct reply *reply);
enum verdict provider_judge(struct work *work, struct request *request);
/* Says what provider_create and provider_add_audience would do; false: nothing. */
bool provider_pend(struct work *work);
enum verdict provider_create_ask(struct work *work, struct request *request);
enum verdict provider_create_answer(struct work *work, const struct reply *reply);
enum verdict provider_add_audience_ask(struct work *work, struct request *request);
enum verdict provider_add_audience_answer(struct work *work, const struct reply *reply);

/* annotations_write.c: of the ServiceAccount. take_back is for a change of mechanism, in its time;
 * remove is for a binding that goes. */
enum verdict annotations_apply_ask(struct work *work, struct request *request);
enum verdict annotations_apply_answer(struct work *work, const struct reply *reply);
enum verdict annotations_take_back_ask(struct work *work, struct request *request);
enum verdict annotations_remove_ask(struct work *work, struct request *request);
enum verdict annotations_take_back_answer(struct work *work, const struct reply *reply);

/* annotation_owner.c: asks whose the annotation is that the ServiceAccount has for a role of this
 * binding, where that is not known; then: is it ours? */
enum verdict annotations_owner_ask(struct work *work, struct request *request);
enum verdict annotations_owner_answer(struct work *work, const struct reply *reply);
bool annotations_are_ours(const struct work *work);

/* removal.c, removal_delete.c: roles of ours that go, one after the other. */
bool removal_has_retired(struct work *work);  /* the picture shows a role besides the wanted one */
void removal_pend_retired(struct work *work); /* says so of each */
enum verdict removal_choose_retired(struct work *work, struct request *request);
enum verdict removal_choose_all(struct work *work, struct request *request);
enum verdict removal_get_ask(struct work *work, struct request *request);
enum verdict removal_get_answer(struct work *work, const struct reply *reply);
enum verdict removal_let_go_ask(struct work *work, struct request *request);
enum verdict removal_let_go_answer(struct work *work, const struct reply *reply);
enum verdict removal_retire_ask(struct work *work, struct request *request);
enum verdict removal_retire_answer(struct work *work, const struct reply *reply);
enum verdict removal_boundary_ask(struct work *work, struct request *request);
enum verdict removal_boundary_answer(struct work *work, const struct reply *reply);
enum verdict removal_policies_list_ask(struct work *work, struct request *request);
enum verdict removal_policies_list_answer(struct work *work, const struct reply *reply);
enum verdict removal_policy_delete_ask(struct work *work, struct request *request);
enum verdict removal_policy_delete_answer(struct work *work, const struct reply *reply);
enum verdict removal_attached_list_ask(struct work *work, struct request *request);
enum verdict removal_attached_list_answer(struct work *work, const struct reply *reply);
enum verdict removal_detach_ask(struct work *work, struct request *request);
enum verdict removal_detach_answer(struct work *work, const struct reply *reply);
enum verdict removal_profiles_ask(struct work *work, struct request *request);
enum verdict removal_profiles_answer(struct work *work, const struct reply *reply);
enum verdict removal_delete_ask(struct work *work, struct request *request);
enum verdict removal_delete_answer(struct work *work, const struct reply *reply);

/* What becomes of roles that the binding does not want any more, as rows of a plan. */
#define RETIRED_ROLE_ROWS                                                                          \
    {"ChooseRetired", removal_choose_retired, NULL, FACET_ROLE},                                   \
        {"GetRetiredRole", removal_get_ask, removal_get_answer, FACET_ROLE},                       \
        {"LetGoRole", removal_let_go_ask, removal_let_go_answer, FACET_ROLE},                      \
        {"RetireRole", removal_retire_ask, removal_retire_answer, FACET_ROLE},                     \
        {"RestoreBoundary", removal_boundary_ask, removal_boundary_answer, FACET_ROLE},            \
        {"ListPolicies", removal_policies_list_ask, removal_policies_list_answer, FACET_ROLE},     \
        {"DeletePolicy", removal_policy_delete_ask, removal_policy_delete_answer, FACET_ROLE},     \
        {"ListAttached", removal_attached_list_ask, removal_attached_list_answer, FACET_ROLE},     \
        {"Detach", removal_detach_ask, removal_detach_answer, FACET_ROLE},                         \
        {"ListInstanceProfilesForRole", removal_profiles_ask, removal_profiles_answer,             \
         FACET_ROLE},                                                                              \
    {                                                                                              \
        "DeleteRole", removal_delete_ask, removal_delete_answer, FACET_ROLE                        \
    }

/* running_pods.c: rows that wait for pods, or refuse for their sake. */
enum verdict pods_compute(struct work *work, struct request *request);
enum verdict pods_drain(struct work *work, struct request *request);

/* created_account.c: the ServiceAccount of spec.createServiceAccount. */
void created_account_pend(struct work *work); /* says what make would do */
enum verdict created_account_make_ask(struct work *work, struct request *request);
enum verdict created_account_make_answer(struct work *work, const struct reply *reply);
enum verdict created_account_get_ask(struct work *work, struct request *request);
enum verdict created_account_get_answer(struct work *work, const struct reply *reply);
enum verdict created_account_delete_ask(struct work *work, struct request *request);
enum verdict created_account_delete_answer(struct work *work, const struct reply *reply);

/* provision.c: how it begins. The gate comes first in every plan. */
enum verdict provision_allow(struct work *work, struct request *request);
enum verdict provision_look_for_account(struct work *work, struct request *request);
enum verdict account_known(struct work *work, struct request *request);
enum verdict provision_wish(struct work *work, struct request *request);
enum verdict provision_remember(struct work *work, struct request *request);

extern const struct step provision_plan[], observe_plan[], teardown_plan[], let_go_plan[];
