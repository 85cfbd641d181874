"""An item of eksctl's iam.podIdentityAssociations, less its namespace, is a binding's spec: the API
server takes it unchanged, and with a grant it becomes Ready. The samples of tests/data/eksctl have
eksctl's form, one for each of its fields and rules."""

import json

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests.e2e.documents import allow, trust
from tests.e2e.rig.environment import ROOT
from tests.e2e.rig.objects import GROUP

SAMPLES = ROOT / "tests" / "data" / "eksctl"
WELL_KNOWN = ["imageBuilder", "autoScaler", "awsLoadBalancerController", "externalDNS",
              "certManager", "ebsCSIController", "efsCSIController"]
DEFAULTS = {"mechanism": "PodIdentity", "mode": "Enforce", "adoptionPolicy": "Refuse",
            "deletionPolicy": "Delete"}
THERE = "arn:aws:iam::210987654321:role/orders-reader"
BOUNDARY = "arn:aws:iam::111122223333:policy/team-boundary"
FIELDS = {"serviceAccountName", "roleARN", "roleName", "permissionPolicy", "permissionPolicyName",
          "permissionPolicyARNs", "wellKnownPolicies", "permissionsBoundaryARN",
          "createServiceAccount", "tags", "targetRoleARN", "disableSessionTags", "policy"}


def item_of(path):
    """The only item of a sample, less its namespace."""
    [item] = yaml.safe_load(path.read_text())["iam"]["podIdentityAssociations"]
    assert item.pop("namespace") == "shop"
    return item


def samples(folder=SAMPLES):
    return sorted(folder.glob("*.yaml"))


def pasted(place, item):
    return {"apiVersion": GROUP, "kind": "PodIdentityBinding", "spec": item,
            "metadata": {"name": item.get("serviceAccountName", "none"), "namespace": place.name}}


@pytest.fixture(scope="module")
def existing(aws):
    """What samples name and nobody of ours makes: a role with a path, and a boundary."""
    [arn] = {item_of(path).get("roleARN") for path in samples()} - {None}
    path, name = arn.partition(":role")[2].rsplit("/", 1)
    aws.iam.create_role(Path=path + "/", RoleName=name,
                        AssumeRolePolicyDocument=json.dumps(trust()))
    aws.iam.create_policy(PolicyName=BOUNDARY.rpartition("/")[2],
                          PolicyDocument=json.dumps(allow("s3:*", "sqs:*")))


@pytest.fixture
def fitting(place):
    """A grant that allows what samples ask for, and no more."""
    return place.grant(
        existingRoles={"arns": ["arn:aws:iam::111122223333:role/teams/shop/*"]},
        targetRoleARNs=[THERE],
        managedRoles={
            "permissionPolicyARNs": ["arn:aws:iam::aws:policy/*"], "inlinePolicies": "Allow",
            "roleNames": ["eksctl-*"], "permissionsBoundaryARNs": [BOUNDARY],
            "wellKnownPolicies": [{"name": name, "unscoped": True} for name in WELL_KNOWN]})


def test_the_samples_have_every_field_of_eksctl_and_no_other():
    seen = [set(item_of(path)) for path in samples()]
    assert set().union(*seen) == FIELDS
    together = FIELDS - {"roleARN"}
    assert together in seen, "none has all that may stand together"
    assert set().union(*(item_of(path).get("wellKnownPolicies", {}) for path in samples())) == set(
        WELL_KNOWN)


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_an_item_less_its_namespace_is_taken_unchanged(place, path):
    """Without a grant: the API server alone decides here."""
    item = item_of(path)
    taken = place.objects.create(pasted(place, item))["spec"]
    assert taken == {**DEFAULTS, **item}


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_an_item_reaches_ready_with_a_fitting_grant(
        place, aws, existing, fitting, controller, path):
    """X3: one sample names a role with a path."""
    item = item_of(path)
    name = item["serviceAccountName"]
    place.apply(pasted(place, item))
    status = place.wait_ready(name)["status"]
    association = aws.association(place.name, name)
    assert association["roleArn"] == status["roleARN"] == item.get("roleARN", status["roleARN"])
    assert association.get("targetRoleArn") == item.get("targetRoleARN")
    assert association["disableSessionTags"] == item.get("disableSessionTags", False)
    if "policy" in item:
        assert json.loads(association["policy"]) == json.loads(item["policy"])
    for key, value in item.get("tags", {}).items():
        assert association["tags"][key] == value
    if "roleARN" in item:
        if "roleName" in item:
            assert "spec.roleName is ignored beside spec.roleARN" in status["warnings"]
        return
    role = aws.role(status["roleARN"].rpartition("/")[2])
    assert role["RoleName"] == item.get("roleName", role["RoleName"])
    if "permissionPolicy" in item:
        assert aws.inline_policies(role["RoleName"])[
            item.get("permissionPolicyName", "Policy1")] == item["permissionPolicy"]
    assert set(item.get("permissionPolicyARNs", [])) <= set(
        aws.attached_policies(role["RoleName"]))
    if "permissionsBoundaryARN" in item:
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == item[
            "permissionsBoundaryARN"]
    if item.get("createServiceAccount"):
        assert place.objects.get("ServiceAccount", name, place.name)


REFUSED = {
    "no-service-account": "serviceAccountName",
    "nothing-to-bind": "say what the pods may do",
    "role-arn-with-permission-policy": "remove permissionPolicy, or remove roleARN",
    "role-arn-with-permission-policy-arns": "remove permissionPolicyARNs, or remove roleARN",
    "role-arn-with-well-known-policies": "remove wellKnownPolicies, or remove roleARN",
    "policy-name-alone": "permissionPolicyName names the policy of permissionPolicy",
    "policy-name-without-letters": "permissionPolicyName",
    "policy-with-session-tags": "disableSessionTags: true",
}


@pytest.mark.parametrize("path", samples(SAMPLES / "refused"), ids=lambda path: path.stem)
def test_what_eksctl_refuses_is_refused_with_a_sentence(place, path):
    with pytest.raises(ApiException) as refusal:
        place.objects.create(pasted(place, item_of(path)))
    assert refusal.value.status == 422
    assert REFUSED[path.stem] in json.loads(refusal.value.body)["message"]


def test_every_rule_of_eksctl_has_its_sample():
    assert {path.stem for path in samples(SAMPLES / "refused")} == set(REFUSED)
