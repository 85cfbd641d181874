"""Drift: what others change with the AWS API is noticed by the next sweep, repaired or told, and
costs pages when nothing changed."""

import json

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_S3, READ_SQS, WRITE_S3, trust
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until

BOUNDARY = "arn:aws:iam::{account}:policy/podidentity/boundary"
DENY_ALL = {"Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
                           "Condition": {"DateLessThan": {
                               "aws:TokenIssueTime": "2026-11-25T00:00:00Z"}}}]}


@pytest.fixture(scope="module")
def watchful(session_controller, aws):
    """The controller with short intervals and a permissions boundary."""
    boundary = BOUNDARY.format(account=aws.account)
    with session_controller.with_settings(
            drift_interval="1s", describe_interval="4s", permissions_boundary=boundary,
            allow_unbounded_roles=None):
        yield session_controller


@pytest.fixture
def cart(place, watchful):
    """A Ready binding with a role of ours, quiet; its status."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS],
               tags={"team": "shop"})
    return place.wait_ready("cart")["status"]


def role_of(status):
    return status["roleARN"].rpartition("/")[2]


def sweeps(aws, since):
    return aws.operations(since, operation="GetAccountAuthorizationDetails")


def wait_sweeps(aws, since, count):
    """Waits until so many sweeps began after a point; what the last but one showed is known."""
    wait_until(lambda: len(sweeps(aws, since)) >= count, 30, f"{count} sweeps")


# What others do to a role of ours: boto3's call, the controller's write, and what is true then.

EDITS = {
    "a policy is attached": (
        lambda iam, role: iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO),
        "DetachRolePolicy"),
    "a policy is detached": (
        lambda iam, role: iam.detach_role_policy(RoleName=role, PolicyArn=READ_SQS),
        "AttachRolePolicy"),
    "an inline policy is added": (
        lambda iam, role: iam.put_role_policy(
            RoleName=role, PolicyName="theirs", PolicyDocument=json.dumps(WRITE_S3)),
        "DeleteRolePolicy"),
    "an inline policy is changed": (
        lambda iam, role: iam.put_role_policy(
            RoleName=role, PolicyName="Policy1", PolicyDocument=json.dumps(WRITE_S3)),
        "PutRolePolicy"),
    "an inline policy is deleted": (
        lambda iam, role: iam.delete_role_policy(RoleName=role, PolicyName="Policy1"),
        "PutRolePolicy"),
    "the trust policy is edited": (
        lambda iam, role: iam.update_assume_role_policy(
            RoleName=role, PolicyDocument=json.dumps(trust(principal="ec2.amazonaws.com"))),
        "UpdateAssumeRolePolicy"),
    "a tag is added": (
        lambda iam, role: iam.tag_role(RoleName=role, Tags=[{"Key": "of", "Value": "theirs"}]),
        "UntagRole"),
    "a tag is changed": (
        lambda iam, role: iam.tag_role(RoleName=role, Tags=[{"Key": "team", "Value": "theirs"}]),
        "TagRole"),
    "a tag is removed": (
        lambda iam, role: iam.untag_role(RoleName=role, TagKeys=["team"]), "TagRole"),
    "the boundary is another": (
        lambda iam, role: iam.put_role_permissions_boundary(
            RoleName=role, PermissionsBoundary=READ_SQS),
        "PutRolePermissionsBoundary"),
    "the boundary is removed": (
        lambda iam, role: iam.delete_role_permissions_boundary(RoleName=role),
        "PutRolePermissionsBoundary"),
}


# What is told by a Warning of its own besides, because it opens a role to others.
OPENED = {"the trust policy is edited": "TrustRestored",
          "the boundary is removed": "BoundaryRestored",
          "the boundary is another": "BoundaryRestored"}


def state_of(aws, role):
    found = aws.role(role)
    return {
        "trust": found["AssumeRolePolicyDocument"],
        "tags": sorted((tag["Key"], tag["Value"]) for tag in found["Tags"]),
        "boundary": found.get("PermissionsBoundary"),
        "inline": aws.inline_policies(role), "attached": aws.attached_policies(role),
    }


@pytest.mark.parametrize("edit", EDITS)
def test_what_somebody_does_to_our_role_is_undone_after_one_sweep(
        place, aws, watchful, cart, edit):
    make, repair = EDITS[edit]
    role = role_of(cart)
    before = state_of(aws, role)
    since = aws.last()
    make(aws.iam, role)
    aws.wait_request(since, operation=repair, role=role)
    place.wait_events("DriftRepaired", "cart")
    assert state_of(aws, role) == before
    assert aws.operations(since, role=role, writes=True) == [repair]
    if edit in OPENED:
        place.wait_events(OPENED[edit], "cart")
    assert len(sweeps(aws, since)) <= 3, "not noticed by the first sweep that could"
    place.wait_ready("cart")
    metrics = watchful.metrics()
    assert metrics['podidentity_drift_found_total{part="role"}'] >= 1
    assert metrics['podidentity_drift_repaired_total{part="role"}'] >= 1


def test_a_removed_boundary_is_put_back_before_any_other_repair(place, aws, watchful, cart):
    role = role_of(cart)
    since = aws.last()
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    aws.iam.delete_role_permissions_boundary(RoleName=role)
    aws.wait_request(since, operation="DetachRolePolicy", role=role)
    writes = aws.operations(since, role=role, writes=True)
    assert writes.index("PutRolePermissionsBoundary") == 0, writes


def test_a_deleted_association_is_made_again_after_one_more_sweep(place, aws, watchful, cart):
    since = aws.last()
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=cart["associationID"])
    place.wait_condition("Associated", "Unknown", "RepairingDeleted", name="cart")
    place.wait_ready("cart")
    place.wait_events("RepairingDeleted", "cart")
    made = aws.association(place.name, "cart")
    assert made["associationId"] == place.get("cart")["status"]["associationID"]
    assert made["associationId"] != cart["associationID"]
    assert made["roleArn"] == cart["roleARN"]
    assert aws.operations(since, namespace=place.name, writes=True) == [
        "CreatePodIdentityAssociation"]


def test_a_deleted_role_is_made_again_after_one_more_sweep(place, aws, watchful, cart):
    role = role_of(cart)
    before = state_of(aws, role)
    aws.iam.delete_role_permissions_boundary(RoleName=role)
    with aws.denied("iam:GetAccountAuthorizationDetails"):  # no sweep sees it half gone
        aws.remove_role(role)
    place.wait_condition("RoleReady", "Unknown", "RepairingDeleted", name="cart")
    place.wait_ready("cart")
    assert state_of(aws, role) == before


def test_an_association_that_points_to_another_role_is_found_within_the_describe_interval(
        place, aws, watchful, cart):
    other = f"other-{place.name}"
    arn = aws.make_role(other)
    since = aws.last()
    aws.eks.update_pod_identity_association(
        clusterName=aws.cluster, associationId=cart["associationID"], roleArn=arn)
    aws.wait_request(since, operation="UpdatePodIdentityAssociation")
    wait_until(lambda: aws.association(place.name, "cart")["roleArn"] == cart["roleARN"],
               what="the association points to our role again")
    place.wait_events("DriftRepaired", "cart")
    assert aws.operations(since, role=other, writes=True) == []
    aws.iam.delete_role(RoleName=other)


# What others do to an association of ours: boto3's call and the controller's write.

MEMBERS = ("roleArn", "targetRoleArn", "disableSessionTags", "policy", "tags")
ASSOCIATION_EDITS = {
    "a tag is changed": (
        lambda eks, one, cluster: eks.tag_resource(
            resourceArn=one["associationARN"], tags={"team": "theirs"}), "TagResource"),
    "a tag is removed": (
        lambda eks, one, cluster: eks.untag_resource(
            resourceArn=one["associationARN"], tagKeys=["team"]), "TagResource"),
    "a tag is added": (
        lambda eks, one, cluster: eks.tag_resource(
            resourceArn=one["associationARN"], tags={"of": "theirs"}), "UntagResource"),
    "session tags go off": (
        lambda eks, one, cluster: eks.update_pod_identity_association(
            clusterName=cluster, associationId=one["associationID"], disableSessionTags=True),
        "UpdatePodIdentityAssociation"),
    "a target role is set": (
        lambda eks, one, cluster: eks.update_pod_identity_association(
            clusterName=cluster, associationId=one["associationID"],
            targetRoleArn="arn:aws:iam::444455556666:role/there"),
        "UpdatePodIdentityAssociation"),
}


@pytest.mark.parametrize("edit", ASSOCIATION_EDITS)
def test_what_somebody_does_to_our_association_is_undone_within_the_describe_interval(
        place, aws, watchful, cart, edit):
    make, repair = ASSOCIATION_EDITS[edit]

    def state():
        return {member: aws.association(place.name, "cart").get(member) for member in MEMBERS}

    before = state()
    since = aws.last()
    make(aws.eks, cart, aws.cluster)
    place.wait_events("DriftRepaired", "cart")
    assert state() == before
    assert aws.operations(since, writes=True) == [repair]
    assert place.wait_ready("cart")["status"]["associationID"] == cart["associationID"]


def test_what_is_not_tagged_as_ours_any_more_is_told_and_left_alone(place, aws, watchful, cart):
    """Whoever takes our tag away has taken the role away from us."""
    role = role_of(cart)
    since = aws.last()
    aws.iam.untag_role(RoleName=role, TagKeys=["podidentity.io/managed"])
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    message = place.wait_refused("RoleReady", "RoleNameTaken", "cart")
    assert role in message
    assert aws.operations(since, role=role, writes=True) == []
    assert aws.association(place.name, "cart")["associationId"] == cart["associationID"]
    aws.iam.detach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    aws.iam.tag_role(RoleName=role, Tags=[{"Key": "podidentity.io/managed", "Value": "true"}])
    place.wait_ready("cart")
    assert aws.operations(since, role=role, writes=True) == []


def test_a_policy_that_only_denies_is_told_and_never_removed(place, aws, watchful, cart):
    role = role_of(cart)
    since = aws.last()
    aws.iam.put_role_policy(RoleName=role, PolicyName="AWSRevokeOlderSessions",
                            PolicyDocument=json.dumps(DENY_ALL))
    told = wait_until(lambda: place.get("cart")["status"].get("warnings"), what="a warning")
    assert "AWSRevokeOlderSessions" in told[0]
    note = place.wait_events("DriftFound", "cart")[0]["note"]
    assert "AWSRevokeOlderSessions" in note
    wait_sweeps(aws, aws.last(), 3)
    quiet = aws.last()
    wait_sweeps(aws, quiet, 3)
    assert aws.operations(since, role=role, writes=True) == []
    assert aws.controller_requests(quiet, role=role) == [], "read again although it is known"
    assert "AWSRevokeOlderSessions" in aws.inline_policies(role)
    assert condition(place.get("cart"), "Ready")["status"] == "True"
    aws.iam.delete_role_policy(RoleName=role, PolicyName="AWSRevokeOlderSessions")
    wait_until(lambda: not place.get("cart")["status"].get("warnings"), what="no warning")


def test_the_trust_of_a_role_of_others_is_told_and_not_mended(place, aws, watchful):
    name = f"theirs-{place.name}"
    arn = aws.make_role(name)
    place.grant()
    place.bind("cart", roleARN=arn)
    place.wait_ready("cart")
    since = aws.last()
    aws.iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps(trust(principal="ec2.amazonaws.com")))
    place.wait_condition("RoleReady", "False", "TrustInsufficient", name="cart")
    assert condition(place.get("cart"), "Associated")["status"] == "True"
    assert aws.controller_requests(since, writes=True, namespace=place.name) == []
    place.delete("cart")
    aws.iam.delete_role(RoleName=name)


@pytest.mark.parametrize("where", ["PodIdentityBinding", "Namespace"])
def test_suspended_nothing_is_repaired_until_the_annotation_goes(
        place, aws, watchful, cart, where):
    role = role_of(cart)
    before = state_of(aws, role)
    target = ("cart", place.name) if where == "PodIdentityBinding" else (place.name, None)
    place.objects.patch(where, target[0], {"metadata": {"annotations": {
        "podidentity.io/suspended": "incident 42"}}}, *target[1:])
    suspended = place.wait_condition("Ready", "False", "Suspended", name="cart")
    assert "incident 42" in condition(suspended, "Ready")["message"]
    assert condition(suspended, "Associated")["status"] == "True"
    since = aws.last()
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    wait_sweeps(aws, since, 3)
    assert aws.operations(since, role=role) == []
    place.objects.patch(where, target[0], {"metadata": {"annotations": {
        "podidentity.io/suspended": None}}}, *target[1:])
    place.wait_ready("cart")
    assert state_of(aws, role) == before


def test_suspended_nothing_is_made_or_changed_either(place, aws, watchful, cart):
    """Nor is what somebody deletes made again."""
    place.objects.patch("Namespace", place.name, {"metadata": {"annotations": {
        "podidentity.io/suspended": "incident 42"}}})
    place.wait_condition("Ready", "False", "Suspended", name="cart")
    since = aws.last()
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=cart["associationID"])
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"permissionPolicy": WRITE_S3}},
                        place.name)
    place.bind("till", permissionPolicy=READ_S3)
    place.wait_refused("Allowed", "Suspended", "till")
    wait_sweeps(aws, aws.last(), 3)
    assert aws.operations(since, writes=True) == []
    assert aws.association(place.name, "cart") is None
    place.objects.patch("Namespace", place.name, {"metadata": {"annotations": {
        "podidentity.io/suspended": None}}})
    for name in ("cart", "till"):
        place.wait_ready(name)
    assert aws.inline_policies(role_of(cart)) == {"Policy1": WRITE_S3}
    assert aws.association(place.name, "cart")["roleArn"] == cart["roleARN"]


def test_a_suspended_binding_can_be_deleted(place, aws, watchful, cart):
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"annotations": {
        "podidentity.io/suspended": ""}}}, place.name)
    place.wait_condition("Ready", "False", "Suspended", name="cart")
    place.delete("cart")
    assert aws.role(role_of(cart)) is None
    assert aws.association(place.name, "cart") is None


def test_after_three_repairs_within_an_hour_it_waits_and_says_so(place, aws, watchful, cart):
    role = role_of(cart)
    for count in range(1, 4):
        since = aws.last()
        aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
        aws.wait_request(since, operation="DetachRolePolicy", role=role)
        wait_until(lambda: aws.attached_policies(role) == [READ_SQS], what=f"repair {count}")
        wait_sweeps(aws, aws.last(), 3)
    since = aws.last()
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    told = wait_until(lambda: place.get("cart")["status"].get("warnings"), what="a warning")
    assert "was repaired 3 times within an hour" in told[0]
    note = place.wait_events("DriftSlowed", "cart")[0]["note"]
    assert "podidentity.io/suspended" in note
    assert aws.operations(since, role=role, writes=True) == []


def test_when_nothing_changed_a_sweep_costs_pages_alone(place, aws, watchful, cart):
    wait_sweeps(aws, aws.last(), 3)
    since = aws.last()
    wait_sweeps(aws, since, 4)
    operations = aws.operations(since)
    assert set(operations) <= {
        "ListPodIdentityAssociations", "GetAccountAuthorizationDetails",
        # once per describe interval
        "DescribePodIdentityAssociation", "DescribeCluster", "ListAddons", "DescribeAddon"}
    assert operations.count("ListAddons") <= 3, "add-ons, once in four seconds"
    described = aws.controller_requests(since, operation="DescribePodIdentityAssociation")
    assert len(described) <= 4, "one association, once in four seconds"
