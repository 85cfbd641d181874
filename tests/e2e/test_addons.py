"""EKS add-ons: the agent that serves credentials, and what add-ons use is respected."""

import contextlib

import pytest

from tests.e2e.documents import READ_S3, trust
from tests.e2e.rig.objects import condition
from tests.e2e.rig.place import ROLE_ARN, Place
from tests.e2e.rig.waiting import wait_until

AGENT = "eks-pod-identity-agent"
OTHER_ACCOUNT = "444455556666"
CLUSTER_TAG = "podidentity.io/cluster"


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


@contextlib.contextmanager
def auto_mode(aws):
    aws.control("POST", "cluster", {"computeConfig": {"enabled": True}})
    try:
        yield
    finally:
        aws.control("POST", "cluster", {"computeConfig": {"enabled": False}})


def warnings(place, name="cart"):
    return place.get(name)["status"].get("warnings") or []


def wait_surveys(aws, since, count=3):
    """Waits until so many looks at the add-ons began after a point: all but the last are over."""
    wait_until(lambda: len(aws.operations(since, operation="ListAddons")) >= count, 30,
               f"{count} looks at the add-ons")


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


@pytest.fixture
def neighbour(cluster, aws, watchful):
    """A second namespace."""
    opened = Place(cluster, aws)
    opened.open()
    yield opened
    opened.close()


def test_a_missing_agent_is_told_wherever_a_binding_is_told(place, neighbour, aws, watchful):
    """But not where pods need none: web identity comes without an agent."""
    arn = aws.make_role(f"reader-{place.name}")
    place.grant(allowServiceAccountAnnotation=True)
    neighbour.grant()
    place.bind("managed", permissionPolicy=READ_S3)
    place.bind("existing", roleARN=arn)
    place.service_account("annotated", {ROLE_ARN: arn})
    place.apply(place.binding("absent", roleARN=arn))  # its ServiceAccount does not exist
    neighbour.bind("managed", permissionPolicy=READ_S3)
    place.bind("web", mechanism="IRSA", roleARN=f"arn:aws:iam::{OTHER_ACCOUNT}:role/there")
    told = [(place, name) for name in ("managed", "existing", "annotated", "absent")]
    told.append((neighbour, "managed"))
    for where, name in told:
        where.wait_ready(name)
    since = aws.last()
    with without_agent(aws):
        for where, name in told:
            wait_until(lambda: any(one.startswith("AgentMissing: ")
                                   for one in warnings(where, name)), what=f"it told {name}")
        assert not [one for one in warnings(place, "web") if "Agent" in one]
    for where, name in told:
        wait_until(lambda: not any("AgentMissing" in one for one in warnings(where, name)),
                   what=f"it told {name} no more")
    assert aws.operations(since, writes=True) == []


# With --manage-agent-addon.

@pytest.fixture
def managing(place, watchful):
    """A Ready binding; managing() restarts the controller with the right to make the agent."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    return lambda: watchful.with_settings(manage_agent_addon=True)


def test_a_missing_agent_is_made_once_where_that_is_allowed(place, aws, watchful, managing):
    with without_agent(aws):
        wait_until(lambda: warnings(place), what="a warning")
        since = aws.last()
        with managing():
            aws.wait_request(since, operation="CreateAddon")
            wait_until(lambda: warnings(place) == [], what="no warning")
            made = aws.eks.describe_addon(clusterName=aws.cluster, addonName=AGENT)["addon"]
            assert made["tags"] == {"podidentity.io/managed": "true", CLUSTER_TAG: aws.cluster_arn}
            wait_surveys(aws, aws.last())
            assert aws.operations(since, writes=True) == ["CreateAddon"]
            assert watchful.metrics()["podidentity_agent_missing"] == 0


@pytest.mark.parametrize("served_by", ["Auto Mode", "the agent that is there"])
def test_where_something_serves_pods_no_agent_is_made(place, aws, watchful, managing, served_by):
    with contextlib.ExitStack() as stack:
        if served_by == "Auto Mode":
            stack.enter_context(auto_mode(aws))
            stack.enter_context(without_agent(aws))
        since = aws.last()
        with managing():
            wait_surveys(aws, since)
            place.wait_ready("cart")
            assert warnings(place) == []
            assert watchful.metrics()["podidentity_agent_missing"] == 0
        assert aws.operations(since, writes=True) == []


def test_an_agent_that_may_not_be_made_is_told_with_the_mend(place, aws, watchful, managing):
    with without_agent(aws), aws.denied("eks:CreateAddon"), managing():
        told = wait_until(lambda: [one for one in warnings(place) if "AccessDenied" in one], 30,
                          "a warning with the cause")
        assert told[0].startswith("AgentMissing: ")
        assert "podidentity aws-setup --print --manage-agent-addon" in told[0]
        assert f"aws eks create-addon --cluster-name {aws.cluster}" in told[0]
        assert condition(place.get("cart"), "Ready")["status"] == "True"
        since = aws.last()
        aws.allow()
        aws.wait_request(since, operation="CreateAddon", good=True)
        wait_until(lambda: warnings(place) == [], what="no warning")


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
