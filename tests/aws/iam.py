"""IAM's role operations, in memory. Rules: facts in README.md, "What is played faithfully".

Each handler takes a Call (params by the model's names, the signer, its account) and returns the
result by the model's names, or raises ServiceError. Handlers are found by operation name.
"""

from urllib.parse import quote

from . import tags as tag_rules
from .documents import check_policy, check_trust, counted_size
from .errors import ServiceError
from .iam_state import Role, no_such, over_quota
from .paging import key_of, page

MAX_SESSION_S = 3600
ITEMS_DEFAULT = 100


def encoded(document):
    return quote(document, safe="-_.~")


def take_page(call, keys):
    """The page of keys the call asks for, and the members that say whether there is more."""
    marker = call.params.get("Marker")
    after = None
    if marker is not None:
        after = key_of(marker)
        if after is None:
            raise ServiceError("ValidationError", "Invalid Marker.")
    size = min(call.params.get("MaxItems", ITEMS_DEFAULT), call.world.page_size_max)
    chosen, token = page(keys, after, size)
    more = {"IsTruncated": token is not None}
    if token:
        more["Marker"] = token
    return chosen, more


def role_members(role, full=True):
    """A Role as answers show it. Lists (full=False) leave out what ListRoles leaves out."""
    members = {"Path": role.path, "RoleName": role.name, "RoleId": role.role_id, "Arn": role.arn,
               "CreateDate": role.created, "AssumeRolePolicyDocument": encoded(role.trust),
               "Description": role.description, "MaxSessionDuration": role.max_session_s}
    if full:
        members["RoleLastUsed"] = {}
        if role.boundary:
            members["PermissionsBoundary"] = boundary_members(role)
        if role.tags:
            members["Tags"] = tag_rules.as_members(role.tags)
    return members


def boundary_members(role):
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": role.boundary}


def _principal_exists(account):
    def exists(name):
        prefix = f"arn:{account.partition}:iam::{account.number}:"
        if not name.startswith(prefix) or name == prefix + "root":
            return name == "*" or name.isdigit() and len(name) == 12 or name.startswith("arn:") \
                or name.startswith(("AROA", "AIDA"))
        return ":user/" in name or account.role_of_arn(name) is not None
    return exists


def _check_trust(account, role_name, document):
    check_trust(document, _principal_exists(account))
    limit = account.quotas["AssumeRolePolicySizeQuota"]
    if counted_size(document) > limit:
        raise over_quota(f"Cannot exceed quota for ACLSizePerRole: {limit}")
    return document


