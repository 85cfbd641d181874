"""Mechanisms IRSA and Both: trust, provider and annotations as boto3 and kubectl see them, beside
people who manage the same ServiceAccount, and the way from one mechanism to another."""

import json

import pytest
import yaml

from tests.e2e.documents import READ_S3
from tests.e2e.rig.command import GOOD, podidentity
from tests.e2e.rig.objects import condition
from tests.e2e.rig.pods import COMPUTE, WEB_IDENTITY
from tests.e2e.rig.waiting import wait_until

ROLE_ARN = "eks.amazonaws.com/role-arn"
OTHER = "arn:aws:iam::999999999999:role/theirs"
AUDIENCE = "sts.amazonaws.com"


@pytest.fixture
def issuer(aws):
    cluster = aws.eks.describe_cluster(name=aws.cluster)["cluster"]
    return cluster["identity"]["oidc"]["issuer"].removeprefix("https://")


@pytest.fixture
def provider(aws, issuer):
    """The ARN of the cluster's OIDC provider, made by a person."""
    arn = aws.iam.create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=[AUDIENCE])["OpenIDConnectProviderArn"]
    yield arn
    aws.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.fixture
def without_provider(aws, issuer):
    """None is there, nor afterwards."""
    arn = f"arn:aws:iam::{aws.account}:oidc-provider/{issuer}"
    yield arn
    for one in aws.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        aws.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=one["Arn"])


def web_statement(place, issuer, provider):
    return {"Effect": "Allow", "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {
                f"{issuer}:aud": AUDIENCE,
                f"{issuer}:sub": f"system:serviceaccount:{place.name}:cart"}}}


def statements(aws, place, name="cart"):
    """Of the role's trust, without their names."""
    role = aws.role(place.get(name)["status"]["roleARN"].rpartition("/")[2])
    return [{key: value for key, value in one.items() if key != "Sid"}
            for one in role["AssumeRolePolicyDocument"]["Statement"]]


def services(aws, place):
    return ["Service" in one["Principal"] for one in statements(aws, place)]


def listed(aws, place):
    """By List alone: one that goes is not there any more to be described."""
    return aws.eks.list_pod_identity_associations(
        clusterName=aws.cluster, namespace=place.name)["associations"]


def account(place, name="cart"):
    return place.objects.get("ServiceAccount", name, place.name)


def annotations(place):
    return {key: value
            for key, value in account(place)["metadata"].get("annotations", {}).items()
            if key.startswith("eks.amazonaws.com/")}


def wait_annotated(place, wanted):
    wait_until(lambda: annotations(place) == wanted, 30, f"annotations {wanted}")


def manifest(place, value=None, **more):
    """What a person applies for the ServiceAccount."""
    marks = {**({ROLE_ARN: value} if value else {}), **more}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": "cart", "namespace": place.name, "annotations": {"example.com/by": "us", **marks}}})


def bind(place, mechanism="IRSA", **spec):
    """Ready, for a ServiceAccount that was there before; gives the role's ARN."""
    place.grant()
    place.service_account("cart")
    place.apply(place.binding("cart", mechanism=mechanism, permissionPolicy=READ_S3, **spec))
    return place.wait_ready("cart")["status"]["roleARN"]


def switch(place, mechanism):
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"mechanism": mechanism}},
                        place.name)


# What is made ---------------------------------------------------------------------------------


def test_a_role_for_web_identity_admits_exactly_this_service_account(
        place, aws, controller, provider, issuer):
    since = aws.last()
    arn = bind(place)
    assert statements(aws, place) == [web_statement(place, issuer, provider)]
    assert annotations(place) == {ROLE_ARN: arn}
    assert aws.association(place.name, "cart") is None
    found = place.get("cart")
    assert condition(found, "Associated") == {}
    assert "associationID" not in found["status"]
    assert aws.operations(since, writes=True) == ["CreateRole", "PutRolePolicy"]


