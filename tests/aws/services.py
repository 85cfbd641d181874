"""Operation -> handler, what a write touches, and the ARN that a denial names."""

from . import eks, eks_addons, iam, iam_policies, moto_rest, oidc, sts
from .errors import ServiceError

HANDLERS = {"iam": {**iam.HANDLERS, **iam_policies.HANDLERS, **oidc.HANDLERS},
            "sts": sts.HANDLERS, "eks": {**eks.HANDLERS, **eks_addons.HANDLERS}}
READS = ("Get", "List", "Describe")


def is_write(operation):
    return not operation.startswith(READS)


def _role_arn(call):
    name, account = call.params["RoleName"], call.account
    role = account.roles.get(name.lower())
    return role.arn if role else account.arn("role", call.params.get("Path", "/"), name)


def _iam_resource(call):
    """Roles go in and out of a profile by the profile's right, says the authorization reference."""
    p, account = call.params, call.account
    if "InstanceProfileName" in p:
        profile = account.profiles.get(p["InstanceProfileName"].lower())
        return profile.arn if profile else account.arn("instance-profile", p.get("Path", "/"),
                                                       p["InstanceProfileName"])
    if call.operation == "CreateOpenIDConnectProvider":
        return account.arn("oidc-provider", "/", p["Url"].removeprefix("https://"))
    if call.operation == "CreateRole":  # one of the name elsewhere is not what is asked for
        return account.arn("role", p.get("Path", "/"), p["RoleName"])
    if "RoleName" in p:
        return _role_arn(call)
    return p.get("OpenIDConnectProviderArn") or p.get("PolicyArn", "*")


def resource_of(service, call):
    p, cluster = call.params, call.world.cluster
    if service == "iam":
        return _iam_resource(call)
    if service == "sts":
        return "*"
    name = p.get("clusterName") or p.get("name") or cluster.name
    if "associationId" in p:
        return cluster.association_arn(p["associationId"])
    if "addonName" in p and call.operation != "CreateAddon":
        return eks_addons.addon_arn(cluster, p["addonName"]) + "/*"
    return p.get("resourceArn") or cluster.arn.removesuffix(cluster.name) + name


def _touched_by_iam(call):
    p, account = call.params, call.account
    role = account.roles.get(p.get("RoleName", "").lower())
    profile = account.profiles.get(p.get("InstanceProfileName", "").lower())
    policies = len(account.policies) if "RoleName" not in p else 0
    if "OpenIDConnectProvider" in call.operation:
        return moto_rest.snapshot(call.identity.account, account.partition)
    return (role and role.snapshot(), profile and (profile.role or "empty"), policies)


def _touched_by_eks(call):
    p, cluster = call.params, call.world.cluster
    wanted = p.get("associationId") or p.get("resourceArn", "").rsplit("/", 1)[-1]
    if not wanted:
        wanted = cluster.by_owner.get((p.get("namespace"), p.get("serviceAccount")))
    association = cluster.associations.get(wanted)
    return (association and (association.association_id, association.snapshot()),
            tuple(cluster.tags.items()), tuple(one.snapshot() for one in cluster.addons.values()))


def snapshot(service, call):
    """The touched objects as a comparable value; equal before and after = nothing changed."""
    return _touched_by_iam(call) if service == "iam" else _touched_by_eks(call)


def find(service, operation):
    handler = HANDLERS[service].get(operation)
    if not handler:
        raise ServiceError("InvalidAction", f"The stand-in does not play {operation}.", 501)
    return handler
