"""mode: Observe: what Enforce would change stands in status, and AWS is asked to read alone."""

import json
import re

import pytest

from tests.e2e.documents import READ_DYNAMO, READ_S3, READ_SQS, WRITE_S3, trust
from tests.e2e.rig.command import UNCHECKED, podidentity
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until

KIND = "PodIdentityBinding"
FINALIZER = "podidentity.io/aws"


@pytest.fixture(scope="module")
def watchful(session_controller, aws):
    """The controller with short intervals. What the files before this one left in AWS would be
    removed by its audit in the time of a test that counts writes."""
    for left in aws.associations():
        aws.eks.delete_pod_identity_association(
            clusterName=aws.cluster, associationId=left["associationId"])
    with session_controller.with_settings(
            drift_interval="1s", describe_interval="4s", settle="1s"):
        yield session_controller


@pytest.fixture
def cart(place, aws, watchful):
    """A binding that was made and is only observed from now on; it as it is then. What it lets go
    of goes with the test: the audit would remove the association in the time of another."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    place.wait_ready("cart")
    set_mode(place, "Observe")
    observed = place.wait_condition("Ready", "True", "Observed", name="cart")
    yield observed
    place.delete("cart")
    left = aws.association(place.name, "cart")
    if left:
        aws.eks.delete_pod_identity_association(
            clusterName=aws.cluster, associationId=left["associationId"])
    aws.remove_role(role_of(observed))


def set_mode(place, mode, **spec):
    place.objects.patch(KIND, "cart", {"spec": {"mode": mode, **spec}}, place.name)


def role_of(binding):
    return binding["status"]["roleARN"].rpartition("/")[2]


def pending(place):
    """The sentences, without the name that we gave to the role."""
    return [re.sub(r"(arn:\S+/)?t-[0-9a-f]+_cart_[a-z2-7]{8}", "ROLE", line)
            for line in place.get("cart")["status"].get("pendingChanges", [])]


def wait_pending(place, *wanted):
    def said():
        assert pending(place) == list(wanted)
        return True
    wait_until(said, 30, f"pendingChanges {wanted}")


def written(aws, since):
    """What the controller wrote to AWS, for whomever: nobody else's binding lives meanwhile."""
    return aws.operations(since, writes=True)


NEW_ROLE = ["Create role ROLE", "Change role ROLE: put inline policy Policy1",
            f"Change role ROLE: attach {READ_SQS}"]
NEW_ASSOCIATION = "Create association: new pods of ServiceAccount cart get role ROLE"


def test_what_is_not_there_is_said_and_not_made(place, aws, watchful):
    place.grant()
    since = aws.last()
    place.bind("cart", mode="Observe", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    found = place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    assert pending(place) == [*NEW_ROLE, NEW_ASSOCIATION]
    assert "roleARN" not in found["status"] and "associationID" not in found["status"]
    assert not found["metadata"].get("finalizers")
    for kind in ("RoleReady", "Associated", "Ready"):
        assert condition(found, kind)["reason"] == "ChangesPending"
    (told,) = place.wait_events(None, "cart")
    assert (told["type"], told["reason"]) == ("Normal", "ChangesPending")
    place.delete("cart")
    assert written(aws, since) == []


def test_without_a_grant_no_request_leaves(place, aws, controller):
    since = aws.last()
    place.bind("cart", mode="Observe", permissionPolicy=READ_S3)
    place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert aws.controller_requests(since, namespace=place.name) == []


def test_enforced_it_becomes_what_it_said(place, aws, watchful):
    place.grant()
    place.bind("cart", mode="Observe", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    since = aws.last()
    set_mode(place, "Enforce")
    ready = place.wait_ready("cart")
    assert "pendingChanges" not in ready["status"]
    assert written(aws, since) == [
        "CreateRole", "PutRolePolicy", "AttachRolePolicy", "CreatePodIdentityAssociation"]
    assert FINALIZER in ready["metadata"]["finalizers"]


def test_observed_what_was_made_stays_as_it_is(place, aws, watchful, cart):
    since = aws.last()
    assert FINALIZER in cart["metadata"]["finalizers"]
    assert cart["status"]["associationID"] == aws.association(place.name, "cart")["associationId"]
    set_mode(place, "Observe", permissionPolicy=WRITE_S3, permissionPolicyARNs=[READ_DYNAMO],
             tags={"team": "blue"})
    wait_pending(
        place, "Change role ROLE: tag team", "Change role ROLE: put inline policy Policy1",
        f"Change role ROLE: attach {READ_DYNAMO}", f"Change role ROLE: detach {READ_SQS}",
        f"Tag association {cart['status']['associationID']}: team")
    assert place.get("cart")["status"]["roleARN"] == cart["status"]["roleARN"]
    assert written(aws, since) == []
    set_mode(place, "Enforce")
    place.wait_ready("cart")
    assert aws.inline_policies(role_of(cart)) == {"Policy1": WRITE_S3}
    assert aws.association(place.name, "cart")["tags"]["team"] == "blue"


def test_another_role_is_said_with_the_one_before(place, aws, watchful, cart):
    arn = aws.make_role(f"reader-{place.name}")
    since = aws.last()
    place.objects.patch(KIND, "cart", {"spec": {
        "roleARN": arn, "permissionPolicy": None, "permissionPolicyARNs": None}}, place.name)
    wait_pending(
        place, f"Change association {cart['status']['associationID']}; role {arn} (before: ROLE)",
        "Delete role ROLE, which is not wanted any more, when all pods are younger")
    assert condition(place.get("cart"), "RoleReady")["status"] == "True"
    assert written(aws, since) == []


def test_a_role_that_waits_to_be_adopted_is_read_when_it_changed(place, aws, watchful):
    name = f"till-{place.name}"
    path = f"/podidentity/{aws.region}/{aws.cluster}/"
    arn = aws.make_role(name, Path=path)
    place.grant(adoption={"roles": [arn]})
    place.bind("cart", mode="Observe", roleName=name, adoptionPolicy="Adopt",
               permissionPolicy=READ_S3)
    place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    assert pending(place)[0] == f"Adopt role {arn}, which was not made for this binding"
    since = aws.last()

    def sweeps():
        return len(aws.controller_requests(since, operation="GetAccountAuthorizationDetails")) > 3

    wait_until(sweeps, 30, "some sweeps")
    assert aws.controller_requests(since, role=name) == []
    aws.iam.attach_role_policy(RoleName=name, PolicyArn=READ_SQS)
    place.objects.wait(KIND, "cart", place.name, until=lambda found: any(
        READ_SQS in warning for warning in found["status"].get("warnings", [])))
    assert written(aws, since) == []
    place.delete("cart")
    aws.remove_role(name)


def test_the_trust_of_a_role_of_others_is_judged(place, aws, watchful):
    name = f"theirs-{place.name}"
    arn = aws.make_role(name, trust("sts:AssumeRole"))
    place.grant()
    since = aws.last()
    place.bind("cart", mode="Observe", roleARN=arn)
    found = place.wait_condition("Ready", "False", "TrustInsufficient", name="cart")
    assert "sts:TagSession" in found["status"]["requiredTrust"]
    aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust()))
    place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    assert written(aws, since) == []


