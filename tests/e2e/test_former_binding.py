"""A binding that lost its finalizer and was made again: what the former one left is not handed on."""

from tests.e2e.documents import READ_S3, READ_SQS
from tests.e2e.rig.command import GOOD, podidentity
from tests.e2e.rig.objects import condition

FINALIZER = "podidentity.io/aws"


def uid_tag(tags):
    """The UID of the binding that a role or an association is tagged for."""
    if isinstance(tags, list):
        tags = {tag["Key"]: tag["Value"] for tag in tags}
    return tags["podidentity.io/binding-uid"]


def made_again(place, controller, **spec):
    """A binding that was Ready, was deleted past its finalizer while nobody looked, and is there
    again under its old name; gives the former one."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    former = place.wait_ready("cart")
    controller.stop()
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"finalizers": None}},
                        place.name)
    place.delete("cart")
    controller.start()
    place.bind("cart", permissionPolicy=READ_S3, **spec)
    return former


def test_the_association_is_made_anew_and_the_role_waits_for_a_person(place, aws, controller):
    since = aws.last()
    former = made_again(place, controller)
    refused = place.wait_condition("Ready", "False", "RoleOfFormerBinding", name="cart")

    message = condition(refused, "Ready")["message"]
    assert former["status"]["roleARN"] in message
    assert former["metadata"]["uid"] in message
    assert f"podidentity release {place.name}/cart --purge" in message
    role = aws.role(former["status"]["roleARN"].rpartition("/")[2])
    assert uid_tag(role["Tags"]) == former["metadata"]["uid"]
    assert aws.operations(since, role=role["RoleName"], writes=True, good=True).count(
        "CreatePodIdentityAssociation") == 1, "the role was given to the new binding"
    assert aws.association(place.name, "cart") is None, "new pods still get the former role"


def test_the_mend_that_the_message_names_makes_it_ready(place, cluster, aws, controller):
    former = made_again(place, controller)
    name = former["status"]["roleARN"].rpartition("/")[2]
    refused = place.wait_condition("Ready", "False", "RoleOfFormerBinding", name="cart")
    message = condition(refused, "Ready")["message"]
    command = message.partition("kubectl podidentity ")[2].partition(". ")[0].split()
    assert command[:3] == ["release", f"{place.name}/cart", "--purge"]
    answer = podidentity(cluster, aws, *command)

    assert (answer.code, answer.err) == (GOOD, ""), answer
    assert f"purged        {place.name}/cart" in answer.out
    place.wait_ready("cart")
    uid = refused["metadata"]["uid"]
    assert uid != former["metadata"]["uid"]
    assert uid_tag(aws.role(name)["Tags"]) == uid
    association = aws.association(place.name, "cart")
    assert uid_tag(association["tags"]) == uid
    assert association["associationId"] != former["status"]["associationID"]


def test_a_role_of_another_name_needs_no_mend(place, aws, controller):
    """The association alone is left over: it goes and is made new with the new role."""
    since = aws.last()
    former = made_again(place, controller, roleName=f"other-{place.name}",
                        permissionPolicyARNs=[READ_SQS])
    ready = place.wait_ready("cart")

    association = aws.association(place.name, "cart")
    assert association["associationId"] != former["status"]["associationID"]
    assert uid_tag(association["tags"]) == ready["metadata"]["uid"]
    assert association["roleArn"] == ready["status"]["roleARN"] != former["status"]["roleARN"]
    assert aws.operations(since, namespace=place.name, writes=True, good=True).count(
        "UpdatePodIdentityAssociation") == 0
    assert [entry["params"]["associationId"] for entry in aws.controller_requests(
        since, operation="DeletePodIdentityAssociation", good=True)] == [
            former["status"]["associationID"]]
