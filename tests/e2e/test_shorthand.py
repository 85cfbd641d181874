"""A ServiceAccount with podidentity.io/role-arn is a binding in short, where a grant allows it."""

import json

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig.objects import condition
from tests.e2e.rig.place import ROLE_ARN
from tests.e2e.rig.waiting import wait_until

ORIGIN = {"podidentity.io/origin": "serviceaccount"}


@pytest.fixture
def role(place, aws):
    """role(name): the ARN of a role that EKS pods may assume."""
    def make(name="reader"):
        return aws.make_role(f"{name}-{place.name}")
    return make


@pytest.fixture
def allowed(place):
    """A grant with allowServiceAccountAnnotation."""
    return place.grant(allowServiceAccountAnnotation=True)


def annotated(place, arn, name="cart"):
    """A ServiceAccount as a chart makes it that offers nothing but annotations; its binding."""
    place.service_account(name, {ROLE_ARN: arn})
    return place.wait_ready(name)


def wait_event(place, reason, name="cart"):
    """The Event with this reason about the ServiceAccount."""
    return place.wait_events(reason, name, kind="ServiceAccount")[0]


def looks(controller, place, name="cart"):
    """How often the controller has looked at this ServiceAccount."""
    return len([line for line in controller.lines(namespace=place.name, name=name)
                if line.get("controller") == "serviceaccount"])


def test_an_annotation_is_enough_for_credentials(place, aws, role, allowed, controller):
    arn = role()
    binding = annotated(place, arn)
    assert binding["metadata"]["labels"] == ORIGIN
    assert "ownerReferences" not in binding["metadata"]
    said = {key: value for key, value in binding["spec"].items()
            if key not in ("mechanism", "mode", "adoptionPolicy", "deletionPolicy")}  # defaults
    assert said == {"serviceAccountName": "cart", "roleARN": arn}
    assert aws.association(place.name, "cart")["roleArn"] == arn
    assert arn in wait_event(place, "BindingCreated")["note"]


def test_without_a_grant_nothing_is_made_and_the_service_account_is_told(
        place, aws, role, controller):
    place.grant()
    since = aws.last()
    arn = role()
    place.service_account("cart", {ROLE_ARN: arn})
    assert "allowServiceAccountAnnotation" in wait_event(place, "NotGranted")["note"]
    assert place.get("cart") is None
    assert aws.controller_requests(since, namespace=place.name) == []
    place.grant(allowServiceAccountAnnotation=True)
    place.wait_ready("cart")


def test_the_role_must_be_granted_too(place, role, controller):
    place.grant(allowServiceAccountAnnotation=True, existingRoles=None)
    place.service_account("cart", {ROLE_ARN: role()})
    refused = place.wait_condition("Allowed", "False", "NotGranted", name="cart")
    assert "existingRoles.arns" in condition(refused, "Allowed")["message"]


def test_a_binding_of_that_name_that_is_a_persons_is_left_alone(
        place, aws, role, allowed, controller):
    place.bind("cart", permissionPolicy=READ_S3)
    before = place.wait_ready("cart")
    place.annotate("cart", role())
    assert f"{place.name}/cart" in wait_event(place, "NameTaken")["note"]
    after = place.get("cart")
    assert after["spec"] == before["spec"]
    assert "labels" not in after["metadata"]
    assert aws.association(place.name, "cart")["roleArn"] == before["status"]["roleARN"]


def test_the_binding_follows_the_annotation_and_goes_with_it(
        place, aws, role, allowed, controller):
    before = annotated(place, role())
    since = aws.last()
    other = role("other")
    place.annotate("cart", other)
    place.objects.wait("PodIdentityBinding", "cart", place.name, until=lambda found: (
        found["status"].get("roleARN") == other
        and condition(found, "Ready").get("status") == "True"))
    association = aws.association(place.name, "cart")
    assert association["roleArn"] == other
    assert association["associationId"] == before["status"]["associationID"]

    place.annotate("cart", None)
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    assert aws.operations(since, writes=True) == [
        "UpdatePodIdentityAssociation", "DeletePodIdentityAssociation"]
    wait_event(place, "BindingDeleted")


