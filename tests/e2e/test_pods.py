"""What running pods show about their binding, and what waits for them: real rollouts (kwok plays
the kubelets), real admission (rig/webhook.py plays EKS's)."""

import datetime

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig.kubelets import NODE
from tests.e2e.rig.objects import condition
from tests.e2e.rig.pods import (
    COMPUTE, CONTAINER_CREDENTIALS, RESTARTED_AT, WEB_IDENTITY, deployment)
from tests.e2e.rig.waiting import wait_until

pytestmark = pytest.mark.own_cluster  # nodes and webhooks of others are not ours to play

PAUSE_SECONDS = 30  # between two writes of status.pods for its own sake


def environment_of(pod):
    return {variable["name"]: variable.get("value")
            for container in pod["spec"]["containers"] for variable in container.get("env") or []}


def running(place):
    """The pods that are not on their way out."""
    return [pod for pod in place.objects.list("Pod", place.name)
            if not pod["metadata"].get("deletionTimestamp")]


def roll_out(place, replicas=2):
    """A Deployment of ServiceAccount cart, all of whose pods run."""
    place.apply(deployment("cart", "cart", NODE, replicas))
    wait_rolled_out(place)


def wait_rolled_out(place):
    place.objects.wait("Deployment", "cart", place.name, timeout=60, until=lambda found: (
        found["status"].get("observedGeneration") == found["metadata"]["generation"]
        and found["status"].get("updatedReplicas", 0) == found["spec"]["replicas"]
        and found["status"].get("readyReplicas", 0) == found["spec"]["replicas"]
        and found["status"].get("replicas", 0) == found["spec"]["replicas"]))


def restart(place):
    """As `kubectl rollout restart` does it."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    place.objects.patch("Deployment", "cart", {"spec": {"template": {"metadata": {
        "annotations": {RESTARTED_AT: now}}}}}, place.name)
    wait_rolled_out(place)


def scale(place, replicas):
    place.objects.patch("Deployment", "cart", {"spec": {"replicas": replicas}}, place.name)


def wait_counted(place, current, total):
    """The numbers may wait for each other, and so may the test."""
    place.objects.wait(
        "PodIdentityBinding", "cart", place.name, timeout=PAUSE_SECONDS + 15,
        until=lambda found: found["status"].get("pods") == {
            "total": total, "current": current, "summary": f"{current}/{total}"})


def role_of(place):
    return place.get("cart")["status"]["roleARN"].rpartition("/")[2]


def later(seconds=2):
    """Pods' times are whole seconds: what is made from then on is younger than what is there."""
    end = datetime.datetime.now() + datetime.timedelta(seconds=seconds)
    wait_until(lambda: datetime.datetime.now() > end, seconds + 5, "the clock")


def test_a_rollout_from_before_is_outdated_until_it_is_restarted(
        cluster, place, aws, controller, kubelets, webhook):
    place.grant()
    place.service_account("cart")
    roll_out(place)
    later()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    place.wait_condition("PodsCurrent", "False", "Outdated", name="cart")
    found = place.get("cart")
    assert condition(found, "Injected")["reason"] == "NotSeen"
    assert condition(found, "Ready")["status"] == "True", "PodsCurrent never holds Ready"
    wait_counted(place, 0, 2)
    assert "0/2" in cluster.kubectl("-n", place.name, "get", "pib", "cart")
    assert [event["type"] for event in place.wait_events("Outdated", "cart")] == ["Warning"]

    since = aws.last()
    restart(place)
    place.wait_condition("Injected", "True", "Seen", name="cart")
    place.wait_condition("PodsCurrent", "True", "Current", name="cart")
    wait_counted(place, 2, 2)
    for pod in running(place):
        assert CONTAINER_CREDENTIALS.items() <= environment_of(pod).items()
    assert aws.operations(since) == [], "pods are no reason to ask AWS"


def test_a_pod_that_the_webhook_missed_holds_ready_until_one_is_seen(
        place, aws, controller, kubelets, webhook):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    later()
    with webhook.unavailable():
        roll_out(place, 1)
    message = place.wait_refused("Injected", "NotInjected", name="cart")
    assert "no container credentials" in message
    assert f"kubectl -n {place.name} get pods --field-selector spec.serviceAccountName=cart" in message
    assert environment_of(running(place)[0]) == {}

    later()
    restart(place)
    place.wait_condition("Injected", "True", "Seen", name="cart")
    assert condition(place.wait_ready("cart"), "Stalled") == {}
    scale(place, 0)
    wait_counted(place, 0, 0)
    assert condition(place.get("cart"), "Injected")["reason"] == "Seen", "what was seen was seen"


def test_a_pod_that_wants_no_credentials_proves_nothing(place, aws, controller, webhook):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    later()
    place.pod("aside", "cart", labels={"eks.amazonaws.com/skip-pod-identity-webhook": "true"})
    wait_counted(place, 0, 1)
    found = place.get("cart")
    assert condition(found, "Injected")["reason"] == "NotSeen"
    assert condition(found, "PodsCurrent")["reason"] == "Current"
    assert condition(found, "Ready")["status"] == "True"


