"""How many connections many requests take, counted in front of a real API server."""

import subprocess

import pytest

from tests.e2e.rig import environment
from tests.e2e.rig.controlplane import ADMIN_TOKEN
from tests.e2e.rig.proxy import Proxy


@pytest.fixture(scope="module")
def crowd():
    """The program, built like the one under test."""
    program = environment.ROOT / "build" / environment.variant() / "tests" / "e2e" / "crowd"
    subprocess.run(
        ["make", f"VARIANT={environment.variant()}", program.relative_to(environment.ROOT)],
        cwd=environment.ROOT, env=environment.AS_STARTED, check=True)
    return program


@pytest.mark.own_cluster
def test_fifty_requests_beside_six_watches_take_ten_connections(cluster, crowd):
    with Proxy(int(cluster.plane.url.rpartition(":")[2])) as proxy:
        done = subprocess.run(
            [crowd, proxy.url, cluster.plane.certificate, ADMIN_TOKEN],
            env=environment.clean(), text=True, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert proxy.opened["watch"] == 6
        assert 1 <= proxy.opened["other"] <= 4, done.stdout
        print(done.stdout, proxy.opened)
