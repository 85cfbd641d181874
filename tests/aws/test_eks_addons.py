"""Add-ons as boto3 sees them, and as EKS's model describes them."""

import pytest

from tests.aws.models import load_models
from tests.aws.samples import associate, make_role, refused

AGENT = "eks-pod-identity-agent"
CSI = "aws-ebs-csi-driver"


def create(eks, name=AGENT, **more):
    return eks.create_addon(clusterName="demo", addonName=name, **more)["addon"]


def describe(eks, name=AGENT):
    return eks.describe_addon(clusterName="demo", addonName=name)["addon"]


def names(eks, **more):
    return eks.list_addons(clusterName="demo", **more)["addons"]


def test_an_add_on_is_made_read_and_deleted(aws, eks):
    assert names(eks) == []
    assert refused(describe, eks=eks) == ("ResourceNotFoundException", 404)
    made = create(eks, tags={"team": "a"})
    assert aws.requests()[-1]["changed"] is True
    assert made["addonArn"].startswith(f"arn:aws:eks:eu-central-1:111122223333:addon/demo/{AGENT}/")
    assert (made["status"], made["health"]["issues"]) == ("ACTIVE", [])
    assert describe(eks) == made and names(eks) == [AGENT]
    assert eks.delete_addon(clusterName="demo", addonName=AGENT)["addon"]["status"] == "DELETING"
    assert names(eks) == []


def test_an_answer_is_what_the_model_promises(aws, eks, iam):
    role = make_role(iam)
    create(eks, CSI, serviceAccountRoleArn=role["Arn"], tags={"a": "b"},
           podIdentityAssociations=[{"serviceAccount": "ebs", "roleArn": role["Arn"]}])
    addon, = aws.control("GET", "state")["addons"]
    assert load_models()["eks"].validator.check("Addon", addon) == []
    assert load_models()["eks"].validator.check("Addon", {**addon, "status": "FINE"}) != []


def test_an_add_on_is_there_once_and_a_token_makes_it_once(aws, eks):
    made = create(eks, clientRequestToken="token-1")
    assert create(eks, clientRequestToken="token-1") == made
    assert aws.requests()[-1]["changed"] is False
    assert refused(create, eks=eks) == ("ResourceInUseException", 409)
    assert refused(create, eks=eks, name=CSI, clientRequestToken="token-1") == \
        ("InvalidParameterException", 400)


@pytest.mark.parametrize("parameters", [{"name": "nothing"}, {"addonVersion": "1"},
                                        {"tags": {"aws:x": "y"}}])
def test_what_there_is_not_is_refused(eks, parameters):
    assert refused(create, eks=eks, **parameters) == ("InvalidParameterException", 400)
    assert names(eks) == []


def test_an_add_on_owns_its_associations(eks, iam):
    role = make_role(iam)
    made = create(eks, CSI, podIdentityAssociations=[
        {"serviceAccount": "ebs", "roleArn": role["Arn"]}])
    arn, = made["podIdentityAssociations"]
    listed, = eks.list_pod_identity_associations(clusterName="demo")["associations"]
    assert (listed["associationArn"], listed["ownerArn"]) == (arn, made["addonArn"])
    assert (listed["namespace"], listed["serviceAccount"]) == ("kube-system", "ebs")
    eks.delete_pod_identity_association(clusterName="demo",
                                        associationId=listed["associationId"])
    assert "podIdentityAssociations" not in describe(eks, CSI)


@pytest.mark.parametrize("preserve, left", [(False, 0), (True, 1)])
def test_associations_go_with_their_add_on_unless_preserved(eks, iam, preserve, left):
    role = make_role(iam)
    create(eks, CSI, podIdentityAssociations=[{"serviceAccount": "ebs", "roleArn": role["Arn"]}])
    eks.delete_addon(clusterName="demo", addonName=CSI, preserve=preserve)
    found = eks.list_pod_identity_associations(clusterName="demo")["associations"]
    assert len(found) == left and not any("ownerArn" in one for one in found)


def test_an_add_on_takes_no_association_that_exists(eks, iam):
    role = make_role(iam)
    associate(eks, role, "kube-system", "ebs")
    assert refused(create, eks=eks, name=CSI, podIdentityAssociations=[
        {"serviceAccount": "other", "roleArn": role["Arn"]},
        {"serviceAccount": "ebs", "roleArn": role["Arn"]}]) == ("ResourceInUseException", 409)
    assert names(eks) == []
    assert len(eks.list_pod_identity_associations(clusterName="demo")["associations"]) == 1


def test_an_association_s_role_is_checked(eks):
    assert refused(create, eks=eks, name=CSI, podIdentityAssociations=[
        {"serviceAccount": "ebs", "roleArn": "arn:aws:iam::111122223333:role/nobody"}]) == \
        ("InvalidParameterException", 400)


def test_pages_hold_every_name_once(aws, eks):
    for name in (AGENT, CSI, "coredns"):
        create(eks, name)
    aws.control("POST", "pages", {"size": 2})
    first = eks.list_addons(clusterName="demo")
    second = eks.list_addons(clusterName="demo", nextToken=first["nextToken"])
    assert sorted(first["addons"] + second["addons"]) == sorted([AGENT, CSI, "coredns"])
    assert "nextToken" not in second
    assert refused(eks.list_addons, clusterName="demo", nextToken="forged") == \
        ("InvalidParameterException", 400)


def test_the_control_api_makes_an_add_on_ill(aws, eks):
    create(eks)
    aws.control("POST", "addon", {"addonName": AGENT, "status": "DEGRADED", "health": {
        "issues": [{"code": "InsufficientNumberOfReplicas", "message": "none"}]}})
    assert describe(eks)["status"] == "DEGRADED"
    assert describe(eks)["health"]["issues"][0]["message"] == "none"


def test_auto_mode_is_a_property_of_the_cluster(aws, eks):
    assert eks.describe_cluster(name="demo")["cluster"]["computeConfig"] == {"enabled": False}
    aws.control("POST", "cluster", {"computeConfig": {"enabled": True}})
    assert eks.describe_cluster(name="demo")["cluster"]["computeConfig"] == {"enabled": True}


def test_tags_of_an_add_on_change_through_its_arn(eks):
    arn = create(eks, tags={"a": "1"})["addonArn"]
    eks.tag_resource(resourceArn=arn, tags={"b": "2"})
    eks.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert describe(eks)["tags"] == {"b": "2"}


def test_another_account_and_another_cluster_see_none(aws, eks):
    create(eks)
    other = aws.client("eks", ("AKIDOTHERACCOUNT0001", "other-secret"))
    assert refused(names, eks=other) == ("ResourceNotFoundException", 404)
    assert refused(eks.list_addons, clusterName="other") == ("ResourceNotFoundException", 404)


def test_a_denial_names_the_add_on(aws, eks):
    create(eks)
    create(eks, CSI)
    controller = aws.controller_client("eks")
    aws.deny("eks:DescribeAddon", f"arn:aws:eks:eu-central-1:111122223333:addon/demo/{CSI}/*")
    assert refused(describe, eks=controller, name=CSI) == ("AccessDeniedException", 403)
    describe(controller)
