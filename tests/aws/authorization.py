"""What a request asks of IAM: further actions it implies, and the condition keys it carries.

A key is there only where the Service Authorization Reference lists it for the action: a policy that
leans on another key is denied here as it would be by AWS. Keys are lower case, as IAM compares them.
"""

TAG_SOURCES = {"iam:CreateRole", "iam:TagRole", "iam:CreateOpenIDConnectProvider",
               "iam:TagOpenIDConnectProvider", "eks:CreatePodIdentityAssociation",
               "eks:CreateAddon", "eks:TagResource"}
UNTAGGING = {"iam:UntagRole", "eks:UntagResource"}
OF_BOUNDED_ROLES = {"iam:DeleteRole", "iam:UpdateRole", "iam:UpdateAssumeRolePolicy",
                    "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy",
                    "iam:DetachRolePolicy", "iam:DeleteRolePermissionsBoundary", "iam:GetRole"}
WITH_BOUNDARY = {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}
WITH_POLICY = {"iam:AttachRolePolicy", "iam:DetachRolePolicy"}
PASSED_TO = {"CreatePodIdentityAssociation": "pods.eks.amazonaws.com",
             "UpdatePodIdentityAssociation": "pods.eks.amazonaws.com",
             "CreateAddon": "eks.amazonaws.com"}

# Making something with tags is tagging it; association and add-on have no name of their own yet.
TAG_AT_CREATION = {
    "CreateRole": ("iam:TagRole", None),
    "CreateOpenIDConnectProvider": ("iam:TagOpenIDConnectProvider", None),
    "CreatePodIdentityAssociation": ("eks:TagResource", "podidentityassociation/{cluster}/new"),
    "CreateAddon": ("eks:TagResource", "addon/{cluster}/{addon}/new"),
}


def tags_of(params):
    tags = params.get("Tags") or params.get("tags") or {}
    return tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}


def implied(call, resource):
    """(action, resource) pairs that the request asks besides its own."""
    action, name = TAG_AT_CREATION.get(call.operation, (None, None))
    if not action or not tags_of(call.params):
        return []
    if name:
        cluster = call.world.cluster
        resource = f"arn:{cluster.partition}:eks:{cluster.region}:{cluster.account}:" + name.format(
            cluster=call.params.get("clusterName"), addon=call.params.get("addonName"))
    return [(action, resource)]


def subject(call):
    """(the role or association that the request is about, whether it must exist to be judged)."""
    params, cluster = call.params, call.world.cluster
    if "RoleName" in params:
        return call.account.roles.get(params["RoleName"].lower()), call.operation != "CreateRole"
    wanted = params.get("associationId")
    if not wanted and ":podidentityassociation/" in params.get("resourceArn", ""):
        wanted = params["resourceArn"].rsplit("/", 1)[-1]
    return cluster.associations.get(wanted), wanted is not None


def context_of(call, action):
    """Condition key in lower case → text, or list of texts for keys of many values."""
    params, context = call.params, {}
    if action in TAG_SOURCES:
        tags = tags_of(params)
        context.update({f"aws:requesttag/{key.lower()}": value for key, value in tags.items()})
        if tags:
            context["aws:tagkeys"] = list(tags)
    if action in UNTAGGING:
        context["aws:tagkeys"] = list(params.get("TagKeys") or params.get("tagKeys"))
    if action == "iam:PassRole":
        context["iam:passedtoservice"] = PASSED_TO[call.operation]
        context["iam:associatedresourcearn"] = call.world.cluster.arn
        return context
    target, _ = subject(call)
    if target is not None and call.operation != "CreateRole":
        context.update({f"aws:resourcetag/{key.lower()}": value
                        for key, value in target.tags.items()})
    boundary = _boundary(call, action, target)
    if boundary:
        context["iam:permissionsboundary"] = boundary
    if action in WITH_POLICY:
        context["iam:policyarn"] = params["PolicyArn"]
    return context


def _boundary(call, action, role):
    if action in WITH_BOUNDARY:
        return call.params.get("PermissionsBoundary")
    return role.boundary if action in OF_BOUNDED_ROLES and role is not None else None
