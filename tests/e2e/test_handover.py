"""What passes from one binding to another without a gap, and what passes to nobody: between two
living bindings of a ServiceAccount the association is kept; what a former binding left is not."""

import json

import pytest

from tests.e2e.documents import READ_S3, READ_SQS
from tests.e2e.rig.objects import GROUP, condition
from tests.e2e.rig.place import ROLE_ARN, Place
from tests.e2e.rig.waiting import wait_until

UID = "podidentity.io/binding-uid"


@pytest.fixture
def role(place, aws):
    def make(name="reader"):
        return aws.make_role(f"{name}-{place.name}")
    return make


def wait_owner(place, aws, binding, account="cart"):
    """Waits until the association is tagged for this binding; gives it."""
    uid = binding["metadata"]["uid"]
    return wait_until(lambda: (
        (found := aws.association(place.name, account)) and found["tags"][UID] == uid and found),
        30, "the association's new owner")


def requests_of(place, aws, since):
    """The controller's writes to associations of the place, those that name only an ID included."""
    return [one for one in aws.operations(since, writes=True)
            if one.endswith("PodIdentityAssociation") or one == "TagResource"]


def younger(place, name, **spec):
    """A binding that is younger than all others by the clock of the API server: whole seconds."""
    newest = max(found["metadata"]["creationTimestamp"]
                 for found in place.objects.list("PodIdentityBinding", place.name))
    probe = place.name + "-clock"

    def later():
        place.objects.delete("ConfigMap", probe, place.name)
        made = place.objects.create({"apiVersion": "v1", "kind": "ConfigMap",
                                     "metadata": {"name": probe, "namespace": place.name}})
        return made["metadata"]["creationTimestamp"] > newest

    wait_until(later, 5, "another second")
    place.apply(place.binding(name, serviceAccountName="cart", **spec))
    return place.wait_condition("Ready", "False", "Conflict", name=name)


# Between living bindings.

@pytest.mark.parametrize("same_role", [True, False], ids=["same role", "another role"])
def test_a_persons_binding_takes_over_from_the_annotation_without_a_gap(
        place, aws, role, controller, same_role):
    place.grant(allowServiceAccountAnnotation=True)
    arn = role()
    place.service_account("cart", {ROLE_ARN: arn})
    former = place.wait_ready("cart")
    since = aws.last()
    wanted = arn if same_role else role("other")
    place.apply(place.binding("mine", serviceAccountName="cart", roleARN=wanted))
    ready = place.wait_ready("mine")
    association = wait_owner(place, aws, ready)
    assert association["associationId"] == former["status"]["associationID"]
    assert association["roleArn"] == wanted
    refused = place.wait_condition("Ready", "False", "Conflict", name="cart")
    assert f"{place.name}/mine" in condition(refused, "Ready")["message"]

    place.annotate("cart", None)  # the chart has done its part
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    assert requests_of(place, aws, since) == (
        ["TagResource"] if same_role else ["UpdatePodIdentityAssociation", "TagResource"])
    assert place.get("mine")["status"]["associationID"] == former["status"]["associationID"]


def test_so_does_one_with_a_role_of_ours(place, aws, role, controller):
    """The role is whole before the association points to it."""
    place.grant(allowServiceAccountAnnotation=True)
    place.service_account("cart", {ROLE_ARN: role()})
    former = place.wait_ready("cart")["status"]
    since = aws.last()
    place.apply(place.binding("mine", serviceAccountName="cart", permissionPolicy=READ_S3))
    ready = place.wait_ready("mine")
    association = wait_owner(place, aws, ready)
    assert association["associationId"] == former["associationID"]
    assert association["roleArn"] == ready["status"]["roleARN"] != former["roleARN"]
    writes = aws.operations(since, writes=True, good=True)
    assert writes == ["CreateRole", "PutRolePolicy", "UpdatePodIdentityAssociation", "TagResource"]


def test_one_that_only_observes_takes_nothing_over_before_it_enforces(
        place, aws, role, controller):
    place.grant(allowServiceAccountAnnotation=True)
    place.service_account("cart", {ROLE_ARN: role()})
    former = place.wait_ready("cart")["status"]
    since = aws.last()
    wanted = role("other")
    mine = place.binding("mine", serviceAccountName="cart", roleARN=wanted, mode="Observe")
    place.apply(mine)
    found = place.wait_condition("Ready", "False", "ChangesPending", name="mine")
    assert found["status"]["pendingChanges"][0] == (
        f"Change association {former['associationID']}; role {wanted} "
        f"(before: {former['roleARN']})")
    assert condition(place.get("cart"), "Ready")["status"] == "True"
    assert requests_of(place, aws, since) == []

    def to(mode):
        place.objects.patch("PodIdentityBinding", "mine", {"spec": {"mode": mode}}, place.name)

    to("Enforce")
    place.wait_condition("Ready", "False", "Conflict", name="cart")
    wait_owner(place, aws, place.wait_ready("mine"))
    to("Observe")  # and the other has it again
    wait_owner(place, aws, place.wait_ready("cart"))
    found = place.wait_condition("Ready", "False", "ChangesPending", name="mine")
    assert aws.association(place.name, "cart")["roleArn"] == former["roleARN"]
    assert requests_of(place, aws, since) == ["UpdatePodIdentityAssociation", "TagResource"] * 2


