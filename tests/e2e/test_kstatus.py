"""What kstatus, which Flux, Argo CD and kubectl's friends go by, makes of live objects, and that
`kubectl wait` ends when it should."""

from tests.e2e.documents import READ_S3, WRITE_S3
from tests.e2e.rig.objects import condition

KIND = "PodIdentityBinding"


def kstatus(cluster, place, name="cart"):
    return cluster.kstatus(place.get(name))


def kubectl_wait(cluster, place, wanted, what="pib/cart", timeout_s=30):
    return cluster.kubectl("wait", f"--for={wanted}", what, "--namespace", place.name,
                           f"--timeout={timeout_s}s")


def grant_of(place):
    return place.objects.get("PodIdentityGrant", place.name)


def test_in_progress_before_anybody_has_looked_and_current_when_ready(
        place, cluster, aws, controller):
    place.grant()
    controller.stop()
    place.bind("cart", permissionPolicy=READ_S3)
    assert kstatus(cluster, place) == "InProgress"
    controller.start()
    place.wait_ready("cart")
    assert kstatus(cluster, place) == "Current"


def test_in_progress_while_a_change_is_not_seen_yet(place, cluster, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    controller.stop()
    place.objects.patch(KIND, "cart", {"spec": {"permissionPolicy": WRITE_S3}}, place.name)
    assert kstatus(cluster, place) == "InProgress"
    controller.start()
    place.wait_ready("cart")
    assert kstatus(cluster, place) == "Current"


def test_in_progress_while_eks_needs_its_seconds(place, cluster, aws, controller):
    place.grant()
    with controller.with_settings(settle="10m"):
        place.bind("cart", permissionPolicy=READ_S3)
        place.wait_condition("Ready", "Unknown", "Settling", name="cart")
        assert kstatus(cluster, place) == "InProgress"
    place.wait_ready("cart")
    assert kstatus(cluster, place) == "Current"


def test_in_progress_while_aws_is_away_and_current_after(place, cluster, aws, controller):
    place.grant()
    with aws.unreachable():
        place.bind("cart", permissionPolicy=READ_S3)
        place.wait_condition("Reconciling", "True", "AWSUnavailable", name="cart")
        assert kstatus(cluster, place) == "InProgress"
    ready = place.wait_ready("cart")
    assert cluster.kstatus(ready) == "Current"
    assert not condition(ready, "Reconciling"), "it exists only while it is True"


def test_failed_when_a_person_must_act_and_current_once_he_has(place, cluster, aws, controller):
    place.bind("cart", permissionPolicy=READ_S3)
    refused = place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert cluster.kstatus(refused) == "Failed"
    assert condition(refused, "Stalled")["reason"] == "NotGranted"
    place.grant()
    ready = place.wait_ready("cart")
    assert cluster.kstatus(ready) == "Current"
    assert not condition(ready, "Stalled"), "it exists only while it is True"


def test_failed_when_aws_refuses(place, cluster, aws, controller):
    place.grant()
    with aws.denied("iam:CreateRole"):
        place.bind("cart", permissionPolicy=READ_S3)
        refused = place.wait_condition("Ready", "False", "AccessDenied", name="cart")
        assert cluster.kstatus(refused) == "Failed"


def test_terminating_while_it_is_being_deleted(place, cluster, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    with aws.unreachable():
        place.delete("cart", wait=False)
        place.wait_condition("Reconciling", "True", "AWSUnavailable", name="cart")
        assert kstatus(cluster, place) == "Terminating"
    place.objects.wait_gone(KIND, "cart", place.name, timeout=60)


def test_a_grant_is_in_progress_until_it_was_looked_at_and_current_when_in_force(
        place, cluster, controller):
    controller.stop()
    place.grant()
    assert cluster.kstatus(grant_of(place)) == "InProgress"
    controller.start()
    in_force = place.objects.wait(
        "PodIdentityGrant", place.name,
        until=lambda found: condition(found, "Ready").get("status") == "True")
    assert cluster.kstatus(in_force) == "Current"


def test_a_grant_that_matches_nothing_has_failed(place, cluster, controller):
    place.grant(namespaces={"names": []})
    refused = place.objects.wait(
        "PodIdentityGrant", place.name,
        until=lambda found: condition(found, "Ready").get("status") == "False")
    assert cluster.kstatus(refused) == "Failed"
    assert condition(refused, "Stalled")["reason"] == "EmptySelector"
    place.grant()
    mended = place.objects.wait(
        "PodIdentityGrant", place.name,
        until=lambda found: condition(found, "Ready").get("status") == "True")
    assert cluster.kstatus(mended) == "Current"
    assert not condition(mended, "Stalled"), "it exists only while it is True"


def test_kubectl_wait_ends_when_a_binding_is_ready_refused_and_gone(
        place, cluster, aws, controller):
    place.bind("cart", permissionPolicy=READ_S3)
    assert "condition met" in kubectl_wait(cluster, place, "condition=Ready=False")
    place.grant()
    assert "condition met" in kubectl_wait(cluster, place, "condition=Ready")
    assert condition(place.get("cart"), "Ready")["status"] == "True"
    assert aws.association(place.name, "cart")
    place.delete("cart", wait=False)
    kubectl_wait(cluster, place, "delete")
    assert place.get("cart") is None


def test_kubectl_wait_does_not_take_what_was_for_what_is(place, cluster, aws, controller):
    """kubectl looks at the condition's observedGeneration: Ready of the former spec is none."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    controller.stop()
    place.objects.patch(KIND, "cart", {"spec": {"permissionPolicy": WRITE_S3}}, place.name)
    assert "condition met" not in cluster.kubectl(
        "wait", "--for=condition=Ready", "pib/cart", "--namespace", place.name, "--timeout=1s",
        check=False)
    controller.start()
    kubectl_wait(cluster, place, "condition=Ready")
