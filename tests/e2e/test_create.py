"""From `kubectl apply` to a role and an association, as boto3 reads them."""

import json

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until

# What EKS says of a role that it does not see yet, and of one whose trust policy it does not.
LATE = ["Role provided in the request does not exist.",
        "Trust policy of the role provided is invalid."]


def test_a_managed_role_and_its_association_come_to_be(place, aws, controller):
    place.grant(managedRoles={"inlinePolicies": "Allow"})
    since = aws.last()
    place.bind("cart", permissionPolicy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
    ready = place.wait_ready("cart")

    name = ready["status"]["roleARN"].rsplit("/", 1)[1]
    role = aws.role(name)
    assert role["Arn"] == ready["status"]["roleARN"]
    association = aws.association(place.name, "cart")
    assert association["roleArn"] == role["Arn"]
    assert association["associationId"] == ready["status"]["associationID"]
    assert len(aws.controller_requests(since)) == 3, json.dumps(aws.operations(since))


@pytest.mark.parametrize("words", LATE, ids=["the role", "its trust"])
def test_what_iam_shows_late_is_waited_for_and_told(place, aws, controller, words):
    """EKS refuses a role that is not seen everywhere yet: that is no error, but a wait."""
    place.grant()
    since = aws.last()
    with aws.broken(operation="CreatePodIdentityAssociation", kind="error", count=2,
                    code="InvalidParameterException", message=words) as struck:
        place.bind("cart", permissionPolicy=READ_S3)
        waiting = place.wait_condition("Associated", "Unknown", "WaitingForRole", name="cart")
        assert "It goes on by itself" in condition(waiting, "Associated")["message"]
        assert condition(waiting, "Ready")["status"] == "Unknown"
        place.wait_ready("cart")
        assert struck() == 2
    attempts = aws.controller_requests(since, operation="CreatePodIdentityAssociation")
    assert [entry["error"] is None for entry in attempts] == [False, False, True]
    assert attempts[1]["arrived_s"] - attempts[0]["arrived_s"] >= 2.9, "asked again too early"
    assert aws.operations(since, writes=True, good=True).count("CreateRole") == 1
    assert [event for event in place.events("cart") if event["type"] == "Warning"] == []


def changes_told(place):
    """The Events of cart that tell of a change in AWS."""
    return [event for event in place.events("cart")
            if event["reason"].startswith(("Role", "Association"))]


def reasons(place):
    return sorted(event["reason"] for event in changes_told(place))


def test_each_change_is_told_once_in_an_event(place, aws, controller):
    """On the user's object, for `kubectl describe`; a restart has no news."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    role = place.wait_ready("cart")["status"]["roleARN"]
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "roleDescription": "of the cart", "disableSessionTags": True}}, place.name)
    wanted = ["AssociationCreated", "AssociationUpdated", "RoleCreated", "RoleUpdated"]
    wait_until(lambda: reasons(place) == wanted, 90, f"Events {wanted}")
    place.wait_ready("cart")
    controller.restart()
    place.bind("till", permissionPolicy=READ_S3)
    place.wait_ready("till")
    assert reasons(place) == wanted
    for event in changes_told(place):
        assert event["regarding"]["kind"] == "PodIdentityBinding"
        assert event["regarding"]["uid"] == place.get("cart")["metadata"]["uid"]
        assert role in event["note"] or "ssociation a-" in event["note"]
