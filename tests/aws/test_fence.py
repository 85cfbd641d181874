"""The controller's IAM policy as a switch: what it lets through and what it stops."""

import pytest

from tests.aws.samples import BOUNDARY, READ_BUCKET, S3_READ, associate, make_role, refused

PATH = "/podidentity/eu-central-1/demo/"
DENIED = ("AccessDenied", 403)


@pytest.fixture
def controller(aws):
    aws.fence(PATH, BOUNDARY)
    return aws.controller_client("iam")


def tags(aws):
    return [{"Key": "podidentity.io/cluster", "Value": aws.cluster_arn}]


def test_roles_are_made_in_the_path_with_boundary_and_tag(aws, controller):
    right = {"Path": PATH, "PermissionsBoundary": BOUNDARY, "Tags": tags(aws)}
    for name in right:
        wrong = {key: value for key, value in right.items() if key != name}
        assert refused(make_role, iam=controller, **wrong) == DENIED
    make_role(controller, **right)


def test_a_role_without_its_boundary_can_only_get_it_back(aws, iam, controller):
    make_role(controller, Path=PATH, PermissionsBoundary=BOUNDARY, Tags=tags(aws))
    iam.delete_role_permissions_boundary(RoleName="cart")
    policy = {"RoleName": "cart", "PolicyName": "P", "PolicyDocument": READ_BUCKET}
    assert refused(controller.put_role_policy, **policy) == DENIED
    assert refused(controller.delete_role, RoleName="cart") == DENIED
    assert refused(controller.put_role_permissions_boundary, RoleName="cart",
                   PermissionsBoundary=S3_READ) == DENIED
    controller.put_role_permissions_boundary(RoleName="cart", PermissionsBoundary=BOUNDARY)
    controller.put_role_policy(**policy)
    assert refused(controller.delete_role_permissions_boundary, RoleName="cart") == DENIED


def test_roles_outside_the_path_are_out_of_reach(iam, controller):
    make_role(iam, PermissionsBoundary=BOUNDARY)
    controller.get_role(RoleName="cart")
    assert refused(controller.tag_role, RoleName="cart", Tags=[{"Key": "a", "Value": ""}]) == DENIED
    assert refused(controller.delete_role, RoleName="cart") == DENIED
    assert refused(controller.delete_role, RoleName="nobody") == ("NoSuchEntity", 404)


def test_only_associations_with_our_tag_are_changed(aws, iam, controller):
    made = associate(aws.client("eks"), make_role(iam))
    eks = aws.controller_client("eks")
    which = {"clusterName": "demo", "associationId": made["associationId"]}
    assert refused(eks.delete_pod_identity_association, **which) == ("AccessDeniedException", 403)
    eks.tag_resource(resourceArn=made["associationArn"], tags={"podidentity.io/managed": "true"})
    eks.delete_pod_identity_association(**which)


def test_tests_are_not_fenced_in_and_a_reset_takes_the_fence_away(aws, iam, controller):
    make_role(iam)
    aws.reset()
    make_role(controller)
