"""From `kubectl apply` to a role and an association, as boto3 reads them."""

import json

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig.objects import condition

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
