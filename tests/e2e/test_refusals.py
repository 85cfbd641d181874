"""What AWS or the controller refuses ends as a condition that says what happened, in AWS's own
words with the request id, and how to mend it; once mended, the binding goes on by itself."""

import json
import re

import pytest

from tests.e2e.documents import READ_S3, READ_SQS, allow, trust
from tests.e2e.rig.objects import condition

REQUEST_ID = re.compile(r"\(request id ([\w-]+)\)")
OTHER_ACCOUNT = "444455556666"


def patch(place, spec, name="cart"):
    place.objects.patch("PodIdentityBinding", name, {"spec": spec}, place.name)


def quoted_error(aws, since, message):
    """(operation, code) of the request whose id the message shows."""
    shown = REQUEST_ID.search(message)
    assert shown, f"no request id in {message}"
    found = [entry for entry in aws.controller_requests(since, good=False)
             if entry["request_id"] == shown.group(1)]
    assert len(found) == 1, f"{shown.group(1)} is no request of the controller that failed"
    return found[0]["operation"], found[0]["error"]


# Existing roles.

def test_a_role_that_is_missing_is_named_and_used_once_somebody_makes_it(place, aws, controller):
    name = f"later-{place.name}"
    place.grant()
    since = aws.last()
    place.bind("cart", roleARN=f"arn:aws:iam::{aws.account}:role/{name}")
    message = place.wait_refused("RoleReady", "RoleMissing", "cart")
    assert quoted_error(aws, since, message) == ("GetRole", "NoSuchEntity")
    assert f"The role with name {name} cannot be found" in message
    assert "Create it, or correct spec.roleARN" in message
    assert aws.operations(since, writes=True) == []
    arn = aws.make_role(name)
    place.wait_ready("cart")
    assert aws.association(place.name, "cart")["roleArn"] == arn


def test_a_role_of_another_account_is_refused_without_asking_aws(place, aws, controller):
    """X4: an association takes no role of another account."""
    place.grant()
    since = aws.last()
    place.bind("cart", roleARN=f"arn:aws:iam::{OTHER_ACCOUNT}:role/theirs")
    message = place.wait_refused("RoleReady", "RoleInOtherAccount", "cart")
    assert OTHER_ACCOUNT in message and aws.account in message
    assert "this one in spec.targetRoleARN" in message
    assert aws.operations(since, namespace=place.name) == []
    assert aws.operations(since, role="theirs") == []


@pytest.mark.parametrize("document, lacks", [
    (trust(principal="ec2.amazonaws.com"), "pods.eks.amazonaws.com"),
    (trust("sts:AssumeRole"), "sts:TagSession"),
], ids=["principal", "TagSession"])
def test_the_statement_that_a_trust_lacks_is_told_and_mends_it(place, aws, controller, document,
                                                               lacks):
    role = f"lacking-{place.name}"
    arn = aws.make_role(role, document)
    place.grant()
    since = aws.last()
    place.bind("cart", roleARN=arn)
    message = place.wait_refused("RoleReady", "TrustInsufficient", "cart")
    assert lacks in message and "status.requiredTrust" in message
    assert aws.operations(since, writes=True) == []
    required = json.loads(place.get("cart")["status"]["requiredTrust"])
    aws.iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(
        {**document, "Statement": document["Statement"] + [required]}))
    ready = place.wait_ready("cart")
    assert aws.association(place.name, "cart")["roleArn"] == arn
    assert "requiredTrust" not in ready["status"]


def test_a_role_under_the_role_path_serves_no_other_binding(place, aws, controller):
    name = f"below-{place.name}"
    arn = aws.make_role(name, Path=f"/podidentity/{aws.region}/{aws.cluster}/")
    place.grant(existingRoles={"arns": [arn]})
    since = aws.last()
    place.bind("cart", roleARN=arn)
    message = place.wait_refused("RoleReady", "RoleForbidden", "cart")
    assert "--role-path" in message and "Name another role in spec.roleARN" in message
    assert aws.operations(since, role=name) == []
    assert aws.association(place.name, "cart") is None
    aws.iam.delete_role(RoleName=name)


def test_the_role_of_the_controller_itself_is_given_to_no_pod(place, aws, controller):
    place.grant()
    since = aws.last()
    place.bind("cart", roleARN=f"arn:aws:iam::{aws.account}:role/podidentity-controller")
    message = place.wait_refused("RoleReady", "RoleForbidden", "cart")
    assert "is the controller's own" in message
    assert aws.operations(since, role="podidentity-controller") == []


