"""deletionPolicy: Retain, which keeps the role where a grant allows it, and never the association."""

from tests.e2e.documents import READ_S3
from tests.e2e.rig.command import GOOD, podidentity


def role_name(found):
    return found["status"]["roleARN"].rsplit("/", 1)[1]


def test_a_retained_role_stays_and_its_association_goes(place, aws, controller):
    place.grant(allowRetain=True)
    place.bind("cart", permissionPolicy=READ_S3, deletionPolicy="Retain")
    role = role_name(place.wait_ready("cart"))
    place.delete("cart")
    assert aws.association(place.name, "cart") is None
    assert aws.inline_policies(role) == {"Policy1": READ_S3}

    place.bind("cart", permissionPolicy=READ_S3)
    message = place.wait_refused("RoleReady", "RoleOfFormerBinding", "cart")
    assert "release" in message and role in message


def test_without_a_grant_nothing_is_left_behind(place, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    role = role_name(place.wait_ready("cart"))
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"deletionPolicy": "Retain"}},
                        place.name)
    message = place.wait_refused("Allowed", "NotGranted", "cart")
    assert "allowRetain" in message
    place.delete("cart")
    assert aws.role(role) is None


def test_a_person_who_purges_takes_the_retained_role_too(cluster, place, aws, controller):
    place.grant(allowRetain=True)
    place.bind("cart", permissionPolicy=READ_S3, deletionPolicy="Retain")
    role = role_name(place.wait_ready("cart"))
    controller.stop()
    place.delete("cart", wait=False)
    answer = podidentity(cluster, aws, "release", f"{place.name}/cart", "--purge",
                         "--cluster-name", aws.cluster, "--region", aws.region)
    assert answer.code == GOOD, answer.err
    assert aws.role(role) is None
    assert aws.association(place.name, "cart") is None
    assert place.get("cart") is None
