"""What was adopted is not repaired: what others change there is told, until the spec changes."""

import json

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_S3, READ_SQS, WRITE_S3, trust
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


@pytest.fixture
def till(place, aws, watchful):
    """The name of a role of others below our path, without boundary, that a Ready binding has
    adopted."""
    name = f"till-{place.name}"
    path = f"/podidentity/{aws.region}/{aws.cluster}/"
    arn = aws.make_role(name, trust(principal="ec2.amazonaws.com"), Path=path)
    aws.iam.attach_role_policy(RoleName=name, PolicyArn=READ_DYNAMO)
    place.grant(adoption={"roles": [arn]})
    place.bind("cart", roleName=name, permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS],
               adoptionPolicy="Adopt")
    place.wait_ready("cart", timeout=90)
    yield name
    place.delete("cart")
    for policy in aws.inline_policies(name):
        aws.iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in aws.attached_policies(name):
        aws.iam.detach_role_policy(RoleName=name, PolicyArn=attached)
    aws.iam.delete_role(RoleName=name)


def test_a_role_without_boundary_gets_it_before_all_else(place, aws, watchful, till):
    writes = [entry["operation"] for entry in aws.controller_requests(role=till, writes=True)]
    assert writes[:3] == ["CreateRole", "PutRolePermissionsBoundary", "TagRole"], writes
    assert aws.role(till)["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith(
        "policy/podidentity/boundary")


def test_a_role_that_others_change_is_told_and_not_repaired(place, aws, watchful, till):
    since = aws.last()
    aws.iam.detach_role_policy(RoleName=till, PolicyArn=READ_SQS)
    message = place.wait_refused("RoleReady", "ChangesPending", "cart")
    assert f"attach {READ_SQS}" in message
    wait_sweeps(aws, 3)
    assert aws.operations(since, writes=True) == []
    aws.iam.attach_role_policy(RoleName=till, PolicyArn=READ_SQS)
    place.wait_ready("cart")
    assert aws.operations(since, writes=True) == [], "somebody put it back himself"


def test_what_others_add_to_a_role_is_theirs(place, aws, watchful, till):
    since = aws.last()
    aws.iam.put_role_policy(RoleName=till, PolicyName="Theirs",
                            PolicyDocument=json.dumps(WRITE_S3))
    wait_until(lambda: any("inline policy Theirs" in warning for warning
                           in place.get("cart")["status"]["warnings"]), 30, "a warning")
    assert condition(place.get("cart"), "Ready")["status"] == "True"
    assert aws.operations(since, writes=True) == []


def test_nothing_is_asked_of_a_role_that_stays_as_it_is(place, aws, watchful, till):
    wait_sweeps(aws, 4)
    since = aws.last()
    wait_sweeps(aws, 4)
    assert aws.operations(since, role=till) == []
