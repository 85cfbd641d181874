"""podidentity under test: the binary of a build variant as a process of its own, with the rights of
its own ServiceAccount and the keys of its own AWS identity, never an administrator's."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from . import environment
from .environment import program as binary
from .identity import policy_for
from .process import Process
from .waiting import wait_until

STOP_SECONDS = 10
FINDING_EXIT = 99

# A finding of a sanitizer ends the process, with an exit code that is no other's.
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": f"exitcode={FINDING_EXIT}:detect_leaks=1:detect_stack_use_after_return=1",
    "LSAN_OPTIONS": f"exitcode={FINDING_EXIT}",
    "UBSAN_OPTIONS": f"exitcode={FINDING_EXIT}:halt_on_error=1:print_stacktrace=1",
}
FINDING = re.compile(
    r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|Assertion .* failed|"
    r"stack smashing detected|buffer overflow detected|^free\(\)|^malloc")

# The words with which the controller logs a Warning header of the API server.
API_WARNING = "API server warning"

METRIC = re.compile(r"^(\w+(?:\{.*\})?) (\S+)$", re.MULTILINE)


def flags(settings):
    """Command line from keywords: True is the bare flag, None and False leave it out, a list
    repeats it."""
    line = []
    for name, value in settings.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            line.append(flag)
        elif value is not None and value is not False:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                line += [flag, str(one)]
    return line


def run_to_end(*arguments, variables=None):
    """Runs the program with these arguments and no variables but these until it ends by itself;
    gives exit code, standard output and standard error."""
    ended = subprocess.run(
        [binary(), *map(str, arguments)], env=environment.clean(**SANITIZER_ENVIRONMENT,
                                                                **(variables or {})),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=STOP_SECONDS,
        check=False)
    return ended.returncode, ended.stdout, ended.stderr


class Controller:
    """Start, stop, kill and question one controller. Each start has a log of its own in `logs`."""

    def __init__(self, cluster, aws, environment_more=None, **settings):
        """settings are flags and take the place of the defaults below."""
        self.aws = aws
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="podidentity-controller-"))
        self.logs = []
        self.killed_logs = set()
        self._judged = {}  # log → bytes that problems() has read
        self._problems = []
        self.process = None
        self.health_port = environment.free_port()
        self.metrics_port = environment.free_port()
        self._environment = {**aws.environment(), **SANITIZER_ENVIRONMENT,
                             **(environment_more or {})}
        self.settings = {
            "cluster_name": aws.cluster,
            "region": aws.region,
            "kubeconfig": cluster.controller_kubeconfig(),
            "namespace": "podidentity-system",
            "metrics_bind_address": f"127.0.0.1:{self.metrics_port}",
            "health_probe_bind_address": f"127.0.0.1:{self.health_port}",
            "settle": "1s",
            "deletion_limit": 0,
            "allow_unbounded_roles": True,
            "log_format": "json",
            "log_level": "debug",
            **settings,
        }

    @property
    def running(self):
        return self.process is not None and self.process.running

    @property
    def pid(self):
        return self.process.pid

    def start(self, ready=True):
        """Starts it and, if asked, waits until /readyz says 200. In AWS it may do what aws-setup
        prints for its settings."""
        policy = policy_for(self.aws, flags(self.settings), self._environment)
        assert policy or not ready, "aws-setup refuses settings with which the controller starts"
        if policy:
            self.aws.limit(policy)
        log = self.folder / f"run-{len(self.logs) + 1}.log"
        self.logs.append(log)
        self.process = Process(
            "podidentity", [binary(), "controller", *flags(self.settings)], log,
            environment.clean(**self._environment))
        self.process.start()
        if ready:
            self.process.wait_ready(self.ready)

    def stop(self):
        """SIGTERM: it must end by itself in time, with exit code 0."""
        if self.process is None:
            return
        code = self.process.stop(STOP_SECONDS)
        log, self.process = self.process, None
        assert code == 0, f"podidentity ended with {code}:\n{log.tail()}"

    def kill(self):
        """SIGKILL, as a node that loses power."""
        if self.process is not None:
            self.process.kill()
            self.aws.killed()  # its log excuses the repeat of what the dead could not know
            self.killed_logs.add(self.process.log)
        self.process = None

    def close(self):
        """Stops it and removes its logs, unless there is something to read in them."""
        self.stop()
        problems = self.problems()
        assert not problems, f"{self.folder}:\n" + "\n".join(problems)
        shutil.rmtree(self.folder)

    def restart(self, kill=False):
        if kill:
            self.kill()
        else:
            self.stop()
        self.start()

    @contextlib.contextmanager
    def with_settings(self, environment_more=None, ready=True, **settings):
        """This controller with other flags and variables for the length of a block: it is
        restarted before and after. A value None leaves a flag or a variable out."""
        before = self.settings, self._environment
        self.stop()
        self.settings = {**self.settings, **settings}
        self._environment = {name: value for name, value in
                             {**self._environment, **(environment_more or {})}.items()
                             if value is not None}
        try:
            self.start(ready)
            yield self
        finally:
            self.settings, self._environment = before
            if self.running:
                self.stop()
            self.start()

    def ready(self):
        return self._ask(self.health_port, "/readyz")[0] == 200

    def healthy(self):
        return self._ask(self.health_port, "/healthz")[0] == 200

    def wait_ready(self, timeout=60):
        wait_until(self.ready, timeout, "podidentity ready")

    def metrics(self):
        """'name{label="value"}' → number, as /metrics writes it now."""
        status, text = self._ask(self.metrics_port, "/metrics")
        assert status == 200, f"/metrics answered {status}: {text}"
        return {name: float(value) for name, value in METRIC.findall(text)}

    def lines(self, **fields):
        """The log lines of all runs with these fields, as dicts, oldest first."""
        found = []
        for log in self.logs:
            for text in log.read_text(errors="replace").splitlines():
                line = _parsed(text)
                if line is not None and all(line.get(k) == v for k, v in fields.items()):
                    found.append(line)
        return found

    def resident_kib(self, what="VmRSS"):
        """A figure of /proc/<pid>/status: VmRSS, RssAnon, VmHWM."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE).group(1))

    def cpu_seconds(self):
        """User and system time since its start."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def problems(self):
        """What must never be in its logs: findings of sanitizers, broken promises, lines that are
        no JSON, and Warning headers of the API server, which say that we use it wrongly. Reads on
        from where it stopped the last time; gives all that was ever found."""
        for log in self.logs:
            self._judge(log)
        return self._problems

    def ensure_running(self):
        """Starts it again after a test that stopped it; fails when it ended by itself."""
        if self.running:
            return
        ended, self.process = self.process, None
        self.start()
        assert ended is None, f"podidentity ended by itself:\n{ended.tail()}"

    def _judge(self, log):
        text = log.read_bytes()
        end = text.rfind(b"\n") + 1
        if log != self.logs[-1] and log not in self.killed_logs:
            end = len(text)  # nothing cut its last line: it must be whole
        for line in text[self._judged.get(log, 0):end].decode(errors="replace").splitlines():
            if _is_problem(line):
                self._problems.append(f"{log.name}: {line}")
        self._judged[log] = end

    def _ask(self, port, path):
        """(status, body); (0, reason) when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)


def _parsed(text):
    """A log line as a dict, None when it is none."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _is_problem(text):
    line = _parsed(text)
    return line is None or bool(FINDING.search(text)) or API_WARNING in text
