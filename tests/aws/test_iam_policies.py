"""Managed policies, account-wide reads, pages."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.aws.samples import BOUNDARY, READ_BUCKET, S3_READ, make_role, refused


def test_attaches_only_what_exists(iam):
    make_role(iam)
    iam.attach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    iam.attach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    assert iam.list_attached_role_policies(RoleName="cart")["AttachedPolicies"] == [
        {"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": S3_READ}]
    assert refused(iam.attach_role_policy, RoleName="cart",
                   PolicyArn="arn:aws:iam::aws:policy/Nothing") == ("NoSuchEntity", 404)
    iam.detach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    assert refused(iam.detach_role_policy, RoleName="cart", PolicyArn=S3_READ) == \
        ("NoSuchEntity", 404)


def test_ten_managed_policies_are_enough(iam):
    make_role(iam)
    arns = [policy["Arn"] for policy in iam.list_policies(Scope="AWS")["Policies"]]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName="cart", PolicyArn=arn)
    assert refused(iam.attach_role_policy, RoleName="cart", PolicyArn=arns[10]) == \
        ("LimitExceeded", 409)


def test_a_customer_policy_lives_until_it_is_detached(iam):
    arn = iam.create_policy(PolicyName="app", Path="/app/", PolicyDocument=READ_BUCKET,
                            Tags=[{"Key": "a", "Value": "b"}])["Policy"]["Arn"]
    assert arn == "arn:aws:iam::111122223333:policy/app/app"
    assert refused(iam.create_policy, PolicyName="app", PolicyDocument=READ_BUCKET) == \
        ("EntityAlreadyExists", 409)
    make_role(iam)
    iam.attach_role_policy(RoleName="cart", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(READ_BUCKET)
    assert refused(iam.delete_policy, PolicyArn=arn) == ("DeleteConflict", 409)
    iam.detach_role_policy(RoleName="cart", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    assert refused(iam.get_policy, PolicyArn=arn) == ("NoSuchEntity", 404)


def test_account_details_show_whole_roles(iam):
    make_role(iam, PermissionsBoundary=BOUNDARY, Tags=[{"Key": "a", "Value": "b"}])
    iam.put_role_policy(RoleName="cart", PolicyName="P", PolicyDocument=READ_BUCKET)
    iam.attach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    details = iam.get_account_authorization_details(Filter=["Role"])
    role, = details["RoleDetailList"]
    assert details["Policies"] == [] and details["IsTruncated"] is False
    assert role["RolePolicyList"] == [
        {"PolicyName": "P", "PolicyDocument": json.loads(READ_BUCKET)}]
    assert role["AttachedManagedPolicies"][0]["PolicyArn"] == S3_READ
    assert role["Tags"] == [{"Key": "a", "Value": "b"}]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert "Description" not in role and "MaxSessionDuration" not in role
    local = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    assert [policy["Arn"] for policy in local] == [BOUNDARY]


def collect(iam, operation, key, **parameters):
    pages = list(iam.get_paginator(operation).paginate(**parameters))
    return len(pages), [item for one in pages for item in one[key]]


def test_pages_hold_everything_once(iam):
    for number in range(25):
        make_role(iam, f"role-{number}")
    count, roles = collect(iam, "get_account_authorization_details", "RoleDetailList",
                           PaginationConfig={"PageSize": 10}, Filter=["Role"])
    assert count == 3 and len({role["RoleName"] for role in roles}) == 25
    count, roles = collect(iam, "list_roles", "Roles", PaginationConfig={"PageSize": 7})
    assert count == 4 and len(roles) == 25


def test_pages_may_come_shorter_than_asked(aws, iam):
    aws.control("POST", "pages", {"size": 2})
    for number in range(5):
        make_role(iam, f"role-{number}")
    assert collect(iam, "list_roles", "Roles")[0] == 3


def test_a_role_deleted_between_pages_hides_no_other(iam):
    for number in range(4):
        make_role(iam, f"role-{number}")
    first = iam.list_roles(MaxItems=2)
    iam.delete_role(RoleName="role-0")
    rest = iam.list_roles(Marker=first["Marker"])["Roles"]
    assert [role["RoleName"] for role in rest] == ["role-2", "role-3"]


def test_a_forged_marker_is_refused(iam):
    with pytest.raises(ClientError, match="Invalid Marker"):
        iam.list_roles(Marker="forged")


def test_quotas_are_told_and_kept(aws, iam):
    assert iam.get_account_summary()["SummaryMap"]["AssumeRolePolicySizeQuota"] == 2048
    aws.control("POST", "quotas", {"RolesQuota": 1})
    make_role(iam)
    assert refused(make_role, iam=iam, name="other") == ("LimitExceeded", 409)
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Roles"], summary["RolesQuota"]) == (1, 1)


def test_says_so_where_it_plays_nothing(iam):
    assert refused(iam.create_user, UserName="x") == ("InvalidAction", 501)
