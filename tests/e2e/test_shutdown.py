"""The life of the process as Kubernetes sees it: SIGTERM, probes and metrics."""

import os
import signal
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.documents import READ_S3
from tests.e2e.rig.controller import STOP_SECONDS
from tests.e2e.rig.waiting import wait_until

BURST = 40


def stopped_in_time(controller):
    """Stops it, which fails for any exit code but 0; gives the seconds."""
    begin = time.monotonic()
    controller.stop()
    return time.monotonic() - begin


def test_an_end_in_the_middle_of_work_leaves_nothing_half_done(place, aws, controller):
    place.grant()
    since = aws.last()
    names = [f"app-{number}" for number in range(BURST)]
    with controller.with_settings(iam_rate=1):  # a burst of 80 s: longer than it takes to apply it
        for name in names:
            place.apply(place.binding(name, permissionPolicy=READ_S3))
        aws.wait_request(since, operation="CreateRole")
        assert stopped_in_time(controller) <= STOP_SECONDS
        made = aws.associations(place.name)
        assert len(made) < BURST, "the burst was over before the end: nothing was shown"
        assert [line for line in controller.lines(message="stopped")], "no orderly end"
    for name in names:
        place.wait_ready(name, timeout=120)
    created = [entry["params"].get("RoleName") or entry["params"]["serviceAccount"]
               for entry in aws.controller_requests(since, writes=True, good=True)
               if entry["operation"].startswith("Create")]
    assert len(created) == len(set(created)) == 2 * BURST, "made twice, or not at all"
    for association in aws.associations(place.name):
        role = association["roleArn"].rpartition("/")[2]
        assert aws.inline_policies(role) == {"Policy1": READ_S3}


@pytest.mark.parametrize("kind", ["hold", "unreachable"])
def test_an_end_while_aws_does_not_answer_comes_in_time(place, aws, controller, kind):
    place.grant()
    if kind == "hold":
        with aws.broken(kind="hold", operation="CreateRole", when="after"):
            place.bind("cart", permissionPolicy=READ_S3)
            assert aws.wait_held(), "nothing was held"
            assert stopped_in_time(controller) <= STOP_SECONDS
    else:
        with aws.unreachable():
            place.bind("cart", permissionPolicy=READ_S3)
            place.wait_condition("Reconciling", "True", "AWSUnavailable", name="cart")
            assert stopped_in_time(controller) <= STOP_SECONDS
    controller.start()
    place.wait_ready("cart")
    assert len(aws.associations(place.name)) == 1


def test_a_second_sigterm_changes_nothing(place, aws, controller):
    place.grant()
    with aws.broken(kind="hold", operation="CreateRole", when="before"):
        place.bind("cart", permissionPolicy=READ_S3)
        assert aws.wait_held(), "nothing was held"
        os.kill(controller.pid, signal.SIGTERM)
        wait_until(lambda: controller.lines(message="stopping"), 5, "the first SIGTERM seen")
        assert stopped_in_time(controller) <= STOP_SECONDS
    controller.start()
    place.wait_ready("cart")


def test_it_is_healthy_at_once_and_ready_when_aws_has_answered(aws, controller):
    with aws.unreachable():
        with controller.with_settings(ready=False):
            wait_until(controller.healthy, 10, "/healthz")
            wait_until(lambda: "[+]podidentitybindings ok" in
                       controller._ask(controller.health_port, "/readyz")[1], 10, "synced caches")
            status, text = controller._ask(controller.health_port, "/readyz")
            assert status == 503 and "[-]aws " in text
            aws.up()
            controller.wait_ready()
            assert controller._ask(controller.health_port, "/readyz") == (200, "ok")
            status, text = controller._ask(controller.health_port, "/readyz?verbose")
            assert status == 200 and "[+]aws ok" in text


# Names that dashboards and alerts for controller-runtime and client-go look for.
FAMILIES = {
    "controller_runtime_reconcile": "counter",
    "controller_runtime_reconcile_errors": "counter",
    "controller_runtime_terminal_reconcile_errors": "counter",
    "controller_runtime_reconcile_time_seconds": "histogram",
    "controller_runtime_max_concurrent_reconciles": "gauge",
    "controller_runtime_active_workers": "gauge",
    "workqueue_depth": "gauge",
    "workqueue_adds": "counter",
    "workqueue_queue_duration_seconds": "histogram",
    "workqueue_work_duration_seconds": "histogram",
    "workqueue_retries": "counter",
    "rest_client_requests": "counter",
    "podidentity_bindings": "gauge",
    "podidentity_aws_requests": "counter",
}


def test_metrics_are_read_by_prometheus_own_parser(place, aws, controller):
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    status, text = controller._ask(controller.metrics_port, "/metrics")
    assert status == 200
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {name: families[name].type for name in FAMILIES if name in families} == FAMILIES
    for family in families.values():
        assert family.documentation, f"{family.name} has no HELP"
    asked = sum(sample.value for sample in families["podidentity_aws_requests"].samples
                if sample.labels["operation"] == "CreateRole" and sample.labels["code"] == "OK")
    assert asked >= 1
    assert any(sample.labels == {"code": "200", "host": sample.labels.get("host"),
                                 "method": sample.labels.get("method")} and sample.value > 0
               for sample in families["rest_client_requests"].samples)
