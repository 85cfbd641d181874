"""One request through the stand-in: signature, model, denial, fault, effect, answer, log.

`handle` answers at once where it can; only faults make it wait. The effect of a request takes
place in one turn of the loop, so no two requests see each other half done.
"""

import asyncio
import time
import traceback
import uuid

from . import authorization, moto_rest, replies, services
from .control import Control
from .errors import ServiceError, code_for
from .faults import GARBAGE, Faults
from .models import Unknown, load_models
from .signature import AUTHORIZATION, Refused, verify
from .wire import Reply
from .world import Call, World

CONTROLLER = "podidentity/"
# Clients that tests are known to use; any other User-Agent is "unknown" and check.py asks why.
TESTS = ("Boto3/", "Botocore/", "aws-cli/", "python-requests/", "curl/", "tests/")


def client_of(user_agent):
    if user_agent.startswith(CONTROLLER):
        return "controller"
    return "tests" if user_agent.startswith(TESTS) else "unknown"


class Exchange:
    """A request and what becomes of it."""

    def __init__(self, request):
        self.request = request
        self.user_agent = request.header("user-agent") or ""
        self.client = client_of(self.user_agent)
        self.service = None
        self.operation = ""
        self.params = {}
        self.write = False
        self.call = None
        self.model = None
        self.entry = {
            "arrived_s": round(time.time(), 6), "service": None, "operation": None,
            "params": None, "access_key": None, "user_agent": self.user_agent,
            "client": self.client, "connection": request.connection.serial,
            "request_id": str(uuid.uuid4()), "write": False, "status": None, "error": None,
            "changed": None, "effect_lost": False, "violation": None, "signature_error": None,
            "fault": None, "rights": []}

    def learn(self, service, operation, params):
        self.service, self.operation, self.params = service, operation, params
        self.write = services.is_write(operation)
        self.entry.update(service=service, operation=operation, params=params, write=self.write)


