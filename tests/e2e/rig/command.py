"""podidentity as a person runs it: one subcommand, the administrator's kubeconfig, AWS keys of the
person in the environment. What it asks of AWS is no use of the controller's rights."""

import dataclasses
import subprocess

from tests.aws.standin import TESTS_KEYS

from . import environment
from .controller import SANITIZER_ENVIRONMENT, binary

GOOD, BROKEN, WARNINGS, UNCHECKED = range(4)  # exit codes of every subcommand
SECONDS = 120


@dataclasses.dataclass
class Answer:
    code: int
    out: str
    err: str


def podidentity(cluster, aws, *arguments, **more):
    """Runs it to its end. more: variables to set; None takes one away."""
    variables = {"KUBECONFIG": str(cluster.kubeconfig), **aws.environment(),
                 "AWS_ACCESS_KEY_ID": TESTS_KEYS[0], "AWS_SECRET_ACCESS_KEY": TESTS_KEYS[1],
                 **SANITIZER_ENVIRONMENT, **more}
    done = subprocess.run(
        [binary(), *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        env=environment.clean(**{k: v for k, v in variables.items() if v is not None}))
    return Answer(done.returncode, done.stdout, done.stderr)
