"""The controller's rights in AWS, as podidentity aws-setup prints them for its settings, with lists
as wide as the tests bind."""

import json
import subprocess

from tests.aws.identities import partition_of

from . import environment

SECONDS = 10


def lists(aws):
    """What grants, and so aws-setup, may name in the tests: any policy and any role of the account."""
    partition, _ = partition_of(aws.region)
    own = f"arn:{partition}:iam::{aws.account}"
    return ["--account-id", aws.account,
            "--boundary-arns", f"{own}:policy/podidentity/*",
            "--policy-arns", f"arn:{partition}:iam::aws:policy/*,{own}:policy/*",
            "--existing-roles", f"{own}:role/*"]


def policy_for(aws, flags, variables):
    """The document for a controller with these flags and variables; None when they are refused."""
    printed = subprocess.run(
        [environment.program(), "aws-setup", "--print", "-o", "json", *map(str, flags), *lists(aws)],
        env=environment.clean(**variables), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=SECONDS, check=False)
    return json.loads(printed.stdout)["documents"]["policy"] if printed.returncode == 0 else None
