"""A program the rig runs: started with its log in a file, ready by a condition, and never left
behind: the kernel kills it when the thread that started it dies, however that ends. Start programs
from the main thread only."""

import pathlib
import signal
import subprocess

from . import environment
from .waiting import wait_until

READY_SECONDS = 60
TAIL_BYTES = 4000


class Process:
    def __init__(self, name, arguments, log, env=None):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log = pathlib.Path(log)
        self.env = environment.clean() if env is None else env
        self._child = None

    @property
    def running(self):
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self):
        return self._child.pid

    def start(self):
        """Appends to the log: what was there before a restart stays."""
        assert not self.running, f"{self.name} runs already"
        with open(self.log, "ab") as log:
            # A session of its own: Ctrl-C goes to pytest, which then stops servers in order.
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.arguments], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.env, start_new_session=True)

    def wait_ready(self, condition, timeout=READY_SECONDS):
        """Waits for condition, and fails at once with the log when the program ends instead."""
        def ready_or_gone():
            return not self.running or condition()

        wait_until(ready_or_gone, timeout, f"{self.name} ready ({self.log})")
        assert self.running, f"{self.name} ended with {self._child.returncode}:\n{self.tail()}"

    def stop(self, timeout=20):
        """Asks it to end and returns its exit code; after timeout it is killed and that fails."""
        if self._child is None:
            return 0
        if self.running:
            self._child.terminate()
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.name} still ran {timeout} s after SIGTERM:\n{self.tail()}") from None

    def kill(self):
        if self.running:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()

    def tail(self):
        """The end of the log."""
        return self.log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
