"""Grants in full: by labels, item by item, their status, what a change of one asks again, and what
follows when one is withdrawn."""

import json

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_SQS, READ_S3
from tests.e2e.rig.objects import condition, is_condition
from tests.e2e.rig.place import Place
from tests.e2e.rig.waiting import wait_until

TEAM = "podidentity.io/team"
STAGE = "example.com/stage"


@pytest.fixture
def second(cluster, aws, controller):
    """Another fresh namespace."""
    opened = Place(cluster, aws)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def keyed(controller):
    """The controller with two label keys for grants."""
    with controller.with_settings(grant_label_keys=f"{TEAM},{STAGE}"):
        yield controller


def label(place, **labels):
    """Sets labels of the place's namespace; a value None removes one."""
    place.objects.patch("Namespace", place.name, {"metadata": {"labels": labels}})


def bind(place, name="app"):
    return place.bind(name, permissionPolicy=READ_S3)


def grant_ready(place, name, status, reason):
    return place.objects.wait(
        "PodIdentityGrant", name, until=is_condition("Ready", status, reason))


def reconciled(controller, place, name="app"):
    """How often the plan for this binding has run."""
    return len(controller.lines(namespace=place.name, name=name, message="reconciled"))


def test_a_namespace_is_granted_by_its_labels_and_only_by_all_of_them(place, keyed):
    place.grant(namespaces={"matchLabels": {TEAM: place.name, STAGE: "prod"}})
    bind(place)
    refused = place.wait_condition("Allowed", "False", "NotGranted")
    assert f'"{place.name}": this namespace lacks the label' in condition(
        refused, "Allowed")["message"]

    label(place, **{TEAM: place.name})
    label(place, **{STAGE: "prod"})
    place.wait_ready()

    label(place, **{STAGE: None})
    refused = place.wait_condition("Allowed", "False", "NotGranted")
    assert "The grant was withdrawn" in condition(refused, "Allowed")["message"]
    assert f"lacks the label {STAGE}=prod" in condition(refused, "Allowed")["message"]


def test_a_label_key_that_is_not_set_aside_matches_nothing_and_says_so(place, keyed):
    label(place, **{"example.com/owner": "me"})
    place.grant(namespaces={"matchLabels": {"example.com/owner": "me"}})
    found = grant_ready(place, place.name, "False", "EmptySelector")
    assert "example.com/owner" in condition(found, "Ready")["message"]
    assert "--grant-label-keys" in condition(found, "Ready")["message"]
    bind(place)
    refused = place.wait_condition("Allowed", "False", "NotGranted")
    assert "example.com/owner is not in --grant-label-keys" in condition(
        refused, "Allowed")["message"]


def test_the_name_label_needs_no_setting(place, controller):
    place.grant(namespaces={"matchLabels": {"kubernetes.io/metadata.name": place.name}})
    bind(place)
    place.wait_ready()


@pytest.mark.parametrize("empty", [{}, {"names": []}, {"matchLabels": {}}, None],
                         ids=["{}", "names", "labels", "absent"])
def test_an_empty_selector_matches_nothing_and_says_so(place, controller, empty):
    place.grant(namespaces=empty)
    found = grant_ready(place, place.name, "False", "EmptySelector")
    assert found["status"]["matchedNamespaces"] == 0
    bind(place)
    place.wait_condition("Allowed", "False", "NotGranted")


def test_status_counts_namespaces_and_the_bindings_it_serves(place, second, keyed):
    label(place, **{TEAM: place.name})
    place.grant(namespaces={"names": [second.name], "matchLabels": {TEAM: place.name}},
                existingRoles=None)
    bind(place)
    bind(second)
    second.bind("none", roleARN=f"arn:aws:iam::{place.account}:role/none")
    for one in (place, second):
        one.wait_ready("app")
    found = place.objects.wait(
        "PodIdentityGrant", place.name, until=lambda found: (
            found["status"].get("matchedNamespaces"), found["status"].get("bindings")) == (2, 2))
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    grant_ready(place, place.name, "True", "Ready")


def test_a_change_asks_only_the_bindings_it_can_concern(place, second, keyed):
    """Neither a grant nor a label wakes up bindings of a namespace that it never matched."""
    for one in (place, second):
        one.grant()
        bind(one)
        one.wait_ready()
    place.objects.wait("PodIdentityGrant", second.name, until=lambda found: (
        found["status"].get("bindings") == 1))
    quiet = reconciled(keyed, second)
    before = reconciled(keyed, place)

    extra = f"{place.name}-extra"
    place.grant(extra, namespaces={"matchLabels": {TEAM: place.name}})
    label(place, **{TEAM: place.name})
    wait_until(lambda: _assert(reconciled(keyed, place) > before), 10, "asked on its label")
    asked = reconciled(keyed, place)
    place.grant(extra, namespaces={"matchLabels": {TEAM: place.name}}, allowRetain=True)
    wait_until(lambda: _assert(reconciled(keyed, place) > asked), 10, "asked on its grant")
    asked = reconciled(keyed, place)
    place.grant(extra, namespaces={"matchLabels": {TEAM: "nobody"}})
    wait_until(lambda: _assert(reconciled(keyed, place) > asked), 10, "asked on what it lost")

    # A label that no grant asks for is nobody's business.
    asked = reconciled(keyed, place)
    label(place, **{"example.com/colour": "red"})
    label(second, **{"example.com/colour": "red"})
    bind(second, "last")
    second.wait_ready("last")
    assert reconciled(keyed, place) == asked
    assert reconciled(keyed, second) == quiet


