"""The stand-in as a server: connections, log, control API."""

import concurrent.futures
import http.client
import json
import socket
import subprocess
import sys

import pytest

from tests.aws.samples import associate, make_role
from tests.aws.standin import ROOT


def test_keeps_one_connection_for_many_requests(aws):
    eks = aws.client("eks")
    since = aws.last()
    for _ in range(20):
        eks.describe_cluster(name="demo")
    assert len({entry["connection"] for entry in aws.requests(since)}) == 1


def test_answers_clients_in_parallel_while_one_is_held(aws):
    eks, held = aws.client("eks"), aws.client("eks")
    aws.fault(operation="DescribeCluster", kind="hold", client="tests")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(held.describe_cluster, name="demo")
        assert [one["operation"] for one in aws.wait_held()] == ["DescribeCluster"]
        eks.describe_cluster(name="demo")
        assert not waiting.done()
        aws.release()
        assert waiting.result(10)["cluster"]["status"] == "ACTIVE"


def test_serves_many_clients_at_once(aws):
    iam = aws.client("iam", connections=16)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: make_role(iam, f"role-{n}"), range(100)))
    assert len(aws.client("iam").list_roles(MaxItems=1000)["Roles"]) == 100


def test_logs_what_was_asked_by_whom_and_what_it_changed(aws):
    role = make_role(aws.controller_client("iam"))
    associate(aws.client("eks"), role)
    first, second = aws.requests()[-2:]
    assert (first["service"], first["operation"], first["client"]) == \
        ("iam", "CreateRole", "controller")
    assert first["access_key"] == "AKIDPODIDENTITY00001" and first["params"]["RoleName"] == "cart"
    assert first["status"] == 200 and first["changed"] is True and first["write"] is True
    assert second["client"] == "tests" and second["operation"] == "CreatePodIdentityAssociation"
    assert first["request_id"] != second["request_id"]


def test_a_write_that_changes_nothing_is_told(aws, iam):
    make_role(iam)
    iam.tag_role(RoleName="cart", Tags=[{"Key": "team", "Value": "a"}])
    iam.tag_role(RoleName="cart", Tags=[{"Key": "team", "Value": "a"}])
    iam.get_role(RoleName="cart")
    assert [entry["changed"] for entry in aws.requests()[-3:]] == [True, False, None]


def test_an_unknown_user_agent_is_told(aws):
    aws.client("eks", user_agent="somebody").describe_cluster(name="demo")
    assert aws.requests()[-1]["client"] == "unknown"


def test_waits_for_the_next_entry(aws):
    since = aws.last()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(aws.requests, since, 30)
        aws.client("sts").get_caller_identity()
        assert [entry["operation"] for entry in waiting.result(10)] == ["GetCallerIdentity"]


def test_a_reset_forgets_state_and_faults_but_not_the_log(aws, iam):
    make_role(iam)
    aws.fault(operation="ListRoles", kind="drop", client="*")
    before = aws.last()
    aws.reset()
    assert iam.list_roles()["Roles"] == []
    assert aws.requests(before)[0]["mark"] == "reset"


def test_reads_a_request_that_comes_in_pieces(aws):
    with socket.create_connection(("127.0.0.1", aws.port)) as connection:
        connection.sendall(b"GET /_control/st")
        connection.sendall(b"ate HTTP/1.1\r\nHost: x\r\n")
        connection.sendall(b"\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200 and "associations" in json.loads(answer.read())


@pytest.mark.parametrize("head", ["nonsense", "GET / HTTP/1.1\r\nno colon",
                                  "POST / HTTP/1.1\r\nTransfer-Encoding: chunked"])
def test_refuses_what_is_not_plain_http(aws, head):
    with socket.create_connection(("127.0.0.1", aws.port)) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")) and b"close" in answer


def test_an_unknown_control_call_is_an_error(aws):
    with pytest.raises(RuntimeError, match="no GET"):
        aws.control("GET", "nothing")
    with pytest.raises(RuntimeError, match="not a fault"):
        aws.fault(kind="explode")


def test_hands_out_container_credentials_that_sign(aws):
    aws.control("POST", "credentials", {"lifetime_s": 900})
    connection = http.client.HTTPConnection("127.0.0.1", aws.port)
    connection.request("GET", "/_control/credentials",
                       headers={"Authorization": "container/authorization+token"})
    given = json.loads(connection.getresponse().read())
    sts = aws.client("sts", (given["AccessKeyId"], given["SecretAccessKey"]), given["Token"])
    assert sts.get_caller_identity()["Arn"].endswith(":assumed-role/podidentity-controller/rig")
    connection.request("GET", "/_control/credentials", headers={"Authorization": "wrong"})
    assert connection.getresponse().status == 401
    connection.close()


def test_writes_port_file_and_log(tmp_path):
    port_file, log = tmp_path / "port", tmp_path / "log"
    command = [sys.executable, "-m", "tests.aws.server", "--port-file", port_file, "--log", log]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        connection = http.client.HTTPConnection("127.0.0.1", int(port_file.read_text()))
        connection.request("POST", "/_control/mark", body='{"mark": "hello"}')
        connection.getresponse().read()
        connection.close()
        process.terminate()
        assert process.wait(10) == 0
    assert json.loads(log.read_text())["mark"] == "hello"


def test_counts_what_was_asked(aws):
    since = aws.last()
    iam = aws.controller_client("iam")
    make_role(iam)
    make_role(iam, "other")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="nobody")
    aws.client("iam").list_roles()
    assert aws.counts(since) == {"CreateRole": {"200": 2}, "GetRole": {"NoSuchEntity": 1}}
