#include "reconcilers/reasons.h"

#include <string.h>

#include "aws/faults.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"

struct reason {
    const char *name, *code, *mend;
};

static const struct reason reasons[] = {
    {"NotGranted", "D03-GRANT", ""},
    {"NotYetSupported", "D03-UNSUPPORTED", ""},
    {"Conflict", "D02-CONFLICT", ""},
    {"Suspended", "D19-SUSPENDED", ""},
    {"RoleMissing", "D04-ROLE", ""},
    {"RoleInOtherAccount", "D04-ACCOUNT", ""},
    {"RoleForbidden", "D04-FORBIDDEN", ""},
    {"RoleNameTaken", "D04-NAME", ""},
    {"RoleOfFormerBinding", "D04-FORMER", ""},
    {"RoleInUse", "D04-INUSE", ""},
    {"WaitingForRole", "D04-YOUNG", "It goes on by itself"},
    {"MalformedPolicy", "D05-POLICY", "Correct spec.permissionPolicy, or the field that is named"},
    {"PolicyNotFound", "D05-MISSING", ""},
    {"PolicyTooLarge", "D05-SIZE",
     "Shorten spec.permissionPolicy or move it into a managed policy named in "
     "spec.permissionPolicyARNs"},
    {"TrustInsufficient", "D06-TRUST", ""},
    {"TrustUnknown", "D06-UNKNOWN", ""},
    {"TrustTooLarge", "D06-SIZE", "Shorten --trust-conditions"},
    {"OIDCProviderMissing", "D06-PROVIDER", ""},
    {"OIDCAudienceMissing", "D06-AUDIENCE", ""},
    {"WaitingForServiceAccount", "D01-ACCOUNT", "It goes on by itself"},
    {"AnnotationOwnedByOther", "D07-ANNOTATION", ""},
    {"AssociationForeign", "D07-FOREIGN", ""},
    {"AddonManaged", "D07-ADDON", ""},
    {"ComputeWithoutAgent", "D10-COMPUTE", ""},
    {"NotInjected", "D12-INJECTION", "Make that pod anew"},
    {"Outdated", "D12-OUTDATED", ""},
    {"HandingOver", "D07-HANDOVER", "It goes on by itself"},
    {"Draining", "D12-DRAINING", "It goes on by itself"},
    {"RepairingDeleted", "D07-DELETED", "It goes on by itself"},
    {"ChangesPending", "D07-PENDING", ""},
    {"Settling", "D09-SETTLING", "It goes on by itself"},
    {"AccessDenied", "D18-DENIED",
     "Give the controller this right: podidentity aws-setup --print shows all it needs in AWS, "
     "config/rbac in Kubernetes"},
    {"ClusterNotFound", "D18-CLUSTER", "Correct the controller's --cluster-name and --region"},
    {"CredentialsInvalid", "D18-CREDENTIALS",
     "Check the controller's own AWS credentials (its pod identity association, or AWS_* keys)"},
    {"RefusedByAWS", "D18-REFUSED", ""},
    {"DeletionHeld", "D19-BRAKE", ""},
    {"Throttled", "D20-THROTTLED", "It goes on by itself"},
    {"AWSUnavailable", "D20-UNAVAILABLE", "It goes on by itself"},
};

static const struct reason *reason_find(const char *name)
{
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (strcmp(reasons[i].name, name) == 0)
            return &reasons[i];
    return NULL;
}

const char *reason_code(const char *name)
{
    const struct reason *reason = reason_find(name);

    return reason ? reason->code : NULL;
}

const char *reason_mend(const char *name)
{
    const struct reason *reason = reason_find(name);

    return reason ? reason->mend : "";
}

bool reason_waits(const struct error *error)
{
    static const char *const gate[] = {"NotGranted", "NotYetSupported", "Conflict", "Suspended"};

    if (error->kind != ERROR_REFUSED)
        return text_equal(error->code, "RepairingDeleted");
    for (size_t i = 0; i < COUNT(gate); i++)
        if (text_equal(gate[i], error->code))
            return true;
    return false;
}

/* AWS's code, in which facet, and what it means there. */
static const struct meaning {
    const char *code;
    enum facet facet;
    const char *reason;
} meanings[] = {
    {"MalformedPolicyDocument", FACET_ROLE, "MalformedPolicy"},
    {"LimitExceeded", FACET_ROLE, "PolicyTooLarge"},
    {"NoSuchEntity", FACET_ROLE, "RoleMissing"},
    {"EntityAlreadyExists", FACET_ROLE, "RoleNameTaken"},
    {"ResourceNotFoundException", FACET_ROLE, "ClusterNotFound"},
    {"ResourceNotFoundException", FACET_ASSOCIATION, "ClusterNotFound"},
};

const char *reason_of_error(const struct error *error, enum facet facet)
{
    if (reason_find(error->code))
        return reason_find(error->code)->name;
    if (error->kind == ERROR_THROTTLE)
        return "Throttled";
    if (error->kind != ERROR_REFUSED)
        return "AWSUnavailable";
    if (aws_bad_credentials(error))
        return "CredentialsInvalid";
    if (aws_denied(error))
        return "AccessDenied";
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (meanings[i].facet == facet && text_equal(meanings[i].code, error->code))
            return meanings[i].reason;
    return "RefusedByAWS";
}
