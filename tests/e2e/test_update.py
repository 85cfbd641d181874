"""Every supported field, set, changed and cleared, with the writes it costs."""

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_S3, READ_SQS, WRITE_S3

PUT, DELETE = "PutRolePolicy", "DeleteRolePolicy"


def role_name(place, name="cart"):
    return place.get(name)["status"]["roleARN"].rsplit("/", 1)[1]


def change(place, aws, spec):
    """Patches the spec, waits until it was acted on, and gives the writes that AWS saw."""
    since = aws.last()
    patched = place.objects.patch("PodIdentityBinding", "cart", {"spec": spec}, place.name)
    generation = patched["metadata"]["generation"]
    place.objects.wait(
        "PodIdentityBinding", "cart", place.name,
        until=lambda found: found["status"]["observedGeneration"] == generation)
    place.wait_ready("cart")
    return aws.operations(since, writes=True)


def tags_of(listed):
    return {tag["Key"]: tag["Value"] for tag in listed
            if not tag["Key"].startswith("podidentity.io/")}


CHANGES = [
    # name, spec changes one after the other, writes of each
    ("a permission policy is changed in place", [({"permissionPolicy": WRITE_S3}, [PUT])]),
    ("a permission policy gets another name",
     [({"permissionPolicyName": "Cart"}, [PUT, DELETE])]),
    ("managed policies come, change and go",
     [({"permissionPolicyARNs": [READ_SQS]}, ["AttachRolePolicy"]),
      ({"permissionPolicyARNs": [READ_DYNAMO]}, ["AttachRolePolicy", "DetachRolePolicy"]),
      ({"permissionPolicyARNs": None}, ["DetachRolePolicy"])]),
    ("an inline policy gives way to a managed one",
     [({"permissionPolicy": None, "permissionPolicyARNs": [READ_SQS]},
       ["AttachRolePolicy", DELETE])]),
    ("the description is set, changed and cleared",
     [({"roleDescription": "one"}, ["UpdateRole"]), ({"roleDescription": "two"}, ["UpdateRole"]),
      ({"roleDescription": None}, ["UpdateRole"])]),
    ("the session duration is set and cleared",
     [({"maxSessionDuration": 7200}, ["UpdateRole"]), ({"maxSessionDuration": None},
                                                       ["UpdateRole"])]),
    ("tags of role and association come, change and go",
     [({"tags": {"team": "a"}}, ["TagRole", "TagResource"]),
      ({"tags": {"team": "b"}}, ["TagRole", "TagResource"]),
      ({"tags": None}, ["UntagRole", "UntagResource"])]),
]


@pytest.mark.parametrize("steps", [row[1] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_change_costs_the_writes_it_needs(place, aws, controller, steps):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    for spec, writes in steps:
        assert change(place, aws, spec) == writes


def test_what_boto3_reads_is_what_the_spec_says(place, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    change(place, aws, {"permissionPolicy": WRITE_S3, "permissionPolicyARNs": [READ_SQS],
                        "roleDescription": "of the cart", "maxSessionDuration": 7200,
                        "tags": {"team": "shop"}})
    role = aws.role(role_name(place))
    assert role["Description"] == "of the cart"
    assert role["MaxSessionDuration"] == 7200
    assert tags_of(role["Tags"]) == {"team": "shop"}
    assert aws.association(place.name, "cart")["tags"]["team"] == "shop"
    assert aws.inline_policies(role["RoleName"]) == {"Policy1": WRITE_S3}
    assert aws.attached_policies(role["RoleName"]) == [READ_SQS]


def test_no_change_costs_no_request(place, aws):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"labels": {"a": "b"}}},
                        place.name)
    place.bind("other", permissionPolicy=READ_S3)  # a later change that is seen
    place.wait_ready("other")
    assert [entry for entry in aws.controller_requests(since, namespace=place.name)
            if "cart" in str(entry["params"])] == []


def test_a_removed_boundary_is_put_back_before_any_other_write(place, aws, controller):
    boundary = f"arn:aws:iam::{aws.account}:policy/podidentity/boundary"
    with controller.with_settings(permissions_boundary=boundary, allow_unbounded_roles=None):
        place.grant()
        place.bind("cart", permissionPolicy=READ_S3)
        place.wait_ready("cart")
        role = role_name(place)
        assert aws.role(role)["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        aws.iam.delete_role_permissions_boundary(RoleName=role)
        assert change(place, aws, {"permissionPolicy": WRITE_S3}) == [
            "PutRolePermissionsBoundary", PUT]
        assert change(place, aws, {"roleDescription": "of the cart"}) == ["UpdateRole"]
        assert aws.role(role)["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        aws.iam.delete_role_permissions_boundary(RoleName=role)
        since = aws.last()
        place.delete("cart")
        assert aws.role(role) is None
        assert aws.operations(since, writes=True)[1] == "PutRolePermissionsBoundary"
