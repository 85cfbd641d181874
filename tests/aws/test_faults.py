"""Broken answers: what the client sees, whether the effect took place, what the log says."""

import concurrent.futures
import http.client
import os
import signal
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from tests.aws.samples import READ_BUCKET, S3_READ, make_role, refused
from tests.aws.standin import ROOT


@pytest.fixture
def controller(aws):
    return aws.controller_client("iam")


def exists(iam, name="cart"):
    return any(role["RoleName"] == name for role in iam.list_roles()["Roles"])


@pytest.mark.parametrize("when, made", [("before", False), ("after", True)])
def test_an_error_comes_before_or_after_the_effect(aws, iam, controller, when, made):
    aws.fault(operation="CreateRole", when=when, kind="error", code="ServiceFailure")
    assert refused(make_role, iam=controller) == ("ServiceFailure", 500)
    entry = aws.requests()[-1]
    assert (entry["status"], entry["error"], entry["effect_lost"]) == (500, "ServiceFailure", made)
    assert entry["changed"] is (True if made else None)
    assert exists(iam) is made


@pytest.mark.parametrize("when, made", [("before", False), ("after", True)])
@pytest.mark.parametrize("kind, seen", [
    ("drop", ConnectionClosedError), ("garbage", ResponseParserError),
    ("short", ResponseParserError)])
def test_an_answer_is_lost_in_many_ways(aws, iam, controller, when, made, kind, seen):
    aws.fault(operation="CreateRole", when=when, kind=kind)
    with pytest.raises(seen):
        make_role(controller)
    assert aws.requests()[-1]["effect_lost"] is made
    assert exists(iam) is made


def test_throttling_looks_as_each_service_has_it(aws, controller):
    aws.fault(operation="CreateRole", kind="error", code="Throttling")
    with pytest.raises(ClientError, match="Rate exceeded") as raised:
        make_role(controller)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    aws.fault(operation="DescribeCluster", kind="error", code="Throttling",
              headers={"Retry-After": "3"})
    with pytest.raises(ClientError) as raised:
        aws.controller_client("eks").describe_cluster(name="demo")
    answer = raised.value.response["ResponseMetadata"]
    assert (answer["HTTPStatusCode"], answer["HTTPHeaders"]["retry-after"]) == (429, "3")


def test_strikes_the_nth_matching_request_so_many_times(aws, controller):
    aws.fault(operation="Tag*", nth=2, count=2, kind="error", code="ServiceFailure")
    make_role(controller)
    results = []
    for number in range(4):
        try:
            controller.tag_role(RoleName="cart", Tags=[{"Key": "n", "Value": str(number)}])
            results.append("done")
        except ClientError:
            results.append("failed")
    assert results == ["done", "failed", "failed", "done"]
    state, = aws.faults()
    assert (state["seen"], state["struck"]) == (4, 2)


def test_counts_writes_only_if_told(aws, controller):
    aws.fault(writes=True, nth=2, kind="error", code="ServiceFailure")
    make_role(controller)
    controller.list_roles()
    assert refused(controller.delete_role, RoleName="cart") == ("ServiceFailure", 500)


def test_leaves_other_clients_roles_and_namespaces_alone(aws, iam, controller):
    aws.fault(operation="CreateRole", match={"role": "x*"}, count=0, kind="error",
              code="ServiceFailure")
    make_role(iam, "x1")
    make_role(controller, "y1")
    assert refused(make_role, iam=controller, name="x2") == ("ServiceFailure", 500)
    aws.clear_faults()
    make_role(controller, "x2")
    aws.fault(match={"namespace": "shop"}, kind="error", code="ServerException")
    eks = aws.controller_client("eks")
    eks.list_pod_identity_associations(clusterName="demo", namespace="other")
    assert refused(eks.list_pod_identity_associations, clusterName="demo", namespace="shop") == \
        ("ServerException", 500)


