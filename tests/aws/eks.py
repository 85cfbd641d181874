"""EKS: DescribeCluster, pod identity associations, tags. Rules: README.md.

Handlers as in iam.py; the account of the cluster is the only one that finds it.
"""

import re
import time

from . import tags as tag_rules
from .documents import admits_pod_identity, check_policy
from .errors import ServiceError
from .paging import key_of, page

ROLE_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d{12}):role(?P<path>/.*)?/"
                      r"(?P<name>[\w+=,.@-]+)")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SERVICE_ACCOUNT = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
POLICY_MAX = 2048
RESULTS_DEFAULT = 100
CHANGEABLE = ("roleArn", "disableSessionTags", "targetRoleArn", "policy")
TOKENS_MAX = 20_000  # old tokens are forgotten, as the service does after some time


def invalid(message, call):
    return ServiceError("InvalidParameterException", message, 400,
                        clusterName=call.params.get("clusterName"))


def find_cluster(call, name=None):
    cluster = call.world.cluster
    name = name or call.params["clusterName"]
    if name != cluster.name or call.identity.account != cluster.account:
        raise ServiceError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404,
                           clusterName=name)
    return cluster


def _association(call):
    cluster, wanted = find_cluster(call), call.params["associationId"]
    if wanted not in cluster.associations:
        raise ServiceError("ResourceNotFoundException",
                           f"Association not found: {wanted}", 404, clusterName=cluster.name)
    return cluster.associations[wanted]


def describe_cluster(call):
    return {"cluster": find_cluster(call, call.params["name"]).members()}


def check_role(call, arn, session_tags):
    """What the service checks of the role by itself, with the caller's right to pass it."""
    match = ROLE_ARN.fullmatch(arn)
    cluster = call.world.cluster
    if not match or match["account"] != cluster.account or match["partition"] != cluster.partition:
        raise invalid("Cross-account pass role is not allowed.", call)
    call.deny("iam:PassRole", arn)
    role = call.account.role_of_arn(arn)
    if not role or call.world.consistency.hides_from_eks(arn):
        raise invalid("Role provided in the request does not exist.", call)
    actions = ("sts:AssumeRole", "sts:TagSession") if session_tags else ("sts:AssumeRole",)
    if not admits_pod_identity(call.world.consistency.trust_seen_by_eks(role), actions):
        raise invalid("Trust policy of the role provided is invalid.", call)


def _check_session(call, association):
    """The rules between targetRoleArn, disableSessionTags and policy."""
    if association.target_role_arn and not ROLE_ARN.fullmatch(association.target_role_arn):
        raise invalid("Target role ARN is invalid.", call)
    if not association.policy:
        return
    if not association.disable_session_tags:
        raise invalid("A session policy requires disableSessionTags to be true.", call)
    if len(association.policy) > POLICY_MAX:
        raise invalid(f"The session policy is over {POLICY_MAX} characters.", call)
    try:
        check_policy(association.policy)
    except ServiceError as error:
        raise invalid(f"The session policy is invalid: {error.message}", call) from None


def _apply(association, params):
    """Absent leaves a member as it is; an empty text clears it."""
    association.role_arn = params.get("roleArn", association.role_arn)
    association.disable_session_tags = params.get("disableSessionTags",
                                                  association.disable_session_tags)
    association.target_role_arn = params.get("targetRoleArn", association.target_role_arn)
    association.policy = params.get("policy", association.policy)


def _repeated(call, cluster):
    """The association a request with this token made before, or None."""
    token = call.params.get("clientRequestToken")
    if token not in cluster.tokens:
        return None
    operation, params, association_id = cluster.tokens[token]
    if (operation, params) != (call.operation, call.params):
        raise invalid("The clientRequestToken was used with other parameters.", call)
    return cluster.associations[association_id]


def _remember(call, cluster, association):
    token = call.params.get("clientRequestToken")
    if token:
        cluster.tokens[token] = (call.operation, call.params, association.association_id)
        if len(cluster.tokens) > TOKENS_MAX:
            del cluster.tokens[next(iter(cluster.tokens))]


def _check_free(call, cluster, key):
    existing = cluster.by_owner.get(key)
    gone, deleted_s = cluster.deleted.get(key, (None, 0))
    if not existing and time.time() - deleted_s < call.world.consistency.rules["delete_seconds"]:
        existing = gone
    if existing:
        raise ServiceError("ResourceInUseException", f"Association already exists: {existing}",
                           409, clusterName=cluster.name)
    if len(cluster.associations) >= cluster.quota:
        raise ServiceError("ResourceLimitExceededException", "Pod identity association limit "
                           f"exceeded: {cluster.quota}", 400, clusterName=cluster.name)


