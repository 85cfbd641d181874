"""Each kind of problem, planted, is found; what is excused is not; real logs are judged alike."""

import json

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.aws import check
from tests.aws.check import check_log
from tests.aws.samples import make_role
from tests.aws.standin import CONTROLLER_AGENT

NUMBERS = iter(range(1, 10_000))


def entry(**fields):
    return {"seq": next(NUMBERS), "time_s": 100.0, "client": "controller", "service": "iam",
            "operation": "TagRole", "params": {"RoleName": "cart"}, "user_agent": "podidentity/1",
            "status": 200, "error": None, "changed": True, "effect_lost": False, "violation": None,
            "signature_error": None, "rights": [], **fields}


def mark(name, **fields):
    return {"seq": next(NUMBERS), "time_s": 100.5, "mark": name, **fields}


LOST = entry(effect_lost=True, status=None)
REPEAT = entry(changed=False)
BEGIN = mark("expect", what="signature errors", state="begin")
END = mark("expect", what="signature errors", state="end")
BAD_SIGNATURE = entry(changed=None, signature_error="SignatureDoesNotMatch: x")


def test_a_good_log_has_no_problem():
    refused = entry(changed=None, error="NoSuchEntity")
    assert check_log([entry(), entry(changed=None), refused]) == []


@pytest.mark.parametrize("log, words", [
    ([entry(violation=["Colour: unknown"], changed=None)], "violates the model: Colour"),
    ([BAD_SIGNATURE], "signature error"),
    ([BEGIN, END, BAD_SIGNATURE], "signature error"),
    ([entry(changed=None, rights=[{"action": "iam:TagRole", "resource": "r", "allowed": False,
                                   "sid": None}])], "does not grant iam:TagRole on r"),
    ([REPEAT], "changed nothing"),
    ([entry(), REPEAT], "changed nothing"),
    ([LOST, REPEAT, REPEAT], "changed nothing"),
    ([LOST, entry(changed=False, params={"RoleName": "other"})], "changed nothing"),
    ([LOST, entry(changed=False, operation="UntagRole")], "changed nothing"),
    ([LOST, entry(), REPEAT], "changed nothing"),
    ([LOST, mark("reset"), REPEAT], "changed nothing"),
    ([entry(time_s=98.0), mark("killed"), REPEAT], "changed nothing"),
    ([entry(client="unknown", user_agent="x", changed=None)], "User-Agent 'x'"),
    ([BEGIN], "was not closed"),
])
def test_finds_each_planted_problem(log, words):
    problem, = check_log(log)
    assert words in problem


@pytest.mark.parametrize("log", [
    [LOST, REPEAT],
    [LOST, entry(changed=False, effect_lost=True), REPEAT],
    [LOST, LOST, REPEAT],
    [entry(), mark("killed"), REPEAT],
    [entry(effect_lost=True, operation="CreatePodIdentityAssociation",
           params={"namespace": "a", "clientRequestToken": "1"}),
     entry(changed=False, operation="CreatePodIdentityAssociation",
           params={"namespace": "a", "clientRequestToken": "2"})],
    [BEGIN, BAD_SIGNATURE, END],
    [mark("expect", what="unchanged writes", state="begin"), REPEAT,
     mark("expect", what="unchanged writes", state="end")],
    [entry(client="tests", violation=["x"], changed=False, signature_error="y")],
])
def test_excuses_what_could_not_be_helped(log):
    assert check_log(log) == []


def test_a_misspelled_window_is_no_window():
    with pytest.raises(AssertionError):
        check_log([mark("expect", what="anything", state="begin")])


def test_reads_a_log_file(tmp_path, capsys):
    path = tmp_path / "log"
    path.write_text("".join(json.dumps(one) + "\n" for one in [entry(), REPEAT]))
    assert check.main([str(path)]) == 1
    assert "changed nothing" in capsys.readouterr().out
    path.write_text(json.dumps(entry()) + "\n")
    assert check.main([str(path)]) == 0


def test_judges_what_a_real_client_did(aws):
    controller = aws.controller_client("iam")
    since = aws.last()
    make_role(controller)
    aws.fault(operation="TagRole", when="after", kind="drop")
    tags = [{"Key": "a", "Value": "b"}]
    with pytest.raises(ConnectionClosedError):
        controller.tag_role(RoleName="cart", Tags=tags)
    controller.tag_role(RoleName="cart", Tags=tags)
    assert check_log(aws.requests(since)) == []
    controller.tag_role(RoleName="cart", Tags=tags)
    assert "changed nothing" in check_log(aws.requests(since))[0]


def test_windows_are_marked_through_the_control_api(aws):
    since = aws.last()
    wrong = aws.client("sts", ("AKIDPODIDENTITY00001", "wrong"), user_agent=CONTROLLER_AGENT)
    with aws.expecting("signature errors"):
        with pytest.raises(Exception, match="SignatureDoesNotMatch"):
            wrong.get_caller_identity()
    assert check_log(aws.requests(since)) == []
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        wrong.get_caller_identity()
    assert "signature error" in check_log(aws.requests(since))[0]


def test_a_violation_of_a_real_client_is_found(aws):
    since = aws.last()
    eks = aws.controller_client("eks")
    with pytest.raises(Exception, match="over the maximum of 100"):
        eks.list_pod_identity_associations(clusterName="demo", maxResults=500)
    assert "violates the model" in check_log(aws.requests(since))[0]
