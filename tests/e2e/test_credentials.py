"""The controller's own credentials: wrong, expired, renewed, absent; and where no secret is ever
seen."""

import json
import time
import urllib.parse

import pytest
import yaml

from tests.e2e.documents import READ_S3, READ_SQS
from tests.e2e.rig.controller import flags, run_to_end
from tests.e2e.rig.waiting import wait_until

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}
EXPIRED = {"AWS_ACCESS_KEY_ID": "ASIAPODIDENTITYEXPIR", "AWS_SECRET_ACCESS_KEY": "expired-secret",
           "AWS_SESSION_TOKEN": "expired/session+token=="}
UNUSABLE_S = 10 * 60  # so long before their end credentials are not used any more
LEFT_S = 4  # enough for one binding


def container(aws, folder):
    """The variables of one that has its credentials from the container endpoint, and the file with
    its token there."""
    variables = {**NO_KEYS, **aws.container_environment(folder)}
    return variables, folder / "eks-pod-identity-token"


def renewals(controller):
    """How often another failure of renewal was logged, by all runs of this controller."""
    return len(controller.lines(message="AWS credentials could not be renewed"))


@pytest.fixture(autouse=True)
def endpoint_as_before(aws):
    """What a test tells the container endpoint goes with it."""
    before = aws.control("POST", "credentials", {})
    yield
    aws.control("POST", "credentials", before)


@pytest.mark.parametrize("variables, code", [
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
    ({"AWS_ACCESS_KEY_ID": "AKIDOFNOBODY00000001"}, "InvalidClientTokenId"),
    (EXPIRED, "ExpiredToken"),
], ids=["secret", "key", "expired"])
def test_credentials_that_aws_refuses_are_told_in_its_words(place, aws, controller, variables,
                                                            code):
    place.grant()
    since = aws.last()
    with aws.expecting("signature errors"):
        with controller.with_settings(environment_more=variables, ready=False):
            place.bind("cart", permissionPolicy=READ_S3)
            message = place.wait_refused("RoleReady", "CredentialsInvalid", "cart")
            assert f"GetCallerIdentity: {code}: " in message and "(request id " in message
            assert "Check the controller's own AWS credentials" in message
            assert not controller.ready()
    assert {entry["error"] for entry in aws.controller_requests(since, good=False)} == {code}
    place.wait_ready("cart")