def test_a_role_tagged_for_another_namespace_is_refused(place, aws, controller):
    arn = aws.make_role(f"tagged-{place.name}",
                    Tags=[{"Key": "podidentity.io/namespace", "Value": "elsewhere"}])
    place.grant()
    place.bind("cart", roleARN=arn)
    message = place.wait_refused("RoleReady", "RoleForbidden", "cart")
    assert "tagged for namespace elsewhere" in message
    assert aws.association(place.name, "cart") is None


# Policies.

def test_a_malformed_policy_is_refused_in_the_words_of_aws_and_mended(place, aws, controller):
    place.grant()
    since = aws.last()
    place.bind("cart", permissionPolicy={"Version": "2012-10-17", "Statement": [
        {"Effect": "Permit", "Action": "s3:GetObject", "Resource": "*"}]})
    message = place.wait_refused("RoleReady", "MalformedPolicy", "cart")
    assert quoted_error(aws, since, message) == ("PutRolePolicy", "MalformedPolicyDocument")
    assert "Correct spec.permissionPolicy" in message
    assert aws.association(place.name, "cart") is None, "a role that is not as wanted is given out"
    patch(place, {"permissionPolicy": READ_S3})
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    assert aws.inline_policies(role) == {"Policy1": READ_S3}


def test_a_policy_arn_that_does_not_exist_is_named_and_mended(place, aws, controller):
    absent = "arn:aws:iam::aws:policy/NoSuchPolicy"
    place.grant()
    since = aws.last()
    place.bind("cart", permissionPolicyARNs=[absent])
    message = place.wait_refused("RoleReady", "PolicyNotFound", "cart")
    assert quoted_error(aws, since, message) == ("AttachRolePolicy", "NoSuchEntity")
    assert absent in message and "Correct spec.permissionPolicyARNs" in message
    patch(place, {"permissionPolicyARNs": [READ_SQS]})
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    assert aws.attached_policies(role) == [READ_SQS]


def test_a_policy_over_its_size_is_refused_before_aws_is_asked(place, aws, controller):
    place.grant()
    since = aws.last()
    large = allow(*[f"s3:Action{number:04}" for number in range(700)])
    place.bind("cart", permissionPolicy=large)
    message = place.wait_refused("RoleReady", "PolicyTooLarge", "cart")
    assert "10240" in message.replace(",", "") and "spec.permissionPolicyARNs" in message
    assert aws.controller_requests(since) == []


# Rights.

RIGHTS = [
    # right, condition that tells it, what was done before it
    ("iam:CreateRole", "RoleReady", []),
    ("iam:PutRolePolicy", "RoleReady", ["CreateRole"]),
    ("iam:PassRole", "Associated", ["CreateRole", "PutRolePolicy"]),
    ("eks:CreatePodIdentityAssociation", "Associated", ["CreateRole", "PutRolePolicy"]),
]


@pytest.mark.parametrize("right, kind, done", RIGHTS, ids=[row[0] for row in RIGHTS])
def test_a_right_that_iam_denies_is_named_and_taken_up_when_given(place, aws, controller, right,
                                                                  kind, done):
    place.grant()
    since = aws.last()
    with aws.denied(right):
        place.bind("cart", permissionPolicy=READ_S3)
        message = place.wait_refused(kind, "AccessDenied", "cart")
        assert f"is not authorized to perform: {right} on resource" in message
        assert quoted_error(aws, since, message)[1].startswith("AccessDenied")
        assert "podidentity aws-setup --print" in message
        assert aws.operations(since, writes=True, good=True) == done
    place.wait_ready("cart")
    assert aws.association(place.name, "cart") is not None


# AWS that cannot be asked now: what was seen last still holds.

TROUBLES = [
    # name, reason, the words, fault
    ("throttled", "Throttled", "Rate exceeded", {"kind": "error", "code": "Throttling"}),
    ("failing", "AWSUnavailable", "ServiceFailure", {"kind": "error", "code": "ServiceFailure"}),
    ("silent", "AWSUnavailable", "no answer from AWS", {"kind": "drop"}),
    ("babbling", "AWSUnavailable", "", {"kind": "garbage", "status": 502}),
]


def seen(found):
    """The conditions that say what is, without those that say what is going on."""
    return {kind: {name: condition(found, kind)[name]
                   for name in ("status", "reason", "message", "lastTransitionTime")}
            for kind in ("Allowed", "RoleReady", "Associated", "Ready")}


@pytest.mark.parametrize("reason, words, fault", [row[1:] for row in TROUBLES],
                         ids=[row[0] for row in TROUBLES])
