"""etcd, kube-apiserver and kube-controller-manager as programs: their flags, keys and order.

Flags are those of controller-runtime's envtest, with the ServiceAccount admission plugin on, as on
a real cluster, and fixed ports, so that clients find a restarted API server again."""

import json
import pathlib
import ssl
import urllib.error
import urllib.request

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import environment
from .process import Process

ADMIN_TOKEN = "admin-of-the-test-cluster"
FEWER_COLLECTIONS = "400"  # GOGC: the machine has more memory than time

# They need a cloud provider or nodes that answer.
CONTROLLERS_OFF = (
    "node-lifecycle-controller", "node-ipam-controller", "service-lb-controller",
    "node-route-controller", "cloud-node-lifecycle-controller",
)


def _environment():
    return environment.clean(GOGC=FEWER_COLLECTIONS)


class ControlPlane:
    def __init__(self, programs, folder, audited_user=None):
        """programs: folder of the binaries; folder: for data, keys and logs, ours alone.
        audited_user: each of this user's requests gets a line in `audit_log`."""
        self.programs = pathlib.Path(programs)
        self.folder = pathlib.Path(folder)
        self.port = environment.free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.certificate = self.folder / "apiserver" / "apiserver.crt"
        self.audit_log = self.folder / "audit.jsonl"
        self._keys()
        self.etcd = self._etcd()
        self.apiserver = self._apiserver(self._audit_flags(audited_user))
        self.controller_manager = None

    def start(self):
        """etcd and the API server; the API server waits for etcd by itself."""
        self.etcd.start()
        self.start_apiserver()

    def start_apiserver(self):
        self.apiserver.start()
        self.apiserver.wait_ready(self._answers_ready)

    def start_controller_manager(self, kubeconfig):
        """After the CRDs: the garbage collector looks for new kinds every 30 s only."""
        self.controller_manager = self._controller_manager(kubeconfig)
        self.controller_manager.start()

    def stop(self):
        """An API server whose etcd is gone takes minutes to end: it goes first."""
        for process in (self.controller_manager, self.apiserver, self.etcd):
            if process:
                process.stop()

    def kill(self):
        for process in (self.controller_manager, self.apiserver, self.etcd):
            if process:
                process.kill()

    def _answers_ready(self):
        try:
            context = ssl.create_default_context(cafile=str(self.certificate))
            with urllib.request.urlopen(
                    self._authorized("/readyz"), timeout=5, context=context) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def _authorized(self, path):
        return urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})

    def _keys(self):
        """The key that signs ServiceAccount tokens, and the administrator's token."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signing_key = self.folder / "service-account.key"
        self.signing_key.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption()))
        self.tokens = self.folder / "tokens.csv"
        self.tokens.write_text(f'{ADMIN_TOKEN},admin,admin,"system:masters"\n')

    def _audit_flags(self, user):
        if user is None:
            return []
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}]}))
        return ["--audit-policy-file", policy, "--audit-log-path", self.audit_log,
                "--audit-log-mode", "blocking"]

    def _etcd(self):
        self.etcd_url = f"http://127.0.0.1:{environment.free_port()}"
        peer_url = f"http://127.0.0.1:{environment.free_port()}"
        return Process("etcd", [
            self.programs / "etcd",
            "--data-dir", self.folder / "etcd",
            "--listen-client-urls", self.etcd_url, "--advertise-client-urls", self.etcd_url,
            "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
            "--initial-cluster", f"default={peer_url}",
            "--unsafe-no-fsync", "--log-level", "warn",
        ], self.folder / "etcd.log", _environment())

    def _apiserver(self, more_flags):
        return Process("kube-apiserver", [
            self.programs / "kube-apiserver",
            "--etcd-servers", self.etcd_url,
            "--cert-dir", self.certificate.parent,
            "--bind-address", "127.0.0.1", "--secure-port", self.port,
            "--service-cluster-ip-range", "10.0.0.0/24",
            # The endpoints of service "kubernetes" may not be on loopback, and nobody needs them.
            "--advertise-address", "127.0.0.1", "--endpoint-reconciler-type", "none",
            "--authorization-mode", "RBAC", "--token-auth-file", self.tokens,
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", self.signing_key,
            "--service-account-signing-key-file", self.signing_key,
            # Ends open watches; without it a server with watchers takes a minute to stop.
            "--shutdown-watch-termination-grace-period", "2s",
            "--allow-privileged", *more_flags,
        ], self.folder / "kube-apiserver.log", _environment())

    def _controller_manager(self, kubeconfig):
        off = ",".join("-" + name for name in CONTROLLERS_OFF)
        return Process("kube-controller-manager", [
            self.programs / "kube-controller-manager",
            "--kubeconfig", kubeconfig,
            "--controllers", "*," + off,
            "--bind-address", "127.0.0.1", "--secure-port", environment.free_port(),
            "--cert-dir", self.folder / "kube-controller-manager",
            "--leader-elect=false",
            "--service-account-private-key-file", self.signing_key,
            "--root-ca-file", self.certificate,
            "--kube-api-qps", "200", "--kube-api-burst", "400",
        ], self.folder / "kube-controller-manager.log", _environment())
