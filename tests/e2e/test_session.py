"""Target role, session tags and session policy: set, changed, cleared, with the writes each costs
and in an order that never leaves pods without credentials."""

import json

import pytest

from tests.e2e.documents import READ_S3, allow, trust
from tests.e2e.rig.objects import condition, is_condition

THERE = "arn:aws:iam::444455556666:role/there"
ELSEWHERE = "arn:aws:iam::444455556666:role/elsewhere"
LIMIT = json.dumps(allow("s3:GetObject"))
NARROWER = json.dumps(allow("s3:GetObject", resource="arn:aws:s3:::one/*"))
UPDATE, TRUST = "UpdatePodIdentityAssociation", "UpdateAssumeRolePolicy"
PUT, DELETE = "PutRolePolicy", "DeleteRolePolicy"


@pytest.fixture
def granted(place):
    return place.grant(targetRoleARNs=["arn:aws:iam::444455556666:role/*"])


def role_of(aws, found):
    return aws.role(found["status"]["roleARN"].rsplit("/", 1)[1])


def target_policies(aws, found):
    name = found["status"]["roleARN"].rsplit("/", 1)[1]
    return [document["Statement"] for policy, document in aws.inline_policies(name).items()
            if policy.startswith("AssumeTargetRole-")]


def change(place, aws, spec, writes, timeout=90):
    """Patches the spec and waits until AWS has seen these writes and the binding is Ready; gives
    the log entries of the writes."""
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": spec}, place.name)
    seen = place.objects.wait(
        "PodIdentityBinding", "cart", place.name, timeout=timeout,
        until=lambda found: is_condition("Ready", "True")(found)
        and len(aws.operations(since, writes=True)) >= len(writes))
    entries = aws.controller_requests(since, writes=True)
    assert [entry["operation"] for entry in entries] == writes
    return seen, entries


