"""The control API under /_control/: JSON, unsigned, for tests. README.md lists it."""

import datetime
import json
from urllib.parse import parse_qs

from .identities import Identity
from .replies import plain
from .rights import Rights
from .wire import Reply

WAIT_MAX_S = 60.0


class Control:
    def __init__(self, front):
        self.front = front
        self.container_token = "container/authorization+token"
        self.lifetime_s = 3600.0
        self.routes = {
            ("GET", "requests"): self.requests, ("GET", "state"): self.state,
            ("GET", "faults"): self.faults, ("POST", "faults"): self.add_fault,
            ("DELETE", "faults"): self.clear_faults, ("POST", "reset"): self.reset,
            ("POST", "deny"): self.deny, ("DELETE", "deny"): self.allow,
            ("POST", "consistency"): self.consistency, ("POST", "down"): self.down,
            ("POST", "up"): self.up, ("GET", "holding"): self.holding,
            ("POST", "release"): self.release, ("POST", "mark"): self.mark,
            ("POST", "quotas"): self.quotas, ("POST", "pages"): self.pages,
            ("POST", "cluster"): self.cluster, ("POST", "association"): self.association,
            ("POST", "identities"): self.identities, ("GET", "credentials"): self.credentials,
            ("POST", "credentials"): self.set_credentials, ("GET", "counts"): self.counts,
            ("POST", "addon"): self.addon, ("POST", "rights"): self.rights,
            ("DELETE", "rights"): self.unlimit,
        }

    def handle(self, request):
        path, _, query = request.target.partition("?")
        route = self.routes.get((request.method, path.removeprefix("/_control/")))
        if not route:
            return plain(404, {"error": f"no {request.method} {path}"})
        options = {key: values[-1] for key, values in parse_qs(query).items()}
        try:
            body = json.loads(request.body) if request.body else {}
            outcome = route(request, options, body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return plain(400, {"error": f"{type(error).__name__}: {error}"})
        if hasattr(outcome, "__await__"):
            return self._later(outcome)
        return outcome if isinstance(outcome, Reply) else plain(200, outcome)

    async def _later(self, awaitable):
        return plain(200, await awaitable)

    async def requests(self, _request, options, _body):
        since = int(options.get("since", 0))
        wait_s = min(float(options.get("wait", 0)), WAIT_MAX_S)
        if wait_s:
            await self.front.log.more_than(since, wait_s)
        return {"last": len(self.front.log.entries), "requests": self.front.log.since(since)}

    def counts(self, _request, options, _body):
        """{client: {operation: {status or error code: number}}}, without shipping the log."""
        result = {}
        for entry in self.front.log.since(int(options.get("since", 0))):
            if "mark" not in entry:
                outcomes = result.setdefault(entry["client"], {}).setdefault(
                    entry["operation"] or "none", {})
                outcome = str(entry["error"] or entry["status"])
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
        return result

    def rights(self, _request, _options, body):
        """The log keeps which rights there were, to be compared with those that were used."""
        self.front.rights = Rights(body)
        rights = {effect: self.front.rights.list(effect) for effect in ("Allow", "Deny")}
        self.front.log.mark("rights", **rights)
        return rights

    def unlimit(self, _request, _options, _body):
        self.front.rights = None
        return {}

    def state(self, _request, _options, _body):
        return self.front.world.dump()

    def faults(self, _request, _options, _body):
        return [fault.state() for fault in self.front.faults.rules]

    def add_fault(self, _request, _options, body):
        return self.front.faults.add(body).state()

    def clear_faults(self, _request, _options, _body):
        self.front.faults.clear()
        return {}

    def reset(self, _request, _options, _body):
        self.front.reset()
        self.front.log.mark("reset")
        return {"last": len(self.front.log.entries)}

    def deny(self, _request, _options, body):
        self.front.faults.denials.append({"action": body["action"], **body})
        return self.front.faults.denials

    def allow(self, _request, _options, _body):
        self.front.faults.denials.clear()
        return []

    def consistency(self, _request, _options, body):
        self.front.world.consistency.set(body)
        return self.front.world.consistency.rules

    def down(self, _request, _options, body):
        client = body.get("client", "controller")
        self.front.faults.down.add(client)
        self.front.close_connections(client)
        return sorted(self.front.faults.down)

    def up(self, _request, _options, _body):
        self.front.faults.down.clear()
        return []

    async def holding(self, _request, options, _body):
        wait_s = min(float(options.get("wait", 0)), WAIT_MAX_S)
        if wait_s:
            return await self.front.faults.holds.any(wait_s)
        return self.front.faults.holds.state()

    def release(self, _request, _options, body):
        return self.front.faults.holds.release(body.get("id"))

    def mark(self, _request, _options, body):
        self.front.log.mark(body.pop("mark"), **body)
        return {"last": len(self.front.log.entries)}

    def quotas(self, _request, _options, body):
        account = self.front.world.account(self.front.directory.account)
        for name, value in body.items():
            if name == "associations":
                self.front.world.cluster.quota = int(value)
            elif name in account.quotas:
                account.quotas[name] = int(value)
            else:
                raise ValueError(f"no quota {name}")
        return {**account.quotas, "associations": self.front.world.cluster.quota}

    def pages(self, _request, _options, body):
        self.front.world.page_size_max = int(body["size"])
        return body

    def cluster(self, _request, _options, body):
        self.front.world.cluster.changes.update(body)
        return self.front.world.cluster.members()

    def association(self, _request, _options, body):
        """Sets what no API call can: the owner of an association, by its id."""
        association = self.front.world.cluster.associations[body["associationId"]]
        association.owner_arn = body["ownerArn"]
        return association.members()

    def addon(self, _request, _options, body):
        """Lays members over an add-on's answer: status, health, serviceAccountRoleArn."""
        cluster = self.front.world.cluster
        addon = cluster.addons[body.pop("addonName")]
        addon.changes.update(body)
        return addon.members(cluster)

    def identities(self, _request, _options, body):
        return {"accessKey": self.front.directory.add(Identity(**body)).access_key}

    def set_credentials(self, _request, _options, body):
        self.container_token = body.get("token", self.container_token)
        self.lifetime_s = float(body.get("lifetime_s", self.lifetime_s))
        return {"token": self.container_token, "lifetime_s": self.lifetime_s}

    def credentials(self, request, _options, _body):
        """What the pod identity agent answers at its /v1/credentials."""
        if request.header("authorization") != self.container_token:
            return plain(401, {"message": "wrong authorization token"})
        identity = self.front.directory.issue(self.lifetime_s)
        self.front.log.mark("credentials issued", access_key=identity.access_key)
        return {"AccessKeyId": identity.access_key, "SecretAccessKey": identity.secret,
                "Token": identity.session_token, "AccountId": identity.account,
                "Expiration": _rfc3339(identity.expires_s)}


def _rfc3339(epoch_s):
    moment = datetime.datetime.fromtimestamp(epoch_s, datetime.timezone.utc)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
