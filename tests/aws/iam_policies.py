"""IAM's managed policies, instance profiles and the account-wide reads."""

from . import tags as tag_rules
from .documents import check_policy, counted_size
from .errors import ServiceError
from .iam import boundary_members, encoded, role_members, take_page
from .iam_state import Profile, no_such, over_quota

DETAIL_KINDS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")


def policy_members(account, policy):
    return {"PolicyName": policy.name, "PolicyId": policy.policy_id, "Arn": policy.arn,
            "Path": policy.path, "DefaultVersionId": "v1",
            "AttachmentCount": account.attachment_count(policy.arn),
            "PermissionsBoundaryUsageCount": sum(1 for role in account.roles.values()
                                                 if role.boundary == policy.arn),
            "IsAttachable": True, "CreateDate": policy.created, "UpdateDate": policy.created}


def create_policy(call):
    p, account = call.params, call.account
    name, path, document = p["PolicyName"], p.get("Path", "/"), p["PolicyDocument"]
    check_policy(document)
    limit = account.quotas["PolicySizeQuota"]
    if counted_size(document) > limit:
        raise over_quota(f"Cannot exceed quota for PolicySize: {limit}")
    if any(policy.name.lower() == name.lower() and not _aws_owned(policy)
           for policy in account.policies.values()):
        raise ServiceError("EntityAlreadyExists",
                           f"A policy called {name} already exists. Duplicate names are not "
                           "allowed.", 409)
    tags = tag_rules.merge_iam({}, p.get("Tags", []), over_quota)
    policy = account.add_policy(name, path, document, p.get("Description"), tags)
    members = policy_members(account, policy)
    if tags:
        members["Tags"] = tag_rules.as_members(tags)
    return {"Policy": members}


def _aws_owned(policy):
    return policy.arn.split(":")[4] == "aws"


def get_policy(call):
    policy = call.account.policy(call.params["PolicyArn"])
    members = policy_members(call.account, policy)
    members["Description"] = policy.description
    if policy.tags:
        members["Tags"] = tag_rules.as_members(policy.tags)
    return {"Policy": members}


def get_policy_version(call):
    policy = call.account.policy(call.params["PolicyArn"])
    if call.params["VersionId"] != "v1":
        raise no_such(f"Policy {policy.arn} version {call.params['VersionId']} does not exist or "
                      "is not attachable.")
    return {"PolicyVersion": _version(policy)}


def _version(policy):
    return {"Document": encoded(policy.document), "VersionId": "v1", "IsDefaultVersion": True,
            "CreateDate": policy.created}


def delete_policy(call):
    policy = call.account.policy(call.params["PolicyArn"])
    if _aws_owned(policy):
        raise ServiceError("AccessDenied", "AWS managed policies cannot be deleted.", 403)
    if call.account.attachment_count(policy.arn):
        raise ServiceError("DeleteConflict",
                           "Cannot delete a policy attached to entities.", 409)
    del call.account.policies[policy.arn]
    return None


def list_policies(call):
    scope = call.params.get("Scope", "All")
    keys = [arn for arn, policy in call.account.policies.items()
            if scope == "All" or (scope == "AWS") == _aws_owned(policy)]
    chosen, more = take_page(call, keys)
    account = call.account
    return {"Policies": [policy_members(account, account.policies[arn]) for arn in chosen], **more}


def attach_role_policy(call):
    """Attaching what is attached already is no error."""
    role, arn = call.role(), call.params["PolicyArn"]
    policy = call.account.policies.get(arn)
    if not policy:
        raise no_such(f"Policy {arn} does not exist or is not attachable.")
    limit = call.account.quotas["AttachedPoliciesPerRoleQuota"]
    if arn not in role.attached and len(role.attached) >= limit:
        raise over_quota(f"Cannot exceed quota for PoliciesPerRole: {limit}")
    role.attached[arn] = policy.name
    return None


def detach_role_policy(call):
    role, arn = call.role(), call.params["PolicyArn"]
    if arn not in role.attached:
        raise no_such(f"Policy {arn} was not found.")
    del role.attached[arn]
    return None


def _attached_members(role, arns):
    return [{"PolicyName": role.attached[arn], "PolicyArn": arn} for arn in arns]


def list_attached_role_policies(call):
    role = call.role()
    prefix = call.params.get("PathPrefix", "/")
    keys = [arn for arn in role.attached if call.account.policies[arn].path.startswith(prefix)]
    chosen, more = take_page(call, keys)
    return {"AttachedPolicies": _attached_members(role, chosen), **more}


