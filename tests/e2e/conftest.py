"""Fixtures of the end-to-end tests: one cluster, one AWS stand-in and one controller for the whole
run, a namespace for each test, and at the end the judgement of everything the controller did."""

import contextlib

import pytest

from tests.e2e.rig import environment

environment.clean_this_process()

from tests.e2e.rig import rbac, rights  # noqa: E402
from tests.e2e.rig.aws import Aws  # noqa: E402
from tests.e2e.rig.cluster import open_cluster  # noqa: E402
from tests.e2e.rig.controller import Controller  # noqa: E402
from tests.e2e.rig.kubelets import Kubelets  # noqa: E402
from tests.e2e.rig.place import Place  # noqa: E402
from tests.e2e.rig.webhook import Webhook  # noqa: E402


def pytest_report_header():
    kubeconfig = environment.user_kubeconfig()
    return f"cluster: {'KUBECONFIG=' + kubeconfig if kubeconfig else 'one of our own'}"


def pytest_collection_modifyitems(items):
    """Servers of the user's cluster are not ours to stop, and keep no audit log for us."""
    if not environment.user_kubeconfig():
        return
    for item in items:
        for marker, need in (("stops_servers", "stops servers"),
                             ("own_cluster", "needs what only a cluster of our own has")):
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(
                    reason=f"{item.name} {need}, and the cluster is the one of KUBECONFIG"))


@pytest.fixture(scope="session")
def cluster(request):
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with contextlib.ExitStack() as stack:
        with capture.global_and_fixture_disabled():  # shows the progress of a first build
            opened = stack.enter_context(open_cluster(audit=True))
        yield opened
        if not opened.external:
            audit = rbac.judge(opened.audited())
            rights.keep(request.config, "rbac", audit.used)
            assert not audit.problems, "the audit log:\n" + "\n".join(audit.problems)


@pytest.fixture(scope="session")
def aws(request):
    """In the end the whole request log is judged, also when tests have failed."""
    with Aws() as stand_in:
        yield stand_in
        rights.keep_log(request.config, stand_in.requests())
        problems = stand_in.problems()
        assert not problems, "the request log:\n" + "\n".join(problems)


@pytest.fixture(scope="session")
def session_controller(cluster, aws):
    started = Controller(cluster, aws)
    started.start()
    yield started
    started.close()


@pytest.fixture(scope="session")
def kubelets(request, cluster):
    """A node whose pods run: rig/kubelets.py."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with contextlib.ExitStack() as stack:
        with capture.global_and_fixture_disabled():
            started = stack.enter_context(Kubelets(cluster))
        yield started


@pytest.fixture(scope="session")
def session_webhook(cluster, aws):
    with Webhook(cluster, aws) as started:
        yield started


@pytest.fixture
def webhook(session_webhook, place):
    """EKS's admission webhook for the test's namespace: rig/webhook.py."""
    with session_webhook.injecting(place):
        yield session_webhook


@pytest.fixture
def controller(session_controller):
    """The running controller; a test that stops it need not start it again."""
    known = len(session_controller.problems())
    yield session_controller
    session_controller.ensure_running()
    problems = session_controller.problems()[known:]
    assert not problems, "the controller's log:\n" + "\n".join(problems)


@pytest.fixture
def place(request, cluster, aws):
    """A fresh namespace and what can be done in it; taken away in the end, AWS included."""
    running = None
    if "controller" in request.fixturenames:
        running = request.getfixturevalue("controller")
    opened = Place(cluster, aws)
    opened.open()
    yield opened
    if running:
        running.ensure_running()
    opened.close()


@pytest.fixture
def namespace(place):
    """The name of a fresh namespace."""
    return place.name


@pytest.fixture
def apply(place):
    """apply(YAML, dict or path): server-side apply, into the test's namespace unless it says
    another; what is cluster-scoped goes with the test."""
    return place.apply


@pytest.fixture
def grant(place):
    """The namespace may bind whatever can be granted."""
    return place.grant()


@pytest.fixture
def binding(place):
    """binding(name, **spec): a PodIdentityBinding of the test's namespace as a document."""
    return place.binding


@pytest.fixture
def request_count(aws):
    """request_count(since, **wanted): the controller's AWS requests after a point that
    aws.last() gave, those of
    Aws.controller_requests()."""
    return lambda since, **wanted: len(aws.controller_requests(since, **wanted))
