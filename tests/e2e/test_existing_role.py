"""A role of others serves bindings without being touched: read once for all of them, and left or
taken up again by re-pointing the association."""

import copy
import datetime

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig.pods import CONTAINER_CREDENTIALS
from tests.e2e.rig.waiting import wait_until

RETIRED_AT = "podidentity.io/retired-at"
READ_AGAIN = "DescribePodIdentityAssociation"  # what is to be changed may not be ours any more
TAKEN_AWAY = ["DeletePodIdentityAssociation", "DeleteRolePolicy", "DeleteRole"]


@pytest.fixture
def theirs(place, aws):
    """The ARN of a role of others that admits pods."""
    name = f"theirs-{place.name}"
    yield aws.make_role(name, Tags=[{"Key": "team", "Value": "shop"}])
    aws.iam.delete_role(RoleName=name)


def name_of(arn):
    return arn.rpartition("/")[2]


def tags(role):
    return {tag["Key"]: tag["Value"] for tag in role["Tags"]}


def kept(role):
    """A role without the time of its last use, which is nobody's edit."""
    role = copy.deepcopy(role)
    role.pop("RoleLastUsed", None)
    return role


def switch(place, aws, spec):
    """Patches the spec, waits until it is Ready; gives the operations that AWS answered well."""
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": spec}, place.name)
    place.wait_ready("cart")
    return lambda: aws.operations(since, good=True)


def to_managed(place, aws):
    return switch(place, aws, {"roleARN": None, "permissionPolicy": READ_S3})


def to_theirs(place, aws, arn):
    return switch(place, aws, {"roleARN": arn, "permissionPolicy": None})


def test_three_bindings_at_once_read_their_role_once(place, aws, controller, theirs):
    """X2: several ServiceAccounts share a role and are bound at the same time."""
    names = ["cart", "shop", "till"]
    before = kept(aws.role(name_of(theirs)))
    place.grant()
    for name in names:
        place.service_account(name)
    since = aws.last()
    place.apply([place.binding(name, roleARN=theirs) for name in names])
    for name in names:
        place.wait_ready(name)

    assert {one["serviceAccount"]: one["roleArn"] for one in aws.associations(place.name)} == {
        name: theirs for name in names}
    assert sorted(aws.operations(since)) == 3 * ["CreatePodIdentityAssociation"] + ["GetRole"]
    assert kept(aws.role(name_of(theirs))) == before

    since = aws.last()
    for name in names:
        place.delete(name)
    assert aws.associations(place.name) == []
    assert aws.operations(since, writes=True) == 3 * ["DeletePodIdentityAssociation"]
    assert kept(aws.role(name_of(theirs))) == before


def test_a_switch_to_a_role_of_ours_and_back_keeps_the_association(place, aws, controller, theirs):
    untouched = kept(aws.role(name_of(theirs)))
    place.grant()
    place.bind("cart", roleARN=theirs)
    place.wait_ready("cart")
    first = aws.association(place.name, "cart")
    assert first["roleArn"] == theirs

    asked = to_managed(place, aws)
    ours = place.get("cart")["status"]["roleARN"]
    second = aws.association(place.name, "cart")
    assert (second["associationId"], second["roleArn"]) == (first["associationId"], ours)
    assert aws.inline_policies(name_of(ours)) == {"Policy1": READ_S3}
    assert asked() == [READ_AGAIN, "CreateRole", "PutRolePolicy", "UpdatePodIdentityAssociation"]

    place.pod("worker", "cart", CONTAINER_CREDENTIALS)  # holds the role that is left
    asked = to_theirs(place, aws, theirs)
    third = aws.association(place.name, "cart")
    assert (third["associationId"], third["roleArn"]) == (first["associationId"], theirs)
    wait_until(lambda: RETIRED_AT in tags(aws.role(name_of(ours))), 20, "the left role is retired")
    # Theirs was read a moment ago; ours is read before it is tagged.
    assert asked() == [READ_AGAIN, "UpdatePodIdentityAssociation", "GetRole", "TagRole"]

    assert kept(aws.role(name_of(theirs))) == untouched
    assert place.get("cart")["status"]["roleARN"] == theirs


def test_a_role_that_was_left_stays_whole_until_its_binding_goes(place, aws, controller, theirs):
    """Pods that took it before go on with it for six hours."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    ours = name_of(place.wait_ready("cart")["status"]["roleARN"])
    place.pod("worker", "cart", CONTAINER_CREDENTIALS)
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    to_theirs(place, aws, theirs)
    retired = wait_until(lambda: tags(aws.role(ours)).get(RETIRED_AT), 20, f"{ours} is retired")
    assert datetime.timedelta(0) <= datetime.datetime.fromisoformat(
        retired.replace("Z", "+00:00")) - before < datetime.timedelta(minutes=1)
    assert aws.inline_policies(ours) == {"Policy1": READ_S3}
    assert aws.role(ours)["AssumeRolePolicyDocument"]["Statement"][0]["Effect"] == "Allow"
    [told] = place.wait_events("RoleRetired", "cart")
    assert ours in told["note"]

    since = aws.last()
    place.delete("cart", wait=False)
    wait_until(lambda: aws.association(place.name, "cart") is None, 20, "the association gone")
    assert aws.role(ours) is not None, "a pod still works with it"
    place.remove_pods("worker")
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    assert aws.association(place.name, "cart") is None
    assert aws.role(ours) is None
    assert aws.role(name_of(theirs)) is not None
    assert aws.operations(since, writes=True) == TAKEN_AWAY


def test_a_role_that_was_left_is_taken_up_again_not_made_again(place, aws, controller, theirs):
    """Its unique id is in other people's policies."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    ours = name_of(place.wait_ready("cart")["status"]["roleARN"])
    unique = aws.role(ours)["RoleId"]
    association = aws.association(place.name, "cart")["associationId"]
    place.pod("worker", "cart", CONTAINER_CREDENTIALS)
    to_theirs(place, aws, theirs)
    wait_until(lambda: RETIRED_AT in tags(aws.role(ours)), 20, f"{ours} is retired")

    asked = to_managed(place, aws)
    again = aws.association(place.name, "cart")
    assert (again["associationId"], name_of(again["roleArn"])) == (association, ours)
    assert aws.role(ours)["RoleId"] == unique
    assert RETIRED_AT not in tags(aws.role(ours))
    writes = [one for one in asked() if not one.startswith(("Get", "List", "Describe"))]
    assert writes == ["UntagRole", "UpdatePodIdentityAssociation"]
