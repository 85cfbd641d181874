"""IAM as boto3 sees it: roles, their policies, tags and boundary."""

import json

import pytest

from tests.aws.samples import (BOUNDARY, EC2_TRUST, POD_TRUST, READ_BUCKET, S3_READ, make_role,
                               refused)


def test_gives_back_what_was_created(iam):
    make_role(iam, Path="/podidentity/", Description="the cart", MaxSessionDuration=7200,
              PermissionsBoundary=BOUNDARY, Tags=[{"Key": "team", "Value": ""}])
    role = iam.get_role(RoleName="cart")["Role"]
    assert role["Arn"] == "arn:aws:iam::111122223333:role/podidentity/cart"
    assert role["AssumeRolePolicyDocument"] == json.loads(POD_TRUST)
    assert (role["Description"], role["MaxSessionDuration"]) == ("the cart", 7200)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert role["Tags"] == [{"Key": "team", "Value": ""}]
    assert role["RoleId"].startswith("AROA") and len(role["RoleId"]) == 21


def test_a_documents_answer_is_percent_encoded(aws):
    iam = aws.client("iam", connections=1)  # a client of its own, for the hook stays with it
    seen = []
    iam.meta.events.register_first("before-parse.iam.GetRole",
                                   lambda response_dict, **_: seen.append(response_dict["body"]))
    make_role(iam)
    iam.get_role(RoleName="cart")
    assert b"%7B%22Version%22%3A%20%222012-10-17%22" in seen[0]


def test_names_are_unique_whatever_their_case(iam):
    make_role(iam, "Cart")
    assert refused(make_role, iam=iam, name="cART") == ("EntityAlreadyExists", 409)
    assert iam.get_role(RoleName="CART")["Role"]["RoleName"] == "Cart"


@pytest.mark.parametrize("call, more", [
    ("get_role", {}), ("delete_role", {}), ("list_role_policies", {}), ("update_role", {}),
    ("tag_role", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ("put_role_policy", {"PolicyName": "P", "PolicyDocument": READ_BUCKET}),
    ("attach_role_policy", {"PolicyArn": S3_READ}),
    ("update_assume_role_policy", {"PolicyDocument": POD_TRUST}),
    ("put_role_permissions_boundary", {"PermissionsBoundary": BOUNDARY}),
    ("list_instance_profiles_for_role", {}),
])
def test_a_missing_role_is_no_such_entity(iam, call, more):
    assert refused(getattr(iam, call), RoleName="nobody", **more) == ("NoSuchEntity", 404)


def test_documents_are_checked(iam):
    assert refused(make_role, iam=iam, trust="not JSON") == ("MalformedPolicyDocument", 400)
    make_role(iam)
    assert refused(iam.put_role_policy, RoleName="cart", PolicyName="P",
                   PolicyDocument=POD_TRUST) == ("MalformedPolicyDocument", 400)
    assert refused(iam.update_assume_role_policy, RoleName="cart",
                   PolicyDocument=READ_BUCKET) == ("MalformedPolicyDocument", 400)


def test_a_principal_of_the_account_must_exist(iam):
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/cart"}}]})
    assert refused(make_role, iam=iam, name="other", trust=trust) == \
        ("MalformedPolicyDocument", 400)
    make_role(iam, "cart")
    make_role(iam, "other", trust)


def test_a_boundary_must_exist(iam):
    wrong = BOUNDARY + "-not"
    assert refused(make_role, iam=iam, PermissionsBoundary=wrong) == ("NoSuchEntity", 404)
    make_role(iam, PermissionsBoundary=BOUNDARY)
    iam.delete_role_permissions_boundary(RoleName="cart")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="cart")["Role"]
    assert refused(iam.put_role_permissions_boundary, RoleName="cart",
                   PermissionsBoundary=wrong) == ("NoSuchEntity", 404)
    iam.put_role_permissions_boundary(RoleName="cart", PermissionsBoundary=BOUNDARY)


def trust_of_size(size, spaces=0):
    text = json.dumps(json.loads(POD_TRUST), separators=(",", ":"))
    text = text.replace("PodIdentity", "P" * (size - len(text) + len("PodIdentity")))
    return text.replace("{", "{" + " " * spaces, 1)


def test_a_trust_has_2048_characters_white_space_not_counted(iam):
    make_role(iam, trust=trust_of_size(2048, spaces=100))
    assert refused(make_role, iam=iam, name="other", trust=trust_of_size(2049)) == \
        ("LimitExceeded", 409)


def test_inline_policies_share_10240_characters(iam):
    make_role(iam)
    def policy(size):
        text = '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::"}]}'
        return text.replace(":::", ":::" + "b" * (size - len(text)))
    iam.put_role_policy(RoleName="cart", PolicyName="A", PolicyDocument=policy(6000))
    assert refused(iam.put_role_policy, RoleName="cart", PolicyName="B",
                   PolicyDocument=policy(4241)) == ("LimitExceeded", 409)
    iam.put_role_policy(RoleName="cart", PolicyName="B", PolicyDocument=policy(4240))
    iam.put_role_policy(RoleName="cart", PolicyName="A", PolicyDocument=policy(5999))


