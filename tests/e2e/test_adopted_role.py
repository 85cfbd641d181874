"""A role of the wanted name that others made, or a former binding left: taken over with
adoptionPolicy: Adopt and a grant, what others put there stays, and it is never deleted."""

import contextlib
import json

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_S3, READ_SQS, WRITE_S3
from tests.e2e.rig.objects import condition
from tests.e2e.rig.pods import CONTAINER_CREDENTIALS
from tests.e2e.rig.waiting import wait_until

# What others admit, in the forms that IAM takes.
THEM = {"Sid": "Them", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222233334444:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": ["42"]}, "Bool": {
            "aws:MultiFactorAuthPresent": "true"}}}
NEVER = {"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": ["sts:SetSourceIdentity"]}


def path_of(aws):
    return f"/podidentity/{aws.region}/{aws.cluster}/"


def arn_of(aws, name):
    return f"arn:aws:iam::{aws.account}:role{path_of(aws)}{name}"


def remove_role(aws, name):
    with contextlib.suppress(aws.iam.exceptions.NoSuchEntityException):
        for policy in aws.inline_policies(name):
            aws.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for arn in aws.attached_policies(name):
            aws.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        aws.iam.delete_role(RoleName=name)


@pytest.fixture
def theirs(place, aws):
    """The name of a role of others below our path, with a trust, policies and a tag of theirs."""
    name = f"till-{place.name}"
    aws.make_role(name, {"Version": "2012-10-17", "Statement": [THEM, NEVER]}, Path=path_of(aws),
                  Description="theirs", MaxSessionDuration=7200,
                  Tags=[{"Key": "team", "Value": "theirs"}])
    aws.iam.put_role_policy(RoleName=name, PolicyName="Theirs", PolicyDocument=json.dumps(WRITE_S3))
    aws.iam.attach_role_policy(RoleName=name, PolicyArn=READ_DYNAMO)
    yield name
    remove_role(aws, name)


def bind(place, aws, name, **spec):
    place.grant(adoption={"roles": [arn_of(aws, name)]})
    return place.bind("cart", roleName=name, adoptionPolicy="Adopt", **spec)


def adopt(place, aws, name, **spec):
    bind(place, aws, name, permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS], **spec)
    return place.wait_ready("cart", timeout=90)


def tags_of(aws, name):
    return {tag["Key"]: tag["Value"] for tag in aws.role(name).get("Tags", [])}


def statements(aws, name):
    return aws.role(name)["AssumeRolePolicyDocument"]["Statement"]


def assert_theirs_stand(aws, name):
    role = aws.role(name)
    assert THEM in statements(aws, name) and NEVER in statements(aws, name)
    assert aws.inline_policies(name)["Theirs"] == WRITE_S3
    assert READ_DYNAMO in aws.attached_policies(name)
    assert tags_of(aws, name)["team"] == "theirs"
    assert (role["Description"], role["MaxSessionDuration"]) == ("theirs", 7200)


def test_what_others_put_on_it_stays_and_ours_comes_beside_it(place, aws, controller, theirs):
    since = aws.last()
    ready = adopt(place, aws, theirs)
    assert_theirs_stand(aws, theirs)
    assert ready["status"]["roleARN"] == arn_of(aws, theirs)
    assert aws.inline_policies(theirs)["Policy1"] == READ_S3
    assert aws.attached_policies(theirs) == sorted([READ_DYNAMO, READ_SQS])
    assert tags_of(aws, theirs)["podidentity.io/origin"] == "adopted"
    ours = [one for one in statements(aws, theirs) if one not in (THEM, NEVER)]
    assert [one["Principal"] for one in ours] == [{"Service": "pods.eks.amazonaws.com"}]
    assert aws.operations(since, writes=True, good=True) == [
        "TagRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "AttachRolePolicy",
        "CreatePodIdentityAssociation"], "the tags come first"
    warnings = ready["status"]["warnings"]
    assert any("inline policy Theirs" in one and READ_DYNAMO in one for one in warnings), warnings
    place.wait_events("RoleAdopted", "cart")


