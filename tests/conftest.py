"""The order of the files, and what a run of the whole suite must show beside its tests: no right of
the controller, in AWS or in Kubernetes, that none of them ever used."""

import shutil

import pytest

from tests.e2e.rig import rights

UNUSED = pytest.StashKey()

# Their tests wait for real time (an edited trust has to be 30 seconds old) or restart servers. They
# begin first: none of them is alone with its worker in the end.
PATIENT = ("test_irsa", "test_adopted_role", "test_session", "test_api_server", "test_adopted_drift",
           "test_pods", "test_kill", "test_crowd", "test_create", "test_drift", "test_role_fields",
           "test_aws_setup", "test_handover", "test_observe", "test_shutdown", "test_refusals",
           "test_credentials", "test_shorthand")


def pytest_configure(config):
    rights.open_folder(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    rights.hand_over(node)


def pytest_collection_modifyitems(items):
    order = {name: place for place, name in enumerate(PATIENT)}
    items.sort(key=lambda item: order.get(item.path.stem, len(PATIENT)))


def pytest_collection_finish(session):
    """With workers the one that started them collects nothing."""
    if session.items:
        rights.keep_extent(session)


def pytest_sessionfinish(session, exitstatus):
    config = session.config
    folder = config.stash[rights.FOLDER]
    if hasattr(config, "workerinput"):
        return
    if exitstatus == pytest.ExitCode.OK and rights.due(folder):
        config.stash[UNUSED] = rights.unused(folder)
        if config.stash[UNUSED]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter, config):
    sentences = config.stash.get(UNUSED, [])
    if sentences:
        terminalreporter.section("rights that no test used", red=True)
        for sentence in sentences:
            terminalreporter.line(sentence)
