"""What was adopted is not repaired: what others change there is told, until the spec changes."""

import pytest

from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until


@pytest.fixture(scope="module")
def watchful(session_controller, aws):
    """The controller with short intervals and a permissions boundary."""
    boundary = f"arn:aws:iam::{aws.account}:policy/podidentity/boundary"
    with session_controller.with_settings(
            drift_interval="1s", describe_interval="4s", permissions_boundary=boundary,
            allow_unbounded_roles=None):
        yield session_controller


def wait_sweeps(aws, count):
    """Waits until so many sweeps have begun from now on."""
    since = aws.last()
    wait_until(lambda: len(aws.operations(since, operation="GetAccountAuthorizationDetails"))
               >= count, 30, f"{count} sweeps")


@pytest.fixture
def adopted(place, aws, watchful):
    """A Ready binding whose association others made; the association as it was before us."""
    arn = aws.make_role(f"theirs-{place.name}")
    made = aws.eks.create_pod_identity_association(
        clusterName=aws.cluster, namespace=place.name, serviceAccount="cart", roleArn=arn,
        tags={"team": "theirs"})["association"]
    place.grant(adoption={"associations": True})
    place.bind("cart", adoptionPolicy="Adopt", roleARN=aws.make_role(f"reader-{place.name}"))
    place.wait_ready("cart")
    yield made
    place.delete("cart")
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=made["associationId"])


def point_back(aws, association):
    """Its former owner points it to its former role."""
    aws.eks.update_pod_identity_association(
        clusterName=aws.cluster, associationId=association["associationId"],
        roleArn=association["roleArn"])


def test_an_association_that_others_change_is_told_and_not_repaired(place, aws, watchful, adopted):
    since = aws.last()
    point_back(aws, adopted)
    message = place.wait_refused("Associated", "ChangesPending", "cart")
    assert adopted["roleArn"] in message
    assert adopted["roleArn"] in place.get("cart")["status"]["pendingChanges"][0]
    wait_sweeps(aws, 3)
    assert aws.operations(since, writes=True) == []
    watchful.kill()
    watchful.start()
    wait_sweeps(aws, 3)
    assert condition(place.get("cart"), "Ready")["reason"] == "ChangesPending"
    assert aws.operations(since, writes=True) == [], "a restart does not repair it either"


def test_a_change_of_the_spec_writes_it_anew(place, aws, watchful, adopted):
    wanted = aws.association(place.name, "cart")["roleArn"]
    point_back(aws, adopted)
    place.wait_refused("Associated", "ChangesPending", "cart")
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"tags": {"stage": "live"}}},
                        place.name)
    ready = place.wait_ready("cart")
    found = aws.association(place.name, "cart")
    assert found["roleArn"] == wanted
    assert found["tags"]["stage"] == "live"
    assert not ready["status"].get("pendingChanges")


def test_what_others_change_back_is_ready_again(place, aws, watchful, adopted):
    wanted = aws.association(place.name, "cart")["roleArn"]
    point_back(aws, adopted)
    place.wait_refused("Associated", "ChangesPending", "cart")
    since = aws.last()
    aws.eks.update_pod_identity_association(
        clusterName=aws.cluster, associationId=adopted["associationId"], roleArn=wanted)
    place.wait_ready("cart")
    assert aws.operations(since, writes=True) == []
