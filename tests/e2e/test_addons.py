"""EKS add-ons: the agent that serves credentials, and what add-ons use is respected."""

import contextlib

import pytest

from tests.e2e.documents import READ_S3, trust
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until

AGENT = "eks-pod-identity-agent"


@pytest.fixture(scope="module")
def watchful(session_controller):
    """The controller with short intervals: add-ons are looked at once per describe interval."""
    with session_controller.with_settings(drift_interval="1s", describe_interval="2s"):
        yield session_controller


@contextlib.contextmanager
def without_agent(aws):
    aws.eks.delete_addon(clusterName=aws.cluster, addonName=AGENT)
    try:
        yield
    finally:
        with contextlib.suppress(aws.eks.exceptions.ResourceInUseException):
            aws.eks.create_addon(clusterName=aws.cluster, addonName=AGENT)


def warnings(place):
    return place.get("cart")["status"].get("warnings") or []


def test_a_missing_agent_is_a_warning_until_it_is_there(place, aws, watchful):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    assert warnings(place) == []
    with without_agent(aws):
        told = wait_until(lambda: warnings(place), what="a warning")
        assert told[0].startswith("AgentMissing: ")
        assert (f"aws eks create-addon --cluster-name {aws.cluster} --addon-name {AGENT}"
                in told[0])
        assert watchful.metrics()["podidentity_agent_missing"] == 1
        assert condition(place.get("cart"), "Ready")["status"] == "True"
    wait_until(lambda: warnings(place) == [], what="no warning")
    assert watchful.metrics()["podidentity_agent_missing"] == 0


def test_an_agent_that_fails_is_told_with_what_eks_says(place, aws, watchful):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    aws.control("POST", "addon", {"addonName": AGENT, "status": "DEGRADED", "health": {
        "issues": [{"code": "InsufficientNumberOfReplicas", "message": "no node takes it"}]}})
    told = wait_until(lambda: warnings(place), what="a warning")
    assert "no node takes it" in told[0]
    aws.control("POST", "addon", {"addonName": AGENT, "status": "ACTIVE",
                                  "health": {"issues": []}})
    wait_until(lambda: warnings(place) == [], what="no warning")


@pytest.mark.parametrize("used", ["its ServiceAccount", "its role"])
def test_what_an_addon_uses_by_irsa_is_refused_with_the_command(place, aws, watchful, used):
    role = f"addon-{place.name}"
    document = trust()
    document["Statement"].append({
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::{aws.account}:oidc-provider/oidc.example"},
        "Condition": {"StringEquals": {
            "oidc.example:sub": f"system:serviceaccount:{place.name}:driver"}}})
    arn = aws.make_role(role, document)
    aws.eks.create_addon(clusterName=aws.cluster, addonName="aws-ebs-csi-driver",
                         serviceAccountRoleArn=arn)
    since = aws.last()
    aws.wait_request(since, operation="GetRole", role=role)
    place.grant()
    name = "driver" if "Account" in used else "cart"
    place.bind(name, **({"permissionPolicy": READ_S3} if name == "driver" else {"roleARN": arn}))
    refused = place.wait_condition("Ready", "False", "AddonManaged", name=name)
    assert (f"aws eks update-addon --cluster-name {aws.cluster} --addon-name aws-ebs-csi-driver "
            f"--pod-identity-associations serviceAccount={name},roleArn="
            in condition(refused, "Associated")["message"])
    assert aws.operations(since, namespace=place.name, writes=True) == []
    place.delete(name)
    aws.eks.delete_addon(clusterName=aws.cluster, addonName="aws-ebs-csi-driver")
    aws.iam.delete_role(RoleName=role)