def test_one_that_is_not_granted_takes_nothing_over(place, aws, role, controller):
    """Pods keep what they have until somebody who may has decided."""
    arn, other = role(), role("other")
    place.grant(allowServiceAccountAnnotation=True, existingRoles={"arns": [arn]},
                managedRoles=None)
    place.service_account("cart", {ROLE_ARN: arn})
    former = place.wait_ready("cart")["status"]
    since = aws.last()
    place.apply(place.binding("mine", serviceAccountName="cart", roleARN=other))
    place.wait_refused("Allowed", "NotGranted", "mine")
    assert aws.operations(since, writes=True) == []
    place.delete("mine")
    again = place.wait_ready("cart")["status"]
    assert again["associationID"] == former["associationID"]
    assert aws.association(place.name, "cart")["roleArn"] == arn
    assert aws.operations(since, writes=True) == []


def test_of_two_from_the_same_second_the_lower_uid_counts(place, aws, role, controller):
    """creationTimestamp has whole seconds; the order must not depend on who looks first."""
    arn = role()
    place.service_account("cart")  # no grant yet: nobody is first by being quick
    pairs = 0
    while True:
        pairs += 1
        made = [place.objects.create(place.binding(f"{name}-{pairs}", serviceAccountName="cart",
                                                   roleARN=arn)) for name in ("a", "b")]
        if len({one["metadata"]["creationTimestamp"] for one in made}) == 1:
            break
        assert pairs < 5, "no two bindings within one second"
        for one in made:
            place.delete(one["metadata"]["name"])
    place.grant()
    first, second = sorted(made, key=lambda one: one["metadata"]["uid"])
    place.wait_ready(first["metadata"]["name"])
    refused = place.wait_condition("Ready", "False", "Conflict", name=second["metadata"]["name"])
    assert f"{place.name}/{first['metadata']['name']}" in condition(refused, "Ready")["message"]
    wait_owner(place, aws, first)


@pytest.mark.parametrize("same_role", [True, False], ids=["same role", "another role"])
def test_the_younger_takes_over_from_the_elder_without_a_gap(
        place, aws, role, controller, same_role):
    place.grant()
    arn = role()
    place.bind("elder", serviceAccountName="cart", roleARN=arn)
    former = place.wait_ready("elder")
    younger(place, "younger", roleARN=arn if same_role else role("other"))
    since = aws.last()
    place.delete("elder")
    ready = place.wait_ready("younger")
    assert ready["status"]["associationID"] == former["status"]["associationID"]
    wait_owner(place, aws, ready)
    assert requests_of(place, aws, since) == (
        ["TagResource"] if same_role else ["UpdatePodIdentityAssociation", "TagResource"])


def test_the_elder_waits_for_the_younger_and_says_so(place, aws, role, controller):
    place.grant()
    place.bind("elder", serviceAccountName="cart", roleARN=role())
    former = place.wait_ready("elder")["status"]
    younger(place, "younger", roleARN=role("other"))
    with aws.broken(operation="UpdatePodIdentityAssociation", kind="hold"):
        place.delete("elder", wait=False)
        waiting = place.wait_condition("Reconciling", "True", "HandingOver", name="elder")
        message = condition(waiting, "Reconciling")["message"]
        assert f"{place.name}/younger takes over" in message
        assert former["associationID"] in message
    place.objects.wait_gone("PodIdentityBinding", "elder", place.name)
    assert place.wait_ready("younger")["status"]["associationID"] == former["associationID"]


def test_a_role_of_ours_passes_on_with_the_association(place, aws, controller):
    """Both bindings make a role, and by default it has the same name."""
    place.grant()
    place.bind("elder", serviceAccountName="cart", permissionPolicy=READ_S3)
    former = place.wait_ready("elder")["status"]
    younger(place, "younger", permissionPolicyARNs=[READ_SQS])
    since = aws.last()
    place.delete("elder")
    ready = place.wait_ready("younger")
    assert ready["status"]["associationID"] == former["associationID"]
    assert ready["status"]["roleARN"] == former["roleARN"]
    name = former["roleARN"].rpartition("/")[2]
    assert aws.attached_policies(name) == [READ_SQS] and aws.inline_policies(name) == {}
    assert not {"DeleteRole", "CreateRole", "DeletePodIdentityAssociation"} & set(
        aws.operations(since, writes=True))
    place.delete("younger")
    assert aws.role(name) is None and aws.association(place.name, "cart") is None


def test_without_another_binding_nothing_is_waited_for(place, aws, role, controller):
    place.grant()
    place.bind("cart", roleARN=role())
    place.wait_ready("cart")
    place.delete("cart", timeout=10)
    assert aws.association(place.name, "cart") is None


# Bindings that are made again from a backup, or in a rebuilt cluster: their UIDs are new.

def force_delete(place, name):
    """As a cluster that is lost: nobody tears anything down."""
    place.objects.patch("PodIdentityBinding", name, {"metadata": {"finalizers": None}}, place.name)
    place.delete(name)


