"""What 50,000 pods cost: an API server that has nothing else and tells them as a watch begins. A
real one takes minutes to make them, and its share of the machine would hide the controller's."""

import http.server
import json
import pathlib
import tempfile
import threading
import time
import urllib.parse

import yaml

from tests.e2e.rig import environment
from tests.e2e.rig.controller import Controller
from tests.e2e.rig.pods import CONTAINER_CREDENTIALS

PODS = 50_000
ACCOUNTS = 5_000
KINDS = {"pods": "Pod", "podidentitybindings": "PodIdentityBinding",
         "podidentitygrants": "PodIdentityGrant"}


def pod(number):
    """4.5 kB of JSON, as a small Deployment's pod has on EKS."""
    environment_of = {**CONTAINER_CREDENTIALS, **{f"SETTING_{one}": "v" * 40 for one in range(15)}}
    account = f"app-{number % ACCOUNTS}"
    return {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": f"{account}-6d4b75cb6d-{number:05}", "namespace": f"team-{number % 200}",
                     "uid": f"0a7a2c1e-5e3b-4a57-9df1-{number:012}",
                     "resourceVersion": str(1000 + number),
                     "creationTimestamp": "2026-11-25T04:15:24Z", "annotations": {"a": "x" * 1500}},
        "spec": {"serviceAccountName": account, "nodeName": "ip-10-0-1-2",
                 "volumes": [{"name": f"v{one}", "projected": {"sources": [
                     {"serviceAccountToken": {"path": "token"}}]}} for one in range(3)],
                 "containers": [{"name": "app", "image": "app:1", "env": [
                     {"name": name, "value": value}
                     for name, value in environment_of.items()]}]},
        "status": {"phase": "Running", "conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-25T04:15:24Z"}] * 4}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pods = 0

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        if "watch" not in urllib.parse.parse_qs(url.query):
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._tell(url.path.rpartition("/")[2])
        except OSError:
            pass  # the controller has ended

    def _tell(self, plural):
        for number in range(self.pods if plural == "pods" else 0):
            self._line("ADDED", pod(number))
        self._line("BOOKMARK", {
            "kind": KINDS.get(plural, "PartialObjectMetadata"), "metadata": {
                "resourceVersion": "999999",
                "annotations": {"k8s.io/initial-events-end": "true"}}})
        while True:  # what a watch does that has no news; a line a second shows that it lives
            time.sleep(1)
            self._line("BOOKMARK", {"kind": KINDS.get(plural, "PartialObjectMetadata"),
                                    "metadata": {"resourceVersion": "999999"}})

    def _line(self, kind, found):
        line = json.dumps({"type": kind, "object": found}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
        self.wfile.flush()

    def log_message(self, *_):
        pass


class OnlyPods:
    """A cluster in the eyes of Controller: no objects but so many pods."""

    def __init__(self, count):
        handler = type("Handler", (Handler,), {"pods": count})
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", environment.free_port()), handler)
        self.server.daemon_threads = True
        self.folder = tempfile.TemporaryDirectory(prefix="podidentity-bench-")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def controller_kubeconfig(self):
        path = pathlib.Path(self.folder.name) / "kubeconfig"
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "bench",
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "clusters": [{"name": "bench", "cluster": {
                "server": f"http://127.0.0.1:{self.server.server_port}"}}],
            "users": [{"name": "bench", "user": {"token": "bench"}}]}))
        return path

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()


def start_with(aws, count):
    """Resident KiB, seconds of CPU and the longest turn of the loop of a start with so many pods."""
    cluster = OnlyPods(count)
    controller = Controller(cluster, aws, log_level="warn")
    try:
        controller.start(ready=False)
        controller.wait_ready(timeout=180)
        metrics = controller.metrics()
        assert metrics['podidentity_store_objects{name="pods"}'] == count
        return (controller.resident_kib(), controller.cpu_seconds(),
                metrics["podidentity_loop_longest_turn_seconds"])
    finally:
        controller.close()
        cluster.close()


def figures(aws, row):
    empty, full = start_with(aws, 0), start_with(aws, PODS)
    row(f"resident, {PODS} pods more", "6 MB", f"{(full[0] - empty[0]) / 1024:.1f} MB")
    row(f"CPU of a start, {PODS} pods more", "-", f"{full[1] - empty[1]:.1f} s")
    row(f"longest turn of the loop, start with {PODS} pods", "10 ms", f"{1000 * full[2]:.1f} ms")