def _assert(holds):
    assert holds
    return True


def test_grants_add_up_and_a_refusal_tells_what_each_lacks(place, controller):
    place.grant("a-" + place.name, managedRoles={})
    place.grant("b-" + place.name, managedRoles={"permissionPolicyARNs": [READ_SQS]})
    place.grant("c-" + place.name, namespaces={"names": ["elsewhere"]})
    place.bind(permissionPolicyARNs=[READ_SQS, READ_DYNAMO])
    message = condition(place.wait_condition("Allowed", "False", "NotGranted"),
                        "Allowed")["message"]
    assert f'"a-{place.name}": does not allow managedRoles.permissionPolicyARNs' in message
    assert f'"b-{place.name}": does not allow' in message and READ_DYNAMO in message
    assert f'"c-{place.name}": does not name this namespace' in message

    place.grant("d-" + place.name, managedRoles={"permissionPolicyARNs": [READ_DYNAMO]})
    place.wait_ready()


def test_max_bindings_serves_the_oldest_and_the_next_when_one_goes(place, controller):
    place.grant(managedRoles={"maxBindings": 2, "inlinePolicies": "Allow"})
    for name in ("one", "two"):
        bind(place, name)
        place.wait_ready(name)
    # Seconds decide about age, then UIDs: the third must be younger by the clock.
    wait_until(lambda: _assert(_second() > place.get("two")["metadata"]["creationTimestamp"]), 5,
               "a second")
    bind(place, "three")
    refused = place.wait_condition("Allowed", "False", "NotGranted", name="three")
    assert "maxBindings 2" in condition(refused, "Allowed")["message"]
    place.delete("one")
    place.wait_ready("three")


def _second():
    import datetime
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_consent_of_the_roles_owner_is_asked_for_and_then_found(place, aws, controller):
    name = f"reader-{place.name}"
    arn = aws.make_role(name)
    place.grant(existingRoles={"arns": [arn], "requireTrustConsent": True})
    place.bind(roleARN=arn)
    refused = place.wait_condition("RoleReady", "False", "TrustInsufficient")
    assert "requireTrustConsent" in condition(refused, "RoleReady")["message"]
    assert place.get()["status"]["requiredTrust"]

    statement = json.loads(place.get()["status"]["requiredTrust"])
    aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [statement]}))
    place.objects.patch("PodIdentityBinding", "app", {"spec": {"tags": {"again": "1"}}}, place.name)
    place.wait_ready()
    place.delete()
    aws.iam.delete_role(RoleName=name)


def test_an_edit_that_is_not_granted_keeps_the_state_and_names_both(place, aws, controller):
    place.grant(managedRoles={"permissionPolicyARNs": [READ_SQS]})
    place.bind(permissionPolicyARNs=[READ_SQS])
    arn = place.wait_ready()["status"]["roleARN"]
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "app",
                        {"spec": {"permissionPolicyARNs": [READ_DYNAMO]}}, place.name)
    message = condition(place.wait_condition("Allowed", "False", "NotGranted"),
                        "Allowed")["message"]
    assert arn in message and READ_DYNAMO in message and "generation" in message
    assert aws.operations(since, writes=True) == []
    attached = aws.iam.list_attached_role_policies(RoleName=arn.rsplit("/", 1)[1])
    assert [one["PolicyArn"] for one in attached["AttachedPolicies"]] == [READ_SQS]


def test_withdrawal_keeps_what_is_there_and_deletion_goes_on(place, aws, controller):
    place.grant()
    place.bind(permissionPolicy=READ_S3)
    place.wait_ready()
    since = aws.last()
    place.objects.delete("PodIdentityGrant", place.name)
    refused = place.wait_condition("Allowed", "False", "NotGranted")
    assert "--on-withdrawal Keep" in condition(refused, "Allowed")["message"]
    assert aws.operations(since, writes=True) == []
    place.delete()
    assert "DeleteRole" in aws.operations(since, writes=True)


def test_withdrawal_with_delete_removes_association_then_role_after_the_grace(
        place, aws, controller):
    with controller.with_settings(on_withdrawal="Delete", withdrawal_grace="3s"):
        place.grant()
        place.bind(permissionPolicy=READ_S3)
        arn = place.wait_ready()["status"]["roleARN"]
        since = aws.last()
        place.objects.delete("PodIdentityGrant", place.name)
        refused = place.wait_condition("Allowed", "False", "NotGranted")
        assert arn in condition(refused, "Allowed")["message"]
        gone = place.objects.wait("PodIdentityBinding", "app", place.name, until=lambda found: (
            "roleARN" not in found["status"] and "associationID" not in found["status"]))
        assert not gone["status"].get("pendingChanges")
        writes = aws.operations(since, writes=True)
        assert writes[0] == "DeletePodIdentityAssociation" and writes[-1] == "DeleteRole"
        place.wait_events("AssociationDeleted")

        place.grant()
        place.wait_ready()