def test_both_is_one_role_with_both_trusts(place, aws, controller, provider, issuer):
    arn = bind(place, "Both", irsa={"tokenExpiration": 3600, "stsRegionalEndpoints": True})
    assert web_statement(place, issuer, provider) in statements(aws, place)
    assert services(aws, place) == [True, False]
    assert aws.association(place.name, "cart")["roleArn"] == arn
    assert annotations(place) == {ROLE_ARN: arn, "eks.amazonaws.com/token-expiration": "3600",
                                  "eks.amazonaws.com/sts-regional-endpoints": "true"}


def test_an_existing_role_is_asked_for_both_statements_and_goes_on_when_it_has_them(
        place, aws, controller, provider, issuer):
    name = f"theirs-{place.name}"
    empty = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
         "Action": "sts:AssumeRole"}]}
    arn = aws.make_role(name, empty)
    place.grant()
    place.service_account("cart")
    place.apply(place.binding("cart", mechanism="Both", roleARN=arn))
    place.wait_refused("RoleReady", "TrustInsufficient", "cart")
    required = json.loads(place.get("cart")["status"]["requiredTrust"])
    assert [list(one["Principal"]) for one in required] == [["Service"], ["Federated"]]
    assert annotations(place) == {}
    empty["Statement"] += required
    aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(empty))
    controller.restart()
    place.wait_ready("cart")
    assert annotations(place) == {ROLE_ARN: arn}
    place.delete("cart")
    aws.iam.delete_role(RoleName=name)


def test_a_role_of_another_account_is_annotated_and_cannot_be_judged(
        place, aws, controller, issuer):
    place.grant()
    place.service_account("cart")
    since = aws.last()
    place.apply(place.binding("cart", mechanism="IRSA", roleARN=OTHER))
    found = place.wait_condition("RoleReady", "Unknown", "TrustUnknown", "cart")
    wait_annotated(place, {ROLE_ARN: OTHER})
    required = json.loads(found["status"]["requiredTrust"])
    assert required["Principal"]["Federated"] == f"arn:aws:iam::999999999999:oidc-provider/{issuer}"
    assert aws.operations(since) == []


def test_with_pod_identity_such_a_role_is_refused_and_the_other_field_named(
        place, aws, controller):
    place.grant()
    place.bind("cart", roleARN=OTHER)
    assert "spec.targetRoleARN" in place.wait_refused("RoleReady", "RoleInOtherAccount", "cart")


@pytest.mark.own_cluster
@pytest.mark.parametrize("compute", COMPUTE)
def test_pods_without_an_agent_are_served_by_irsa_and_not_by_both(
        place, aws, controller, provider, compute):
    place.grant()
    place.service_account("cart")
    place.pod("batch", "cart", **COMPUTE[compute])
    place.apply(place.binding("cart", mechanism="Both", permissionPolicy=READ_S3))
    message = place.wait_refused("Associated", "ComputeWithoutAgent", name="cart")
    assert "mechanism: IRSA" in message
    assert listed(aws, place) == []
    switch(place, "IRSA")
    arn = place.wait_ready("cart")["status"]["roleARN"]
    assert annotations(place) == {ROLE_ARN: arn}
    assert listed(aws, place) == []
    assert condition(place.get("cart"), "Associated") == {}


# The provider ---------------------------------------------------------------------------------


def test_a_missing_provider_is_told_with_the_command_that_makes_it(
        place, aws, controller, without_provider, issuer):
    controller.restart()
    place.grant()
    place.service_account("cart")
    place.apply(place.binding("cart", mechanism="IRSA", permissionPolicy=READ_S3))
    message = place.wait_refused("RoleReady", "OIDCProviderMissing", "cart")
    assert f"aws iam create-open-id-connect-provider --url https://{issuer}" in message
    assert "--manage-oidc-provider" in message
    assert aws.iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def test_the_provider_is_made_where_that_is_allowed_and_stays(
        place, aws, controller, without_provider):
    with controller.with_settings(manage_oidc_provider=True):
        bind(place)
        place.service_account("till")
        place.apply(place.binding("till", mechanism="IRSA", permissionPolicy=READ_S3,
                                  irsa={"audience": "tills"}))
        place.wait_ready("till")
        found = aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=without_provider)
        assert sorted(found["ClientIDList"]) == [AUDIENCE, "tills"]
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        assert tags["podidentity.io/origin"] == "created"
        place.delete("cart")
        place.delete("till")
        aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=without_provider)


