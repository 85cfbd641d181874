"""What the rig takes from the environment, and what it keeps away from the programs it runs."""

import json
import os
import pathlib
import random
import socket

ROOT = pathlib.Path(__file__).resolve().parents[3]

# What clean_this_process took away, for the processes that this one starts to run tests.
_TAKEN = "RIG_TAKEN"

# Builds and package installs need the proxies and CA files of this machine; local servers must not
# see them.
AS_STARTED = {**os.environ, **json.loads(os.environ.get(_TAKEN, "{}"))}

_PREFIXES = ("AWS_", "PODIDENTITY_", "MOTO_", "RIG_")
_NAMES = {
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "KUBECONFIG", "POD_NAMESPACE",
    "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
}

# Clients that retry a closed port of the kernel's own range (32768 and up) can end up connected to
# themselves and hold it for good; servers that are restarted need a port below.
_PORTS = range(20000, 32768)
_given_ports = set()


def foreign(name):
    """Whether a variable would send a local program elsewhere."""
    return name.upper() in _NAMES or name.startswith(_PREFIXES)


def clean(**more):
    """The environment for a program of the rig: this process's, less all that is foreign."""
    kept = {name: value for name, value in AS_STARTED.items() if not foreign(name)}
    return {**kept, **more}


def clean_this_process():
    """Also boto3, requests and the Kubernetes client read proxies and CA files."""
    taken = {name: value for name, value in AS_STARTED.items() if foreign(name) and name != _TAKEN}
    for name in filter(foreign, list(os.environ)):
        del os.environ[name]
    os.environ[_TAKEN] = json.dumps(taken)


def variant():
    """The build of podidentity under test: release or sanitize."""
    return AS_STARTED.get("PODIDENTITY_VARIANT", "release")


def program(which=None):
    """The program of that variant; built before, by make."""
    path = ROOT / "build" / (which or variant()) / "bin" / "podidentity"
    assert path.exists(), f"{path} is not there: build it with make"
    return path


def user_kubeconfig():
    """The cluster the user wants us to use, or None for one of our own."""
    return AS_STARTED.get("KUBECONFIG") or None


def free_port():
    """A port of 127.0.0.1 nobody listens on, given only once."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        if port in _given_ports:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given_ports.add(port)
        return port
    raise RuntimeError("no free port between %d and %d" % (_PORTS.start, _PORTS.stop))
