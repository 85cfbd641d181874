"""An API server that goes and comes back, cuts what it tells, or tells nonsense: everything that
changes arrives, and nothing is done in AWS a second time."""

import collections
import json

import pytest

from tests.e2e.documents import READ_S3, WRITE_S3
from tests.e2e.rig import meddler
from tests.e2e.rig.meddler import Meddler
from tests.e2e.rig.waiting import wait_until

BINDINGS = "podidentitybindings"
GROUP_OF_THREE = ["CreateRole", "PutRolePolicy", "CreatePodIdentityAssociation"]
REMOVAL = ["DeletePodIdentityAssociation", "DeleteRolePolicy", "DeleteRole"]
CUTS = 100
WAYS = [meddler.RESET, meddler.ENDED, meddler.BROKEN, meddler.ENDED_INSIDE]
# The stand-in is ours alone: what is asked counts here, not how slowly it may be.
RATES = {"iam_rate": 1000, "eks_rate": 1000}


@pytest.fixture(scope="module")
def between(cluster, session_controller, tmp_path_factory):
    """A Meddler through which the controller talks to the API server, from its first test to the
    end of this file."""
    with Meddler(cluster.plane, tmp_path_factory.mktemp("meddler")) as proxy:
        with session_controller.with_settings(kubeconfig=proxy.kubeconfig(cluster), **RATES):
            proxy.wait_watch(BINDINGS)
            yield proxy


def patch(place, name, spec):
    return place.objects.patch("PodIdentityBinding", name, {"spec": spec}, place.name)


def policy_of(place, aws, name):
    return aws.inline_policies(place.get(name)["status"]["roleARN"].rpartition("/")[2])["Policy1"]


def bind_ready(place, *names):
    for name in names:
        place.bind(name, permissionPolicy=READ_S3)
    for name in names:
        place.wait_ready(name)


def troubles(controller):
    """What the log says against how the API server tells of bindings."""
    return (controller.lines(level="warn", resource=BINDINGS)
            + controller.lines(message="a watch broke off", resource=BINDINGS))


def wait_gone(place, aws, name):
    place.objects.wait_gone("PodIdentityBinding", name, place.name, timeout=90)
    assert aws.association(place.name, name) is None


# Restarted.


@pytest.mark.stops_servers
@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_what_changes_around_a_restart_arrives_and_is_done_once(cluster, place, aws, controller,
                                                                kill):
    place.grant()
    bind_ready(place, "still", "edited", "doomed", "later-edited", "later-doomed")
    pid, known = controller.pid, len(troubles(controller))
    since = aws.last()
    patch(place, "edited", {"permissionPolicy": WRITE_S3})
    place.bind("new", permissionPolicy=READ_S3)
    place.delete("doomed", wait=False)
    cluster.stop_apiserver(kill)
    try:
        wait_until(lambda: len(troubles(controller)) > known, 60, "the loss in the log")
    finally:
        cluster.start_apiserver()
    patch(place, "later-edited", {"permissionPolicy": WRITE_S3})
    place.bind("later-new", permissionPolicy=READ_S3)
    place.delete("later-doomed", wait=False)

    for name in ("new", "edited", "later-new", "later-edited"):
        place.wait_ready(name, timeout=120)
    for name in ("doomed", "later-doomed"):
        wait_gone(place, aws, name)
    for name, policy in (("still", READ_S3), ("edited", WRITE_S3), ("new", READ_S3),
                         ("later-edited", WRITE_S3), ("later-new", READ_S3)):
        assert policy_of(place, aws, name) == policy
        assert aws.association(place.name, name)
    assert controller.pid == pid, "it did not live through the restart"
    assert collections.Counter(aws.operations(since, writes=True)) == collections.Counter(
        2 * GROUP_OF_THREE + 2 * ["PutRolePolicy"] + 2 * REMOVAL)
    still = place.get("still")["status"]["roleARN"].rpartition("/")[2]
    assert aws.controller_requests(since, role=still) == []


# Cut.


