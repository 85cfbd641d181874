"""Switches that break answers on demand.

A fault counts the requests it matches and strikes from the nth on, `count` times:

    operation  glob, "*" default                 client  "controller" default, "*" all
    writes     true: count writes only           match   {parameter: glob}; "role" fits RoleName
    nth        1 default                                 and the name in a roleArn
    count      1 default, 0 for ever             when    "before" (default) or "after" the effect
    kind       error | drop | garbage | short | delay | hang | hold
    code, status, message, headers  of kind error
    body       of kind garbage, delay_ms of kind delay

"before" with error, drop, garbage, short: the effect does not take place. "after": it does, the
client is not told. hold keeps the connection open until the hold is released or its client is
gone; a client gone before the effect means no effect. hang is a hold that only a reset releases.
"""

import asyncio
import itertools
from fnmatch import fnmatchcase

from .errors import ServiceError, code_for

KINDS = ("error", "drop", "garbage", "short", "delay", "hang", "hold")
FIELDS = {"operation", "client", "writes", "match", "nth", "count", "when", "kind", "code",
          "status", "message", "headers", "body", "delay_ms"}
GARBAGE = "<html><body><h1>502 Bad Gateway</h1><p>\x00\x01 not what you asked for"
FAULTS_MAX = 1000

# Status of the codes a test is likely to name; anything else is 400 unless it says so.
STATUS = {"Throttling": 400, "ThrottlingException": 429, "TooManyRequestsException": 429,
          "ServiceFailure": 500, "InternalFailure": 500, "ServerException": 500,
          "ServiceUnavailable": 503, "ServiceUnavailableException": 503, "AccessDenied": 403,
          "AccessDeniedException": 403, "ConcurrentModification": 409, "NoSuchEntity": 404,
          "EntityAlreadyExists": 409, "LimitExceeded": 409, "DeleteConflict": 409,
          "ResourceNotFoundException": 404, "ResourceInUseException": 409,
          "EntityTemporarilyUnmodifiable": 409, "ExpiredToken": 403,
          "ExpiredTokenException": 403, "InvalidClientTokenId": 403,
          "UnrecognizedClientException": 403, "SignatureDoesNotMatch": 403}
MESSAGES = {"Throttling": "Rate exceeded", "ThrottlingException": "Rate exceeded"}


def _fits_role(params, wanted):
    names = [params.get("RoleName"), (params.get("roleArn") or "").rsplit("/", 1)[-1]]
    return any(name and fnmatchcase(name, wanted) for name in names)


class Fault:
    IDS = itertools.count(1)

    def __init__(self, rule):
        unknown = set(rule) - FIELDS
        if unknown or rule.get("kind") not in KINDS or rule.get("when") not in (None, "before",
                                                                                "after"):
            raise ValueError(f"not a fault: {rule}" + (f" ({sorted(unknown)})" if unknown else ""))
        self.id = next(self.IDS)
        self.rule = rule
        self.kind = rule["kind"]
        self.when = rule.get("when", "before")
        self.nth = rule.get("nth", 1)
        self.count = rule.get("count", 1)
        self.seen = 0
        self.struck = 0

    def strikes(self, exchange):
        """Counts the request if it matches; True if this one is to be broken."""
        if not self._matches(exchange):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.count and self.struck >= self.count):
            return False
        self.struck += 1
        return True

    def _matches(self, exchange):
        rule, params = self.rule, exchange.params
        if rule.get("client", "controller") not in ("*", exchange.client):
            return False
        if rule.get("writes") and not exchange.write:
            return False
        if not fnmatchcase(exchange.operation, rule.get("operation", "*")):
            return False
        return all(_fits_role(params, wanted) if name == "role"
                   else fnmatchcase(str(params.get(name, "")), wanted)
                   for name, wanted in rule.get("match", {}).items())

    def error(self, service):
        """One rule may strike IAM and EKS: Throttling is ThrottlingException, 429, in EKS."""
        code = code_for(service, self.rule.get("code", "InternalFailure"))
        message = self.rule.get("message", MESSAGES.get(code, f"{code} asked for by the test"))
        return ServiceError(code, message, self.rule.get("status", STATUS.get(code, 400)))

    def state(self):
        return {"id": self.id, "seen": self.seen, "struck": self.struck, **self.rule}


class Holds:
    """Requests kept without an answer, by number."""

    def __init__(self):
        self.waiting = {}   # id -> (description, future)
        self._ids = itertools.count(1)
        self._watchers = []

    async def wait(self, exchange, fault):
        """Returns "released" or "closed"."""
        number = next(self._ids)
        future = asyncio.get_running_loop().create_future()
        description = {"id": number, "operation": exchange.operation, "params": exchange.params,
                       "when": fault.when, "kind": fault.kind, "client": exchange.client,
                       "request_id": exchange.entry["request_id"]}
        self.waiting[number] = (description, future)
        self._tell()
        try:
            await asyncio.wait([future, exchange.request.connection.closed],
                               return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self.waiting[number]
        return "released" if future.done() else "closed"

    def release(self, number=None, kinds=("hold",)):
        released = []
        for key, (description, future) in list(self.waiting.items()):
            if number in (None, key) and description["kind"] in kinds and not future.done():
                future.set_result(True)
                released.append(key)
        return released

    def state(self):
        return [description for description, future in self.waiting.values() if not future.done()]

    def _tell(self):
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(True)

    async def any(self, timeout_s):
        """Waits until something is held, or timeout_s have passed."""
        if not self.state():
            watcher = asyncio.get_running_loop().create_future()
            self._watchers.append(watcher)
            await asyncio.wait([watcher], timeout=timeout_s)
        return self.state()


class Faults:
    def __init__(self):
        self.rules = []
        self.denials = []     # {"action": glob, "resource": glob, "client": …}
        self.down = set()     # clients whose connections are closed
        self.holds = Holds()

    def add(self, rule):
        assert len(self.rules) < FAULTS_MAX, "faults are added in a loop"
        fault = Fault(rule)
        self.rules.append(fault)
        return fault

    def find(self, exchange):
        """The first fault that strikes; every matching one counts the request."""
        striking = [fault for fault in self.rules if fault.strikes(exchange)]
        return striking[0] if striking else None

    def clear(self):
        self.rules.clear()

    def reset(self):
        self.clear()
        self.denials.clear()
        self.down.clear()
        self.holds.release(kinds=("hold", "hang"))

    def denied(self, client, action, resource):
        return any(rule.get("client", "controller") in ("*", client)
                   and fnmatchcase(action, rule["action"])
                   and fnmatchcase(resource, rule.get("resource", "*")) for rule in self.denials)