def test_the_trust_is_read_again_at_once_and_some_seconds_later(place, aws, controller, theirs):
    since = aws.last()
    adopt(place, aws, theirs)

    def reads():
        edit, = aws.controller_requests(since, operation="UpdateAssumeRolePolicy", good=True)
        return [entry["time_s"] - edit["time_s"]
                for entry in aws.controller_requests(since, operation="GetRole", role=theirs)
                if entry["seq"] > edit["seq"]]

    assert reads()[0] < 2
    assert any(10 <= after <= 20 for after in reads()), reads()


def test_a_write_of_others_that_crosses_ours_is_merged_again(place, aws, controller, theirs):
    other = {**THEM, "Sid": "Another", "Principal": {"AWS": "arn:aws:iam::333344445555:root"}}
    since = aws.last()
    bind(place, aws, theirs, permissionPolicy=READ_S3)
    aws.wait_request(since, operation="UpdateAssumeRolePolicy", good=True)
    aws.iam.update_assume_role_policy(RoleName=theirs, PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [NEVER, other]}))
    place.wait_ready("cart", timeout=120)
    sids = [one.get("Sid") for one in statements(aws, theirs)]
    assert_theirs_stand(aws, theirs)
    assert other in statements(aws, theirs)
    assert sum((sid or "").startswith("PodIdentity") for sid in sids) == 1


def test_a_start_puts_back_what_others_took_from_a_trust_that_is_waited_for(
        place, aws, controller, theirs):
    """The process that wrote it is gone before it could look at it again."""
    bind(place, aws, theirs, permissionPolicy=READ_S3)
    place.wait_condition("Associated", "Unknown", "WaitingForRole", name="cart")
    controller.stop()
    ours = [one for one in statements(aws, theirs) if one not in (THEM, NEVER)]
    aws.iam.update_assume_role_policy(RoleName=theirs, PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [NEVER, THEM]}))
    controller.start()
    wait_until(lambda: ours[0] in statements(aws, theirs), 10, "our statement in the trust")
    assert_theirs_stand(aws, theirs)


def test_without_spec_or_grant_nothing_is_written(place, aws, controller, theirs):
    since = aws.last()
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3, roleName=theirs)
    message = place.wait_refused("RoleReady", "RoleNameTaken", "cart")
    assert "adoptionPolicy: Adopt" in message and "adoption.roles" in message
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"adoptionPolicy": "Adopt"}},
                        place.name)
    place.wait_refused("Allowed", "NotGranted", "cart")
    place.grant(adoption={"roles": [arn_of(aws, theirs) + "-other"]})
    found = place.wait_condition("Ready", "False", "RoleNameTaken", name="cart")
    assert "has to list its ARN in adoption.roles" in condition(found, "Ready")["message"]
    assert aws.operations(since, writes=True, good=True) == []


def test_a_role_that_another_binding_has_is_nobodys_to_take(place, aws, controller):
    name = f"till-{place.name}"
    place.grant(adoption={"roles": [arn_of(aws, name)]})
    place.bind("first", permissionPolicy=READ_S3, roleName=name)
    place.wait_ready("first")
    since = aws.last()
    place.bind("second", permissionPolicy=READ_S3, roleName=name, adoptionPolicy="Adopt")
    place.wait_refused("RoleReady", "RoleNameTaken", "second")
    assert aws.operations(since, writes=True, good=True) == []


def test_a_trust_that_would_refuse_us_is_told_before_any_write(place, aws, controller, theirs):
    aws.iam.update_assume_role_policy(RoleName=theirs, PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [
            THEM, {**NEVER, "Sid": "Nobody", "Action": "sts:*"}]}))
    since = aws.last()
    bind(place, aws, theirs, permissionPolicy=READ_S3)
    message = place.wait_refused("RoleReady", "TrustInsufficient", "cart")
    assert "Nobody" in message
    assert aws.operations(since, writes=True, good=True) == []


