"""Who may sign requests: access keys, their secrets, accounts and names.

The directory is the only place where secrets live. An identity with a session token must send
that token; one whose `expires_s` (epoch seconds) lies in the past is told so. The container
endpoint of the control API hands out further identities by `issue`.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Optional

# Region prefixes of the partitions other than "aws", with the only region IAM is signed for.
PARTITIONS = (
    ("cn-", "aws-cn", "cn-north-1"),
    ("us-gov-", "aws-us-gov", "us-gov-west-1"),
    ("us-iso-", "aws-iso", "us-iso-east-1"),
    ("us-isob-", "aws-iso-b", "us-isob-east-1"),
    ("us-isof-", "aws-iso-f", "us-isof-south-1"),
    ("eu-isoe-", "aws-iso-e", "eu-isoe-west-1"),
    ("eusc-", "aws-eusc", "eusc-de-east-1"),
)

ISSUED_MAX = 10_000  # a rotation test asks for some dozens; a leak should be noticed


def partition_of(region):
    """Returns (partition, region that IAM is signed for)."""
    for prefix, partition, iam_region in PARTITIONS:
        if region.startswith(prefix):
            return partition, iam_region
    return "aws", "us-east-1"


@dataclass
class Identity:
    access_key: str
    secret: str
    account: str
    arn: str
    user_id: str
    session_token: Optional[str] = None
    expires_s: Optional[float] = None

    def expired(self, now_s=None):
        return self.expires_s is not None and (now_s or time.time()) >= self.expires_s


class Directory:
    """Access key -> Identity. The defaults are written down in README.md."""

    def __init__(self, account, region):
        self.account = account
        self.region = region
        self.partition, self.iam_region = partition_of(region)
        self.issued = 0
        self.keys = {}
        self.reset()

    def reset(self):
        self.keys = {}
        controller = self._session("podidentity-controller", "AROACONTROLLER0000001")
        self.add(Identity("AKIDPODIDENTITY00001", "controller-secret", self.account, *controller))
        self.add(Identity("ASIAPODIDENTITY00001", "controller-session-secret", self.account,
                          *controller, session_token="controller/session+token=="))
        self.add(Identity("ASIAPODIDENTITYEXPIR", "expired-secret", self.account, *controller,
                          session_token="expired/session+token==", expires_s=1.0))
        self.add(self._user("AKIDTESTS00000000001", "tests-secret", self.account, "tests"))
        self.add(self._user("AKIDOTHERACCOUNT0001", "other-secret", "444455556666", "other"))

    def add(self, identity):
        self.keys[identity.access_key] = identity
        return identity

    def is_controller(self, identity):
        """Whether it is the controller's role in the account of the cluster."""
        return identity.account == self.account and \
            ":assumed-role/podidentity-controller/" in identity.arn

    def find(self, access_key):
        return self.keys.get(access_key)

    def issue(self, lifetime_s):
        """Makes new session credentials of the controller's role, as a container endpoint does."""
        self.issued += 1
        assert self.issued <= ISSUED_MAX, "credentials are asked for in a loop"
        arn, user_id = self._session("podidentity-controller", "AROACONTROLLER0000001")
        return self.add(Identity(
            f"ASIAISSUED{self.issued:010d}", secrets.token_urlsafe(30), self.account, arn, user_id,
            session_token=secrets.token_urlsafe(300) + "+/==", expires_s=time.time() + lifetime_s))

    def _session(self, role, role_id):
        arn = f"arn:{self.partition}:sts::{self.account}:assumed-role/{role}/rig"
        return arn, f"{role_id}:rig"

    def _user(self, access_key, secret, account, name):
        arn = f"arn:{self.partition}:iam::{account}:user/{name}"
        return Identity(access_key, secret, account, arn, f"AIDA{name.upper():0<17}")
