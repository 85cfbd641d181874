"""The AWS stand-in (tests/aws) for end-to-end tests: the process ends with its owner, what AWS has
is read by boto3, and the controller's requests are found in the log. What breaks answers is in
tests/aws/standin.py and its README; here it is wrapped into blocks."""

import contextlib
import functools
import json
import pathlib
import shutil
import sys
import tempfile

from tests.aws.check import check_log
from tests.aws.standin import StandIn
from tests.e2e.documents import trust

from . import environment
from .process import Process
from .waiting import wait_until


class Aws(StandIn):
    """Use as a context manager, or start() and stop(). options: account, region, cluster."""

    def __init__(self, **options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="podidentity-aws-"))
        super().__init__(log=self.folder / "requests.jsonl", **options)

    def start(self):
        port_file = self.folder / "port"
        self.process = Process("AWS stand-in", [
            sys.executable, "-m", "tests.aws.server", "--port-file", port_file, "--log", self.log,
            "--account", self.account, "--region", self.region, "--cluster", self.cluster,
        ], self.folder / "server.log", environment.clean(
            PYTHONPATH=str(environment.ROOT), PYTHONDONTWRITEBYTECODE="1"))
        self.process.start()
        self.process.wait_ready(port_file.exists)
        self.port = int(port_file.read_text())
        # As a cluster is where pods get credentials; a test that is about the agent deletes it.
        self.eks.create_addon(clusterName=self.cluster, addonName="eks-pod-identity-agent")

    def stop(self):
        """The request log goes with it: look at problems() before."""
        if self.process:
            code = self.process.stop()
            assert code == 0, f"the AWS stand-in ended with {code}:\n{self.process.tail()}"
        shutil.rmtree(self.folder)

    def problems(self):
        """What check_log says about all requests so far."""
        return check_log(self.requests())

    # What AWS has.

    @functools.cached_property
    def iam(self):
        return self.client("iam")

    @functools.cached_property
    def eks(self):
        return self.client("eks")

    @functools.cached_property
    def sts(self):
        return self.client("sts")

    def role(self, name):
        """As GetRole gives it; None when there is none."""
        with contextlib.suppress(self.iam.exceptions.NoSuchEntityException):
            return self.iam.get_role(RoleName=name)["Role"]

    def make_role(self, name, document=None, **more):
        """A role of others, which EKS pods may assume unless document says otherwise; its ARN."""
        return self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(document or trust()),
            **more)["Role"]["Arn"]

    def remove_role(self, name):
        """With all that hangs on it, as somebody does it by hand: again while a controller puts
        back what was taken away. Nothing when there is none."""
        def removed():
            try:
                for policy in self.inline_policies(name):
                    self.iam.delete_role_policy(RoleName=name, PolicyName=policy)
                for policy in self.attached_policies(name):
                    self.iam.detach_role_policy(RoleName=name, PolicyArn=policy)
                self.iam.delete_role(RoleName=name)
            except self.iam.exceptions.NoSuchEntityException:
                return self.role(name) is None
            except self.iam.exceptions.DeleteConflictException:
                return False
            return True

        wait_until(removed, what=f"role {name} is gone")

    @contextlib.contextmanager
    def associated_by_others(self, namespace, service_account):
        """An association that somebody else made, with a tag and a role of its own; goes with the
        block."""
        made = self.eks.create_pod_identity_association(
            clusterName=self.cluster, namespace=namespace, serviceAccount=service_account,
            roleArn=self.make_role(f"theirs-{namespace}"), tags={"team": "theirs"})["association"]
        yield made
        with contextlib.suppress(self.eks.exceptions.ResourceNotFoundException):
            self.eks.delete_pod_identity_association(
                clusterName=self.cluster, associationId=made["associationId"])

    def inline_policies(self, role):
        """Policy name → document."""
        names = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {one: self.iam.get_role_policy(RoleName=role, PolicyName=one)["PolicyDocument"]
                for one in names}

    def attached_policies(self, role):
        """The ARNs, sorted."""
        attached = self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return sorted(one["PolicyArn"] for one in attached)

    def associations(self, namespace=None, service_account=None):
        """Each as DescribePodIdentityAssociation gives it."""
        wanted = {"namespace": namespace, "serviceAccount": service_account}
        pages = self.eks.get_paginator("list_pod_identity_associations").paginate(
            clusterName=self.cluster, **{k: v for k, v in wanted.items() if v is not None})
        described = (self._describe(one["associationId"])
                     for page in pages for one in page["associations"])
        return [one for one in described if one]

    def _describe(self, association):
        """None when it went after it was listed."""
        with contextlib.suppress(self.eks.exceptions.ResourceNotFoundException):
            return self.eks.describe_pod_identity_association(
                clusterName=self.cluster, associationId=association)["association"]

    def association(self, namespace, service_account):
        """The only one there can be; None when there is none."""
        found = self.associations(namespace, service_account)
        assert len(found) <= 1, f"{len(found)} associations of {namespace}/{service_account}"
        return found[0] if found else None

    # What the controller asked.

    def controller_requests(self, since=0, operation=None, namespace=None, role=None, writes=None,
                            good=None):
        """The controller's log entries (fields: tests/aws/log.py) after a point that last() gave,
        oldest first. namespace: those that name it, or a role called after it; role: those that
        name this role; writes and good: True or False, None for both."""
        return [entry for entry in self.requests(since, client="controller", operation=operation)
                if (namespace is None or _names_namespace(entry, namespace))
                and (role is None or _names_role(entry, role))
                and writes in (None, entry["write"])
                and good in (None, _is_good(entry))]

    def operations(self, since=0, **wanted):
        """Names of the operations of controller_requests(), in order."""
        return [entry["operation"] for entry in self.controller_requests(since, **wanted)]

    def wait_request(self, since, timeout=30, **wanted):
        """Waits for a request of the controller after a point; gives all there are."""
        return wait_until(lambda: self.controller_requests(since, **wanted), timeout,
                          f"a request {wanted}")

    # What breaks answers, for the length of a block.

    @contextlib.contextmanager
    def broken(self, **rule):
        """A fault (fields: tests/aws/faults.py). Yields a function that tells how often it has
        struck. At the end of the block all faults go and what is held goes on."""
        number = self.fault(**rule)["id"]
        try:
            yield lambda: next(one["struck"] for one in self.faults() if one["id"] == number)
        finally:
            self.clear_faults()
            self.release()

    @contextlib.contextmanager
    def denied(self, action, resource="*"):
        """AccessDenied for the controller's action ("iam:PutRolePolicy"); globs."""
        self.deny(action, resource)
        try:
            yield
        finally:
            self.allow()

    @contextlib.contextmanager
    def unreachable(self):
        """Every connection of the controller is closed."""
        self.down()
        try:
            yield
        finally:
            self.up()

    @contextlib.contextmanager
    def inconsistent(self, **rules):
        """Changes are seen late (fields: tests/aws/world.py, DEFAULTS)."""
        self.consistency(**rules)
        try:
            yield
        finally:
            self.consistency()


def _names_namespace(entry, namespace):
    params = entry["params"] or {}
    return (params.get("namespace") == namespace
            or (params.get("RoleName") or "").startswith(namespace + "_"))


def _names_role(entry, role):
    params = entry["params"] or {}
    return role in (params.get("RoleName"), (params.get("roleArn") or "").rpartition("/")[2])


def _is_good(entry):
    return entry["error"] is None and entry["status"] is not None
