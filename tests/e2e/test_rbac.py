"""The controller's requests to the API server against config/rbac: the judgement of the audit log,
and requests that only some API servers make it send."""

import urllib.parse

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig import rbac
from tests.e2e.rig.meddler import Meddler

RIGHTS = {("podidentity.io", "podidentitybindings/status", "patch"), ("", "pods", "watch")}


def event(verb="patch", group="podidentity.io", resource="podidentitybindings",
          subresource="status", decision="allow", agent="podidentity/0.1.0", uri="/apis/x"):
    return {"verb": verb, "requestURI": uri, "userAgent": agent,
            "annotations": {"authorization.k8s.io/decision": decision},
            "objectRef": {"resource": resource, "apiGroup": group, "subresource": subresource}}


def test_a_request_uses_the_right_it_needs():
    assert rbac.judge([event()], RIGHTS).used == [
        ("podidentity.io", "podidentitybindings/status", "patch")]
    assert rbac.judge([event()], RIGHTS).problems == []


@pytest.mark.parametrize("strange", [
    event("get"), event(group=""), event(subresource="scale"), event(resource="secrets"),
    event("get", decision="forbid")])
def test_a_request_that_config_does_not_grant_is_a_problem(strange):
    judged = rbac.judge([strange], RIGHTS)
    assert judged.used == []
    problem, = judged.problems
    assert problem.startswith(f"{strange['verb']} /apis/x: config/rbac does not grant")


def test_a_right_is_not_used_by_a_request_that_was_refused():
    """A server that has just started refuses for a moment what its roles grant."""
    judged = rbac.judge([event(decision="forbid")], RIGHTS)
    assert (judged.used, judged.problems) == ([], [])


def test_a_path_that_is_no_resource_must_be_one_it_needs():
    for uri, problems in (("/version?timeout=5s", 0), ("/metrics", 1)):
        found = {**event("get", uri=uri), "objectRef": None}
        assert len(rbac.judge([found], RIGHTS).problems) == problems


def test_requests_of_tests_with_its_token_do_not_count():
    judged = rbac.judge([event("get", agent="OpenAPI-Generator/36.0.3/python")], RIGHTS)
    assert (judged.used, judged.problems) == ([], [])


def test_every_role_of_config_is_read():
    assert ("podidentity.io", "podidentitybindings/status", "patch") in rbac.granted()


def page_of(event):
    """How many objects a list asked for at most."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(event["requestURI"]).query)
    return int(query["limit"][0])


@pytest.mark.own_cluster
def test_where_watches_do_not_begin_with_a_list_it_lists(cluster, place, controller, tmp_path):
    known = len(cluster.audited("list"))
    place.grant()
    with Meddler(cluster.plane, tmp_path) as between:
        between.streams_lists = False
        with controller.with_settings(kubeconfig=between.kubeconfig(cluster)):
            place.bind("cart", permissionPolicy=READ_S3)
            place.wait_ready("cart")
    lists = [event for event in cluster.audited("list")[known:]
             if event["userAgent"].startswith(rbac.CONTROLLER)]
    assert {event["objectRef"]["resource"] for event in lists} == {
        resource for _, resource, verb in rbac.granted() if verb == "list"}
    # What is kept whole comes in pages that fit into the memory, however wide its authors made it.
    assert {event["objectRef"]["resource"]: page_of(event) for event in lists} == {
        "podidentitybindings": 100, "podidentitygrants": 100, "pods": 50,
        "namespaces": 500, "serviceaccounts": 500}
