"""What IAM remembers of one account: roles, managed policies, instance profiles.

Names are unique whatever their case, and found whatever their case. Times are UTC datetimes of
whole seconds, as IAM tells them.
"""

import datetime
import secrets
import string
from dataclasses import dataclass, field
from typing import Optional

from .errors import ServiceError

ID_LETTERS = string.ascii_uppercase + "234567"

MANAGED_POLICIES = ("AmazonS3ReadOnlyAccess", "AmazonS3FullAccess", "AmazonDynamoDBReadOnlyAccess",
                    "AmazonSQSReadOnlyAccess", "AmazonSNSReadOnlyAccess",
                    "CloudWatchReadOnlyAccess", "CloudWatchAgentServerPolicy",
                    "SecretsManagerReadWrite", "ReadOnlyAccess",
                    "AmazonEC2ReadOnlyAccess", "AmazonKinesisReadOnlyAccess",
                    "AWSXRayDaemonWriteAccess", "AmazonEC2ContainerRegistryPowerUser",
                    "AWSXrayWriteOnlyAccess", "service-role/AmazonEBSCSIDriverPolicy")
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'

# What GetAccountSummary tells; POST /_control/quotas changes them. RolesQuota is above AWS's
# default of 1,000, because the benchmark binds 5,000 ServiceAccounts.
QUOTAS = {"AssumeRolePolicySizeQuota": 2048, "RolePolicySizeQuota": 10240, "RolesQuota": 20000,
          "AttachedPoliciesPerRoleQuota": 10, "PolicySizeQuota": 6144, "PoliciesQuota": 1500,
          "VersionsPerPolicyQuota": 5, "InstanceProfilesQuota": 1000}


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def unique_id(prefix):
    return prefix + "".join(secrets.choice(ID_LETTERS) for _ in range(17))


def no_such(message):
    return ServiceError("NoSuchEntity", message, 404)


def over_quota(message):
    return ServiceError("LimitExceeded", message, 409)


@dataclass
class Role:
    name: str
    path: str
    arn: str
    trust: str
    description: Optional[str]
    max_session_s: int
    boundary: Optional[str]
    tags: dict                                   # key as first written -> value
    inline: dict = field(default_factory=dict)   # policy name -> document
    attached: dict = field(default_factory=dict)  # policy ARN -> policy name
    role_id: str = field(default_factory=lambda: unique_id("AROA"))
    created: datetime.datetime = field(default_factory=now)

    def snapshot(self):
        return (self.trust, self.description, self.max_session_s, self.boundary,
                tuple(sorted(self.tags.items())), tuple(sorted(self.inline.items())),
                tuple(sorted(self.attached)))


@dataclass
class Policy:
    name: str
    path: str
    arn: str
    document: str
    description: Optional[str] = None
    tags: dict = field(default_factory=dict)
    policy_id: str = field(default_factory=lambda: unique_id("ANPA"))
    created: datetime.datetime = field(default_factory=now)


@dataclass
class Profile:
    name: str
    path: str
    arn: str
    role: Optional[str] = None
    profile_id: str = field(default_factory=lambda: unique_id("AIPA"))
    created: datetime.datetime = field(default_factory=now)


class Account:
    def __init__(self, number, partition):
        self.number = number
        self.partition = partition
        self.quotas = dict(QUOTAS)
        self.roles = {}      # lower-case name -> Role
        self.policies = {}   # ARN -> Policy
        self.profiles = {}   # lower-case name -> Profile
        for name in MANAGED_POLICIES:
            arn = f"arn:{partition}:iam::aws:policy/{name}"
            folder, _, plain = f"/{name}".rpartition("/")
            self.policies[arn] = Policy(plain, f"{folder}/", arn, EVERYTHING)
        self.add_policy("boundary", "/podidentity/", EVERYTHING)

    def arn(self, kind, path, name):
        return f"arn:{self.partition}:iam::{self.number}:{kind}{path}{name}"

    def add_policy(self, name, path, document, description=None, tags=None):
        arn = self.arn("policy", path, name)
        self.policies[arn] = Policy(name, path, arn, document, description, tags or {})
        return self.policies[arn]

    def role(self, name):
        try:
            return self.roles[name.lower()]
        except KeyError:
            raise no_such(f"The role with name {name} cannot be found.") from None

    def role_of_arn(self, arn):
        """The role whose whole ARN, path included, is this one; None if there is none."""
        role = self.roles.get(arn.rsplit("/", 1)[-1].lower())
        return role if role and role.arn == arn else None

    def policy(self, arn):
        try:
            return self.policies[arn]
        except KeyError:
            raise no_such(f"Policy {arn} was not found.") from None

    def profile(self, name):
        try:
            return self.profiles[name.lower()]
        except KeyError:
            raise no_such(f"Instance Profile {name} cannot be found.") from None

    def attachment_count(self, arn):
        return sum(1 for role in self.roles.values() if arn in role.attached)
