"""The rig's hold on the controller, tried with programs that behave badly."""

import pathlib
import shutil
import sys

import pytest

from tests.e2e.rig import controller as module
from tests.e2e.rig.controller import Controller, flags
from tests.e2e.rig.waiting import wait_until

# Answers /readyz, writes the lines it was given, ends as told on SIGTERM.
PROGRAM = """#!{python}
import http.server, os, signal, sys
port = int(sys.argv[sys.argv.index("--health-probe-bind-address") + 1].rpartition(":")[2])
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", port), Answer)
signal.signal(signal.SIGTERM, lambda *_: os._exit({code}))
sys.stderr.write({text!r})
sys.stderr.flush()
{more}
server.serve_forever()
"""
GOOD = '{"level":"info","message":"started"}\n'


@pytest.fixture
def start(cluster, aws, tmp_path, monkeypatch):
    """start(text, code, more): a controller that is a program of a few lines."""
    started = []

    def start_one(text=GOOD, code=0, more=""):
        path = pathlib.Path(tmp_path / "podidentity")
        path.write_text(PROGRAM.format(python=sys.executable, text=text, code=code, more=more))
        path.chmod(0o755)
        monkeypatch.setattr(module, "binary", lambda: path)
        one = Controller(cluster, aws)
        started.append(one)
        one.start()
        return one

    yield start_one
    for one in started:
        one.kill()
        shutil.rmtree(one.folder)


def test_good_one_starts_stops_and_has_no_problems(start):
    one = start()
    assert one.running and one.ready()
    one.restart()
    one.stop()
    assert not one.running
    assert one.problems() == []
    assert [line["message"] for line in one.lines(level="info")] == ["started", "started"]


def test_exit_code_other_than_zero_is_a_failure(start):
    one = start(code=module.FINDING_EXIT)
    with pytest.raises(AssertionError, match="ended with 99"):
        one.stop()


def test_one_that_ignores_sigterm_is_killed_and_a_failure(start, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)
    one = start(more="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with pytest.raises(AssertionError, match="still ran 0.5 s after SIGTERM"):
        one.stop()


@pytest.mark.parametrize("line", [
    "net/http.c:12:3: runtime error: signed integer overflow\n",
    '{"level":"info","message":"x","text":"ERROR: AddressSanitizer: heap-use-after-free"}\n',
    '{"level":"warn","message":"API server warning","text":"unknown field"}\n',
    "no JSON\n",
])
def test_line_that_must_not_be_is_a_problem(start, line):
    one = start(GOOD + line)
    wait_until(lambda: len(one.problems()) == 1, 5)
    assert one.problems() == [f"run-1.log: {line.rstrip()}"]


def test_line_cut_by_a_kill_is_no_problem_but_one_cut_by_an_end_is(start):
    one = start(GOOD + '{"level":')
    one.kill()
    one.start()
    assert one.problems() == []
    one.stop()
    one.start()
    assert one.problems() == ['run-2.log: {"level":']


def test_one_that_ended_by_itself_is_started_again_and_told(start):
    one = start(more="import threading; threading.Timer(0.2, os._exit, [7]).start()")
    wait_until(lambda: not one.running, 5)
    with pytest.raises(AssertionError, match="ended by itself"):
        one.ensure_running()


def test_settings_become_flags():
    assert flags({"cluster_name": "demo", "leader_elect": True, "region": None, "probe": False,
                  "trust_edits": ["a", "b"], "deletion_limit": 0}) == [
        "--cluster-name", "demo", "--leader-elect", "--trust-edits", "a", "--trust-edits", "b",
        "--deletion-limit", "0"]


def test_settings_of_a_block_are_taken_back(start):
    one = start()
    before = dict(one.settings)
    with one.with_settings(settle="10s", environment_more={"AWS_ACCESS_KEY_ID": None}):
        assert "10s" in one.process.arguments
        assert "AWS_ACCESS_KEY_ID" not in one.process.env
    assert one.settings == before
    assert "AWS_ACCESS_KEY_ID" in one.process.env