def test_web_identity_in_a_pod_comes_before_its_container_credentials(place, aws, controller,
                                                                       webhook):
    """A pod that names the token itself gets both, and every SDK takes the token."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    later()
    place.pod("own", "cart", WEB_IDENTITY)
    message = place.wait_refused("Injected", "NotInjected", name="cart")
    assert "web identity, which comes before container credentials" in message
    assert {**CONTAINER_CREDENTIALS, **WEB_IDENTITY}.items() <= environment_of(
        place.objects.get("Pod", "own", place.name)).items()


def test_pods_move_from_irsa_when_they_are_made_anew(place, aws, controller, kubelets, webhook):
    """The annotation stays where it is: the association goes first in the webhook."""
    place.grant()
    place.service_account("cart", {"eks.amazonaws.com/role-arn": WEB_IDENTITY["AWS_ROLE_ARN"]})
    roll_out(place)
    assert all(WEB_IDENTITY.items() <= environment_of(pod).items() for pod in running(place))
    later()
    place.apply(place.binding("cart", permissionPolicy=READ_S3))
    place.wait_ready("cart")
    place.wait_condition("PodsCurrent", "False", "Outdated", name="cart")
    restart(place)
    place.wait_condition("PodsCurrent", "True", "Current", name="cart")
    assert all("AWS_ROLE_ARN" not in environment_of(pod) for pod in running(place))


@pytest.mark.parametrize("compute", COMPUTE)
def test_no_association_is_made_for_pods_that_have_no_agent(place, aws, controller, compute):
    place.grant()
    place.service_account("cart")
    place.pod("batch", "cart", **COMPUTE[compute])
    place.bind("cart", permissionPolicy=READ_S3)
    message = place.wait_refused("Associated", "ComputeWithoutAgent", name="cart")
    assert "a ServiceAccount of their own" in message
    assert aws.association(place.name, "cart") is None

    place.remove_pods("batch")
    place.wait_ready("cart")
    assert aws.association(place.name, "cart") is not None
    place.pod("batch", "cart", **COMPUTE[compute])  # too late to refuse anything
    found = place.objects.wait(
        "PodIdentityBinding", "cart", place.name, until=lambda one: one["status"].get("warnings"))
    assert "Fargate or Windows" in found["status"]["warnings"][0]
    assert condition(found, "Ready")["status"] == "True"


@pytest.fixture
def theirs(place, aws):
    name = f"theirs-{place.name}"
    yield aws.make_role(name)
    aws.iam.delete_role(RoleName=name)


def test_a_role_that_was_left_goes_with_the_last_pod_from_before(
        place, aws, controller, kubelets, webhook, theirs):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    later()
    roll_out(place)
    place.wait_condition("PodsCurrent", "True", "Current", name="cart")
    ours = role_of(place)
    later()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "roleARN": theirs, "permissionPolicy": None}}, place.name)
    place.wait_condition("PodsCurrent", "False", "Outdated", name="cart")
    place.wait_ready("cart")
    assert condition(place.get("cart"), "Injected")["reason"] == "Seen"
    retired = wait_until(lambda: [tag for tag in aws.role(ours)["Tags"]
                                  if tag["Key"] == "podidentity.io/retired-at"], 20, "retired")
    assert retired and aws.inline_policies(ours), "pods still work with it"

    later(3)
    restart(place)
    wait_until(lambda: aws.role(ours) is None, 30, f"{ours} is deleted")
    place.wait_condition("PodsCurrent", "True", "Current", name="cart")
    place.wait_events("RoleDeleted", "cart")


def test_the_role_of_a_deleted_binding_waits_for_its_pods(place, aws, controller, kubelets,
                                                          webhook):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    roll_out(place)
    place.wait_condition("PodsCurrent", "True", "Current", name="cart")
    ours = role_of(place)
    place.delete("cart", wait=False)
    found = place.wait_condition("Reconciling", "True", "Draining", name="cart")
    assert "15 minutes" in condition(found, "Reconciling")["message"]
    assert aws.association(place.name, "cart") is None
    assert aws.inline_policies(ours), "its pods still work with it"

    restart(place)  # without an association they get no credentials
    place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    assert place.events("cart", "NotInjected") == [], "nobody is to blame for that"
    assert aws.role(ours) is None


def test_a_restart_of_the_controller_blames_no_pod_from_before(place, aws, controller, kubelets,
                                                               webhook):
    place.grant()
    place.service_account("cart")
    roll_out(place, 1)
    later()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    wait_counted(place, 0, 1)
    before = place.get("cart")["status"]
    since = aws.last()
    controller.restart()
    restart(place)
    place.wait_condition("PodsCurrent", "True", "Current", name="cart")
    found = place.get("cart")
    assert condition(found, "Ready") == condition({"status": before}, "Ready")
    assert aws.operations(since, namespace=place.name) == []


def test_pods_that_are_not_watched_are_told_so(cluster, place, aws, controller, kubelets, webhook):
    place.grant()
    place.service_account("cart")
    roll_out(place, 1)
    with controller.with_settings({"PODIDENTITY_WATCH_PODS": "false"}):
        asked = len(cluster.audited(resource="pods"))
        place.bind("cart", permissionPolicy=READ_S3)
        found = place.wait_ready("cart")
        for kind in ("Injected", "PodsCurrent"):
            assert condition(found, kind)["status"] == "Unknown"
            assert condition(found, kind)["reason"] == "PodsNotWatched"
        assert "pods" not in found["status"]
        assert len(cluster.audited(resource="pods")) == asked
        place.delete("cart")  # at once, whatever runs


def test_metrics_count_pods_by_mechanism(place, controller, webhook):
    place.service_account("cart")
    before = controller.metrics().get('podidentity_pods{mechanism="PodIdentity"}', 0)
    place.pod("one", "cart", CONTAINER_CREDENTIALS)
    wait_until(lambda: controller.metrics()['podidentity_pods{mechanism="PodIdentity"}']
               == before + 1, 10, "the pod is counted")
