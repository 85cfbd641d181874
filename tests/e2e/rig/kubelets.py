"""Nodes and kubelets, played by kwok (sigs.k8s.io/kwok): pods on NODE run, become ready and end at
once, so that Deployments roll out. There is no scheduler: pods name their node themselves."""

import pathlib
import subprocess

from . import environment
from .objects import condition
from .process import Process

NODE = "kwok-0"


def _folder():
    """The folder of kwok and its stages, built on first use; progress on stderr."""
    build = environment.ROOT / "tests" / "cluster" / "build.sh"
    built = subprocess.run([build, "kwok"], env=environment.AS_STARTED, stdout=subprocess.PIPE,
                           text=True, check=True)
    return pathlib.Path(built.stdout.strip())


class Kubelets:
    """Use as a context manager."""

    def __init__(self, cluster):
        self.objects = cluster.objects
        folder = _folder()
        stages = [flag for stage in sorted((folder / "stages").glob("*.yaml"))
                  for flag in ("--config", stage)]
        self.process = Process("kwok", [
            folder / "kwok", "--kubeconfig", cluster.kubeconfig, "--manage-all-nodes",
            "--node-ip", "127.0.0.1", *stages], cluster.folder / "kwok.log")

    def __enter__(self):
        self.objects.apply({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": NODE, "annotations": {"kwok.x-k8s.io/node": "fake"},
                         "labels": {"kubernetes.io/os": "linux"}}})
        self.process.start()
        self.process.wait_ready(self._node_is_ready)
        return self

    def __exit__(self, *_):
        self.process.stop()
        self.objects.delete("Node", NODE)

    def _node_is_ready(self):
        return condition(self.objects.get("Node", NODE), "Ready").get("status") == "True"
