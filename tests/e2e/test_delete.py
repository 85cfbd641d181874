"""Deletion takes away what a binding made, in order, and waits for AWS when it must."""

from tests.e2e.documents import READ_S3, READ_SQS
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until


def role_name(binding):
    return binding["status"]["roleARN"].rsplit("/", 1)[1]


def bound(place, aws, name="cart"):
    """A binding of ours that is Ready, and the name of its role."""
    place.grant()
    place.bind(name, permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    return role_name(place.wait_ready(name))


def test_association_policies_role_and_finalizer_go_in_this_order(place, aws, controller):
    role = bound(place, aws)
    since = aws.last()
    place.delete("cart")

    assert aws.association(place.name, "cart") is None
    assert aws.role(role) is None
    writes = aws.operations(since, writes=True)
    assert writes == ["DeletePodIdentityAssociation", "DeleteRolePolicy", "DetachRolePolicy",
                      "DeleteRole"]


def test_the_finalizer_stays_while_aws_is_down_and_deletion_goes_on_by_itself(
        place, aws, controller):
    role = bound(place, aws)
    with aws.unreachable():
        place.delete("cart", wait=False)
        waiting = place.wait_condition("Reconciling", "True", "AWSUnavailable", name="cart")
        assert "podidentity.io/aws" in waiting["metadata"]["finalizers"]
        assert "D20-UNAVAILABLE" in condition(waiting, "Reconciling")["message"]
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name, timeout=60)
    assert aws.role(role) is None
    assert aws.association(place.name, "cart") is None


def test_a_binding_without_a_grant_goes_without_a_request_to_aws(place, aws, controller):
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_condition("Allowed", "False", "NotGranted", name="cart")
    since = aws.last()
    place.delete("cart")
    assert aws.controller_requests(since) == []


def test_a_namespace_takes_its_bindings_with_it(place, aws, controller):
    role = bound(place, aws)
    place.objects.delete("Namespace", place.name)
    wait_until(lambda: aws.role(role) is None, timeout=60)
    assert aws.association(place.name, "cart") is None
