"""Judges a request log at the end of a run: python -m tests.aws.check FILE

check_log(entries) returns sentences, one per problem, about what is not from the tests' clients:

- a request the service's model forbids;
- a request that the controller's own policy does not allow ("denied requests" is the window);
- a signature error outside a window of marks {"mark": "expect", "what": "signature errors"};
- a successful write that left AWS as it was ("unchanged writes" is the window for these), unless
  it repeats a write whose answer was lost. A lost answer excuses one repeat of the same write.
  Lost is: withheld by a fault, its client gone, or sent at most KILL_S before a "killed" mark,
  because the killed process may not have read it;
- a User-Agent that nobody is known to send.
"""

import json
import sys

KILL_S = 2.0
WINDOWS = ("signature errors", "unchanged writes", "denied requests")
TOKENS = ("clientRequestToken",)   # new with each attempt of another process


def target_of(entry):
    """The write without what differs between two attempts at it, to compare by."""
    params = {name: value for name, value in (entry["params"] or {}).items()
              if name not in TOKENS}
    return json.dumps([entry["service"], entry["operation"], params], sort_keys=True)


def describe(entry):
    return (f"request {entry['seq']} {entry['service']}:{entry['operation']} "
            f"{json.dumps(entry['params'])[:300]}")


class Check:
    def __init__(self):
        self.problems = []
        self.open = {window: 0 for window in WINDOWS}
        self.lost = {}     # target -> how many repeats are excused
        self.writes = []   # answered writes that changed something, newest last

    def read(self, entry):
        if "mark" in entry:
            self._mark(entry)
        elif entry["client"] != "tests":
            self._request(entry)

    def _mark(self, entry):
        if entry["mark"] == "expect":
            assert entry["what"] in WINDOWS and entry["state"] in ("begin", "end"), entry
            self.open[entry["what"]] += 1 if entry["state"] == "begin" else -1
        elif entry["mark"] == "killed":
            for write in self.writes:
                if write["time_s"] >= entry["time_s"] - KILL_S:
                    self._excuse(write)
            self.writes.clear()
        elif entry["mark"] == "reset":
            self.lost.clear()
            self.writes.clear()

    def _excuse(self, entry):
        target = target_of(entry)
        self.lost[target] = self.lost.get(target, 0) + 1

    def _problem(self, entry, what):
        self.problems.append(f"{describe(entry)}: {what}")

    def _request(self, entry):
        if entry["client"] == "unknown":
            self._problem(entry, f"User-Agent {entry['user_agent']!r} is nobody's")
        if entry["violation"]:
            self._problem(entry, "violates the model: " + "; ".join(entry["violation"]))
        if entry["signature_error"] and not self.open["signature errors"]:
            self._problem(entry, "signature error: " + entry["signature_error"])
        for right in entry["rights"]:
            if not right["allowed"] and not self.open["denied requests"]:
                self._problem(entry, f"the policy does not grant {right['action']} on "
                              f"{right['resource']}")
        if entry["changed"] is not None:
            self._write(entry)

    def _write(self, entry):
        target = target_of(entry)
        if entry["changed"]:
            self.lost.pop(target, None)
            self.writes.append(entry)
        elif self.lost.get(target):
            self.lost[target] -= 1
        elif not self.open["unchanged writes"]:
            self._problem(entry, "a successful write that changed nothing")
        if entry["effect_lost"]:
            self._excuse(entry)

    def end(self):
        self.problems += [f"the window \"{window}\" was not closed"
                          for window, depth in self.open.items() if depth > 0]
        return self.problems


def check_log(entries):
    check = Check()
    for entry in entries:
        check.read(entry)
    return check.end()


def read_log(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(arguments):
    if len(arguments) != 1:
        print("usage: python -m tests.aws.check FILE", file=sys.stderr)
        return 3
    problems = check_log(read_log(arguments[0]))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