def test_an_audience_is_not_added_to_a_provider_of_others(place, aws, controller, provider):
    with controller.with_settings(manage_oidc_provider=True):
        place.grant()
        place.service_account("cart")
        place.apply(place.binding("cart", mechanism="IRSA", permissionPolicy=READ_S3,
                                  irsa={"audience": "mine"}))
        message = place.wait_refused("RoleReady", "OIDCAudienceMissing", "cart")
        assert f"--open-id-connect-provider-arn {provider} --client-id mine" in message
        found = aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
        assert found["ClientIDList"] == [AUDIENCE]


# Beside others who manage the ServiceAccount --------------------------------------------------


def test_the_same_again_changes_nothing(place, aws, controller, provider):
    bind(place)
    version = account(place)["metadata"]["resourceVersion"]
    controller.restart()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {"maxSessionDuration": 7200}},
                        place.name)
    place.objects.wait("PodIdentityBinding", "cart", place.name, lambda found: (
        found["status"]["observedGeneration"] == found["metadata"]["generation"]))
    assert account(place)["metadata"]["resourceVersion"] == version


@pytest.mark.parametrize("how", [[], ["--server-side"]], ids=["client-side", "server-side"])
def test_a_manifest_without_ours_leaves_them(cluster, place, aws, controller, provider, how):
    arn = bind(place)
    cluster.kubectl("apply", *how, "-f", "-", text=manifest(place))
    assert annotations(place) == {ROLE_ARN: arn}
    place.wait_ready("cart")


def test_a_deleted_binding_takes_ours_and_nothing_else(cluster, place, aws, controller, provider):
    bind(place, irsa={"tokenExpiration": 600})
    cluster.kubectl("apply", "-f", "-", text=manifest(place))
    place.delete("cart")
    assert annotations(place) == {}
    assert account(place)["metadata"]["annotations"]["example.com/by"] == "us"


def test_a_server_side_manifest_with_another_value_is_its_owners_conflict(
        cluster, place, aws, controller, provider):
    arn = bind(place)
    cluster.kubectl("apply", "--server-side", "-f", "-", text=manifest(place, OTHER), check=False)
    assert annotations(place) == {ROLE_ARN: arn}


def test_a_client_side_manifest_with_another_value_is_told_and_not_fought(
        cluster, place, aws, controller, provider):
    arn = bind(place)
    cluster.kubectl("apply", "-f", "-", text=manifest(place, OTHER))
    message = place.wait_refused("RoleReady", "AnnotationOwnedByOther", "cart")
    assert "kubectl-client-side-apply" in message and ROLE_ARN in message
    assert annotations(place) == {ROLE_ARN: OTHER}
    cluster.kubectl("annotate", "serviceaccount", "cart", "-n", place.name, f"{ROLE_ARN}-")
    place.wait_ready("cart")
    assert annotations(place) == {ROLE_ARN: arn}


def test_a_server_side_manifest_that_drops_the_same_value_leaves_ours(
        cluster, place, aws, controller, provider):
    arn = bind(place)
    for value in (arn, None):
        cluster.kubectl("apply", "--server-side", "-f", "-", text=manifest(place, value))
    assert annotations(place) == {ROLE_ARN: arn}


def test_what_a_client_side_manifest_drops_is_applied_again_and_told(
        cluster, place, aws, controller, provider):
    arn = bind(place)
    for value in (arn, None):
        cluster.kubectl("apply", "-f", "-", text=manifest(place, value))
    wait_annotated(place, {ROLE_ARN: arn})
    place.wait_events("AnnotationsRestored", "cart")


def test_three_times_an_hour_and_then_the_binding_says_so(place, aws, controller, provider):
    arn = bind(place)
    gone = {"metadata": {"annotations": {ROLE_ARN: None}}}
    for _ in range(3):
        place.objects.patch("ServiceAccount", "cart", gone, place.name)
        wait_annotated(place, {ROLE_ARN: arn})
    place.objects.patch("ServiceAccount", "cart", gone, place.name)
    message = place.wait_refused("RoleReady", "AnnotationOwnedByOther", "cart")
    assert "within an hour" in message
    assert annotations(place) == {}


