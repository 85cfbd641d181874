"""Everything the stand-in remembers: accounts, the EKS cluster, and how stale its readers are.

`reset` makes a new world; nothing outside this object survives it but the request log.
"""

import time
from dataclasses import dataclass

from .eks_state import Cluster
from .iam_state import Account

PAGE_SIZE_MAX = 1000  # IAM's own; POST /_control/pages lowers it, so that pages come short

DEFAULTS = {"role_attempts": 0, "role_seconds": 0.0, "trust_attempts": 0, "trust_seconds": 0.0,
            "read_attempts": 0, "delete_seconds": 0.0}


class Consistency:
    """IAM's changes reach EKS (and IAM's own readers) late, if a test wants it so.

    A role or trust younger than *_seconds, or asked for by EKS no more than *_attempts times,
    is not seen. Attempts are counted per role; read_attempts hides a new role from GetRole.
    """

    def __init__(self):
        self.rules = dict(DEFAULTS)
        self.roles = {}    # ARN -> [created, attempts by EKS, reads]
        self.trusts = {}   # ARN -> [changed, attempts, the document before]

    def set(self, rules):
        unknown = set(rules) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"no consistency rule {sorted(unknown)}")
        self.rules = {**DEFAULTS, **rules}

    def role_created(self, arn):
        self.roles[arn] = [time.time(), 0, 0]

    def role_deleted(self, arn):
        self.roles.pop(arn, None)
        self.trusts.pop(arn, None)

    def trust_changed(self, arn, before):
        self.trusts[arn] = [time.time(), 0, before]

    def hides_from_eks(self, arn):
        return self._late(self.roles.get(arn), 1, "role")

    def hides_from_iam(self, arn):
        entry = self.roles.get(arn)
        if not entry or entry[2] >= self.rules["read_attempts"]:
            return False
        entry[2] += 1
        return True

    def trust_seen_by_eks(self, role):
        entry = self.trusts.get(role.arn)
        return entry[2] if self._late(entry, 1, "trust") else role.trust

    def _late(self, entry, counter, name):
        if not entry:
            return False
        entry[counter] += 1
        return entry[counter] <= self.rules[f"{name}_attempts"] or \
            time.time() - entry[0] < self.rules[f"{name}_seconds"]


class World:
    def __init__(self, directory, cluster_name):
        self.directory = directory
        self.consistency = Consistency()
        self.page_size_max = PAGE_SIZE_MAX
        self.accounts = {}
        self.cluster = Cluster(cluster_name, directory)

    def account(self, number):
        if number not in self.accounts:
            self.accounts[number] = Account(number, self.directory.partition)
        return self.accounts[number]

    def dump(self):
        """The state as JSON can hold it, for a person or a test that wants it all at once."""
        return {"accounts": {number: {
                    "roles": {role.name: vars(role) for role in account.roles.values()},
                    "policies": sorted(account.policies),
                    "instanceProfiles": {p.name: p.role for p in account.profiles.values()}}
                    for number, account in self.accounts.items()},
                "associations": [a.members() for a in self.cluster.associations.values()],
                "addons": [a.members(self.cluster) for a in self.cluster.addons.values()]}


@dataclass
class Call:
    """One request on its way through a handler."""
    world: World
    identity: object
    params: dict
    request_id: str
    operation: str
    deny: object = None   # function (action, resource) that raises AccessDenied when told to

    @property
    def account(self):
        return self.world.account(self.identity.account)

    def role(self):
        return self.account.role(self.params["RoleName"])