def test_tags_merge_and_differ_by_more_than_case(iam):
    make_role(iam, Tags=[{"Key": "Team", "Value": "a"}])
    assert refused(iam.tag_role, RoleName="cart", Tags=[
        {"Key": "x", "Value": ""}, {"Key": "X", "Value": ""}]) == ("InvalidInput", 400)
    iam.tag_role(RoleName="cart", Tags=[{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}])
    tags = iam.list_role_tags(RoleName="cart")["Tags"]
    assert tags == [{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}]
    assert refused(iam.tag_role, RoleName="cart", Tags=[
        {"Key": f"k{n}", "Value": ""} for n in range(49)]) == ("LimitExceeded", 409)
    assert len(iam.list_role_tags(RoleName="cart")["Tags"]) == 2
    iam.untag_role(RoleName="cart", TagKeys=["TEAM", "absent"])
    assert [tag["Key"] for tag in iam.list_role_tags(RoleName="cart")["Tags"]] == ["x"]


def test_update_role_resets_a_session_that_is_not_named(iam):
    make_role(iam, Description="old", MaxSessionDuration=7200)
    iam.update_role(RoleName="cart", Description="new")
    role = iam.get_role(RoleName="cart")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 3600)
    iam.update_role(RoleName="cart", MaxSessionDuration=9000)
    role = iam.get_role(RoleName="cart")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 9000)
    iam.update_role(RoleName="cart", Description="", MaxSessionDuration=9000)
    assert "Description" not in iam.get_role(RoleName="cart")["Role"]


def test_a_role_with_anything_on_it_is_not_deleted(iam):
    make_role(iam)
    iam.put_role_policy(RoleName="cart", PolicyName="P", PolicyDocument=READ_BUCKET)
    iam.attach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    iam.create_instance_profile(InstanceProfileName="cart")
    iam.add_role_to_instance_profile(InstanceProfileName="cart", RoleName="cart")
    assert len(iam.list_instance_profiles_for_role(RoleName="cart")["InstanceProfiles"]) == 1
    assert refused(iam.delete_role, RoleName="cart") == ("DeleteConflict", 409)
    iam.remove_role_from_instance_profile(InstanceProfileName="cart", RoleName="cart")
    assert refused(iam.delete_role, RoleName="cart") == ("DeleteConflict", 409)
    iam.detach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    assert refused(iam.delete_role, RoleName="cart") == ("DeleteConflict", 409)
    iam.delete_role_policy(RoleName="cart", PolicyName="P")
    iam.delete_role(RoleName="cart")
    assert refused(iam.get_role, RoleName="cart") == ("NoSuchEntity", 404)


def test_inline_policies_are_listed_by_name_and_read_one_by_one(iam):
    make_role(iam)
    iam.put_role_policy(RoleName="cart", PolicyName="P", PolicyDocument=READ_BUCKET)
    assert iam.list_role_policies(RoleName="cart")["PolicyNames"] == ["P"]
    assert iam.get_role_policy(RoleName="cart", PolicyName="P")["PolicyDocument"] == \
        json.loads(READ_BUCKET)
    assert refused(iam.get_role_policy, RoleName="cart", PolicyName="Q") == ("NoSuchEntity", 404)
    assert refused(iam.delete_role_policy, RoleName="cart", PolicyName="Q") == \
        ("NoSuchEntity", 404)


def test_trust_is_replaced(iam):
    make_role(iam)
    iam.update_assume_role_policy(RoleName="cart", PolicyDocument=EC2_TRUST)
    assert iam.get_role(RoleName="cart")["Role"]["AssumeRolePolicyDocument"] == \
        json.loads(EC2_TRUST)


def test_another_account_has_roles_of_its_own(aws, iam):
    make_role(iam)
    other = aws.client("iam", ("AKIDOTHERACCOUNT0001", "other-secret"))
    assert make_role(other)["Arn"] == "arn:aws:iam::444455556666:role/cart"
    other.delete_role(RoleName="cart")
    iam.get_role(RoleName="cart")


def test_a_new_role_can_be_unseen_for_some_reads(aws, iam):
    aws.consistency(read_attempts=2)
    make_role(iam)
    assert refused(iam.get_role, RoleName="cart") == ("NoSuchEntity", 404)
    assert refused(iam.get_role, RoleName="cart") == ("NoSuchEntity", 404)
    iam.get_role(RoleName="cart")


def test_a_role_leaves_a_profile_by_the_profile_s_right(aws, iam):
    make_role(iam)
    iam.create_instance_profile(InstanceProfileName="nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="cart")
    controller = aws.controller_client("iam")
    leave = {"InstanceProfileName": "nodes", "RoleName": "cart"}
    aws.deny("iam:RemoveRoleFromInstanceProfile",
             "arn:aws:iam::111122223333:instance-profile/nodes")
    assert refused(controller.remove_role_from_instance_profile, **leave) == ("AccessDenied", 403)
    aws.allow()
    controller.remove_role_from_instance_profile(**leave)
    assert aws.requests()[-1]["changed"] is True
    assert iam.list_instance_profiles_for_role(RoleName="cart")["InstanceProfiles"] == []
    assert refused(controller.remove_role_from_instance_profile, **leave) == ("NoSuchEntity", 404)
    iam.delete_role(RoleName="cart")
