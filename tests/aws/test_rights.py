"""The evaluator of the controller's policy: each thing a statement can ask, met and not met; then
the stand-in under a small policy."""

import pytest

from tests.aws.check import check_log
from tests.aws.rights import Rights
from tests.aws.samples import BOUNDARY, READ_BUCKET, S3_READ, associate, make_role, refused

PATH = "/podidentity/eu-central-1/demo/"
OURS = f"arn:aws:iam::111122223333:role{PATH}*"
DENIED = ("AccessDenied", 403)


def statement(sid="A", effect="Allow", action="iam:GetRole", resource="*", **condition):
    return {"Sid": sid, "Effect": effect, "Action": action, "Resource": resource,
            **({"Condition": condition["condition"]} if condition else {})}


def judge(*statements, action="iam:GetRole", resource="arn:aws:iam::1:role/a/b", context=None):
    verdict = Rights({"Version": "2012-10-17", "Statement": list(statements)}).judge(
        action, resource, context or {})
    return verdict.allowed, verdict.sid


@pytest.mark.parametrize("actions, allowed", [
    ("iam:GetRole", True), ("iam:getrole", True), ("iam:Get*", True), ("iam:G?tRole", True),
    (["iam:ListRoles", "iam:GetRole"], True), ("*", True),
    ("iam:GetRol", False), ("iam:GetRolePolicy", False), ("eks:GetRole", False)])
def test_actions_match_whole_and_whatever_their_case(actions, allowed):
    assert judge(statement(action=actions))[0] == allowed


@pytest.mark.parametrize("resources, allowed", [
    ("*", True), ("arn:aws:iam::1:role/*", True), (["arn:x", "arn:aws:iam::1:role/a/b"], True),
    ("arn:aws:iam::1:role/A/b", False), ("arn:aws:iam::1:role/a", False), ("arn:aws:iam::2:*", False)])
def test_resources_match_whole_and_a_star_crosses_slashes(resources, allowed):
    assert judge(statement(resource=resources))[0] == allowed


@pytest.mark.parametrize("operator, wanted, value, holds", [
    ("StringEquals", "a", "a", True), ("StringEquals", ["b", "a"], "a", True),
    ("StringEquals", "a*", "ab", False), ("StringEquals", "a", None, False),
    ("StringEqualsIgnoreCase", "A", "a", True), ("StringEqualsIgnoreCase", "A", "b", False),
    ("StringLike", "a*", "ab", True), ("StringLike", "a*", "ba", False),
    ("ArnEquals", "arn:aws:iam::1:policy/*", "arn:aws:iam::1:policy/x/y", True),
    ("ArnLike", "arn:aws:iam::*:policy/x", "arn:aws:iam::1:policy/x", True),
    ("ArnLike", "arn:aws:iam:*", "arn:aws:iam::1:policy/x", False),
    ("ArnLike", "arn:aws:iam::1:policy/x", "arn:aws:iam::1:policy/y", False),
    ("ForAnyValue:StringEqualsIgnoreCase", ["K", "L"], ["a", "k"], True),
    ("ForAnyValue:StringEqualsIgnoreCase", ["K"], ["a"], False),
    ("ForAnyValue:StringEqualsIgnoreCase", ["K"], [], False),
    ("ForAnyValue:StringEqualsIgnoreCase", ["K"], None, False)])
def test_conditions(operator, wanted, value, holds):
    context = {} if value is None else {"some:key": value}
    condition = {operator: {"Some:Key": wanted}}
    assert judge(statement(condition=condition), context=context)[0] == holds


def test_all_conditions_must_hold():
    condition = {"StringEquals": {"a:b": "1", "c:d": "2"}}
    assert judge(statement(condition=condition), context={"a:b": "1", "c:d": "2"})[0]
    assert not judge(statement(condition=condition), context={"a:b": "1"})[0]


def test_a_deny_wins_and_nothing_is_allowed_by_itself():
    assert judge(statement()) == (True, "A")
    assert judge(statement(), statement("D", "Deny")) == (False, "D")
    assert judge(statement("D", "Deny", "iam:*"), statement()) == (False, "D")
    assert judge() == (False, None)


def test_the_most_exact_statement_has_the_credit():
    wide, exact = statement("Wide"), statement("Exact", resource="arn:aws:iam::1:role/a/*")
    assert judge(wide, exact) == judge(exact, wide) == (True, "Exact")


@pytest.mark.parametrize("strange", [
    {"NotAction": "iam:*"}, {"NotResource": "*"}, {"Condition": {"NumericEquals": {"a": "1"}}},
    {"Condition": {"StringEqualsIfExists": {"a": "1"}}}])
def test_what_it_does_not_know_is_refused(strange):
    with pytest.raises(ValueError, match="not understood"):
        judge({**statement(), **strange})


# In the stand-in.

