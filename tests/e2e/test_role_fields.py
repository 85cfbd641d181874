"""Trust scope, trust conditions and permissions boundary of a role that is made, and the
ServiceAccount that a binding may ask for."""

from tests.e2e.documents import READ_S3
from tests.e2e.rig.objects import is_condition
from tests.e2e.rig.waiting import wait_until

CREATED_FOR = "podidentity.io/created-for"


def role_of(aws, found):
    return aws.role(found["status"]["roleARN"].rsplit("/", 1)[1])


def conditions_of(aws, found):
    [statement] = role_of(aws, found)["AssumeRolePolicyDocument"]["Statement"]
    return statement["Condition"]


def change(place, aws, spec):
    """Patches the spec, waits until it was acted on, and gives the writes that AWS saw."""
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": spec}, place.name)
    found = place.objects.wait("PodIdentityBinding", "cart", place.name,
                               until=is_condition("Ready", "True"), timeout=90)
    return found, aws.operations(since, writes=True)


def managed(**more):
    return {"managedRoles": {"inlinePolicies": "Allow", **more}}


def test_a_trust_scope_widens_and_narrows_as_granted(place, aws, controller):
    place.grant(**managed(trustScopes=["Cluster"]))
    place.bind("cart", permissionPolicy=READ_S3)
    found = place.wait_ready("cart")
    account = {"aws:SourceAccount": aws.account}
    assert "aws:RequestTag/kubernetes-service-account" in conditions_of(aws, found)["StringEquals"]

    found, writes = change(place, aws, {"trustScope": "Cluster"})
    assert writes == ["UpdateAssumeRolePolicy"]
    narrow = conditions_of(aws, found)
    assert narrow["StringEquals"] == account and list(narrow["ArnEquals"]) == ["aws:SourceArn"]

    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"trustScope": "Account"}},
                        place.name)
    message = place.wait_refused("Allowed", "NotGranted", "cart")
    assert "managedRoles.trustScopes for Account" in message
    assert aws.operations(since, writes=True) == []

    place.grant(**managed(trustScopes=["Account"]))
    found = place.wait_ready("cart")
    assert conditions_of(aws, found) == {"StringEquals": account}
    place.wait_ready("cart")


def test_trust_conditions_of_the_settings_stand_in_every_trust(place, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    before = place.wait_ready("cart")
    with controller.with_settings(trust_conditions="aws:SourceOrgId=o-abcdefghij,aws:SourceVpc=v*"):
        wait_until(lambda: "StringLike" in conditions_of(aws, before), 60, "the trust of old roles")
        conditions = conditions_of(aws, before)
        assert conditions["StringEquals"]["aws:SourceOrgId"] == "o-abcdefghij"
        assert conditions["StringLike"] == {"aws:SourceVpc": "v*"}
        place.bind("till", permissionPolicy=READ_S3)
        assert conditions_of(aws, place.wait_ready("till")) ["StringLike"] == {
            "aws:SourceVpc": "v*"}
    wait_until(lambda: "StringLike" not in conditions_of(aws, before), 60, "the trust as it was")


def test_another_boundary_needs_a_grant_and_is_never_replaced(place, aws, controller):
    standard = f"arn:aws:iam::{aws.account}:policy/podidentity/boundary"
    other = aws.iam.create_policy(
        PolicyName=f"edge-{place.name}", Path="/podidentity/",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*",'
                       '"Resource":"*"}]}')["Policy"]["Arn"]
    with controller.with_settings(permissions_boundary=standard, allow_unbounded_roles=None):
        place.grant(**managed())
        place.bind("cart", permissionPolicy=READ_S3, permissionsBoundaryARN=other)
        message = place.wait_refused("Allowed", "NotGranted", "cart")
        assert f"permissionsBoundaryARNs for {other}" in message
        place.grant(**managed(permissionsBoundaryARNs=[other]))
        found = place.wait_ready("cart")
        assert role_of(aws, found)["PermissionsBoundary"]["PermissionsBoundaryArn"] == other
        found, writes = change(place, aws, {"permissionsBoundaryARN": None})
        assert writes == ["PutRolePermissionsBoundary"]
        assert role_of(aws, found)["PermissionsBoundary"]["PermissionsBoundaryArn"] == standard
        found, writes = change(place, aws, {"permissionsBoundaryARN": other})
        assert writes == ["PutRolePermissionsBoundary"]
        since = aws.last()
        place.delete("cart")
        assert "PutRolePermissionsBoundary" not in aws.operations(since)


def test_a_boundary_that_does_not_exist_is_told(place, aws, controller):
    missing = f"arn:aws:iam::{aws.account}:policy/podidentity/missing"
    place.grant(**managed(permissionsBoundaryARNs=[missing]))
    place.bind("cart", permissionPolicy=READ_S3, permissionsBoundaryARN=missing)
    message = place.wait_refused("RoleReady", "PolicyNotFound", "cart")
    assert missing in message and "spec.permissionsBoundaryARN" in message


def bind_alone(place, name, **spec):
    return place.apply(place.binding(name, permissionPolicy=READ_S3, **spec))


def test_a_service_account_is_made_and_goes_with_its_binding(place, aws, controller):
    place.grant()
    bound = bind_alone(place, "cart", createServiceAccount=True)
    place.wait_ready("cart")
    account = place.objects.wait("ServiceAccount", "cart", place.name)
    assert account["metadata"]["annotations"] == {CREATED_FOR: bound["metadata"]["uid"]}
    assert {entry["manager"] for entry in account["metadata"]["managedFields"]} == {"podidentity"}
    assert "warnings" not in place.get("cart")["status"]
    place.delete("cart")
    place.objects.wait_gone("ServiceAccount", "cart", place.name)


def test_a_service_account_that_others_have_stays(place, aws, controller):
    place.grant()
    place.bind("ours", permissionPolicy=READ_S3, createServiceAccount=True)  # was there before
    bind_alone(place, "shared", createServiceAccount=True)
    for name in ("ours", "shared"):
        place.wait_ready(name)
    place.objects.patch("ServiceAccount", "shared", {"metadata": {"labels": {"of": "helm"}}},
                        place.name)
    for name in ("ours", "shared"):
        place.delete(name)
        assert place.objects.get("ServiceAccount", name, place.name) is not None
    [event] = place.wait_events("ServiceAccountKept", "shared")
    assert "somebody else has written to it" in event["note"]


def test_a_service_account_of_ours_that_a_pod_uses_stays(place, aws, controller):
    """Pods of a ServiceAccount that is gone cannot renew their tokens."""
    place.grant()
    arn = aws.make_role(f"reader-{place.name}")
    place.apply(place.binding("cart", roleARN=arn, createServiceAccount=True))
    place.wait_ready("cart")
    place.objects.wait("ServiceAccount", "cart", place.name)
    place.pod("worker", "cart")
    place.objects.wait("PodIdentityBinding", "cart", place.name, until=lambda found: (
        found["status"].get("pods", {}).get("total") == 1), timeout=60)
    place.delete("cart")
    assert place.objects.get("ServiceAccount", "cart", place.name) is not None
    [event] = place.wait_events("ServiceAccountKept", "cart")
    assert "pods use it" in event["note"]
