/*
 * What the cluster's EKS add-ons mean for a binding: without an agent its pods get no credentials,
 * and what an add-on uses by IRSA is changed through the add-on alone.
 */

#include "base/arena.h"
#include "reconcilers/rows.h"
#include "reconcilers/scene.h"
#include "reconcilers/survey.h"
#include "reconcilers/work.h"

/* Told where somebody who can mend it looks; --manage-agent-addon was to spare him that. */
static const char *why_not_made(struct work *work)
{
    const char *code = survey_agent_trouble(work->scene->survey);

    if (!code[0])
        return "";
    return arena_printf(work->arena,
                        ", and EKS did not let the controller make the add-on (%s). Give it the "
                        "rights that podidentity aws-setup --print --manage-agent-addon prints, or",
                        code);
}

static void warn_of_agent(struct work *work)
{
    const struct survey *survey = work->scene->survey;

    if (work->binding->spec.mechanism == MECHANISM_IRSA)
        return;
    if (survey_agent(survey) == AGENT_MISSING)
        work_warn(work,
                  "AgentMissing: the cluster has neither the EKS add-on eks-pod-identity-agent nor "
                  "Auto Mode, so pods get no credentials%s: aws eks create-addon --cluster-name %s "
                  "--addon-name eks-pod-identity-agent",
                  why_not_made(work), work->scene->settings.cluster_name);
    if (survey_agent(survey) == AGENT_FAILING)
        work_warn(work,
                  "AgentMissing: the EKS add-on eks-pod-identity-agent does not work (%s): aws eks "
                  "describe-addon --cluster-name %s --addon-name eks-pod-identity-agent",
                  survey_agent_trouble(survey), work->scene->settings.cluster_name);
}

enum verdict addons_look(struct work *work, struct request *request)
{
    const struct podidentitybinding *binding = work->binding;
    const char *addon, *words;

    (void)request;
    if (!work->scene->survey)
        return VERDICT_NEXT;
    if (!work->progress.warned)
        warn_of_agent(work);
    if (work->have.verified)
        return VERDICT_NEXT;
    addon = survey_addon_of(work->scene->survey, work->want.role_arn,
                            binding->record.namespace_name, binding->spec.service_account);
    if (!addon)
        return VERDICT_NEXT;
    words = arena_printf(work->arena,
                         "The EKS add-on %s uses ServiceAccount %s or role %s by IRSA, and an "
                         "association would take its place. It is changed through the add-on "
                         "alone: aws eks update-addon --cluster-name %s --addon-name %s "
                         "--pod-identity-associations serviceAccount=%s,roleArn=%s",
                         addon, binding->spec.service_account, work->want.role_arn,
                         work->scene->settings.cluster_name, addon, binding->spec.service_account,
                         work->want.role_arn);
    /* No role is made for what will not be associated. */
    work_find(work, FACET_ASSOCIATION, CONDITION_FALSE, "AddonManaged", "%s", words);
    return work_refuse(work, FACET_ROLE, "AddonManaged", "%s", words);
}
