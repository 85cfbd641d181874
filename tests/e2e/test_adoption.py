"""An association that others made: taken over with adoptionPolicy: Adopt and a grant, kept working,
never deleted."""


import pytest

from tests.e2e.documents import READ_S3

ASSOCIATIONS = {"associations": True}


@pytest.fixture
def theirs(place, aws):
    with aws.associated_by_others(place.name, "cart") as made:
        yield made


@pytest.fixture
def reader(place, aws):
    """The ARN of a role of others that a binding may name."""
    return aws.make_role(f"reader-{place.name}")


def adopt(place, **spec):
    place.grant(adoption=ASSOCIATIONS)
    place.bind("cart", adoptionPolicy="Adopt", **spec)
    return place.wait_ready("cart")


def test_it_is_taken_over_where_it_stands_and_its_former_role_is_told(
        place, aws, controller, theirs, reader):
    since = aws.last()
    ready = adopt(place, roleARN=reader)
    found = aws.association(place.name, "cart")
    assert found["associationId"] == theirs["associationId"] == ready["status"]["associationID"]
    assert found["roleArn"] == reader
    assert found["tags"]["podidentity.io/origin"] == "adopted"
    assert found["tags"]["podidentity.io/binding-uid"] == ready["metadata"]["uid"]
    assert found["tags"]["team"] == "theirs"
    assert aws.operations(since, writes=True, good=True) == [
        "TagResource", "UpdatePodIdentityAssociation"], "the tags come first"
    event = place.wait_events("AssociationAdopted", "cart")[0]
    assert theirs["associationId"] in event["note"] and theirs["roleArn"] in event["note"]


def test_one_that_is_as_wanted_already_only_gets_our_tags(place, aws, controller, theirs):
    since = aws.last()
    adopt(place, roleARN=theirs["roleArn"])
    assert aws.operations(since, writes=True, good=True) == ["TagResource"]


def test_a_role_that_is_made_for_it_comes_first(place, aws, controller, theirs):
    since = aws.last()
    ready = adopt(place, permissionPolicy=READ_S3)
    assert aws.association(place.name, "cart")["roleArn"] == ready["status"]["roleARN"]
    assert aws.operations(since, writes=True, good=True) == [
        "CreateRole", "PutRolePolicy", "TagResource", "UpdatePodIdentityAssociation"]


def test_without_a_grant_for_adoption_nothing_is_written(place, aws, controller, theirs, reader):
    since = aws.last()
    place.grant()
    place.bind("cart", roleARN=reader, adoptionPolicy="Adopt")
    message = place.wait_refused("Allowed", "NotGranted", "cart")
    assert "adoption" in message
    assert aws.controller_requests(since) == []
    place.grant(adoption={"roles": ["arn:*:iam::*:role/*/*/*/*"]})
    message = place.wait_refused("Associated", "AssociationForeign", "cart")
    assert "adoption.associations: true" in message
    assert aws.operations(since, writes=True, good=True) == []
    assert aws.association(place.name, "cart") == theirs
    place.grant(adoption=ASSOCIATIONS)
    place.wait_ready("cart", timeout=120)


def test_the_default_is_to_refuse_and_names_the_way(place, aws, controller, theirs, reader):
    place.grant(adoption=ASSOCIATIONS)
    place.bind("cart", roleARN=reader)
    message = place.wait_refused("Associated", "AssociationForeign", "cart")
    assert "adoptionPolicy: Adopt" in message and "adoption.associations" in message
    assert aws.association(place.name, "cart") == theirs


def test_an_add_ons_association_is_never_adopted(place, aws, controller, theirs):
    aws.control("POST", "association", {
        "associationId": theirs["associationId"],
        "ownerArn": f"arn:aws:eks:{aws.region}:{aws.account}:addon/{aws.cluster}/vpc-cni/"
                    "14c7a07e-0000-4000-8000-000000000000"})
    before = aws.association(place.name, "cart")
    since = aws.last()
    place.grant(adoption=ASSOCIATIONS)
    place.bind("cart", roleARN=theirs["roleArn"], adoptionPolicy="Adopt")
    place.wait_refused("Associated", "AddonManaged", "cart")
    place.delete("cart")
    assert aws.operations(since, writes=True, good=True) == []
    assert aws.association(place.name, "cart") == before


def test_deletion_takes_our_tags_off_and_leaves_it_working(place, aws, controller, theirs, reader):
    adopt(place, roleARN=reader, tags={"stage": "live"})
    assert aws.association(place.name, "cart")["tags"]["stage"] == "live"
    since = aws.last()
    place.delete("cart")
    left = aws.association(place.name, "cart")
    assert left["associationId"] == theirs["associationId"]
    assert left["roleArn"] == reader
    assert left["tags"] == {"team": "theirs"}
    assert aws.operations(since, writes=True) == ["UntagResource"]


def test_the_role_that_we_made_for_it_stays_with_it(place, aws, controller, theirs):
    ready = adopt(place, permissionPolicy=READ_S3)
    name = ready["status"]["roleARN"].rpartition("/")[2]
    place.delete("cart")
    assert aws.association(place.name, "cart")["roleArn"] == ready["status"]["roleARN"]
    assert aws.inline_policies(name) == {"Policy1": READ_S3}
    aws.iam.delete_role_policy(RoleName=name, PolicyName="Policy1")
    aws.iam.delete_role(RoleName=name)


def test_a_binding_made_again_does_not_inherit_what_the_former_one_adopted(
        place, aws, controller, theirs, reader):
    adopt(place, roleARN=reader)
    controller.stop()
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"finalizers": None}},
                        place.name)
    place.delete("cart")
    controller.start()
    place.bind("cart", roleARN=reader)
    place.wait_refused("Associated", "AssociationForeign", "cart")
    assert aws.association(place.name, "cart")["associationId"] == theirs["associationId"]