def test_what_the_users_manifest_also_sets_stays_his(cluster, place, aws, controller, provider):
    arn = bind(place)
    cluster.kubectl("apply", "--server-side", "-f", "-", text=manifest(place, arn))
    place.delete("cart")
    assert annotations(place) == {ROLE_ARN: arn}


def test_a_replaced_service_account_is_annotated_again(cluster, place, aws, controller, provider):
    arn = bind(place)
    cluster.kubectl("replace", "-f", "-", text=manifest(place))
    wait_annotated(place, {ROLE_ARN: arn})


def test_a_missing_service_account_is_waited_for_and_never_made(place, aws, controller, provider):
    place.grant()
    place.apply(place.binding("cart", mechanism="IRSA", permissionPolicy=READ_S3))
    found = place.wait_condition("RoleReady", "Unknown", "WaitingForServiceAccount", "cart")
    assert any("does not exist" in one for one in found["status"]["warnings"])
    assert account(place) is None
    place.service_account("cart")
    place.wait_ready("cart")
    assert ROLE_ARN in annotations(place)


def test_release_takes_them_off_when_the_controller_is_gone(
        cluster, place, aws, controller, provider):
    role = bind(place).rpartition("/")[2]
    controller.stop()
    place.delete("cart", wait=False)
    answer = podidentity(cluster, aws, "release", f"{place.name}/cart", "--cluster-name",
                         aws.cluster, "--region", aws.region, "--purge")
    assert answer.code == GOOD, answer
    assert place.get("cart") is None
    assert annotations(place) == {}
    assert aws.role(role) is None


# From one mechanism to another ----------------------------------------------------------------


def test_from_irsa_to_pod_identity_web_identity_stays_while_a_pod_has_it(
        place, aws, controller, provider):
    arn = bind(place)
    place.pod("old", "cart", WEB_IDENTITY)
    switch(place, "PodIdentity")
    place.objects.wait("PodIdentityBinding", "cart", place.name, timeout=60, until=lambda found: (
        condition(found, "Associated").get("status") == "True"))
    assert aws.association(place.name, "cart")["roleArn"] == arn
    assert services(aws, place) == [True, False]
    assert annotations(place) == {ROLE_ARN: arn}
    assert "web identity" in place.get("cart")["status"]["pendingChanges"][0]
    place.remove_pods("old")
    wait_annotated(place, {})
    wait_until(lambda: services(aws, place) == [True], 30, "the trust is for pods.eks alone")
    place.objects.wait("PodIdentityBinding", "cart", place.name, lambda found: (
        not found["status"].get("pendingChanges")))
    place.wait_ready("cart")


def test_from_pod_identity_to_irsa_the_association_goes_last(place, aws, controller, provider):
    arn = bind(place, "PodIdentity")
    since = aws.last()
    switch(place, "IRSA")
    wait_until(lambda: not listed(aws, place), 90, "no association")
    assert annotations(place) == {ROLE_ARN: arn}
    wait_until(lambda: services(aws, place) == [False], 30, "the trust is for web identity alone")
    place.wait_ready("cart")
    assert condition(place.get("cart"), "Associated") == {}
    assert aws.operations(since, writes=True) == [
        "UpdateAssumeRolePolicy", "DeletePodIdentityAssociation", "UpdateAssumeRolePolicy"]


def test_from_both_each_way_goes_and_comes_while_the_other_stays_open(
        place, aws, controller, provider):
    arn = bind(place, "Both")
    since = aws.last()
    switch(place, "PodIdentity")
    wait_until(lambda: services(aws, place) == [True] and annotations(place) == {}, 60, "one way")
    switch(place, "Both")
    wait_until(lambda: annotations(place) == {ROLE_ARN: arn}, 120, "the annotation again")
    assert services(aws, place) == [True, False]
    switch(place, "IRSA")
    wait_until(lambda: services(aws, place) == [False], 120, "the other way")
    assert annotations(place) == {ROLE_ARN: arn} and listed(aws, place) == []
    trust = "UpdateAssumeRolePolicy"  # closed after, opened before what depends on it
    assert aws.operations(since, writes=True) == [
        trust, trust, "DeletePodIdentityAssociation", trust]