def test_while_aws_cannot_be_asked_conditions_stay_and_it_goes_on_by_itself(
        place, aws, controller, reason, words, fault):
    """X22: throttling is among them."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    before = place.wait_ready("cart")
    wider = allow("s3:GetObject", "s3:ListBucket")
    with aws.broken(operation="PutRolePolicy", count=0, **fault):
        patch(place, {"permissionPolicy": wider})
        waiting = place.wait_condition("Reconciling", "True", reason, "cart")
        assert seen(waiting) == seen(before)
        assert words in condition(waiting, "Reconciling")["message"]
        assert not condition(waiting, "Stalled")
    role = before["status"]["roleARN"].rpartition("/")[2]
    place.objects.wait("PodIdentityBinding", "cart", place.name, timeout=60,
                       until=lambda found: not condition(found, "Reconciling"))
    assert aws.inline_policies(role) == {"Policy1": wider}
    assert [event["type"] for event in place.wait_events(reason, "cart")] == ["Warning"]


def test_a_new_binding_waits_for_an_unreachable_aws_and_says_so(place, aws, controller):
    place.grant()
    with aws.unreachable():
        place.bind("cart", permissionPolicy=READ_S3)
        waiting = place.wait_condition("Reconciling", "True", "AWSUnavailable", "cart")
        assert condition(waiting, "Ready")["status"] == "Unknown"
        assert condition(waiting, "RoleReady")["reason"] == "AWSUnavailable"
    place.wait_ready("cart")


# The controller's own settings and other bindings.

def test_a_wrong_cluster_name_is_told_on_the_binding_and_touches_nothing(place, aws, controller):
    place.grant()
    since = aws.last()
    with controller.with_settings(cluster_name="elsewhere", ready=False):
        place.bind("cart", permissionPolicy=READ_S3)
        message = place.wait_refused("RoleReady", "ClusterNotFound", "cart")
        assert "No cluster found for name: elsewhere" in message
        assert quoted_error(aws, since, message)[0] == "DescribeCluster"
        assert "Correct the controller's --cluster-name and --region" in message
        assert not controller.ready(), "ready for a cluster that is not there"
        assert aws.operations(since, writes=True) == []
    place.wait_ready("cart")


def test_a_trust_that_would_be_too_large_is_refused_with_its_size(place, aws, controller):
    """IAM takes 2,048 characters: a long name in two statements does not fit beside many conditions
    of the settings."""
    name = "cart-" + "x" * 240
    place.grant()
    many = ",".join(f"a:{number:02}=v" for number in range(73))
    since = aws.last()
    with controller.with_settings(trust_conditions=many):
        place.bind("cart", serviceAccountName=name, permissionPolicy=READ_S3, mechanism="Both")
        message = place.wait_refused("RoleReady", "TrustTooLarge", "cart")
        assert "2048" in message.replace(",", "") and "Shorten --trust-conditions" in message
        assert aws.operations(since, writes=True) == []
        patch(place, {"mechanism": "PodIdentity"})
        place.wait_ready("cart")
        place.delete("cart")


def test_what_no_other_reason_names_is_told_in_the_words_of_aws(place, aws, controller):
    """The quota of associations is full: nothing that this program could do about it."""
    place.grant()
    since = aws.last()
    aws.control("POST", "quotas", {"associations": len(aws.associations())})
    try:
        place.bind("cart", permissionPolicy=READ_S3)
        message = place.wait_refused("Associated", "RefusedByAWS", "cart")
        assert quoted_error(aws, since, message) == (
            "CreatePodIdentityAssociation", "ResourceLimitExceededException")
    finally:
        aws.control("POST", "quotas", {"associations": 5000})
    patch(place, {"tags": {"again": "1"}})
    place.wait_ready("cart")


def test_two_bindings_with_one_role_name_do_not_share_the_role(place, aws, controller):
    shared = f"shared-{place.name}"
    place.grant()
    place.bind("elder", roleName=shared, permissionPolicy=READ_S3)
    place.wait_ready("elder")
    since = aws.last()
    place.bind("younger", roleName=shared, permissionPolicyARNs=[READ_SQS])
    message = place.wait_refused("RoleReady", "RoleNameTaken", "younger")
    assert shared in message and "Choose another spec.roleName" in message
    assert aws.operations(since, writes=True, good=True) == []
    assert aws.inline_policies(shared) == {"Policy1": READ_S3}
    assert aws.attached_policies(shared) == []
    assert aws.association(place.name, "younger") is None
    place.delete("younger")
    assert aws.role(shared) is not None, "the loser took the winner's role with it"