def restorable(found):
    """What a backup has of a binding: all but what the server sets. The status is not restored."""
    return {"apiVersion": GROUP, "kind": "PodIdentityBinding", "spec": found["spec"],
            "metadata": {"name": found["metadata"]["name"],
                         "finalizers": found["metadata"]["finalizers"]}}


def test_restored_bindings_get_associations_of_their_own_and_no_former_role(
        place, aws, role, controller):
    place.grant()
    place.bind("existing", roleARN=role())
    place.bind("managed", permissionPolicy=READ_S3)
    before = {name: place.wait_ready(name) for name in ("existing", "managed")}
    controller.stop()
    for name in before:
        force_delete(place, name)
    for found in before.values():
        place.apply(restorable(found))
    controller.start()

    ready = place.wait_ready("existing")
    assert ready["metadata"]["uid"] != before["existing"]["metadata"]["uid"]
    association = wait_owner(place, aws, ready, "existing")
    assert association["associationId"] == ready["status"]["associationID"]
    assert association["associationId"] != before["existing"]["status"]["associationID"]
    refused = place.wait_condition("Ready", "False", "RoleOfFormerBinding", name="managed")
    message = condition(refused, "Ready")["message"]
    assert f"podidentity release {place.name}/managed --purge" in message
    assert before["managed"]["metadata"]["uid"] in message
    assert aws.association(place.name, "managed") is None


def test_a_status_that_comes_with_the_backup_is_not_believed(place, aws, role, controller):
    """Some tools restore status, too: an ID in it may by now be somebody else's association."""
    place.grant()
    place.bind("cart", roleARN=role())
    victim = place.bind("victim", roleARN=role("victim"))
    victim = place.wait_ready("victim")["status"]
    before = place.wait_ready("cart")
    since = aws.last()
    controller.stop()
    force_delete(place, "cart")
    place.apply(restorable(before))
    stale = {**before["status"], "associationID": victim["associationID"],
             "associationARN": victim["associationARN"]}
    place.objects.patch("PodIdentityBinding", "cart", {"status": stale}, place.name,
                        subresource="status")
    controller.start()
    ready = place.objects.wait("PodIdentityBinding", "cart", place.name, until=lambda found: (
        found["status"].get("associationID") not in (None, victim["associationID"])
        and condition(found, "Ready").get("status") == "True"), timeout=60)
    wait_owner(place, aws, ready)
    assert aws.association(place.name, "victim")["associationId"] == victim["associationID"]
    assert not [entry for entry in aws.controller_requests(since, writes=True)
                if victim["associationID"] in json.dumps(entry["params"])]


# Namespaces.

def test_a_namespace_made_again_by_somebody_else_inherits_nothing(
        place, cluster, aws, role, controller):
    """Its former bindings lost their finalizers while nobody looked."""
    place.grant()
    place.bind("existing", roleARN=role())
    place.bind("managed", permissionPolicy=READ_S3)
    before = {name: place.wait_ready(name)["status"] for name in ("existing", "managed")}
    name = before["managed"]["roleARN"].rpartition("/")[2]
    controller.stop()
    for binding in before:
        force_delete(place, binding)
    place.objects.delete("Namespace", place.name)
    place.objects.wait_gone("Namespace", place.name, timeout=60)
    controller.start()

    again = Place(cluster, aws, place.name)
    again.open()
    place.grant(existingRoles=None)  # whoever has the name now may make roles, and no more
    again.bind("managed", permissionPolicyARNs=[READ_SQS])
    again.bind("existing", roleARN=before["existing"]["roleARN"])
    again.wait_condition("Ready", "False", "RoleOfFormerBinding", name="managed")
    again.wait_condition("Ready", "False", "NotGranted", name="existing")
    assert aws.inline_policies(name) and aws.attached_policies(name) == []
    wait_until(lambda: aws.association(place.name, "managed") is None, 20,
               "the former association of a ServiceAccount that is bound again to be gone")


def test_X16_namespaces_and_names_that_read_the_same_are_not_the_same(
        place, cluster, aws, controller):
    """X16: (a, b-c) and (a-b, c): names joined by dashes are equal, nothing else is."""
    twin = Place(cluster, aws, place.name + "-b")
    twin.open()
    try:
        pairs = [(place, "b-c"), (twin, "c")]
        for where, name in pairs:
            where.grant()
            where.bind(name, permissionPolicy=READ_S3)
        found = [where.wait_ready(name)["status"] for where, name in pairs]
        assert found[0]["roleARN"].lower() != found[1]["roleARN"].lower()
        assert found[0]["associationID"] != found[1]["associationID"]
        place.delete("b-c")
        assert aws.role(found[0]["roleARN"].rpartition("/")[2]) is None
        assert aws.role(found[1]["roleARN"].rpartition("/")[2])
        assert aws.association(twin.name, "c")["associationId"] == found[1]["associationID"]
        twin.bind("c", permissionPolicyARNs=[READ_SQS])
        twin.wait_ready("c")
    finally:
        twin.close()
