"""The audit of all associations, and what somebody hung on a role of ours when it is to go."""

import json

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_S3, WRITE_S3
from tests.e2e.rig.place import random_name
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until


@pytest.fixture(scope="module")
def watchful(session_controller):
    """The controller with a short drift interval."""
    with session_controller.with_settings(drift_interval="1s"):
        yield session_controller


@pytest.fixture
def theirs(aws, place):
    """A role that somebody made."""
    name = f"theirs-{place.name}"
    arn = aws.make_role(name)
    yield arn
    aws.iam.delete_role(RoleName=name)


def associate(aws, namespace, account, role, **more):
    return aws.eks.create_pod_identity_association(
        clusterName=aws.cluster, namespace=namespace, serviceAccount=account, roleArn=role,
        **more)["association"]


def told(place, namespace, association):
    """Notes of Events OrphanedAssociation in a namespace about an association."""
    return [event for event in place.objects.events(namespace, None, "OrphanedAssociation")
            if association["associationId"] in event["note"]]


def stands(aws, namespace):
    """Is there an association of cart? Asked of the list alone: one that goes cannot be read."""
    return bool(aws.eks.list_pod_identity_associations(
        clusterName=aws.cluster, namespace=namespace, serviceAccount="cart")["associations"])


def wait_sweeps(aws, count):
    since = aws.last()
    wait_until(lambda: len(aws.operations(
        since, operation="GetAccountAuthorizationDetails")) >= count, 30, f"{count} sweeps")


@pytest.fixture
def left_over(place, aws, watchful):
    """What a binding made, without the binding: its finalizer was taken away by hand while no
    controller saw it. Its status."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    status = place.wait_ready("cart")["status"]
    role = status["roleARN"].rpartition("/")[2]
    watchful.stop()
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"finalizers": []}}, place.name)
    place.objects.delete("PodIdentityBinding", "cart", place.name)
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    watchful.start()
    yield status
    aws.remove_role(role)


@pytest.mark.parametrize("where", ["no such ServiceAccount", "no such namespace"])
def test_a_foreign_orphan_is_told_and_left_alone(place, aws, watchful, theirs, where):
    namespace = place.name if "Account" in where else random_name("gone")
    made = associate(aws, namespace, "cart", theirs)
    since = aws.last()
    in_namespace = place.name if namespace == place.name else "podidentity-system"
    event = wait_until(lambda: told(place, in_namespace, made), what="an Event")[0]
    assert event["type"] == "Warning"
    assert event["regarding"]["kind"] == "Namespace"
    assert (f"aws eks delete-pod-identity-association --cluster-name {aws.cluster} "
            f"--association-id {made['associationId']}") in event["note"]
    assert watchful.metrics()['podidentity_orphaned_associations{owner="foreign"}'] == 1
    wait_sweeps(aws, 3)
    assert aws.association(namespace, "cart") == made
    described = [entry for entry in aws.controller_requests(
        since, operation="DescribePodIdentityAssociation")
        if made["associationId"] in json.dumps(entry)]
    assert len(described) == 1, "described again although it is known"
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=made["associationId"])
    wait_until(lambda: watchful.metrics()[
        'podidentity_orphaned_associations{owner="foreign"}'] == 0, what="no orphan")


def test_each_orphan_has_an_event_of_its_own(place, aws, watchful, theirs):
    made = [associate(aws, random_name("gone"), "cart", theirs) for _ in range(2)]
    for association in made:
        wait_until(lambda one=association: told(place, "podidentity-system", one), what="an Event")
        aws.eks.delete_pod_identity_association(
            clusterName=aws.cluster, associationId=association["associationId"])


def test_an_orphan_of_ours_is_removed_after_the_second_look(place, aws, watchful, left_over):
    association = {"associationId": left_over["associationID"]}
    wait_sweeps(aws, 3)
    assert aws.association(place.name, "cart"), "its ServiceAccount is there: no orphan"
    since = aws.last()
    place.objects.delete("ServiceAccount", "cart", place.name)
    wait_until(lambda: told(place, place.name, association), what="an Event")
    wait_until(lambda: not stands(aws, place.name), what="the association gone")
    assert aws.operations(since, writes=True) == ["DeletePodIdentityAssociation"]


def test_an_orphan_whose_tags_are_not_ours_any_more_stays(place, aws, watchful, left_over):
    aws.eks.untag_resource(resourceArn=left_over["associationARN"],
                           tagKeys=["podidentity.io/managed"])
    since = aws.last()
    place.objects.delete("ServiceAccount", "cart", place.name)
    wait_until(lambda: told(place, place.name, {"associationId": left_over["associationID"]}),
               what="an Event")
    wait_sweeps(aws, 3)
    assert aws.operations(since, writes=True) == []
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=left_over["associationID"])


@pytest.mark.parametrize("refused", ["NotGranted", "RoleMissing"])
def test_the_association_of_a_former_binding_goes_while_the_new_one_is_refused(
        place, aws, watchful, left_over, refused):
    if refused == "NotGranted":
        place.grant(serviceAccounts=["other"])
        place.bind("cart", permissionPolicy=READ_S3)
    else:
        place.bind("cart", roleARN=f"arn:aws:iam::{aws.account}:role/none-{place.name}")
    place.wait_condition("Ready", "False", refused, name="cart")
    wait_until(lambda: not stands(aws, place.name), what="the association gone")
    assert condition(place.get("cart"), "Ready")["reason"] == refused


def test_whatever_was_attached_goes_with_the_role(place, aws, watchful):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    aws.iam.put_role_policy(RoleName=role, PolicyName="theirs",
                            PolicyDocument=json.dumps(WRITE_S3))
    place.delete("cart")
    assert aws.role(role) is None


def test_a_role_in_an_instance_profile_is_told_and_goes_once_it_is_out(place, aws, watchful):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    profile = f"profile-{place.name}"
    aws.iam.create_instance_profile(InstanceProfileName=profile)
    aws.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    place.delete("cart", wait=False)
    stuck = place.wait_condition("RoleReady", "False", "RoleInUse", name="cart")
    assert profile in condition(stuck, "RoleReady")["message"]
    assert aws.association(place.name, "cart") is None
    aws.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name, 60)
    assert aws.role(role) is None
    aws.iam.delete_instance_profile(InstanceProfileName=profile)