def test_what_others_do_to_the_role_is_shown_and_left(place, aws, watchful, cart):
    role = role_of(cart)
    repaired = watchful.metrics().get('podidentity_drift_repaired_total{part="role"}', 0)
    since = aws.last()
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    aws.iam.delete_role_policy(RoleName=role, PolicyName="Policy1")
    wait_pending(place, "Change role ROLE: put inline policy Policy1",
                 f"Change role ROLE: detach {READ_DYNAMO}")
    place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    place.wait_events("DriftFound", "cart")
    assert place.events("cart", "DriftRepaired") == []
    aws.iam.detach_role_policy(RoleName=role, PolicyArn=READ_DYNAMO)
    aws.iam.put_role_policy(RoleName=role, PolicyName="Policy1", PolicyDocument=json.dumps(READ_S3))
    place.wait_condition("Ready", "True", "Observed", name="cart")
    wait_pending(place)
    assert written(aws, since) == []
    metrics = watchful.metrics()
    assert metrics.get('podidentity_drift_repaired_total{part="role"}', 0) == repaired


def test_what_others_do_to_the_association_is_shown_and_left(place, aws, watchful, cart):
    other = aws.make_role(f"other-{place.name}")
    which = {"clusterName": aws.cluster, "associationId": cart["status"]["associationID"]}
    since = aws.last()
    aws.eks.update_pod_identity_association(**which, roleArn=other)
    wait_pending(place, f"Change association {which['associationId']}; role ROLE (before: {other})")
    aws.eks.update_pod_identity_association(**which, roleArn=cart["status"]["roleARN"])
    place.wait_condition("Ready", "True", "Observed", name="cart")
    aws.eks.delete_pod_identity_association(**which)
    wait_pending(place, NEW_ASSOCIATION)
    assert "associationID" not in place.get("cart")["status"]
    assert condition(place.get("cart"), "Associated")["reason"] == "ChangesPending"
    assert written(aws, since) == []


def sweeps(aws, since):
    return aws.operations(since, operation="GetAccountAuthorizationDetails")


def test_nothing_is_asked_again_while_nothing_changes(place, aws, watchful, cart):
    place.bind("till", mode="Observe", permissionPolicy=READ_S3)
    place.wait_condition("Ready", "False", "ChangesPending", name="till")
    wait_until(lambda: len(sweeps(aws, 0)) > 1, 30, "a sweep")
    since = aws.last()
    wait_until(lambda: len(sweeps(aws, since)) >= 4, 30, "four sweeps")
    assert aws.operations(since, operation="GetRole") == []
    assert set(aws.operations(since)) <= {
        "ListPodIdentityAssociations", "GetAccountAuthorizationDetails",
        # once per describe interval
        "DescribePodIdentityAssociation", "DescribeCluster", "ListAddons", "DescribeAddon"}


