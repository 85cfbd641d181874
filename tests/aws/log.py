"""The request log: one JSON object per request, in memory and one line each in a file.

An entry is appended when its request is over (answered, dropped, or its client gone), so order is
the order of ends; `arrived_s` tells the beginning. Marks ({"mark": ...}) stand between entries.

    seq            number in the log, from 1
    time_s, arrived_s  epoch seconds of end and arrival
    service, operation, params, access_key, user_agent, request_id, connection (serial)
    client         "controller", "tests", or "unknown" for a User-Agent nobody is known to send
    write          the operation is not a Get, List or Describe
    status         HTTP status sent, null if nothing was
    error          the error's code, null on success
    changed        a successful write changed state; null for reads and failures
    effect_lost    the write was done, but the client cannot know it from our answer
    violation      sentences of what the model forbids, or null
    signature_error  why the signature was refused, or null
    fault          the kind of fault that struck, or null
    rights         what was asked of the controller's policy: [{action, resource, allowed, sid}]
"""

import asyncio
import json
import time

ENTRIES_MAX = 500_000  # a whole suite makes some ten thousand; more is a loop somebody must see


class Log:
    def __init__(self, path=None):
        self.entries = []
        self._file = open(path, "a", encoding="utf-8") if path else None
        self._waiting = []

    def append(self, entry):
        assert len(self.entries) < ENTRIES_MAX, "the request log is full"
        entry["seq"] = len(self.entries) + 1
        entry["time_s"] = round(time.time(), 6)
        self.entries.append(entry)
        if self._file:
            self._file.write(json.dumps(entry, default=str) + "\n")
            self._file.flush()
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(True)

    def mark(self, name, **fields):
        self.append({"mark": name, **fields})

    def since(self, seq):
        return self.entries[seq:]

    async def more_than(self, seq, timeout_s):
        """Returns once an entry after seq is there, or after timeout_s."""
        end_s = time.monotonic() + timeout_s
        while len(self.entries) <= seq and time.monotonic() < end_s:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await asyncio.wait([future], timeout=end_s - time.monotonic())
