"""What no rule of the definitions can see, or say well: it is refused before AWS is asked, in a
condition that names the object, the field, the cause and the mend, and mended it goes on."""

import json

import pytest

from tests.e2e.documents import READ_S3, WRITE_S3, allow
from tests.e2e.rig.objects import GROUP
from tests.e2e.rig.place import ROLE_ARN


def of_china(arn):
    return arn.replace("arn:aws:", "arn:aws-cn:", 1)


SQS = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"
THERE = "arn:aws:iam::444455556666:role/there"

# ARNs of another partition.

PARTITIONS = {
    # field: (spec, the same without fault, condition's reason, cause, mend)
    "roleARN": (
        {"roleARN": of_china("arn:aws:iam::111122223333:role/reader")},
        {"roleARN": None, "permissionPolicy": READ_S3}, "RoleInOtherAccount",
        "is in partition aws-cn, but the cluster is in aws", "Correct spec.roleARN"),
    "permissionPolicyARNs": (
        {"permissionPolicyARNs": [SQS, of_china(SQS)]}, {"permissionPolicyARNs": [SQS]},
        "PolicyNotFound", "is of another partition than the cluster",
        "Name one that begins with arn:aws: in spec.permissionPolicyARNs"),
    "permissionsBoundaryARN": (
        {"permissionPolicy": READ_S3, "permissionsBoundaryARN": of_china(BOUNDARY)},
        {"permissionsBoundaryARN": None}, "PolicyNotFound",
        "is of another partition than the cluster",
        "Name one that begins with arn:aws: in spec.permissionsBoundaryARN"),
    "targetRoleARN": (
        {"permissionPolicy": READ_S3, "targetRoleARN": of_china(THERE)}, {"targetRoleARN": THERE},
        "RoleForbidden", "is of partition aws-cn, and the cluster of aws",
        "Name a role of partition aws in spec.targetRoleARN"),
}


def wrong_arn(spec):
    return next(word for word in json.dumps(spec).split('"') if word.startswith("arn:aws-cn:"))


def grant_all(place):
    """As wide as grants go, so that nothing but the fault stands in the way."""
    return place.grant(
        targetRoleARNs=["arn:*:iam::*:role/*"], allowServiceAccountAnnotation=True,
        managedRoles={"permissionPolicyARNs": ["arn:*:iam::aws:policy/*"],
                      "permissionsBoundaryARNs": ["arn:*:iam::*:policy/*"],
                      "inlinePolicies": "Allow"})


@pytest.mark.parametrize("field", PARTITIONS)
def test_an_arn_of_another_partition_is_refused_before_any_request(place, aws, controller, field):
    spec, mended, reason, cause, mend = PARTITIONS[field]
    grant_all(place)
    since = aws.last()
    place.bind("cart", **spec)
    message = place.wait_refused("RoleReady", reason, "cart")
    assert wrong_arn(spec) in message and cause in message and mend in message
    assert aws.operations(since) == []
    place.objects.patch("PodIdentityBinding", "cart", {"spec": mended}, place.name)
    place.wait_ready("cart")


def test_so_is_one_that_an_annotation_names(place, aws, controller):
    grant_all(place)
    since = aws.last()
    arn = of_china("arn:aws:iam::111122223333:role/reader")
    place.service_account("cart", {ROLE_ARN: arn})
    message = place.wait_refused("RoleReady", "RoleInOtherAccount", "cart")
    assert arn in message
    assert aws.operations(since) == []


# Policy documents as objects.

def nested(depth):
    """A document that nests so deep in all: what the innermost list stands in counts."""
    value = "arn:aws:s3:::cart"
    for _ in range(depth - 3):  # the document, its statements, the statement
        value = [value]
    return allow("s3:GetObject", resource=value)


DOCUMENTS = {
    "64 levels deep": (nested(64), "MalformedPolicy", "deeper than 32"),
    "300 levels deep": (nested(300), "MalformedPolicy", "deeper than 32"),
    "characters outside IAM's set": (
        allow("s3:GetObject", resource="arn:aws:s3:::\u4e2d"), "MalformedPolicy", "U+4E2D"),
    "no Statement": ({"Version": "2012-10-17"}, "MalformedPolicy", "Statement"),
    "over 10,240 characters": (
        allow(*[f"s3:Action{number:05}" for number in range(900)]), "PolicyTooLarge", "10240"),
}


@pytest.mark.parametrize("document, reason, cause", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_iam_would_refuse_is_refused_before_any_request(
        place, aws, controller, document, reason, cause):
    place.grant()
    since = aws.last()
    place.bind("cart", permissionPolicy=document)
    message = place.wait_refused("RoleReady", reason, "cart")
    assert "spec.permissionPolicy" in message and cause in message.replace(",", "")
    assert aws.operations(since) == []
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")


def test_of_a_key_that_an_object_has_twice_the_last_counts(cluster, place, aws, controller,
                                                           tmp_path):
    """The API server reads JSON so; the text of spec.policy is read by us, and refused."""
    place.grant()
    place.service_account("cart")
    path = tmp_path / "twice.json"
    path.write_text(json.dumps({
        "apiVersion": GROUP, "kind": "PodIdentityBinding", "metadata": {"name": "cart"},
        "spec": {"serviceAccountName": "cart", "permissionPolicy": READ_S3}}).replace(
            '"Statement":', f'"Statement": {json.dumps(WRITE_S3["Statement"])}, "Statement":'))
    assert path.read_text().count('"Statement"') == 2
    cluster.kubectl("create", "--raw",
                    f"/apis/{GROUP}/namespaces/{place.name}/podidentitybindings", "-f", path)
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    assert aws.inline_policies(role) == {"Policy1": READ_S3}
