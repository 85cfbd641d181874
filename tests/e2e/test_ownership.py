"""What is not ours receives no write; without a grant nothing is asked of AWS."""

import json

from tests.e2e.documents import READ_S3, trust


def test_without_a_grant_no_request_leaves_and_a_grant_lets_it_go_on(place, aws, controller):
    since = aws.last()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert aws.controller_requests(since) == []
    place.grant()
    place.wait_ready("cart")


def test_a_role_of_somebody_else_keeps_its_name(place, aws, controller):
    taken = f"taken-{place.name}"
    aws.make_role(taken)
    place.grant()
    since = aws.last()
    place.bind("cart", permissionPolicy=READ_S3, roleName=taken)
    place.wait_condition("Ready", "False", "RoleNameTaken", name="cart")
    assert aws.operations(since, writes=True, good=True) == []


def test_the_younger_of_two_bindings_gives_way(place, aws, controller):
    place.grant()
    place.bind("elder", serviceAccountName="cart", permissionPolicy=READ_S3)
    place.wait_ready("elder")
    place.objects.wait("PodIdentityBinding", "elder", place.name)
    place.bind("younger", serviceAccountName="cart", permissionPolicy=READ_S3)
    found = [place.wait_condition("Ready", "False", "Conflict", name="younger")]
    message = next(c["message"] for c in found[0]["status"]["conditions"] if c["type"] == "Ready")
    assert f"{place.name}/elder" in message


def test_what_an_existing_role_lacks_is_told(place, aws, controller):
    role = f"lacking-{place.name}"
    arn = aws.make_role(role, trust("sts:AssumeRole"))
    place.grant()
    place.bind("cart", roleARN=arn)
    found = place.wait_condition("Ready", "False", "TrustInsufficient", name="cart")
    assert "sts:TagSession" in found["status"]["requiredTrust"]
    aws.iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust()))
    place.wait_ready("cart")
