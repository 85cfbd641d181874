"""What EKS remembers: one cluster, its pod identity associations and add-ons."""

import secrets
import time
from dataclasses import dataclass, field

ASSOCIATIONS_QUOTA = 5000
OIDC_ID = "0123456789ABCDEF0123456789ABCDEF"
ID_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Association:
    cluster: str
    namespace: str
    service_account: str
    arn: str
    association_id: str
    role_arn: str
    disable_session_tags: bool = False
    target_role_arn: str = ""
    policy: str = ""
    external_id: str = ""
    owner_arn: str = ""
    tags: dict = field(default_factory=dict)
    created_s: float = field(default_factory=lambda: round(time.time(), 3))
    modified_s: float = field(default_factory=lambda: round(time.time(), 3))

    def snapshot(self):
        return (self.role_arn, self.disable_session_tags, self.target_role_arn, self.policy,
                self.owner_arn, tuple(sorted(self.tags.items())))

    def summary(self):
        members = {"clusterName": self.cluster, "namespace": self.namespace,
                   "serviceAccount": self.service_account, "associationArn": self.arn,
                   "associationId": self.association_id}
        if self.owner_arn:
            members["ownerArn"] = self.owner_arn
        return members

    def members(self):
        members = {**self.summary(), "roleArn": self.role_arn, "tags": dict(self.tags),
                   "createdAt": self.created_s, "modifiedAt": self.modified_s,
                   "disableSessionTags": self.disable_session_tags}
        if self.target_role_arn:
            members["targetRoleArn"] = self.target_role_arn
            members["externalId"] = self.external_id
        if self.policy:
            members["policy"] = self.policy
        return members


class Cluster:
    def __init__(self, name, directory):
        self.name = name
        self.account = directory.account
        self.region = directory.region
        self.partition = directory.partition
        self.arn = f"arn:{self.partition}:eks:{self.region}:{self.account}:cluster/{name}"
        self.created_s = round(time.time(), 3)
        self.changes = {}        # what POST /_control/cluster laid over the answer
        self.quota = ASSOCIATIONS_QUOTA
        self.tags = {}
        self.associations = {}   # association id -> Association
        self.addons = {}         # name -> eks_addons.Addon
        self.addon_tokens = {}   # clientRequestToken -> params
        self.by_owner = {}       # (namespace, service account) -> association id
        self.tokens = {}         # clientRequestToken -> (operation, params, association id)
        self.deleted = {}        # (namespace, service account) -> (association id, time)

    def members(self):
        issuer = f"https://oidc.eks.{self.region}.amazonaws.com/id/{OIDC_ID}"
        return {"name": self.name, "arn": self.arn, "createdAt": self.created_s,
                "version": "1.36", "platformVersion": "eks.1", "status": "ACTIVE",
                "endpoint": f"https://{OIDC_ID}.gr7.{self.region}.eks.amazonaws.com",
                "roleArn": f"arn:{self.partition}:iam::{self.account}:role/cluster",
                "identity": {"oidc": {"issuer": issuer}},
                "computeConfig": {"enabled": False}, "tags": dict(self.tags), **self.changes}

    def association_arn(self, association_id):
        return (f"arn:{self.partition}:eks:{self.region}:{self.account}:podidentityassociation/"
                f"{self.name}/{association_id}")

    def new_association(self, namespace, service_account, role_arn):
        association_id = "a-" + "".join(secrets.choice(ID_DIGITS) for _ in range(17))
        association = Association(self.name, namespace, service_account,
                                  self.association_arn(association_id), association_id, role_arn)
        association.external_id = (f"{self.region}/{self.account}/{self.name}/"
                                   f"{namespace}/{service_account}")
        return association

    def add(self, association):
        self.associations[association.association_id] = association
        self.by_owner[association.namespace, association.service_account] = \
            association.association_id

    def remove(self, association):
        key = association.namespace, association.service_account
        del self.associations[association.association_id]
        del self.by_owner[key]
        self.deleted[key] = association.association_id, time.time()
        self.tokens = {token: entry for token, entry in self.tokens.items()
                       if entry[2] != association.association_id}
