"""The cluster under test: one of our own on loopback, or the user's when KUBECONFIG is set. Either
way with our CRDs and RBAC applied, an administrator's kubeconfig, and one for the controller that
has no more than config/rbac gives."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

from . import environment
from .controlplane import ADMIN_TOKEN, ControlPlane
from .objects import Objects, condition, documents_of

NAMESPACE = "podidentity-system"
SERVICE_ACCOUNT = "podidentity"
CONTROLLER_USER = f"system:serviceaccount:{NAMESPACE}:{SERVICE_ACCOUNT}"
TOKEN_SECONDS = 24 * 3600
DEFINITIONS = environment.ROOT / "crds"
RIGHTS = environment.ROOT / "config" / "rbac"


def programs():
    """The folder with the Kubernetes programs we need, built on first use; progress on stderr."""
    build = environment.ROOT / "tests" / "cluster" / "build.sh"
    built = subprocess.run(
        [build], env=environment.AS_STARTED, stdout=subprocess.PIPE, text=True, check=True)
    return pathlib.Path(built.stdout.strip())


def open_cluster(audit=False):
    """The cluster to use, not yet started. audit: see OwnCluster.audited()."""
    kubeconfig = environment.user_kubeconfig()
    return ExistingCluster(kubeconfig) if kubeconfig else OwnCluster(audit)


class Cluster:
    """What both kinds of cluster have: objects, kubectl, kstatus, a kubeconfig for the controller.
    Use as a context manager, or start() and stop()."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="podidentity-cluster-"))
        self.programs = programs()
        self.kubeconfig = self.folder / "admin.kubeconfig"
        self.objects = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def kubectl(self, *arguments, text=None, check=True):
        """Runs kubectl as administrator and gives its standard output."""
        done = subprocess.run(
            [self.programs / "kubectl", "--cache-dir", self.folder / "kubectl", *arguments],
            input=text, text=True, capture_output=True,
            env=environment.clean(KUBECONFIG=str(self.kubeconfig)))
        assert not check or done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def kstatus(self, found):
        """What kstatus makes of an object: "Current", "InProgress", "Failed", "Terminating"."""
        done = subprocess.run(
            [self.programs / "kstatus"], input=json.dumps(found), text=True, capture_output=True,
            check=True)
        return done.stdout.splitlines()[0]

    def controller_kubeconfig(self, **changes):
        """A kubeconfig with a fresh token of the controller's own ServiceAccount. changes replace
        keys of its cluster entry, server for one."""
        return self.account_kubeconfig(SERVICE_ACCOUNT, NAMESPACE, **changes)

    def account_kubeconfig(self, account, namespace, **changes):
        """The same for any ServiceAccount."""
        token = self.objects.core.create_namespaced_service_account_token(
            account, namespace, {"spec": {"expirationSeconds": TOKEN_SECONDS}})
        written = self._kubeconfig({"token": token.status.token}, namespace, **changes)
        path = pathlib.Path(tempfile.mktemp(".kubeconfig", f"{account}-", self.folder))
        path.write_text(yaml.safe_dump(written))
        return path

    def _open(self):
        self.objects = Objects(self.kubeconfig, self.folder / "kinds.json")

    def _kubeconfig(self, user, namespace="default", **changes):
        return {
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {
                "cluster": "test", "user": "test", "namespace": namespace}}],
            "clusters": [{"name": "test", "cluster": {**self._cluster_entry(), **changes}}],
            "users": [{"name": "test", "user": user}],
        }

    def _apply_definitions(self):
        """The CRDs, served before this returns."""
        for path in sorted(DEFINITIONS.glob("*.yaml")):
            self._apply(path)
            for document in documents_of(path):
                self.objects.wait(
                    "CustomResourceDefinition", document["metadata"]["name"],
                    until=lambda found: condition(found, "Established").get("status") == "True")

    def _apply_rights(self):
        paths = sorted(RIGHTS.glob("*.yaml"), key=lambda path: path.name != "namespace.yaml")
        for path in paths:
            self._apply(path)

    def _apply(self, path):
        self.objects.apply(path)


class OwnCluster(Cluster):
    external = False

    def __init__(self, audit=False):
        super().__init__()
        self.plane = ControlPlane(self.programs, self.folder, CONTROLLER_USER if audit else None)

    def start(self):
        self.plane.start()
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig({"token": ADMIN_TOKEN})))
        self._open()
        self._apply_definitions()
        self.plane.start_controller_manager(self.kubeconfig)
        self._apply_rights()
        # The controller-manager works: without this account no pod can be made.
        self.plane.controller_manager.wait_ready(
            lambda: self.objects.get("ServiceAccount", "default", "default"))

    def stop(self):
        """Ends every program and removes the data, unless one would not end."""
        if self.objects:
            self.objects.close()
        try:
            self.plane.stop()
        finally:
            self.plane.kill()
        shutil.rmtree(self.folder)

    def stop_apiserver(self, kill=False):
        if kill:
            self.plane.apiserver.kill()
        else:
            self.plane.apiserver.stop()

    def start_apiserver(self):
        """Ready again, on the same port, with the same data, keys and certificate."""
        self.plane.start_apiserver()

    def restart_apiserver(self, kill=False):
        self.stop_apiserver(kill)
        self.start_apiserver()

    def audited(self, verb=None, resource=None):
        """The controller's requests so far, as audit events (audit.k8s.io/v1): verb, requestURI,
        objectRef, responseStatus, userAgent. A watch has two, when it starts and when it ends."""
        events = map(json.loads, self.plane.audit_log.read_text().splitlines())
        return [event for event in events
                if verb in (None, event["verb"])
                and resource in (None, event.get("objectRef", {}).get("resource"))]

    def _cluster_entry(self):
        return {"server": self.plane.url, "certificate-authority": str(self.plane.certificate)}


class ExistingCluster(Cluster):
    """The user's. What we add and was not there before is taken away again by stop()."""

    external = True

    def __init__(self, kubeconfig):
        super().__init__()
        self.user_kubeconfig = kubeconfig
        self._added = []

    def start(self):
        print(f"cluster: using the one of KUBECONFIG={self.user_kubeconfig}", file=sys.stderr)
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(yaml.safe_dump(self._flattened()))
        self._open()
        self._apply_definitions()
        self._apply_rights()

    def stop(self):
        for kind, name, namespace in reversed(self._added):
            self.objects.delete(kind, name, namespace)
        for kind, name, namespace in reversed(self._added):
            self.objects.wait_gone(kind, name, namespace, timeout=120)
        if self.objects:
            self.objects.close()
        shutil.rmtree(self.folder)

    def _flattened(self):
        """One context of the user's files in one. Plugins that log in find the variables that we
        keep away from everything else."""
        viewed = subprocess.run(
            [self.programs / "kubectl", "config", "view", "--flatten", "--minify"],
            env=environment.AS_STARTED, stdout=subprocess.PIPE, text=True, check=True)
        flattened = yaml.safe_load(viewed.stdout)
        for user in flattened["users"] or []:
            plugin = user["user"].get("exec")
            if plugin:
                plugin["env"] = (plugin.get("env") or []) + [
                    {"name": name, "value": value}
                    for name, value in environment.AS_STARTED.items() if environment.foreign(name)]
        return flattened

    def _apply(self, path):
        for document in documents_of(path):
            metadata = document["metadata"]
            where = document["kind"], metadata["name"], metadata.get("namespace")
            if not self.objects.get(*where):
                self._added.append(where)
        super()._apply(path)

    def _cluster_entry(self):
        return yaml.safe_load(self.kubeconfig.read_text())["clusters"][0]["cluster"]
