"""What is there and is not ours: told, never touched; and what is missing holds nothing back."""

import json

import pytest

from tests.e2e.documents import READ_S3, READ_SQS, trust
from tests.e2e.rig.objects import condition
from tests.e2e.rig.place import Place
from tests.e2e.rig.waiting import wait_until

WARNING = "ServiceAccount cart does not exist yet"


@pytest.fixture
def neighbour(cluster, aws, controller):
    """A second namespace."""
    opened = Place(cluster, aws)
    opened.open()
    yield opened
    controller.ensure_running()
    opened.close()


@pytest.fixture
def theirs(place, aws):
    with aws.associated_by_others(place.name, "cart") as made:
        yield made


def writes_to(aws, since, association):
    """The controller's writes after a point that name an association, good or not."""
    return [(entry["operation"], entry["params"])
            for entry in aws.controller_requests(since, writes=True)
            if association["associationId"] in json.dumps(entry["params"])]


def ready_message(binding):
    return condition(binding, "Ready")["message"]


# Associations.

@pytest.mark.parametrize("restarted", [False, True], ids=["seen at once", "seen at the start"])
def test_a_forged_association_id_in_status_leads_nowhere(
        place, neighbour, aws, controller, restarted):
    for namespace in (place, neighbour):
        namespace.grant()
        namespace.bind("cart", permissionPolicy=READ_S3)
    victim = neighbour.wait_ready("cart")["status"]
    own = place.wait_ready("cart")["status"]
    before = aws.association(neighbour.name, "cart")
    since = aws.last()

    if restarted:
        controller.stop()
    place.objects.patch("PodIdentityBinding", "cart", {"status": {
        key: victim[key] for key in ("associationID", "associationARN", "roleARN")}},
        place.name, subresource="status")
    if restarted:
        controller.start()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "permissionPolicyARNs": [READ_SQS], "tags": {"team": "shop"}}}, place.name)
    healed = place.wait_ready("cart")
    assert healed["status"]["associationID"] == own["associationID"]
    assert healed["status"]["roleARN"] == own["roleARN"]
    place.delete("cart")

    assert aws.association(place.name, "cart") is None
    assert writes_to(aws, since, before) == []
    assert aws.controller_requests(
        since, role=victim["roleARN"].rpartition("/")[2], writes=True) == []
    assert aws.association(neighbour.name, "cart") == before


def test_an_association_of_somebody_else_is_told_and_left_alone(place, aws, controller, theirs):
    """X10: it has another role, and nobody said that it may go."""
    since = aws.last()
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    refused = place.wait_condition("Ready", "False", "AssociationForeign", name="cart")
    assert theirs["associationId"] in ready_message(refused)
    assert theirs["roleArn"] in ready_message(refused)
    assert (f"aws eks delete-pod-identity-association --cluster-name {aws.cluster} "
            f"--association-id {theirs['associationId']}") in ready_message(refused)

    place.delete("cart")
    assert writes_to(aws, since, theirs) == []
    assert aws.association(place.name, "cart") == theirs


def test_once_its_owner_deletes_it_the_binding_goes_on(place, aws, controller, theirs):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_condition("Ready", "False", "AssociationForeign", name="cart")
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=theirs["associationId"])
    ready = place.wait_ready("cart")
    assert aws.association(place.name, "cart")["associationId"] == ready["status"]["associationID"]


def test_an_association_of_an_addon_is_changed_through_the_addon(place, aws, controller, theirs):
    """X11: EKS refuses a change of it, and the add-on would undo one."""
    aws.control("POST", "association", {
        "associationId": theirs["associationId"],
        "ownerArn": f"arn:aws:eks:{aws.region}:{aws.account}:addon/{aws.cluster}/vpc-cni/"
                    "14c7a07e-0000-4000-8000-000000000000"})
    before = aws.association(place.name, "cart")
    since = aws.last()
    place.grant()
    place.bind("cart", roleARN=theirs["roleArn"])
    refused = place.wait_condition("Ready", "False", "AddonManaged", name="cart")
    assert (f"aws eks update-addon --cluster-name {aws.cluster} --addon-name vpc-cni "
            "--pod-identity-associations "
            f"serviceAccount=cart,roleArn={theirs['roleArn']}") in ready_message(refused)

    place.delete("cart")
    assert writes_to(aws, since, theirs) == []
    assert aws.association(place.name, "cart") == before


# Tags whose keys differ from ours by case.

def test_a_role_whose_tags_only_look_like_ours_is_not_ours(place, aws, controller):
    name = f"like-{place.name}"
    uid = place.bind("cart", permissionPolicy=READ_S3, roleName=name)["metadata"]["uid"]
    path = f"/podidentity/{aws.region}/{aws.cluster}/"
    aws.iam.create_role(
        RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust()),
        Tags=[{"Key": "PodIdentity.io/" + key, "Value": value} for key, value in {
            "managed": "true", "cluster": aws.cluster_arn, "namespace": place.name,
            "service-account": "cart", "binding-uid": uid, "origin": "created"}.items()])
    before = aws.role(name)
    since = aws.last()
    place.grant()
    place.wait_condition("Ready", "False", "RoleNameTaken", name="cart")

    place.delete("cart")
    assert aws.operations(since, role=name, writes=True, good=True) == []
    assert aws.role(name) == before
    aws.iam.delete_role(RoleName=name)


def test_a_role_that_another_namespace_owns_is_refused_whatever_the_case_of_the_tag(
        place, aws, controller):
    name = f"owned-{place.name}"
    arn = aws.make_role(
        name, Tags=[{"Key": "PodIdentity.io/Namespace", "Value": "payments"}])
    place.grant()
    place.bind("cart", roleARN=arn)
    refused = place.wait_condition("Ready", "False", "RoleForbidden", name="cart")
    assert "is tagged for namespace payments" in ready_message(refused)
    assert aws.association(place.name, "cart") is None


def test_a_tag_whose_case_changes_is_not_there_twice(place, aws, controller):
    """IAM puts the new key in the place of the old one; EKS keeps both unless one is removed."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3, tags={"team": "shop"})
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "tags": {"team": None, "Team": "shop"}}}, place.name)
    place.wait_ready("cart")

    def team(tags):
        return {key: value for key, value in tags.items() if key.lower() == "team"}

    assert team({tag["Key"]: tag["Value"] for tag in aws.role(role)["Tags"]}) == {"Team": "shop"}
    assert team(aws.association(place.name, "cart")["tags"]) == {"Team": "shop"}


# ServiceAccounts.

def test_a_missing_service_account_holds_nothing_back_and_is_told(place, aws, controller):
    place.grant()
    place.apply(place.binding("cart", permissionPolicy=READ_S3))
    ready = place.wait_ready("cart")
    assert ready["status"]["warnings"] == [WARNING]
    before = aws.association(place.name, "cart")
    since = aws.last()

    place.service_account("cart")
    wait_until(lambda: not place.get("cart")["status"].get("warnings"), what="no warning")
    place.objects.delete("ServiceAccount", "cart", place.name)
    wait_until(lambda: place.get("cart")["status"].get("warnings") == [WARNING], what="a warning")
    assert condition(place.get("cart"), "Ready")["status"] == "True"
    assert aws.association(place.name, "cart") == before
    assert aws.controller_requests(since, namespace=place.name) == []