def test_a_restart_keeps_what_was_said(place, aws, watchful, cart):
    set_mode(place, "Observe", permissionPolicyARNs=[READ_DYNAMO])
    wanted = [f"Change role ROLE: attach {READ_DYNAMO}", f"Change role ROLE: detach {READ_SQS}"]
    wait_pending(place, *wanted)
    since = aws.last()
    watchful.restart()
    aws.wait_request(since, operation="GetRole", role=role_of(cart))
    aws.iam.attach_role_policy(RoleName=role_of(cart), PolicyArn=READ_DYNAMO)
    wait_pending(place, wanted[1])
    assert written(aws, since) == []


def test_deleted_it_lets_go_of_all(place, aws, watchful, cart):
    since = aws.last()
    place.delete("cart")
    assert written(aws, since) == []
    assert aws.inline_policies(role_of(cart)) == {"Policy1": READ_S3}
    assert aws.association(place.name, "cart")["roleArn"] == cart["status"]["roleARN"]


def test_what_it_let_go_of_is_a_former_bindings(place, aws, watchful, cart):
    """As after `podidentity release`: who enforces later gets an association of his own, and not
    the role; who only observes later is told so and touches nothing."""
    place.delete("cart")
    arn = aws.make_role(f"reader-{place.name}")
    since = aws.last()
    place.bind("cart", mode="Observe", roleARN=arn)
    wait_pending(
        place, f"Delete association {cart['status']['associationID']}, which a former binding left",
        f"Create association: new pods of ServiceAccount cart get role {arn}")
    wait_until(lambda: len(sweeps(aws, since)) >= 4, 30, "four sweeps and their audits")
    assert written(aws, since) == []
    set_mode(place, "Enforce")
    ready = place.wait_ready("cart")
    assert ready["status"]["associationID"] != cart["status"]["associationID"]
    assert aws.role(role_of(cart)), "the role of the former binding stays"


def test_purge_is_refused(place, cluster, aws, cart):
    answer = podidentity(cluster, aws, "release", f"{place.name}/cart", "--purge")
    assert answer.code == UNCHECKED
    assert "mode: Observe" in answer.err
    assert aws.association(place.name, "cart")


def test_a_service_account_is_neither_made_nor_annotated(place, aws, watchful):
    place.grant()
    provider = aws.iam.create_open_id_connect_provider(
        Url=aws.eks.describe_cluster(name=aws.cluster)["cluster"]["identity"]["oidc"]["issuer"],
        ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    since = aws.last()
    place.apply(place.binding("cart", mode="Observe", mechanism="Both", createServiceAccount=True,
                              permissionPolicy=READ_S3))
    place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    assert pending(place) == [
        *NEW_ROLE[:2], NEW_ASSOCIATION, "Create ServiceAccount cart",
        "Annotate ServiceAccount cart: its new pods get web identity for role ROLE"]
    place.service_account("cart")
    wait_pending(place, *NEW_ROLE[:2], NEW_ASSOCIATION,
                 "Annotate ServiceAccount cart: its new pods get web identity for role ROLE")
    account = place.objects.get("ServiceAccount", "cart", place.name)
    assert "annotations" not in account["metadata"]
    assert written(aws, since) == []
    aws.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)


def test_an_annotation_of_somebody_else_is_not_taken_for_ours(place, aws, watchful):
    """As in a cluster that comes from IRSA: the annotation names the very role of the binding."""
    arn = aws.make_role(f"reader-{place.name}")
    place.grant()
    place.service_account("cart", {"eks.amazonaws.com/role-arn": arn})
    place.apply(place.binding("cart", roleARN=arn))
    identifier = place.wait_ready("cart")["status"]["associationID"]
    set_mode(place, "Observe")
    place.wait_condition("Ready", "True", "Observed", name="cart")
    watchful.restart()
    set_mode(place, "Observe", tags={"team": "blue"})
    wait_pending(place, f"Tag association {identifier}: team")
    set_mode(place, "Enforce")  # so that what was made goes with it
    place.wait_ready("cart")


def test_kstatus_says_failed_while_changes_are_pending_and_current_after(
        place, cluster, aws, watchful):
    place.grant()
    place.bind("cart", mode="Observe", permissionPolicy=READ_S3)
    found = place.wait_condition("Ready", "False", "ChangesPending", name="cart")
    assert cluster.kstatus(found) == "Failed"
    set_mode(place, "Enforce")
    place.wait_ready("cart")
    set_mode(place, "Observe")
    observed = place.wait_condition("Ready", "True", "Observed", name="cart")
    assert cluster.kstatus(observed) == "Current"
    set_mode(place, "Enforce")  # so that what was made goes with it
    place.wait_ready("cart")
