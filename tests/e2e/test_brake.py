"""More deletions than --deletion-limit: the rest waits until a person says that it is meant."""

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig.command import GOOD, podidentity
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until

NAMES = ["a", "b", "c", "d"]
LIMIT = 2
HELD = "podidentity_deletions_held_total"


@pytest.fixture
def four(place, controller):
    """Four bindings that are Ready under a controller with --deletion-limit 2; what a test leaves
    goes under the usual one, which has no limit."""
    place.grant()
    for name in NAMES:
        place.bind(name, permissionPolicy=READ_S3)
    for name in NAMES:
        place.wait_ready(name)
    with controller.with_settings(deletion_limit=LIMIT):
        yield


def delete_all(place):
    for name in NAMES:
        place.delete(name, wait=False)


def wait_held(place):
    """Waits until two are gone and two say that they are held; gives those."""
    def two_held():
        found = [binding for binding in map(place.get, NAMES) if binding]
        return len(found) == len(NAMES) - LIMIT and all(
            condition(one, "Ready").get("reason") == "DeletionHeld" for one in found) and found

    return wait_until(two_held, timeout=60, what="two gone, two held")


def full_name(binding):
    return f"{binding['metadata']['namespace']}/{binding['metadata']['name']}"


def test_what_is_over_the_limit_waits_and_says_so(place, aws, controller, four):
    since = aws.last()
    delete_all(place)
    held = wait_held(place)

    for binding in held:
        name = binding["metadata"]["name"]
        ready = condition(binding, "Ready")
        assert ready["status"] == "False"
        assert f"podidentity release {full_name(binding)} --approve-deletions" in ready["message"]
        assert "podidentity.io/aws" in binding["metadata"]["finalizers"]
        role = binding["status"]["roleARN"].rpartition("/")[2]
        assert aws.association(place.name, name)["roleArn"] == binding["status"]["roleARN"]
        assert aws.controller_requests(since, role=role, writes=True) == []
    assert aws.operations(since, writes=True).count("DeleteRole") == LIMIT
    assert controller.metrics()[HELD] >= len(held)


def test_approval_lets_one_go_and_only_that_one(place, cluster, aws, controller, four):
    delete_all(place)
    meant, other = wait_held(place)
    answer = podidentity(cluster, aws, "release", full_name(meant), "--approve-deletions")

    assert (answer.code, answer.err) == (GOOD, ""), answer
    assert answer.out.split() == ["approved", full_name(meant)]
    name = meant["metadata"]["name"]
    place.objects.wait_gone("PodIdentityBinding", name, place.name, timeout=30)
    assert aws.role(meant["status"]["roleARN"].rpartition("/")[2]) is None
    assert aws.association(place.name, name) is None
    still = place.get(other["metadata"]["name"])
    assert condition(still, "Ready")["reason"] == "DeletionHeld"
    assert aws.association(place.name, other["metadata"]["name"])


def test_an_approval_of_an_earlier_deletion_counts_for_nothing(place, controller, four):
    """A manifest may carry the annotation of a deletion long ago: only this one's time counts."""
    for name in NAMES:
        place.objects.patch("PodIdentityBinding", name, {"metadata": {"annotations": {
            "podidentity.io/deletion-approved": "2020-01-01T00:00:00Z"}}}, place.name)
    delete_all(place)
    assert len(wait_held(place)) == 2