@pytest.fixture
def controller(aws):
    bounded = {"ArnEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    aws.limit({"Version": "2012-10-17", "Statement": [
        statement("Create", action="iam:CreateRole", resource=OURS, condition={
            **bounded, "StringEquals": {"aws:RequestTag/podidentity.io/cluster": aws.cluster_arn}}),
        statement("Change", action=["iam:PutRolePolicy", "iam:DeleteRole",
                                    "iam:PutRolePermissionsBoundary"],
                  resource=OURS, condition=bounded),
        statement("Tag", action="iam:TagRole", resource=OURS),
        statement("Read", action="iam:GetRole", resource="arn:aws:iam::111122223333:role/*"),
        statement("Pass", action="iam:PassRole", resource=OURS, condition={
            "StringEquals": {"iam:PassedToService": "pods.eks.amazonaws.com"}}),
        statement("Associate", action="eks:CreatePodIdentityAssociation",
                  resource=aws.cluster_arn),
        statement("TagAssociation", action="eks:TagResource", resource="*"),
        statement("Own", action="eks:DeletePodIdentityAssociation", resource="*", condition={
            "StringEquals": {"aws:ResourceTag/podidentity.io/managed": "true"}})]})
    return aws.controller_client("iam")


def ours(aws):
    return {"Path": PATH, "PermissionsBoundary": BOUNDARY,
            "Tags": [{"Key": "podidentity.io/cluster", "Value": aws.cluster_arn}]}


def rights_used(aws, since):
    return [(right["action"], right["sid"]) for entry in aws.requests(since, client="controller")
            for right in entry["rights"] if right["allowed"]]


def test_roles_are_made_in_the_path_with_boundary_and_tag(aws, controller):
    for name in ours(aws):
        wrong = {key: value for key, value in ours(aws).items() if key != name}
        assert refused(make_role, iam=controller, **wrong) == DENIED
    make_role(controller, **ours(aws))


def test_a_name_that_is_taken_elsewhere_is_no_question_of_rights(aws, iam, controller):
    make_role(iam)
    assert refused(make_role, iam=controller, **ours(aws)) == ("EntityAlreadyExists", 409)


def test_a_role_without_its_boundary_can_only_get_it_back(aws, iam, controller):
    make_role(controller, **ours(aws))
    iam.delete_role_permissions_boundary(RoleName="cart")
    policy = {"RoleName": "cart", "PolicyName": "P", "PolicyDocument": READ_BUCKET}
    assert refused(controller.put_role_policy, **policy) == DENIED
    assert refused(controller.delete_role, RoleName="cart") == DENIED
    assert refused(controller.put_role_permissions_boundary, RoleName="cart",
                   PermissionsBoundary=S3_READ) == DENIED
    controller.put_role_permissions_boundary(RoleName="cart", PermissionsBoundary=BOUNDARY)
    controller.put_role_policy(**policy)


def test_roles_outside_the_path_are_out_of_reach_and_missing_ones_are_not_there(iam, controller):
    make_role(iam, PermissionsBoundary=BOUNDARY)
    controller.get_role(RoleName="cart")
    assert refused(controller.tag_role, RoleName="cart", Tags=[{"Key": "a", "Value": ""}]) == DENIED
    assert refused(controller.delete_role, RoleName="cart") == DENIED
    assert refused(controller.delete_role, RoleName="nobody") == ("NoSuchEntity", 404)


def test_only_associations_with_our_tag_are_deleted(aws, controller):
    role = make_role(controller, **ours(aws))
    made = associate(aws.client("eks"), role)
    eks = aws.controller_client("eks")
    which = {"clusterName": "demo", "associationId": made["associationId"]}
    assert refused(eks.delete_pod_identity_association, **which) == ("AccessDeniedException", 403)
    eks.tag_resource(resourceArn=made["associationArn"], tags={"podidentity.io/managed": "true"})
    eks.delete_pod_identity_association(**which)


def test_creation_uses_the_rights_to_tag_and_to_pass(aws, controller):
    since = aws.last()
    role = make_role(controller, **ours(aws))
    associate(aws.controller_client("eks"), role, tags={"a": "b"})
    assert rights_used(aws, since) == [
        ("iam:CreateRole", "Create"), ("iam:TagRole", "Tag"),
        ("eks:CreatePodIdentityAssociation", "Associate"), ("eks:TagResource", "TagAssociation"),
        ("iam:PassRole", "Pass")]


def test_a_request_that_is_not_granted_is_a_problem_outside_its_window(aws, iam, controller):
    make_role(iam)
    since = aws.last()
    with aws.expecting("denied requests"):
        assert refused(controller.delete_role, RoleName="cart") == DENIED
    assert check_log(aws.requests(since)) == []
    assert refused(controller.delete_role, RoleName="cart") == DENIED
    problem, = check_log(aws.requests(since))
    assert "does not grant iam:DeleteRole on arn:aws:iam::111122223333:role/cart" in problem


def test_tests_and_other_accounts_are_not_limited_and_a_reset_takes_the_limit_away(
        aws, iam, controller):
    make_role(iam)
    other = aws.client("iam", ("AKIDOTHERACCOUNT0001", "other-secret"),
                       user_agent="podidentity/test", region="us-east-1")
    make_role(other)
    aws.reset()
    make_role(controller)
