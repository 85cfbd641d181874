"""The grants of config/samples as people apply them: what they promise in their comments is so, and
nothing else is granted by them."""

import json

import pytest
import yaml

from tests.e2e.documents import READ_S3, allow
from tests.e2e.rig.environment import ROOT
from tests.e2e.rig.place import ROLE_ARN, Place

pytestmark = pytest.mark.own_cluster  # the samples name namespaces

SAMPLES = ROOT / "config" / "samples"
ACCOUNT = "123456789012"  # of the samples
TIER = "podidentity.io/tier"


def sample(aws, name):
    return (SAMPLES / name).read_text().replace(ACCOUNT, aws.account)


@pytest.fixture
def spaces(cluster, aws, controller):
    """spaces(name, **labels): a namespace of that name."""
    opened = []

    def make(name=None, labels=None):
        space = Place(cluster, aws, name)
        space.open()
        opened.append(space)
        if labels:
            space.objects.patch("Namespace", space.name, {"metadata": {"labels": labels}})
        return space

    yield make
    controller.ensure_running()
    for space in opened:
        space.close()
        if not space.stays:  # the next has its name
            space.objects.wait_gone("Namespace", space.name, timeout=60)


def refused(space, name, words, **spec):
    space.bind(name, **spec)
    message = space.wait_refused("Allowed", "NotGranted", name)
    assert words in message, message


def policy(aws, path, name):
    return aws.iam.create_policy(PolicyName=name, Path=path, PolicyDocument=json.dumps(
        allow("s3:*")))["Policy"]["Arn"]


def test_one_team_binds_what_its_grant_names_in_both_its_namespaces(
        place, spaces, aws, controller):
    checkout, staging = spaces("checkout"), spaces("checkout-staging")
    place.apply(sample(aws, "grant-one-team.yaml"))
    narrow = policy(aws, "/boundaries/", "checkout")
    queue = policy(aws, "/apps/", "checkout-queue")
    for space in (checkout, staging):
        space.bind("cart", permissionPolicy=READ_S3, permissionPolicyARNs=[queue],
                   roleName=f"checkout-cart-{space.name}", permissionsBoundaryARN=narrow,
                   trustScope="Cluster",
                   targetRoleARN="arn:aws:iam::210987654321:role/checkout-reports")
        found = space.wait_ready("cart")
        role = aws.role(found["status"]["roleARN"].rpartition("/")[2])
        assert role["RoleName"] == f"checkout-cart-{space.name}"
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == narrow
    for name, words, spec in (
            ("a", "managedRoles.permissionPolicyARNs",
             {"permissionPolicyARNs": ["arn:aws:iam::aws:policy/AdministratorAccess"]}),
            ("b", "managedRoles.roleNames", {"permissionPolicy": READ_S3, "roleName": "till"}),
            ("c", "managedRoles.trustScopes",
             {"permissionPolicy": READ_S3, "trustScope": "Account"}),
            ("d", "targetRoleARNs", {
                "permissionPolicy": READ_S3,
                "targetRoleARN": "arn:aws:iam::210987654321:role/payroll"}),
            ("e", "allowRetain", {"permissionPolicy": READ_S3, "deletionPolicy": "Retain"}),
            ("f", "existingRoles.arns", {"roleARN": f"arn:aws:iam::{aws.account}:role/x"})):
        refused(checkout, name, words, **spec)
    refused(place, "cart", "checkout", permissionPolicy=READ_S3)


def test_the_owner_of_a_role_has_his_say_before_the_team_may_use_it(place, spaces, aws, controller):
    """requireTrustConsent, and the annotation that the sample allows."""
    checkout = spaces("checkout")
    place.apply(sample(aws, "grant-one-team.yaml"))
    arn = aws.make_role(f"orders-{place.name}", Path="/apps/checkout/")
    checkout.service_account("orders", {ROLE_ARN: arn})
    refusal = checkout.wait_refused("RoleReady", "TrustInsufficient", "orders")
    assert "requireTrustConsent" in refusal
    required = json.loads(checkout.get("orders")["status"]["requiredTrust"])
    aws.iam.update_assume_role_policy(
        RoleName=f"orders-{place.name}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": required}))
    controller.restart()  # it looks again by itself, but later
    checkout.wait_ready("orders", timeout=90)


def test_many_teams_are_served_by_one_label_and_up_to_their_number(
        place, spaces, aws, session_controller, controller):
    arn = policy(aws, "/tenants/", f"read-{place.name}")
    with session_controller.with_settings(grant_label_keys=TIER):
        teams = [spaces(labels={TIER: "standard"}) for _ in range(2)]
        other = spaces(labels={TIER: "special"})
        place.apply(sample(aws, "grant-many-teams.yaml"))
        limit = yaml.safe_load(sample(aws, "grant-many-teams.yaml"))["spec"]["managedRoles"][
            "maxBindings"]
        names = [f"app-{number}" for number in range(limit)]
        for name in names:
            teams[0].bind(name, permissionPolicyARNs=[arn])
        teams[1].bind("app", permissionPolicyARNs=[arn])
        for name in names:
            teams[0].wait_ready(name)
        teams[1].wait_ready("app")
        refused(teams[0], "one-more", "maxBindings", permissionPolicyARNs=[arn])
        refused(teams[1], "inline", "managedRoles.inlinePolicies", permissionPolicy=READ_S3)
        refused(other, "app", f"lacks the label {TIER}=standard", permissionPolicyARNs=[arn])
        for space in (*teams, other):  # while its grant can be seen
            for found in space.objects.list("PodIdentityBinding", space.name):
                space.delete(found["metadata"]["name"])