def test_a_target_role_with_all_that_its_owner_must_know(place, aws, controller, granted):
    place.bind("cart", permissionPolicy=READ_S3, targetRoleARN=THERE)
    found = place.wait_ready("cart")
    association = aws.association(place.name, "cart")
    assert association["targetRoleArn"] == THERE
    assert association["disableSessionTags"] is False
    assert found["status"]["externalID"] == association["externalId"]
    statement = json.loads(found["status"]["targetTrustPolicy"])
    assert statement == {
        "Effect": "Allow", "Principal": {"AWS": found["status"]["roleARN"]},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"sts:ExternalId": association["externalId"]}}}
    assert target_policies(aws, found) == [[{
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": THERE}]]


def test_a_target_role_that_is_not_granted_reaches_no_aws(place, aws, controller):
    place.grant(targetRoleARNs=["arn:aws:iam::444455556666:role/there"])
    since = aws.last()
    place.bind("cart", permissionPolicy=READ_S3, targetRoleARN=ELSEWHERE)
    message = place.wait_refused("Allowed", "NotGranted", "cart")
    assert f"targetRoleARNs for {ELSEWHERE}" in message
    assert aws.controller_requests(since, namespace=place.name) == []


def test_a_target_role_changes_with_both_allowed_in_between_and_is_cleared(
        place, aws, controller, granted):
    """X17: other tools cannot take a target role away again."""
    place.bind("cart", permissionPolicy=READ_S3, targetRoleARN=THERE)
    place.wait_ready("cart")
    found, _ = change(place, aws, {"targetRoleARN": ELSEWHERE}, [PUT, UPDATE, DELETE])
    assert aws.association(place.name, "cart")["targetRoleArn"] == ELSEWHERE
    [[statement]] = target_policies(aws, found)
    assert statement["Resource"] == ELSEWHERE
    found, _ = change(place, aws, {"targetRoleARN": None}, [UPDATE, DELETE])
    assert "targetRoleArn" not in aws.association(place.name, "cart")
    assert target_policies(aws, found) == []
    assert not {"externalID", "targetTrustPolicy"} & set(found["status"])


def test_session_tags_go_off_with_a_policy_and_come_on_without(place, aws, controller, granted):
    """X17: nor a session policy, nor disableSessionTags."""
    place.bind("cart", permissionPolicy=READ_S3)
    found = place.wait_ready("cart")
    assert "aws:RequestTag" in str(role_of(aws, found)["AssumeRolePolicyDocument"])

    found, entries = change(place, aws, {"disableSessionTags": True, "policy": LIMIT},
                            [TRUST, UPDATE])
    assert entries[1]["arrived_s"] - entries[0]["arrived_s"] >= 29
    association = aws.association(place.name, "cart")
    assert association["disableSessionTags"] is True
    assert json.loads(association["policy"]) == json.loads(LIMIT)
    assert "aws:RequestTag" not in str(role_of(aws, found)["AssumeRolePolicyDocument"])
    assert "warnings" not in found["status"]

    change(place, aws, {"policy": NARROWER}, [UPDATE])
    assert json.loads(aws.association(place.name, "cart")["policy"]) == json.loads(NARROWER)

    found, entries = change(place, aws, {"disableSessionTags": None, "policy": None},
                            [UPDATE, TRUST])
    assert entries[1]["arrived_s"] - entries[0]["arrived_s"] >= 29
    association = aws.association(place.name, "cart")
    assert association["disableSessionTags"] is False
    assert "policy" not in association
    assert "aws:RequestTag" in str(role_of(aws, found)["AssumeRolePolicyDocument"])


def test_a_policy_beside_a_target_role_is_told_to_limit_that_alone(
        place, aws, controller, granted):
    place.bind("cart", permissionPolicy=READ_S3, targetRoleARN=THERE, disableSessionTags=True,
               policy=LIMIT)
    found = place.wait_ready("cart")
    [warning] = found["status"]["warnings"]
    assert THERE in warning
    assert json.loads(found["status"]["targetTrustPolicy"])["Action"] == ["sts:AssumeRole"]
    [[statement]] = target_policies(aws, found)
    assert statement["Action"] == ["sts:AssumeRole"]
    found, _ = change(place, aws, {"policy": None}, [UPDATE])
    assert "policy" not in aws.association(place.name, "cart")
    assert "warnings" not in found["status"]


def nested(depth):
    return '{"Statement":' + "[" * depth + "]" * depth + "}"


BAD_POLICIES = [
    ("not JSON", '{"Statement": }', "not JSON"),
    ("a key twice", '{"Statement":[],"Statement":[]}', "duplicate"),
    ("nested deeply", nested(900), "deeper than 64"),
    ("no Resource", '{"Statement":{"Effect":"Allow","Action":"s3:*"}}', "Resource or NotResource"),
    ("a Principal", '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*",'
                    '"Principal":"*"}}', "Principal"),
    ("characters that IAM does not take",
     json.dumps(allow("s3:GetObject", resource="arn:aws:s3:::中"), ensure_ascii=False), "U+4E2D"),
]


@pytest.mark.parametrize("policy, why", [row[1:] for row in BAD_POLICIES],
                         ids=[row[0] for row in BAD_POLICIES])
def test_a_bad_session_policy_is_refused_before_any_request(
        place, aws, controller, granted, policy, why):
    since = aws.last()
    place.bind("cart", permissionPolicy=READ_S3, disableSessionTags=True, policy=policy)
    message = place.wait_refused("RoleReady", "MalformedPolicy", "cart")
    assert "spec.policy" in message and why in message
    assert aws.controller_requests(since, namespace=place.name) == []


def test_an_existing_role_that_asks_for_tags_is_refused_without_them(
        place, aws, controller, granted):
    document = trust()
    document["Statement"][0]["Condition"] = {
        "StringEquals": {"aws:RequestTag/kubernetes-namespace": place.name}}
    arn = aws.make_role(f"tagged-{place.name}", document)
    place.bind("cart", roleARN=arn, targetRoleARN=THERE)
    found = place.wait_ready("cart")
    assert found["status"]["externalID"]
    assert json.loads(found["status"]["targetTrustPolicy"])["Principal"] == {"AWS": arn}
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"disableSessionTags": True}},
                        place.name)
    refused = place.wait_condition("Ready", "False", "TrustInsufficient", name="cart")
    assert "aws:RequestTag" not in refused["status"]["requiredTrust"]
    assert condition(refused, "Associated")["status"] == "True"
    assert aws.controller_requests(since, writes=True) == []