def _profile_members(account, profile):
    roles = [role_members(account.role(profile.role), full=False)] if profile.role else []
    return {"Path": profile.path, "InstanceProfileName": profile.name, "Arn": profile.arn,
            "InstanceProfileId": profile.profile_id, "CreateDate": profile.created,
            "Roles": roles}


def create_instance_profile(call):
    name, path = call.params["InstanceProfileName"], call.params.get("Path", "/")
    if name.lower() in call.account.profiles:
        raise ServiceError("EntityAlreadyExists",
                           f"Instance Profile {name} already exists.", 409)
    profile = Profile(name, path, call.account.arn("instance-profile", path, name))
    call.account.profiles[name.lower()] = profile
    return {"InstanceProfile": _profile_members(call.account, profile)}


def add_role_to_instance_profile(call):
    profile = call.account.profile(call.params["InstanceProfileName"])
    role = call.role()
    if profile.role:
        raise over_quota("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    profile.role = role.name
    return None


def remove_role_from_instance_profile(call):
    profile = call.account.profile(call.params["InstanceProfileName"])
    if profile.role != call.role().name:
        raise no_such(f"Role {call.params['RoleName']} is not in the instance profile.")
    profile.role = None
    return None


def delete_instance_profile(call):
    profile = call.account.profile(call.params["InstanceProfileName"])
    if profile.role:
        raise ServiceError("DeleteConflict", "Cannot delete entity, must remove roles from "
                           "instance profile first.", 409)
    del call.account.profiles[profile.name.lower()]
    return None


def list_instance_profiles_for_role(call):
    role = call.role()
    keys = [key for key, profile in call.account.profiles.items() if profile.role == role.name]
    chosen, more = take_page(call, keys)
    account = call.account
    return {"InstanceProfiles": [_profile_members(account, account.profiles[key])
                                 for key in chosen], **more}


def _role_detail(account, role):
    detail = {"Path": role.path, "RoleName": role.name, "RoleId": role.role_id, "Arn": role.arn,
              "CreateDate": role.created, "AssumeRolePolicyDocument": encoded(role.trust),
              "InstanceProfileList": [_profile_members(account, profile)
                                      for profile in account.profiles.values()
                                      if profile.role == role.name],
              "RolePolicyList": [{"PolicyName": name, "PolicyDocument": encoded(text)}
                                 for name, text in role.inline.items()],
              "AttachedManagedPolicies": _attached_members(role, role.attached),
              "Tags": tag_rules.as_members(role.tags), "RoleLastUsed": {}}
    if role.boundary:
        detail["PermissionsBoundary"] = boundary_members(role)
    return detail


def get_account_authorization_details(call):
    """One page over roles, then policies; keys carry the kind so that a page may hold both."""
    account = call.account
    wanted = call.params.get("Filter") or DETAIL_KINDS
    entries = {}
    if "Role" in wanted:
        entries.update((f"1 {key}", role) for key, role in account.roles.items())
    for arn, policy in account.policies.items():
        kind = "AWSManagedPolicy" if _aws_owned(policy) else "LocalManagedPolicy"
        if kind in wanted:
            entries[f"2 {arn}"] = policy
    chosen, more = take_page(call, entries)
    roles = [_role_detail(account, entries[key]) for key in chosen if key[0] == "1"]
    policies = [{**policy_members(account, entries[key]),
                 "PolicyVersionList": [_version(entries[key])]} for key in chosen if key[0] == "2"]
    return {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": roles,
            "Policies": policies, **more}


def get_account_summary(call):
    account = call.account
    local = sum(1 for policy in account.policies.values() if not _aws_owned(policy))
    return {"SummaryMap": {**account.quotas, "Roles": len(account.roles), "Policies": local,
                           "InstanceProfiles": len(account.profiles)}}


HANDLERS = {
    "CreatePolicy": create_policy, "GetPolicy": get_policy,
    "GetPolicyVersion": get_policy_version, "DeletePolicy": delete_policy,
    "ListPolicies": list_policies, "AttachRolePolicy": attach_role_policy,
    "DetachRolePolicy": detach_role_policy,
    "ListAttachedRolePolicies": list_attached_role_policies,
    "CreateInstanceProfile": create_instance_profile,
    "AddRoleToInstanceProfile": add_role_to_instance_profile,
    "RemoveRoleFromInstanceProfile": remove_role_from_instance_profile,
    "DeleteInstanceProfile": delete_instance_profile,
    "ListInstanceProfilesForRole": list_instance_profiles_for_role,
    "GetAccountAuthorizationDetails": get_account_authorization_details,
    "GetAccountSummary": get_account_summary,
}