def _check_boundary(account, arn):
    if arn not in account.policies:
        raise no_such(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def create_role(call):
    p, account = call.params, call.account
    name, path = p["RoleName"], p.get("Path", "/")
    if name.lower() in account.roles:
        raise ServiceError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    if len(account.roles) >= account.quotas["RolesQuota"]:
        raise over_quota(f"Cannot exceed quota for RolesPerAccount: {account.quotas['RolesQuota']}")
    boundary = p.get("PermissionsBoundary")
    role = Role(name, path, account.arn("role", path, name),
                _check_trust(account, name, p["AssumeRolePolicyDocument"]),
                p.get("Description"), p.get("MaxSessionDuration", MAX_SESSION_S),
                _check_boundary(account, boundary) if boundary else None,
                tag_rules.merge_iam({}, p.get("Tags", []), over_quota))
    account.roles[name.lower()] = role
    call.world.consistency.role_created(role.arn)
    members = role_members(role)
    members.pop("RoleLastUsed")
    for absent in ("Description", "MaxSessionDuration"):  # as the service: only what was set
        if absent not in p:
            members.pop(absent)
    return {"Role": members}


def get_role(call):
    role = call.role()
    if call.world.consistency.hides_from_iam(role.arn):
        raise no_such(f"The role with name {role.name} cannot be found.")
    return {"Role": role_members(role)}


def list_roles(call):
    prefix = call.params.get("PathPrefix", "/")
    keys = [key for key, role in call.account.roles.items() if role.path.startswith(prefix)]
    chosen, more = take_page(call, keys)
    return {"Roles": [role_members(call.account.roles[key], full=False) for key in chosen], **more}


def update_role(call):
    """Description absent stays; MaxSessionDuration absent is set back to an hour (model text)."""
    role = call.role()
    role.max_session_s = call.params.get("MaxSessionDuration", MAX_SESSION_S)
    if "Description" in call.params:
        role.description = call.params["Description"] or None
    return {}


def update_role_description(call):
    role = call.role()
    role.description = call.params["Description"] or None
    return {"Role": role_members(role)}


def update_assume_role_policy(call):
    role = call.role()
    before = role.trust
    role.trust = _check_trust(call.account, role.name, call.params["PolicyDocument"])
    call.world.consistency.trust_changed(role.arn, before)
    return None


def put_role_policy(call):
    role, name = call.role(), call.params["PolicyName"]
    document = call.params["PolicyDocument"]
    check_policy(document)
    limit = call.account.quotas["RolePolicySizeQuota"]
    others = sum(counted_size(text) for key, text in role.inline.items() if key != name)
    if others + counted_size(document) > limit:
        raise over_quota(f"Maximum policy size of {limit} bytes exceeded for role {role.name}")
    role.inline[name] = document
    return None


def _inline(role, name):
    if name not in role.inline:
        raise no_such(f"The role policy with name {name} cannot be found.")
    return role.inline[name]


def get_role_policy(call):
    role, name = call.role(), call.params["PolicyName"]
    return {"RoleName": role.name, "PolicyName": name,
            "PolicyDocument": encoded(_inline(role, name))}


def delete_role_policy(call):
    role, name = call.role(), call.params["PolicyName"]
    _inline(role, name)
    del role.inline[name]
    return None


def list_role_policies(call):
    chosen, more = take_page(call, call.role().inline)
    return {"PolicyNames": chosen, **more}


def tag_role(call):
    role = call.role()
    role.tags = tag_rules.merge_iam(role.tags, call.params["Tags"], over_quota)
    return None


def untag_role(call):
    role = call.role()
    role.tags = tag_rules.remove_iam(role.tags, call.params["TagKeys"])
    return None


def list_role_tags(call):
    role = call.role()
    chosen, more = take_page(call, role.tags)
    return {"Tags": [{"Key": key, "Value": role.tags[key]} for key in chosen], **more}


def put_role_permissions_boundary(call):
    role = call.role()
    role.boundary = _check_boundary(call.account, call.params["PermissionsBoundary"])
    return None


def delete_role_permissions_boundary(call):
    role = call.role()
    if role.boundary is None:
        raise no_such(f"Role {role.name} has no permissions boundary.")
    role.boundary = None
    return None


def delete_role(call):
    role = call.role()
    if any(profile.role == role.name for profile in call.account.profiles.values()):
        raise _conflict("must remove roles from instance profile first.")
    if role.attached:
        raise _conflict("must detach all policies first.")
    if role.inline:
        raise _conflict("must delete policies first.")
    del call.account.roles[role.name.lower()]
    call.world.consistency.role_deleted(role.arn)
    return None


def _conflict(what):
    return ServiceError("DeleteConflict", f"Cannot delete entity, {what}", 409)


HANDLERS = {
    "CreateRole": create_role, "GetRole": get_role, "ListRoles": list_roles,
    "UpdateRole": update_role, "UpdateRoleDescription": update_role_description,
    "UpdateAssumeRolePolicy": update_assume_role_policy,
    "PutRolePolicy": put_role_policy, "GetRolePolicy": get_role_policy,
    "DeleteRolePolicy": delete_role_policy, "ListRolePolicies": list_role_policies,
    "TagRole": tag_role, "UntagRole": untag_role, "ListRoleTags": list_role_tags,
    "PutRolePermissionsBoundary": put_role_permissions_boundary,
    "DeleteRolePermissionsBoundary": delete_role_permissions_boundary,
    "DeleteRole": delete_role,
}
