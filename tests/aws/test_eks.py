"""EKS as boto3 sees it: associations, their role, pages, tags."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.aws.samples import EC2_TRUST, POD_TRUST, READ_BUCKET, associate, make_role, refused

NO_ROLE = "Role provided in the request does not exist"
BAD_TRUST = "Trust policy of the role provided is invalid"


def says(call, words, **parameters):
    with pytest.raises(ClientError, match=words) as raised:
        call(**parameters)
    answer = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def role(iam):
    return make_role(iam, Path="/podidentity/eu-central-1/demo/")


def describe(eks, association):
    return eks.describe_pod_identity_association(
        clusterName="demo", associationId=association["associationId"])["association"]


def update(eks, association, **changes):
    return eks.update_pod_identity_association(
        clusterName="demo", associationId=association["associationId"], **changes)["association"]


def test_the_cluster_is_the_one_asked_for(aws, eks):
    cluster = eks.describe_cluster(name="demo")["cluster"]
    assert cluster["arn"] == "arn:aws:eks:eu-central-1:111122223333:cluster/demo"
    assert (cluster["status"], cluster["version"]) == ("ACTIVE", "1.36")
    assert cluster["identity"]["oidc"]["issuer"].startswith("https://oidc.eks.eu-central-1.")
    assert refused(eks.describe_cluster, name="other") == ("ResourceNotFoundException", 404)
    assert refused(aws.client("eks", ("AKIDOTHERACCOUNT0001", "other-secret")).describe_cluster,
                   name="demo") == ("ResourceNotFoundException", 404)
    aws.control("POST", "cluster", {"status": "UPDATING"})
    assert eks.describe_cluster(name="demo")["cluster"]["status"] == "UPDATING"


def test_an_association_is_made_read_and_deleted(eks, role):
    made = associate(eks, role, tags={"team": "a"})
    assert made["associationArn"] == ("arn:aws:eks:eu-central-1:111122223333:"
                                      f"podidentityassociation/demo/{made['associationId']}")
    assert made["associationId"].startswith("a-") and len(made["associationId"]) == 19
    assert describe(eks, made) == made and made["tags"] == {"team": "a"}
    assert made["createdAt"].microsecond % 1000 == 0
    listed, = eks.list_pod_identity_associations(clusterName="demo")["associations"]
    assert set(listed) == {"clusterName", "namespace", "serviceAccount", "associationArn",
                           "associationId"}
    deleted = eks.delete_pod_identity_association(
        clusterName="demo", associationId=made["associationId"])["association"]
    assert deleted == made
    assert refused(describe, eks=eks, association=made) == ("ResourceNotFoundException", 404)


def test_a_service_account_has_one_association(eks, role):
    made = associate(eks, role)
    assert says(associate, f"Association already exists: {made['associationId']}", eks=eks,
                role=role) == ("ResourceInUseException", 409)


def test_the_same_token_makes_the_same_association(aws, eks, role):
    made = associate(eks, role, clientRequestToken="token-1")
    assert associate(eks, role, clientRequestToken="token-1") == made
    assert aws.requests()[-1]["changed"] is False
    assert refused(associate, eks=eks, role=role, service_account="other",
                   clientRequestToken="token-1") == ("InvalidParameterException", 400)
    eks.delete_pod_identity_association(clusterName="demo", associationId=made["associationId"])
    assert associate(eks, role, clientRequestToken="token-1") != made


@pytest.mark.parametrize("arn", ["arn:aws:iam::111122223333:role/nobody",
                                 "arn:aws:iam::111122223333:role/cart"])
def test_the_role_must_exist_with_its_path(eks, role, arn):
    assert says(associate, NO_ROLE, eks=eks, role={"Arn": arn}) == \
        ("InvalidParameterException", 400)


@pytest.mark.parametrize("arn", ["arn:aws:iam::444455556666:role/cart", "", "cart"])
def test_the_role_must_be_of_the_account(eks, role, arn):
    says(associate, "Cross-account pass role is not allowed", eks=eks, role={"Arn": arn})


def test_the_trust_must_admit_pods(eks, iam, role):
    other = make_role(iam, "other", EC2_TRUST)
    assert says(associate, BAD_TRUST, eks=eks, role=other) == ("InvalidParameterException", 400)
    made = associate(eks, role)
    says(update, BAD_TRUST, eks=eks, association=made, roleArn=other["Arn"])
    assert describe(eks, made)["roleArn"] == role["Arn"]


def test_tag_session_is_not_asked_for_without_session_tags(eks, iam):
    role = make_role(iam, trust=json.dumps({"Statement": [{
        "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}))
    says(associate, BAD_TRUST, eks=eks, role=role)
    associate(eks, role, disableSessionTags=True)


def test_a_young_role_is_unseen_for_some_attempts(aws, eks, iam):
    aws.consistency(role_attempts=2)
    role = make_role(iam)
    says(associate, NO_ROLE, eks=eks, role=role)
    says(associate, NO_ROLE, eks=eks, role=role)
    associate(eks, role)


def test_an_edited_trust_is_unseen_for_some_attempts(aws, eks, iam):
    aws.consistency(trust_attempts=1)
    role = make_role(iam, trust=EC2_TRUST)
    iam.update_assume_role_policy(RoleName="cart", PolicyDocument=POD_TRUST)
    says(associate, BAD_TRUST, eks=eks, role=role)
    associate(eks, role)


def test_a_young_role_is_unseen_for_some_time(aws, eks, iam):
    aws.consistency(role_seconds=3600)
    role = make_role(iam)
    says(associate, NO_ROLE, eks=eks, role=role)
    aws.consistency()
    associate(eks, role)


def test_a_delete_can_be_late(aws, eks, role):
    aws.consistency(delete_seconds=3600)
    made = associate(eks, role)
    eks.delete_pod_identity_association(clusterName="demo", associationId=made["associationId"])
    says(associate, f"already exists: {made['associationId']}", eks=eks, role=role)
    aws.consistency()
    associate(eks, role)


def test_an_update_changes_what_it_names_and_clears_with_an_empty_text(eks, role):
    target = "arn:aws:iam::444455556666:role/target"
    made = associate(eks, role, targetRoleArn=target)
    assert made["externalId"] == "eu-central-1/111122223333/demo/shop/cart"
    changed = update(eks, made, disableSessionTags=True, policy=READ_BUCKET)
    assert (changed["targetRoleArn"], changed["policy"]) == (target, READ_BUCKET)
    assert changed["modifiedAt"] >= changed["createdAt"] == made["createdAt"]
    cleared = update(eks, made, targetRoleArn="", policy="")
    assert not {"targetRoleArn", "externalId", "policy"} & set(cleared)
    assert cleared["disableSessionTags"] is True
    assert refused(update, eks=eks, association=made) == ("InvalidParameterException", 400)


@pytest.mark.parametrize("parameters, words", [
    ({"policy": READ_BUCKET}, "requires disableSessionTags"),
    ({"policy": READ_BUCKET + " " * 2048, "disableSessionTags": True}, "over 2048"),
    ({"policy": "{", "disableSessionTags": True}, "session policy is invalid"),
    ({"targetRoleArn": "target"}, "Target role ARN"),
    ({"tags": {"aws:x": "y"}}, "reserved"), ({"tags": {"a~": "y"}}, "not allowed"),
    ({"namespace": "Shop"}, "not a Kubernetes name"),
])
def test_parameters_must_fit_together(eks, role, parameters, words):
    assert says(associate, words, eks=eks, role=role, **parameters) == \
        ("InvalidParameterException", 400)


def test_pages_hold_everything_once_with_tokens_that_need_escaping(eks, role):
    for number in range(23):
        associate(eks, role, service_account=f"sa-{number}")
    tokens, seen, more = [], [], {}
    while True:
        answer = eks.list_pod_identity_associations(clusterName="demo", maxResults=10, **more)
        seen += [one["serviceAccount"] for one in answer["associations"]]
        if "nextToken" not in answer:
            break
        tokens.append(answer["nextToken"])
        more = {"nextToken": answer["nextToken"]}
    assert len(tokens) == 2 and all(set("+/=") <= set(token) for token in tokens)
    assert len(seen) == 23 == len(set(seen))
    assert refused(eks.list_pod_identity_associations, clusterName="demo", nextToken="forged") == \
        ("InvalidParameterException", 400)


def test_a_list_is_narrowed_by_namespace_and_service_account(eks, role):
    for namespace, name in (("a", "x"), ("a", "y"), ("b", "x")):
        associate(eks, role, namespace, name)
    def count(**narrow):
        return len(eks.list_pod_identity_associations(clusterName="demo", **narrow)["associations"])
    assert (count(), count(namespace="a"), count(serviceAccount="x")) == (3, 2, 2)
    assert count(namespace="b", serviceAccount="y") == 0


def test_tags_go_through_the_arn_in_the_path(aws, eks, role):
    made = associate(eks, role, tags={"a": "1"})
    arn = made["associationArn"]
    eks.tag_resource(resourceArn=arn, tags={"b c": "2+/=", "a": "3"})
    assert describe(eks, made)["tags"] == {"a": "3", "b c": "2+/="}
    eks.untag_resource(resourceArn=arn, tagKeys=["b c", "absent"])
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "3"}
    assert refused(eks.tag_resource, resourceArn=arn + "x", tags={"a": "1"}) == \
        ("NotFoundException", 404)
    assert refused(eks.tag_resource, resourceArn=arn,
                   tags={f"k{n}": "" for n in range(50)}) == ("BadRequestException", 400)
    assert not any(entry["signature_error"] for entry in aws.requests()[-5:])


def test_the_quota_is_kept(aws, eks, role):
    aws.control("POST", "quotas", {"associations": 1})
    associate(eks, role)
    assert refused(associate, eks=eks, role=role, service_account="other") == \
        ("ResourceLimitExceededException", 400)


def test_an_add_on_can_own_an_association(aws, eks, role):
    made = associate(eks, role)
    owner = "arn:aws:eks:eu-central-1:111122223333:addon/demo/x/1"
    aws.control("POST", "association", {"associationId": made["associationId"],
                                        "ownerArn": owner})
    listed, = eks.list_pod_identity_associations(clusterName="demo")["associations"]
    assert listed["ownerArn"] == owner


def test_denials_use_the_services_words(aws, iam, role):
    aws.deny("iam:CreateRole", "arn:aws:iam::111122223333:role/x*")
    aws.deny("iam:PassRole")
    controller = aws.controller_client("iam")
    assert says(make_role, "is not authorized to perform: iam:CreateRole on resource: "
                "arn:aws:iam::111122223333:role/x1", iam=controller, name="x1") == \
        ("AccessDenied", 403)
    make_role(controller, "y1")
    assert says(associate, "perform: iam:PassRole on resource", eks=aws.controller_client("eks"),
                role=role) == ("AccessDeniedException", 403)
    associate(aws.client("eks"), role)
    aws.allow()
    make_role(controller, "x1")