def test_a_role_left_by_a_former_binding_keeps_what_others_added_to_its_trust(
        place, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    name = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    controller.stop()
    place.objects.patch("PodIdentityBinding", "cart", {"metadata": {"finalizers": None}},
                        place.name)
    place.delete("cart")
    document = aws.role(name)["AssumeRolePolicyDocument"]
    aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(
        {**document, "Statement": document["Statement"] + [THEM]}))
    controller.start()
    place.grant(adoption={"roles": [arn_of(aws, name)]})
    place.bind("cart", permissionPolicy=WRITE_S3, adoptionPolicy="Adopt")
    ready = place.wait_ready("cart", timeout=90)
    assert statements(aws, name) == document["Statement"] + [THEM]
    assert aws.inline_policies(name) == {"Policy1": WRITE_S3}
    assert aws.attached_policies(name) == [], "nothing of the former binding is handed on"
    assert tags_of(aws, name)["podidentity.io/binding-uid"] == ready["metadata"]["uid"]
    place.delete("cart")
    assert aws.role(name), "what was adopted is not deleted"
    remove_role(aws, name)


def test_what_the_spec_drops_goes_and_what_was_there_before_stays(place, aws, controller, theirs):
    adopt(place, aws, theirs, tags={"stage": "live"})
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "permissionPolicyARNs": [READ_DYNAMO]}}, place.name)
    place.wait_ready("cart")
    assert aws.attached_policies(theirs) == [READ_DYNAMO]
    controller.restart(kill=True)
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "permissionPolicyARNs": [READ_SQS], "permissionPolicy": None, "tags": None}}, place.name)
    place.wait_ready("cart")
    assert_theirs_stand(aws, theirs)
    assert list(aws.inline_policies(theirs)) == ["Theirs"]
    assert aws.attached_policies(theirs) == sorted([READ_DYNAMO, READ_SQS])
    assert "stage" not in tags_of(aws, theirs)


def test_deletion_takes_the_association_and_our_tags_and_leaves_the_role(
        place, aws, controller, theirs):
    """At once, whatever pods work with it: they keep what they have."""
    adopt(place, aws, theirs)
    place.pod("worker", "cart", CONTAINER_CREDENTIALS)
    place.objects.wait("PodIdentityBinding", "cart", place.name, timeout=40, until=lambda found: (
        found["status"].get("pods", {}).get("total") == 1))
    since = aws.last()
    place.delete("cart")
    assert aws.association(place.name, "cart") is None
    assert_theirs_stand(aws, theirs)
    assert aws.inline_policies(theirs)["Policy1"] == READ_S3
    assert tags_of(aws, theirs) == {"team": "theirs"}
    assert aws.operations(since, writes=True) == ["DeletePodIdentityAssociation", "UntagRole"]


WRITES = ["TagRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "AttachRolePolicy"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, len(WRITES) + 1), ids=WRITES)
def test_a_process_killed_at_a_write_goes_on_where_it_stood(
        place, aws, controller, theirs, nth, when):
    aws.hold(when, nth)
    bind(place, aws, theirs, permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    assert aws.wait_held(), "no write came"
    controller.kill()
    aws.release()
    controller.start()
    found = place.wait_condition("RoleReady", "True", "Ready", name="cart", timeout=60)
    assert condition(found, "Allowed")["status"] == "True"
    assert_theirs_stand(aws, theirs)
    assert aws.inline_policies(theirs)["Policy1"] == READ_S3
    assert aws.attached_policies(theirs) == sorted([READ_DYNAMO, READ_SQS])
    ours = [one for one in statements(aws, theirs) if one not in (THEM, NEVER)]
    assert len(ours) == 1
    assert tags_of(aws, theirs)["podidentity.io/origin"] == "adopted"