def test_no_credentials_end_the_start_with_one_line_that_names_the_ways(aws, controller):
    variables = {**aws.environment(), **NO_KEYS}
    code, _, text = run_to_end(
        "controller", *flags(controller.settings),
        variables={name: value for name, value in variables.items() if value is not None})
    assert code == 1
    assert text.count("\n") == 1, text
    assert text.startswith("podidentity: AWS: no AWS credentials; the node's role is never used")
    for way in ("Pod Identity association", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert way in text


def test_a_session_is_renewed_ahead_of_its_end_with_the_token_read_anew(place, aws, controller,
                                                                        tmp_path):
    variables, token_file = container(aws, tmp_path)
    aws.control("POST", "credentials", {"lifetime_s": UNUSABLE_S + 60})  # wants renewal at once
    place.grant()
    with controller.with_settings(environment_more=variables):
        place.bind("one", permissionPolicy=READ_S3)
        place.wait_ready("one")
        aws.control("POST", "credentials", {"token": "second/token"})
        token_file.write_text("second/token")
        failed, since = renewals(controller), aws.last()
        place.bind("two", permissionPolicy=READ_S3)
        place.wait_ready("two")
        issued = {entry["access_key"] for entry in aws.requests(since)
                  if entry.get("mark") == "credentials issued"}
        assert issued, "no renewal"
        assert renewals(controller) == failed, "the former token was sent"
        signed = {entry["access_key"] for entry in aws.controller_requests(since, good=True)}
        assert signed & issued, "renewed, but not used"


def test_a_session_that_ends_unrenewed_stops_nothing_for_good(place, aws, controller, tmp_path):
    variables, token_file = container(aws, tmp_path)
    aws.control("POST", "credentials", {"lifetime_s": UNUSABLE_S + LEFT_S})
    place.grant()
    with controller.with_settings(environment_more=variables):
        place.bind("cart", permissionPolicy=READ_S3)
        before = place.wait_ready("cart")
        known = renewals(controller)
        aws.control("POST", "credentials", {"token": "another/token"})
        issued_s = max(entry["time_s"] for entry in aws.requests()
                       if entry.get("mark") == "credentials issued")
        wait_until(lambda: time.time() > issued_s + LEFT_S, what="the end of the session")
        since = aws.last()
        place.objects.patch("PodIdentityBinding", "cart", {"spec": {
            "permissionPolicyARNs": [READ_SQS]}}, place.name)
        message = place.wait_refused("Associated", "CredentialsInvalid", "cart")
        assert "wrong authorization token" in message
        assert renewals(controller) == known + 1, "the same failure was logged again"
        token_file.write_text("another/token")
        role = before["status"]["roleARN"].rpartition("/")[2]
        wait_until(lambda: aws.attached_policies(role) == [READ_SQS], 60, "the policy attached")
        assert all(entry["error"] is None for entry in aws.controller_requests(since))


def test_a_session_that_aws_ends_early_is_renewed(place, aws, controller, tmp_path):
    variables, _ = container(aws, tmp_path)
    place.grant()
    with controller.with_settings(environment_more=variables):
        place.bind("cart", permissionPolicy=READ_S3)
        place.wait_ready("cart")
        used = aws.controller_requests(namespace=place.name)[-1]["access_key"]
        since = aws.last()
        with aws.broken(kind="error", code="ExpiredToken", message="The token is expired") as struck:
            place.objects.patch("PodIdentityBinding", "cart", {"spec": {
                "permissionPolicyARNs": [READ_SQS]}}, place.name)
            place.wait_ready("cart")
            assert struck() == 1
        first, *others = aws.controller_requests(since)
        assert first["error"].startswith("ExpiredToken") and first["access_key"] == used
        assert used not in {entry["access_key"] for entry in others}, "the ended session goes on"


# Secrets.

SECRET = "canary+secret/ofTheController0000"
SESSION = "canary/session+token/ofTheController=="
BEARER = "canary/bearer+token"


def all_texts(place, controller):
    """Whatever people can read: logs, metrics, readiness, every binding, grant and Event."""
    yield from (log.read_text(errors="replace") for log in controller.logs)
    yield json.dumps(controller.metrics())
    for kind in ("PodIdentityBinding", "PodIdentityGrant", "Event"):
        yield json.dumps(place.objects.list(kind))


def leaks(secrets, texts):
    """Names of the secrets that are in a text, as they are or escaped."""
    return sorted({name for name, secret in secrets.items() for text in texts
                   for form in (secret, urllib.parse.quote(secret, safe=""),
                                json.dumps(secret)[1:-1])
                   if form in text})


def kube_token(controller):
    written = yaml.safe_load(open(controller.settings["kubeconfig"], encoding="utf-8"))
    return written["users"][0]["user"]["token"]


def work_through_it_all(place, aws, name):
    """A binding made, denied, refused, and changed while AWS repeats to us what we signed."""
    place.bind(name, permissionPolicy=READ_S3)
    place.wait_ready(name)
    echo = ("The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method.\n\nThe Canonical String for this "
            f"request should have been\n'POST\n/\n\nx-amz-security-token:{SESSION}\n'")
    with aws.broken(operation="PutRolePolicy", kind="error", code="SignatureDoesNotMatch",
                    message=echo, count=0):
        place.objects.patch("PodIdentityBinding", name, {"spec": {
            "permissionPolicy": {**READ_S3, "Id": "changed"}}}, place.name)
        place.wait_refused("RoleReady", "CredentialsInvalid", name)


def test_no_secret_of_environment_keys_is_seen_anywhere(place, aws, controller):
    aws.control("POST", "identities", {
        "access_key": "ASIACANARY0000000001", "secret": SECRET, "account": aws.account,
        "arn": f"arn:aws:sts::{aws.account}:assumed-role/podidentity-controller/rig",
        "user_id": "AROACONTROLLER0000001:rig", "session_token": SESSION})
    place.grant()
    keys = {"AWS_ACCESS_KEY_ID": "ASIACANARY0000000001", "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SESSION}
    with controller.with_settings(environment_more=keys, log_level="debug"):
        work_through_it_all(place, aws, "cart")
        used = aws.controller_requests(namespace=place.name)[-1]["access_key"]
        assert used == "ASIACANARY0000000001", "the canary was not even there"
        secrets = {"secret": SECRET, "session": SESSION, "kubernetes": kube_token(controller)}
        assert leaks(secrets, list(all_texts(place, controller))) == []


def test_no_secret_of_the_container_endpoint_is_seen_anywhere(place, aws, controller, tmp_path):
    aws.control("POST", "credentials", {"token": BEARER})
    variables, token_file = container(aws, tmp_path)
    place.grant()
    with controller.with_settings(environment_more=variables, log_level="debug"):
        place.bind("cart", permissionPolicy=READ_S3)
        place.wait_ready("cart")
    aws.control("POST", "credentials", {"token": "of somebody else"})
    known = renewals(controller)
    with controller.with_settings(environment_more=variables, log_level="debug", ready=False):
        wait_until(lambda: renewals(controller) == known + 1, 30, "a refused token")
        token_file.write_text(BEARER + "\nsecond line")
        wait_until(lambda: renewals(controller) == known + 2, 60, "an unreadable token")
        assert leaks({"bearer": BEARER}, list(all_texts(place, controller))) == []


def test_a_leak_would_be_seen(place, controller):
    texts = [f"x-amz-security-token: {urllib.parse.quote(SESSION, safe='')}", SECRET]
    assert leaks({"secret": SECRET, "session": SESSION, "bearer": BEARER}, texts) == [
        "secret", "session"]
