"""What the front does when a part behind it breaks: the client hears a 500, the check fails."""

from types import SimpleNamespace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.aws import services
from tests.aws.check import check_log
from tests.aws.front import Front
from tests.aws.identities import Directory
from tests.aws.log import Log
from tests.aws.standin import CONTROLLER_KEYS
from tests.aws.wire import Request

BODY = b"Action=GetCallerIdentity&Version=2011-06-15"


def caller_identity():
    """A right request of the controller, as the wire hands it to the front."""
    keys = SimpleNamespace(access_key=CONTROLLER_KEYS[0], secret_key=CONTROLLER_KEYS[1], token=None)
    request = AWSRequest("POST", "http://127.0.0.1:1/", {
        "Content-Type": "application/x-www-form-urlencoded"}, BODY)
    SigV4Auth(keys, "sts", "eu-central-1").add_auth(request)
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    headers += [("host", "127.0.0.1:1"), ("user-agent", "podidentity/1")]
    connection = SimpleNamespace(serial=1, client=None, lost=lambda: False)
    return Request("POST", "/", headers, BODY, connection)


@pytest.fixture
def front():
    return Front(Directory("111122223333", "eu-central-1"), "demo", Log())


def test_answers_a_right_request(front):
    assert front.handle(caller_identity()).status == 200
    assert check_log(front.log.entries) == []


def test_a_mistake_in_a_handler_fails_the_check(front, monkeypatch):
    monkeypatch.setitem(services.HANDLERS["sts"], "GetCallerIdentity", lambda call: 1 / 0)
    assert front.handle(caller_identity()).status == 500
    assert "ZeroDivisionError" in check_log(front.log.entries)[0]


def test_a_mistake_before_the_handler_fails_the_check(front, monkeypatch):
    monkeypatch.setattr(front.models["sts"], "parse", lambda request: 1 / 0)
    assert front.handle(caller_identity()).status == 500
    assert "ZeroDivisionError" in check_log(front.log.entries)[0]


def test_an_answer_that_the_model_does_not_know_fails_the_check(front, monkeypatch):
    monkeypatch.setitem(services.HANDLERS["sts"], "GetCallerIdentity", lambda call: {"Colour": "x"})
    assert front.handle(caller_identity()).status == 500
    assert "the model has no" in check_log(front.log.entries)[0]