def test_delays_an_answer(aws, controller):
    aws.fault(operation="ListRoles", kind="delay", delay_ms=300)
    controller.list_roles()
    entry = aws.requests()[-1]
    assert entry["time_s"] - entry["arrived_s"] >= 0.3 and entry["status"] == 200


def test_an_effect_after_its_client_gave_up_is_lost(aws, iam):
    impatient = aws.client("iam", read_timeout_s=0.1)
    aws.fault(operation="CreateRole", kind="delay", delay_ms=400, client="tests")
    since = aws.last()
    with pytest.raises(ReadTimeoutError):
        make_role(impatient)
    entry, = aws.requests(since, wait_s=10)
    assert (entry["status"], entry["changed"], entry["effect_lost"]) == (None, True, True)
    assert exists(iam)


def test_a_released_hold_goes_on(aws, iam, controller):
    aws.hold("before", 2)
    make_role(controller)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(controller.put_role_policy, RoleName="cart", PolicyName="P",
                              PolicyDocument=READ_BUCKET)
        held, = aws.wait_held()
        assert (held["operation"], held["when"]) == ("PutRolePolicy", "before")
        assert iam.list_role_policies(RoleName="cart")["PolicyNames"] == []
        aws.release(held["id"])
        waiting.result(10)
    assert iam.list_role_policies(RoleName="cart")["PolicyNames"] == ["P"]
    assert aws.wait_held(0) == []


CREATE_AND_HANG = """
from tests.aws.standin import StandIn
from tests.aws.samples import make_role
aws = StandIn()
aws.port = {port}
make_role(aws.controller_client("iam"))
"""


@pytest.mark.parametrize("when, made", [("before", False), ("after", True)])
def test_a_client_killed_at_a_hold_leaves_the_effect_it_should(aws, iam, when, made):
    aws.hold(when, 1)
    since = aws.last()
    with subprocess.Popen([sys.executable, "-c", CREATE_AND_HANG.format(port=aws.port)],
                          cwd=ROOT) as process:
        assert aws.wait_held()[0]["operation"] == "CreateRole"
        os.kill(process.pid, signal.SIGKILL)
    entry, = aws.requests(since, wait_s=10, client="controller")
    assert (entry["status"], entry["effect_lost"]) == (None, made)
    assert exists(iam) is made


def test_waiting_for_a_hold_ends_when_none_comes(aws):
    assert aws.wait_held(0.05) == []


def test_down_closes_the_controllers_connections_only(aws, iam, controller):
    controller.list_roles()
    aws.down()
    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            controller.list_roles()
    assert aws.requests()[-1]["fault"] == "down" and aws.requests()[-1]["status"] is None
    iam.list_roles()
    aws.up()
    controller.list_roles()


def test_down_closes_idle_connections_too(aws):
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=10)
    connection.request("GET", "/clusters/demo", headers={"User-Agent": "podidentity/1"})
    assert connection.getresponse().read()
    aws.down()
    with pytest.raises(ConnectionResetError):
        if connection.sock.recv(1) == b"":
            raise ConnectionResetError
    connection.close()


def test_a_reset_lets_hanging_requests_go(aws, controller):
    aws.fault(operation="ListRoles", kind="hang")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(controller.list_roles)
        assert aws.wait_held()[0]["kind"] == "hang"
        assert aws.release() == []
        aws.reset()
        assert waiting.result(10)["Roles"] == []


def test_an_unanswered_repeat_is_told_as_unchanged(aws, controller):
    make_role(controller)
    aws.fault(operation="AttachRolePolicy", when="after", kind="drop")
    with pytest.raises(ConnectionClosedError):
        controller.attach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    controller.attach_role_policy(RoleName="cart", PolicyArn=S3_READ)
    lost, repeat = aws.requests()[-2:]
    assert (lost["changed"], lost["effect_lost"]) == (True, True)
    assert (repeat["changed"], repeat["effect_lost"]) == (False, False)
