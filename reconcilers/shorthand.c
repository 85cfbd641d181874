#include "reconcilers/shorthand.h"

#include "base/memory.h"
#include "base/text.h"
#include "crds/podidentitybinding.h"

bool shorthand_is(const struct podidentitybinding *binding)
{
    return binding->from_shorthand &&
           text_equal(binding->record.name, binding->spec.service_account);
}

/* Nothing but what the annotation can say. */
static bool is_plain(const struct podidentitybinding_spec *spec)
{
    return !spec->role_name && !spec->target_role_arn && !spec->policy && spec->tag_count == 0 &&
           !spec->disable_session_tags && !spec->create_service_account && !spec->irsa.audience &&
           spec->irsa.token_expiration_s == 0 && !spec->irsa.has_regional_endpoints &&
           spec->mechanism == MECHANISM_POD_IDENTITY && !spec->observe && !spec->adopt &&
           !spec->retain;
}

bool shorthand_says(const struct podidentitybinding_spec *spec, const char *role_arn)
{
    return text_equal(spec->role_arn, role_arn) && is_plain(spec);
}

static json_t *spec_of(const char *name, const char *role_arn)
{
    return json_pack("{s:s, s:s}", "serviceAccountName", name, "roleARN", role_arn);
}

json_t *shorthand_object(const char *namespace_name, const char *name, const char *role_arn)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:o}", "apiVersion",
                     "podidentity.io/v1alpha1", "kind", podidentitybinding_resource.kind,
                     "metadata", "name", name, "namespace", namespace_name, "labels",
                     PODIDENTITYBINDING_ORIGIN, PODIDENTITYBINDING_FROM_SERVICE_ACCOUNT, "spec",
                     spec_of(name, role_arn));
}

/* Everything a person may have added beside roleARN goes: the annotation says it all. */
static void remove_additions(json_t *spec)
{
    static const char *const fields[] = {
        "roleName", "targetRoleARN", "disableSessionTags", "policy", "createServiceAccount", "tags",
        "mechanism", "irsa", "mode", "adoptionPolicy", "deletionPolicy",
        /* never beside roleARN; the binding may have been changed to a role of ours */
        "rolePath", "roleDescription", "maxSessionDuration", "permissionPolicy",
        "permissionPolicyName", "permissionPolicyARNs", "wellKnownPolicies",
        "wellKnownPolicyScopes", "permissionsBoundaryARN", "trustScope"};

    for (size_t i = 0; i < COUNT(fields); i++)
        json_object_set_new(spec, fields[i], json_null());
}

json_t *shorthand_patch(const struct podidentitybinding_spec *spec, const char *name,
                        const char *role_arn)
{
    json_t *wanted = spec_of(name, role_arn);

    if (!spec->role_arn || !is_plain(spec))
        remove_additions(wanted);
    return json_pack("{s:o}", "spec", wanted);
}