@pytest.mark.own_cluster
def test_a_watch_cut_a_hundred_times_misses_nothing_and_lists_nothing(cluster, place, aws,
                                                                      controller, between):
    place.grant()
    edited, made, doomed = ([f"{kind}-{number:02}" for number in range(count)]
                            for kind, count in (("edited", 34), ("made", 33), ("doomed", 33)))
    bind_ready(place, *edited, *doomed)
    for name in made:
        place.service_account(name)
    changes = [change for three in zip(
        [lambda name=name: patch(place, name, {"permissionPolicy": WRITE_S3})
         for name in edited],
        [lambda name=name: place.apply(place.binding(name, permissionPolicy=READ_S3))
         for name in made + [made[0]]],
        [lambda name=name: place.delete(name, wait=False) for name in doomed + [doomed[0]]],
    ) for change in three][:CUTS]
    listed = len(cluster.audited("list"))
    watched, cuts = len(between.watched), between.cuts

    for number, change in enumerate(changes):
        between.wait_watch(BINDINGS)
        assert between.cut_at_line(BINDINGS, WAYS[number % len(WAYS)]) == 1
        change()
        wait_until(lambda: between.cuts == cuts + number + 1, 30, f"cut {number + 1}")

    for name in edited + made:
        place.wait_ready(name)
    for name in doomed:
        wait_gone(place, aws, name)
    for name in edited:
        assert policy_of(place, aws, name) == WRITE_S3
    assert {one["serviceAccount"] for one in aws.associations(place.name)} == {*edited, *made}
    assert between.cuts == cuts + CUTS
    again = [uri for plural, uri in between.watched[watched:] if plural == BINDINGS]
    assert len(again) >= CUTS
    assert all("resourceVersion=" in uri and "sendInitialEvents=true" not in uri for uri in again)
    assert cluster.audited("list")[listed:] == []


# Nonsense.

OBJECT = {"apiVersion": "podidentity.io/v1alpha1", "kind": "PodIdentityBinding"}


def event(what, **more):
    return json.dumps({"type": what, "object": {**OBJECT, **more}}).encode() + b"\n"


# Each ends the watch, which begins again ever later: only what differs in the way that it takes.
# tests/unit/test_watch.c has the rest.
NONSENSE = {
    "no JSON": b"<html>502 Bad Gateway</html>\n",
    "bytes that are no text": bytes(range(128, 256)) + b"\0\0\n",
    "an unknown type": event("RENAMED", metadata={"name": "cart", "resourceVersion": "1"}),
    "a spec of other types": event("MODIFIED", spec=[7], metadata={
        "name": "cart", "namespace": "nowhere", "uid": "u", "resourceVersion": "1"}),
    "deep nesting": b'{"type":"ADDED","object":' + b"[" * 100000 + b"]" * 100000 + b"}\n",
    "a line without end": b'{"type":"ADDED","object":"' + b"x" * (9 << 20),
}


def change_all(place):
    """One change of each kind, made while the controller has other troubles."""
    patch(place, "edited", {"permissionPolicy": WRITE_S3})
    place.bind("new", permissionPolicy=READ_S3)
    place.delete("doomed", wait=False)


def check_all_arrived(place, aws):
    for name, policy in (("edited", WRITE_S3), ("new", READ_S3)):
        place.wait_ready(name)
        assert policy_of(place, aws, name) == policy
    wait_gone(place, aws, "doomed")


@pytest.mark.own_cluster
@pytest.mark.parametrize("line", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_in_a_watch_is_logged_and_loses_nothing(place, aws, controller, between, line):
    place.grant()
    bind_ready(place, "edited", "doomed")
    pid, known = controller.pid, len(troubles(controller))
    since = aws.last()
    between.wait_watch(BINDINGS)
    assert between.say(BINDINGS, line) == 1
    change_all(place)
    check_all_arrived(place, aws)

    assert len(troubles(controller)) > known
    assert controller.pid == pid and controller.healthy()
    assert collections.Counter(aws.operations(since, writes=True)) == collections.Counter(
        GROUP_OF_THREE + ["PutRolePolicy"] + REMOVAL)


def swell(line):
    """The line of a watch, with 3 MiB in the policy when it is about the binding "huge"."""
    told = json.loads(line)
    if told["object"]["metadata"].get("name") != "huge":
        return line
    told["object"]["spec"]["permissionPolicy"]["Id"] = "x" * (3 << 20)
    return json.dumps(told).encode() + b"\n"


@pytest.mark.own_cluster
def test_an_object_of_three_mebibytes_is_refused_and_holds_nothing_up(place, aws, controller,
                                                                      between):
    """The API server takes one of 1.5 MiB at most, so the rest is put in on the way."""
    place.grant()
    bind_ready(place, "edited", "doomed")
    since = aws.last()
    between.wait_watch(BINDINGS)
    between.rewrite(BINDINGS, swell)
    place.bind("huge", permissionPolicy=READ_S3)
    change_all(place)
    message = place.wait_refused("RoleReady", "PolicyTooLarge", "huge")
    assert str(3 << 20)[:3] in message
    check_all_arrived(place, aws)
    assert collections.Counter(aws.operations(since, writes=True)) == collections.Counter(
        GROUP_OF_THREE + ["PutRolePolicy"] + REMOVAL)

    between.rewrite(BINDINGS, None)
    patch(place, "huge", {"permissionPolicy": WRITE_S3})
    place.wait_ready("huge")
    assert policy_of(place, aws, "huge") == WRITE_S3