def test_what_somebody_adds_to_the_binding_is_taken_away(place, aws, role, allowed, controller):
    arn = role()
    annotated(place, arn)
    place.objects.patch("PodIdentityBinding", "cart", {
        "spec": {"roleARN": role("other"), "tags": {"a": "b"}, "mode": "Observe"}}, place.name)
    place.objects.wait("PodIdentityBinding", "cart", place.name, until=lambda found: (
        found["spec"]["roleARN"] == arn and "tags" not in found["spec"]
        and found["spec"]["mode"] == "Enforce"))
    place.wait_ready("cart")


def test_a_binding_that_somebody_deletes_is_made_anew(place, aws, role, allowed, controller):
    before = annotated(place, role())
    place.objects.delete("PodIdentityBinding", "cart", place.name)
    place.objects.wait("PodIdentityBinding", "cart", place.name, until=lambda found: (
        found["metadata"]["uid"] != before["metadata"]["uid"]))
    place.wait_ready("cart")


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_a_service_account_made_anew_keeps_binding_uid_and_association(
        place, aws, role, allowed, controller, restart):
    """As a Helm release that is uninstalled and installed again."""
    arn = role()
    before = annotated(place, arn)
    since = aws.last()
    seen = looks(controller, place)
    place.objects.delete("ServiceAccount", "cart", place.name)
    if restart:
        controller.restart()
    wait_until(lambda: looks(controller, place) > seen, 20, "a look at the deletion")
    assert "deletionTimestamp" not in place.get("cart")["metadata"]

    seen = looks(controller, place)
    after = annotated(place, arn)
    wait_until(lambda: looks(controller, place) > seen, 20, "a look at the namesake")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["associationID"] == before["status"]["associationID"]
    assert aws.operations(since, writes=True) == []


def test_a_namesake_without_the_annotation_ends_the_wait(place, aws, role, allowed, controller):
    annotated(place, role())
    place.objects.delete("ServiceAccount", "cart", place.name)
    place.service_account("cart")
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    assert aws.association(place.name, "cart") is None


def test_nothing_is_fought_when_the_namespace_goes(place, aws, role, allowed, controller):
    annotated(place, role())
    place.objects.delete("Namespace", place.name)
    place.objects.wait_gone("Namespace", place.name, timeout=60)
    assert aws.association(place.name, "cart") is None
    made = [line for line in controller.lines(namespace=place.name, name="cart")
            if line.get("controller") == "serviceaccount" and line.get("step") == "CreateBinding"]
    assert made == [], "it was made again while the namespace went"


def test_X19_ids_that_somebody_writes_into_annotations_are_not_read(
        place, aws, role, allowed, controller):
    """X19: who may edit a ServiceAccount must not be able to repoint the association of another."""
    arn = role()
    victim = annotated(place, role("victim"), "victim")["status"]
    forged = {name: value for prefix in ("podidentity.io", "pia-operator.eks.aws.com")
              for name, value in ((f"{prefix}/association-id", victim["associationID"]),
                                  (f"{prefix}/association-arn", victim["associationARN"]))}
    since = aws.last()
    place.service_account("cart", {ROLE_ARN: arn, **forged})
    place.wait_ready("cart")
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"annotations": forged}},
                        place.name)
    place.annotate("cart", None)
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    assert aws.association(place.name, "victim")["associationId"] == victim["associationID"]
    assert not [entry for entry in aws.controller_requests(since, writes=True)
                if victim["associationID"] in json.dumps(entry["params"])]


@pytest.mark.parametrize("value", ["reader", "arn:aws:iam::1:role/x", "x" * 2000],
                         ids=["name", "short account", "long"])
def test_an_annotation_that_is_no_role_arn_is_told(place, aws, allowed, controller, value):
    since = aws.last()
    place.service_account("cart", {ROLE_ARN: value})
    assert "roleARN" in wait_event(place, "BindingRefused")["note"]
    assert place.get("cart") is None
    assert aws.controller_requests(since, namespace=place.name) == []
