"""One stand-in for the whole run of these tests; each test finds it as new."""

import pytest

from tests.aws.standin import StandIn


@pytest.fixture(scope="session")
def running():
    with StandIn() as aws:
        yield aws


@pytest.fixture
def aws(running):
    running.reset()
    return running


@pytest.fixture
def iam(aws):
    return aws.client("iam")


@pytest.fixture
def eks(aws):
    return aws.client("eks")
