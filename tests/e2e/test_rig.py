"""The rig itself: what every other end-to-end test takes for granted."""

import subprocess
import sys

import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e.rig import environment
from tests.e2e.rig.objects import Objects
from tests.e2e.rig.process import Process
from tests.e2e.rig.proxy import Proxy
from tests.e2e.rig.waiting import wait_until


@pytest.mark.stops_servers
@pytest.mark.parametrize("kill", [False, True])
def test_api_server_comes_back_with_its_objects(cluster, place, kill):
    place.service_account("cart")
    cluster.restart_apiserver(kill)
    assert cluster.objects.get("ServiceAccount", "cart", place.name)


def test_service_account_controller_works(cluster, place):
    cluster.objects.wait("ServiceAccount", "default", place.name)


def test_kubectl_and_kstatus_agree_with_the_server_version(cluster, place):
    assert place.name in cluster.kubectl("get", "namespaces")
    assert cluster.kstatus(place.service_account("cart")) == "Current"


def test_controller_has_no_more_rights_than_its_role(cluster, place, tmp_path):
    limited = Objects(cluster.controller_kubeconfig(), tmp_path / "kinds.json")
    assert limited.list("PodIdentityBinding", place.name) == []
    assert place.name in [one["metadata"]["name"] for one in limited.list("Namespace")]
    for attempt in (lambda: limited.core.list_namespaced_secret(place.name),
                    lambda: limited.core.create_namespaced_config_map(place.name, {}),
                    lambda: limited.delete("Namespace", place.name),
                    lambda: limited.patch("Namespace", place.name, {})):
        with pytest.raises(ApiException) as refusal:
            attempt()
        assert refusal.value.status == 403


@pytest.mark.own_cluster
def test_audit_shows_what_the_controller_asked(cluster, tmp_path):
    limited = Objects(cluster.controller_kubeconfig(), tmp_path / "kinds.json")
    limited.list("PodIdentityBinding")
    cluster.objects.list("ConfigMap")
    asked = cluster.audited("list")
    assert any(event["objectRef"]["resource"] == "podidentitybindings" for event in asked)
    assert not cluster.audited("list", "configmaps")


def test_grant_of_the_rig_is_a_valid_grant(place):
    place.grant()


def test_stand_in_tells_tests_and_controller_apart(aws):
    since = aws.last()
    assert aws.sts.get_caller_identity()["Account"] == aws.account
    aws.controller_client("sts").get_caller_identity()
    assert [entry["client"] for entry in aws.requests(since, operation="GetCallerIdentity")] == [
        "tests", "controller"]
    assert aws.operations(since, operation="GetCallerIdentity") == ["GetCallerIdentity"]


def test_waiting_ends_with_what_was_seen_last():
    with pytest.raises(AssertionError, match="cheese: not within 0.1 s; last seen: 0"):
        wait_until(lambda: 0, 0.1, "cheese")


def test_program_that_ends_at_once_is_reported_with_its_log(tmp_path):
    broken = Process("broken", ["sh", "-c", "echo no cheese; exit 3"], tmp_path / "log")
    broken.start()
    with pytest.raises(AssertionError, match="ended with 3:\nno cheese"):
        broken.wait_ready(lambda: False)


def test_program_dies_with_the_one_that_started_it(tmp_path):
    script = ("from tests.e2e.rig.process import Process; import os, signal\n"
              f"p = Process('sleeper', ['sleep', '600'], {str(tmp_path / 'log')!r}); p.start()\n"
              # setpriv has done its work once it has become the sleeper.
              "p.wait_ready(lambda: open(f'/proc/{p.pid}/comm').read() == 'sleep\\n')\n"
              "print(p.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)")
    python = subprocess.run(
        [sys.executable, "-c", script], cwd=environment.ROOT, stdout=subprocess.PIPE,
        env=environment.clean(PYTHONDONTWRITEBYTECODE="1"), text=True)
    sleeper = int(python.stdout)
    wait_until(lambda: not _runs(sleeper), 5, "the sleeper gone")


def test_proxy_cuts_watches_and_lets_the_client_come_again(cluster):
    server = cluster.objects.client.configuration.host
    with Proxy(int(server.rpartition(":")[2])) as proxy:
        arguments = ["--server", proxy.url, "get", "--raw",
                     "/api/v1/namespaces?watch=1&timeoutSeconds=60"]
        watcher = subprocess.Popen(
            [cluster.programs / "kubectl", *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment.clean(KUBECONFIG=str(cluster.kubeconfig), DISABLE_HTTP2="1"))
        assert b"ADDED" in watcher.stdout.readline()
        assert proxy.opened["watch"] == 1
        proxy.cut("watch", after_bytes=0)
        assert watcher.wait(10) != 0
        wait_until(lambda: proxy.open_connections() == 0, 5, "no connection left")
        assert "kube-system" in cluster.kubectl("--server", proxy.url, "get", "namespaces")
        assert proxy.opened["other"] >= 1


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
