"""The grammar of policies, and what EKS sees in a trust."""

import json

import pytest

from tests.aws.documents import admits_pod_identity, check_policy, check_trust, counted_size
from tests.aws.errors import ServiceError
from tests.aws.samples import EC2_TRUST, POD_TRUST, READ_BUCKET

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
         "Action": ["sts:AssumeRole", "sts:TagSession"]}
BOTH = ("sts:AssumeRole", "sts:TagSession")


def document(*statements, **top):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **top})


def everybody(_name):
    return True


def test_accepts_usual_documents():
    check_policy(READ_BUCKET)
    check_policy(json.dumps({"Statement": {**ALLOW, "Action": ["s3:*", "ec2:Describe*"],
                                           "Condition": {"Bool": {"aws:SecureTransport": True}}}}))
    check_policy(document({"Effect": "Deny", "NotAction": "s3:*",
                           "NotResource": ["arn:aws:s3:::a"]}))
    check_trust(POD_TRUST, everybody)
    check_trust(document({**TRUST, "Principal": "*"}), everybody)


@pytest.mark.parametrize("text", [
    "", "{", "[]", "{}", '{"Statement": []}', '{"Statement": [1]}',
    document(ALLOW, Version="2011-01-01"), document(ALLOW, Colour="red"),
    document({**ALLOW, "Effect": "Maybe"}), document({**ALLOW, "Colour": "red"}),
    document({**ALLOW, "Sid": "not-this"}), document({**ALLOW, "Sid": "A"}, {**ALLOW, "Sid": "A"}),
    document({**ALLOW, "Action": "GetObject"}), document({**ALLOW, "Action": []}),
    document({**ALLOW, "NotAction": "s3:*"}), document({"Effect": "Allow", "Resource": "*"}),
    document({"Effect": "Allow", "Action": "s3:*"}), document({**ALLOW, "Resource": "bucket"}),
    document({**ALLOW, "Principal": "*"}), document({**ALLOW, "Condition": {"Near": {"a": "b"}}}),
    document({**ALLOW, "Condition": {"StringEquals": "a"}}), document({**ALLOW, "Condition": []}),
    document({**ALLOW, "Condition": {"StringEquals": {"a": {}}}}),
    '{"Statement": [{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}]}',
])
def test_refuses_a_malformed_policy(text):
    with pytest.raises(ServiceError) as raised:
        check_policy(text)
    assert raised.value.code == "MalformedPolicyDocument"


@pytest.mark.parametrize("statement", [
    {**TRUST, "Resource": "*"}, {"Effect": "Allow", "Action": "sts:AssumeRole"},
    {**TRUST, "Action": "s3:GetObject"}, {**TRUST, "Principal": "me"},
    {**TRUST, "Principal": {}}, {**TRUST, "Principal": {"Robot": "x"}},
    {**TRUST, "Principal": {"Service": "not a service"}},
    {**TRUST, "Principal": {"AWS": "arn:aws:iam::111122223333:role/nobody"}},
])
def test_refuses_a_malformed_trust(statement):
    with pytest.raises(ServiceError) as raised:
        check_trust(document(statement), lambda name: not name.endswith("nobody"))
    assert raised.value.code == "MalformedPolicyDocument"


def test_white_space_does_not_count():
    assert counted_size(' { "a" :\n\t"b" } ') == len('{"a":"b"}')


@pytest.mark.parametrize("statements, admitted", [
    ([TRUST], True),
    ([{**TRUST, "Action": "sts:*"}], True),
    ([{**TRUST, "Action": "STS:assumerole"}, {**TRUST, "Action": "sts:TagSession"}], True),
    ([{**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}], True),
    ([{**TRUST, "Principal": {"Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"]}}], True),
    ([{"Effect": "Allow", "Principal": "*", "NotAction": "sts:AssumeRoleWithSAML"}], True),
    ([{**TRUST, "Action": "sts:AssumeRole"}], False),
    ([{**TRUST, "Effect": "Deny"}], False),
    ([TRUST, {**TRUST, "Effect": "Deny", "Action": "sts:TagSession"}], False),
    ([{**TRUST, "Principal": {"AWS": "111122223333"}}], False),
])
def test_sees_whether_pods_may_assume(statements, admitted):
    assert admits_pod_identity(document(*statements), BOTH) is admitted


def test_does_not_take_another_service_for_pods():
    assert not admits_pod_identity(EC2_TRUST, ("sts:AssumeRole",))