def create_pod_identity_association(call):
    cluster, p = find_cluster(call), call.params
    again = _repeated(call, cluster)
    if again:
        return {"association": again.members()}
    key = p["namespace"], p["serviceAccount"]
    if not NAMESPACE.fullmatch(key[0]) or not SERVICE_ACCOUNT.fullmatch(key[1]):
        raise invalid("Namespace or service account is not a Kubernetes name.", call)
    tag_rules.check_eks(p.get("tags", {}))
    check_role(call, p["roleArn"], not p.get("disableSessionTags"))
    _check_free(call, cluster, key)
    association = cluster.new_association(*key, p["roleArn"])
    _apply(association, p)
    _check_session(call, association)
    association.tags = dict(p.get("tags", {}))
    cluster.add(association)
    _remember(call, cluster, association)
    return {"association": association.members()}


def update_pod_identity_association(call):
    association, p = _association(call), call.params
    cluster = call.world.cluster
    again = _repeated(call, cluster)
    if again:
        return {"association": again.members()}
    if not any(name in p for name in CHANGEABLE):
        raise invalid("At least one of roleArn, targetRoleArn, disableSessionTags and policy "
                      "must be given.", call)
    before = vars(association).copy()
    _apply(association, p)
    try:
        if "roleArn" in p or "disableSessionTags" in p:
            check_role(call, association.role_arn, not association.disable_session_tags)
        _check_session(call, association)
    except ServiceError:
        vars(association).update(before)
        raise
    association.modified_s = round(time.time(), 3)
    _remember(call, cluster, association)
    return {"association": association.members()}


def describe_pod_identity_association(call):
    return {"association": _association(call).members()}


def delete_pod_identity_association(call):
    association = _association(call)
    call.world.cluster.remove(association)
    return {"association": association.members()}


def list_page(call, keys):
    """The page of keys the call asks for, and the member that says whether there is more."""
    p, after = call.params, None
    if "nextToken" in p:
        after = key_of(p["nextToken"])
        if after is None:
            raise invalid("Invalid nextToken.", call)
    size = min(p.get("maxResults", RESULTS_DEFAULT), call.world.page_size_max)
    chosen, token = page(keys, after, size)
    return chosen, {"nextToken": token} if token else {}


def list_pod_identity_associations(call):
    cluster, p = find_cluster(call), call.params
    keys = [key for key, a in cluster.associations.items()
            if p.get("namespace") in (None, a.namespace)
            and p.get("serviceAccount") in (None, a.service_account)]
    chosen, more = list_page(call, keys)
    return {"associations": [cluster.associations[key].summary() for key in chosen], **more}


def _tagged(call):
    """The association, add-on or cluster an ARN names; its tags are changed in place."""
    arn, cluster = call.params["resourceArn"], call.world.cluster
    if not arn.startswith("arn:"):
        raise ServiceError("BadRequestException", f"Invalid ARN: {arn}", 400)
    if call.identity.account == cluster.account:
        if arn == cluster.arn:
            return cluster
        addon = next((one for one in cluster.addons.values() if one.arn == arn), None)
        if addon:
            return addon
        association = cluster.associations.get(arn.rsplit("/", 1)[-1])
        if association and association.arn == arn:
            return association
    raise ServiceError("NotFoundException", f"Resource not found: {arn}", 404)


def tag_resource(call):
    resource = _tagged(call)
    merged = {**resource.tags, **call.params["tags"]}
    tag_rules.check_eks(merged, "BadRequestException")
    resource.tags = merged
    return {}


def untag_resource(call):
    resource = _tagged(call)
    resource.tags = {key: value for key, value in resource.tags.items()
                     if key not in call.params["tagKeys"]}
    return {}


def list_tags_for_resource(call):
    return {"tags": dict(_tagged(call).tags)}


HANDLERS = {
    "DescribeCluster": describe_cluster,
    "CreatePodIdentityAssociation": create_pod_identity_association,
    "UpdatePodIdentityAssociation": update_pod_identity_association,
    "DescribePodIdentityAssociation": describe_pod_identity_association,
    "DeletePodIdentityAssociation": delete_pod_identity_association,
    "ListPodIdentityAssociations": list_pod_identity_associations,
    "TagResource": tag_resource, "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
