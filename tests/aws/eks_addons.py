"""Add-ons of the cluster: made, told, deleted, with the associations they own. Rules: README.md.

Handlers as in eks.py. An add-on is ACTIVE at once unless POST /_control/addon says otherwise.
"""

import secrets
import time
from dataclasses import dataclass, field

from . import tags as tag_rules
from .eks import check_role, find_cluster, invalid, list_page
from .errors import ServiceError

VERSIONS = {"eks-pod-identity-agent": "v1.3.9-eksbuild.3", "vpc-cni": "v1.20.4-eksbuild.1",
            "aws-ebs-csi-driver": "v1.52.1-eksbuild.1", "coredns": "v1.12.4-eksbuild.1",
            "kube-proxy": "v1.34.1-eksbuild.2", "adot": "v0.141.0-eksbuild.1",
            "amazon-cloudwatch-observability": "v4.6.0-eksbuild.1"}
NAMESPACES = {"amazon-cloudwatch-observability": "amazon-cloudwatch",
              "adot": "opentelemetry-operator-system"}  # the others live in kube-system


@dataclass
class Addon:
    cluster: str
    name: str
    arn: str
    version: str
    namespace: str
    role_arn: str = ""
    associations: list = field(default_factory=list)  # ids
    tags: dict = field(default_factory=dict)
    changes: dict = field(default_factory=dict)       # what POST /_control/addon laid over it
    created_s: float = field(default_factory=lambda: round(time.time(), 3))

    def snapshot(self):
        return self.arn, self.role_arn, tuple(self.associations), tuple(sorted(self.tags.items()))

    def members(self, cluster):
        members = {"addonName": self.name, "clusterName": self.cluster, "status": "ACTIVE",
                   "addonVersion": self.version, "health": {"issues": []}, "addonArn": self.arn,
                   "createdAt": self.created_s, "modifiedAt": self.created_s,
                   "tags": dict(self.tags), "namespaceConfig": {"namespace": self.namespace}}
        if self.role_arn:
            members["serviceAccountRoleArn"] = self.role_arn
        owned = [cluster.associations[one].arn for one in self.associations
                 if one in cluster.associations]
        if owned:
            members["podIdentityAssociations"] = owned
        return {**members, **self.changes}


def addon_arn(cluster, name):
    """Without its last part, which the service makes up: the resource of a denial."""
    return f"arn:{cluster.partition}:eks:{cluster.region}:{cluster.account}:addon/" \
           f"{cluster.name}/{name}"


def _addon(call):
    cluster, name = find_cluster(call), call.params["addonName"]
    if name not in cluster.addons:
        raise ServiceError("ResourceNotFoundException", f"No addon: {name} found in cluster: "
                           f"{cluster.name}", 404, clusterName=cluster.name, addonName=name)
    return cluster.addons[name]


def _owned(call, cluster, addon):
    """Makes the associations asked for, all or none."""
    wanted = call.params.get("podIdentityAssociations", [])
    for one in wanted:
        check_role(call, one["roleArn"], True)
        existing = cluster.by_owner.get((addon.namespace, one["serviceAccount"]))
        if existing:
            raise ServiceError("ResourceInUseException", f"Association already exists: {existing}",
                               409, clusterName=cluster.name, addonName=addon.name)
    for one in wanted:
        association = cluster.new_association(addon.namespace, one["serviceAccount"],
                                              one["roleArn"])
        association.owner_arn = addon.arn
        cluster.add(association)
        addon.associations.append(association.association_id)


def create_addon(call):
    cluster, p = find_cluster(call), call.params
    name, token = p["addonName"], p.get("clientRequestToken")
    existing = cluster.addons.get(name)
    if existing and token and cluster.addon_tokens.get(token) == p:
        return {"addon": existing.members(cluster)}
    if token in cluster.addon_tokens and cluster.addon_tokens[token] != p:
        raise invalid("The clientRequestToken was used with other parameters.", call)
    if existing:
        raise ServiceError("ResourceInUseException", "Addon already exists.", 409,
                           clusterName=cluster.name, addonName=name)
    version = p.get("addonVersion", VERSIONS.get(name))
    if name not in VERSIONS or not version.startswith("v"):
        raise invalid("Addon version specified is not supported" if name in VERSIONS
                      else f"Addon {name} is not supported", call)
    tag_rules.check_eks(p.get("tags", {}))
    if "serviceAccountRoleArn" in p:
        call.deny("iam:PassRole", p["serviceAccountRoleArn"])
    namespace = p.get("namespaceConfig", {}).get("namespace", NAMESPACES.get(name, "kube-system"))
    addon = Addon(cluster.name, name, f"{addon_arn(cluster, name)}/{_uuid()}", version, namespace,
                  p.get("serviceAccountRoleArn", ""), tags=dict(p.get("tags", {})))
    _owned(call, cluster, addon)
    cluster.addons[name] = addon
    if token:
        cluster.addon_tokens[token] = p
    return {"addon": addon.members(cluster)}


def _uuid():
    digits = secrets.token_hex(16)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def describe_addon(call):
    return {"addon": _addon(call).members(call.world.cluster)}


def list_addons(call):
    cluster = find_cluster(call)
    chosen, more = list_page(call, cluster.addons)
    return {"addons": chosen, **more}


def delete_addon(call):
    """With preserve, the associations stay with the cluster and are owned by nobody."""
    addon, cluster = _addon(call), call.world.cluster
    members = addon.members(cluster)
    for one in addon.associations:
        association = cluster.associations.get(one)
        if association and call.params.get("preserve"):
            association.owner_arn = ""
        elif association:
            cluster.remove(association)
    del cluster.addons[addon.name]
    cluster.addon_tokens = {token: params for token, params in cluster.addon_tokens.items()
                            if params["addonName"] != addon.name}
    return {"addon": {**members, "status": "DELETING"}}


HANDLERS = {"CreateAddon": create_addon, "DescribeAddon": describe_addon,
            "ListAddons": list_addons, "DeleteAddon": delete_addon}