class Front:
    def __init__(self, directory, cluster_name, log):
        self.directory = directory
        self.cluster_name = cluster_name
        self.log = log
        self.models = load_models()
        self.faults = Faults()
        self.world = World(directory, cluster_name)
        self.rights = None   # what the controller's own IAM policy allows; None = everything
        self.connections = set()
        self.control = Control(self)

    def reset(self):
        self.faults.reset()
        self.rights = None
        self.directory.reset()
        self.world = World(self.directory, self.cluster_name)
        moto_rest.reset()

    def handle(self, request):
        if request.target.startswith("/_control/"):
            return self.control.handle(request)
        exchange = Exchange(request)
        request.connection.client = exchange.client
        if exchange.client in self.faults.down:
            exchange.entry["fault"] = "down"
            return self._finish(exchange, Reply(0, drop=True))
        try:
            self._admit(exchange)
        except Refused as refusal:
            return self._refuse(exchange, refusal)
        except Unknown as unknown:
            return self._violation(exchange, [str(unknown)], "InvalidAction")
        except Exception:  # pylint: disable=broad-except
            return self._finish(exchange, self._broke(exchange))
        if exchange.entry["violation"]:
            return self._violation(exchange, exchange.entry["violation"], "ValidationError")
        fault = self.faults.find(exchange)
        if fault:
            exchange.entry["fault"] = f"{fault.kind} {fault.when}"
            return self._break(exchange, fault)
        return self._finish(exchange, self._perform(exchange))

    def _admit(self, exchange):
        """Who asks and what; raises Refused or Unknown, leaves violations in the entry."""
        request = exchange.request
        scope = AUTHORIZATION.match(request.header("authorization") or "")
        exchange.service = exchange.entry["service"] = scope and scope[4]
        identity, service = verify(request, self.directory, exchange.client == "tests")
        exchange.entry["access_key"] = identity.access_key
        exchange.model = self.models[service]
        operation, params, violations = exchange.model.parse(request)
        exchange.learn(service, operation, params)
        exchange.entry["violation"] = violations or None
        exchange.call = Call(self.world, identity, params, exchange.entry["request_id"], operation)
        exchange.call.deny = lambda action, resource: self._deny(exchange, action, resource)

    def _deny(self, exchange, action, resource):
        """Raises AccessDenied for the request's own action, and for one that it implies."""
        if self.faults.denied(exchange.client, action, resource):
            raise self._access_denied(exchange, action, resource)
        self._judge(exchange, action, resource)
        if action == f"{exchange.service}:{exchange.operation}":
            for more in authorization.implied(exchange.call, resource):
                self._judge(exchange, *more)

    def _judge(self, exchange, action, resource):
        """By the controller's own policy. What names a role or an association that is not there is
        let through: it is the service's to say so."""
        call = exchange.call
        target, needed = authorization.subject(call)
        if not self.rights or exchange.client != "controller" or \
                not self.directory.is_controller(call.identity) or (needed and target is None):
            return
        verdict = self.rights.judge(action, resource, authorization.context_of(call, action))
        exchange.entry["rights"].append(
            {"action": action, "resource": resource, "allowed": verdict.allowed,
             "sid": verdict.sid})
        if not verdict.allowed:
            raise self._access_denied(exchange, action, resource)

    @staticmethod
    def _access_denied(exchange, action, resource):
        return ServiceError(
            "AccessDenied", f"User: {exchange.call.identity.arn} is not authorized to perform: "
            f"{action} on resource: {resource} because no identity-based policy allows the "
            f"{action} action", 403)

    def _refuse(self, exchange, refusal):
        entry = exchange.entry
        entry["access_key"] = refusal.access_key
        entry["signature_error"] = f"{refusal.code}: {refusal.detail}"
        return self._finish(exchange, self._error(exchange, refusal))

    def _violation(self, exchange, sentences, code):
        exchange.entry["violation"] = sentences
        text = f"{len(sentences)} validation error(s) detected: " + "; ".join(sentences)
        return self._finish(exchange, self._error(exchange, ServiceError(code, text, 400)))

    def _error(self, exchange, fault, headers=()):
        service = exchange.service
        if service not in self.models:  # unsigned or signed for something else
            service = "sts" if exchange.request.target == "/" else "eks"
        exchange.entry["error"] = code_for(service, fault.code)
        return replies.error(service, fault, exchange.entry["request_id"], headers)

    def _perform(self, exchange):
        """The effect. Returns the true answer; changed and error stand in the entry."""
        call, service, entry = exchange.call, exchange.service, exchange.entry
        try:
            if service != "sts":  # GetCallerIdentity cannot be denied
                call.deny(f"{service}:{exchange.operation}", services.resource_of(service, call))
            if moto_rest.plays(service, exchange.operation):
                return moto_rest.perform(exchange)
            handler = services.find(service, exchange.operation)
            before = services.snapshot(service, call) if exchange.write else None
            value = handler(call)
            if exchange.write:
                entry["changed"] = services.snapshot(service, call) != before
            return replies.result(exchange.model, exchange.operation, value, entry["request_id"])
        except ServiceError as fault:
            return self._error(exchange, fault)
        except Exception:  # pylint: disable=broad-except
            return self._broke(exchange)

    def _broke(self, exchange):
        """A mistake of ours: the client gets a 500, the check of the log fails."""
        traceback.print_exc()
        exchange.entry["violation"] = ["the stand-in broke: " + traceback.format_exc(limit=-2)]
        return self._error(exchange, ServiceError("InternalFailure", "the stand-in broke", 500))

    async def _break(self, exchange, fault):
        reply = self._perform(exchange) if fault.when == "after" else None
        done = reply is not None and exchange.write and exchange.entry["error"] is None
        broken = await self._strike(exchange, fault, reply)
        if broken is None and reply is None:
            reply = self._perform(exchange)
        exchange.entry["effect_lost"] = done and broken is not None
        return self._finish(exchange, broken or reply)

    async def _strike(self, exchange, fault, true_reply):
        """The reply to send instead of the true one, or None to go on."""
        if fault.kind == "error":
            headers = fault.rule.get("headers", {}).items()
            return self._error(exchange, fault.error(exchange.service), headers)
        if fault.kind == "drop":
            return Reply(0, drop=True)
        if fault.kind == "garbage":
            body = fault.rule.get("body", GARBAGE).encode()
            return Reply(fault.rule.get("status", 200), body, [("Content-Type", "text/html")])
        if fault.kind == "short":
            whole = true_reply or self._error(exchange, ServiceError(
                "InternalFailure", "An answer of which half is missing.", 500))
            return Reply(whole.status, whole.body, whole.headers, short=True)
        if fault.kind == "delay":
            await asyncio.sleep(fault.rule.get("delay_ms", 1000) / 1000)
            return None
        outcome = await self.faults.holds.wait(exchange, fault)
        return Reply(0, drop=True) if outcome == "closed" else None

    def _finish(self, exchange, reply):
        """Logs the exchange with what the client gets."""
        entry = exchange.entry
        gone = exchange.request.connection.lost()
        if reply.drop or gone:
            if entry["error"] is None and entry["changed"] is not None:
                entry["effect_lost"] = True
        else:
            entry["status"] = reply.status
        self.log.append(entry)
        return reply

    def close_connections(self, client):
        for connection in list(self.connections):
            if connection.client == client:
                connection.abort()
