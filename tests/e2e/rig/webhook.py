"""The admission webhook that EKS runs (amazon-eks-pod-identity-webhook), played: what it puts into
a pod that is made, fed from the AWS stand-in's associations. Only one namespace is shown to it."""

import base64
import contextlib
import datetime
import http.server
import ipaddress
import json
import ssl
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import environment
from .pods import CONTAINER_CREDENTIALS, pod
from .waiting import wait_until

ROLE_ARN = "eks.amazonaws.com/role-arn"
SKIP_CONTAINERS = "eks.amazonaws.com/skip-containers"
SKIP_WEBHOOK = "eks.amazonaws.com/skip-pod-identity-webhook"
LABEL = "eks.amazonaws.com/pod-identity"


class Webhook:
    """injecting(place): a context in which new pods of that place are seen to."""

    def __init__(self, cluster, aws):
        self.objects = cluster.objects
        self.aws = aws
        self.available = True
        self.reviews = 0
        self._port = environment.free_port()
        self._certificate, key = _certificate()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._server.daemon_threads = True
        self._server.socket = _context(self._certificate, key).wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextlib.contextmanager
    def injecting(self, place):
        """Begins when the API server asks it about pods of that place."""
        name = f"pod-identity-webhook-{place.name}"
        self.objects.apply({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration", "metadata": {"name": name},
            "webhooks": [{
                "name": "pod-identity-webhook.amazonaws.com", "admissionReviewVersions": ["v1"],
                "failurePolicy": "Ignore", "sideEffects": "None", "timeoutSeconds": 5,
                "clientConfig": {"url": f"https://127.0.0.1:{self._port}/mutate",
                                 "caBundle": base64.b64encode(self._certificate).decode()},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.name}},
                "objectSelector": {"matchExpressions": [
                    {"key": SKIP_WEBHOOK, "operator": "DoesNotExist"}]},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                           "resources": ["pods"]}]}]})
        try:
            self._wait_asked(place)
            yield self
        finally:
            self.objects.delete("MutatingWebhookConfiguration", name)

    @contextlib.contextmanager
    def unavailable(self):
        """It answers nothing that can be used; the API server goes on without it."""
        self.available = False
        try:
            yield
        finally:
            self.available = True

    def _wait_asked(self, place):
        probe = pod("probe", "default")
        probe["metadata"]["namespace"] = place.name
        before = self.reviews

        def asked():
            self.objects.create(probe, dry_run="All")
            return self.reviews > before

        self.objects.wait("ServiceAccount", "default", place.name)
        wait_until(asked, 20, "the API server asks the webhook")

    def _patch(self, request):
        """The JSON patch for the pod that is to be made."""
        spec = request["object"]["spec"]
        account = spec.get("serviceAccountName") or "default"
        self.reviews += 1
        if self.aws.association(request["namespace"], account):
            return _operations(request["object"], "eks-pod-identity-token",
                               "pods.eks.amazonaws.com", "eks-pod-identity-token",
                               CONTAINER_CREDENTIALS, label=True)
        found = self.objects.get("ServiceAccount", account, request["namespace"]) or {}
        arn = (found.get("metadata", {}).get("annotations") or {}).get(ROLE_ARN)
        if not arn:
            return []
        return _operations(request["object"], "aws-iam-token", "sts.amazonaws.com", "token", {
            "AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE":
                "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"})

    def _handler(webhook):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not webhook.available:
                    self._answer(503, b"")
                    return
                patch = json.dumps(webhook._patch(review["request"])).encode()
                self._answer(200, json.dumps({
                    "apiVersion": review["apiVersion"], "kind": review["kind"],
                    "response": {"uid": review["request"]["uid"], "allowed": True,
                                 "patchType": "JSONPatch",
                                 "patch": base64.b64encode(patch).decode()}}).encode())

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def _operations(found, volume, audience, file, variables, label=False):
    """Volume and environment for each container that is not left out; what a container sets itself
    stays."""
    skipped = (found["metadata"].get("annotations") or {}).get(SKIP_CONTAINERS, "").split(",")
    folder = next(iter(reversed(variables.values()))).rsplit("/", 1)[0]
    spec = json.loads(json.dumps(found["spec"]))
    for container in spec.get("initContainers", []) + spec["containers"]:
        if container["name"] in skipped:
            continue
        environment_now = container.setdefault("env", [])
        known = {variable["name"] for variable in environment_now}
        environment_now += [{"name": name, "value": value}
                            for name, value in {"AWS_REGION": "eu-west-1", **variables}.items()
                            if name not in known]
        container.setdefault("volumeMounts", []).append(
            {"name": volume, "mountPath": folder, "readOnly": True})
    spec.setdefault("volumes", []).append({"name": volume, "projected": {"sources": [
        {"serviceAccountToken": {"audience": audience, "expirationSeconds": 86400,
                                 "path": file}}]}})
    operations = [{"op": "replace", "path": "/spec", "value": spec}]
    if label:
        labels = {**(found["metadata"].get("labels") or {}), LABEL: "enabled"}
        operations.append({"op": "add", "path": "/metadata/labels", "value": labels})
    return operations


def _certificate():
    """A certificate of its own for 127.0.0.1 and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pod-identity-webhook")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256()))
    return (certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()))


def _context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as both:
        both.write(certificate + key)
        both.flush()
        context.load_cert_chain(both.name)
    return context
