"""moto behind the front, for what it plays well and we do not: OIDC providers.

moto's own check of signatures stays off; the front has done that. Its answers go through as they
are. Loaded on first use, because importing moto takes longer than all the rest.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from .errors import ServiceError
from .wire import Reply

OPERATIONS = {"iam": {
    "CreateOpenIDConnectProvider", "GetOpenIDConnectProvider", "ListOpenIDConnectProviders",
    "DeleteOpenIDConnectProvider", "TagOpenIDConnectProvider", "UntagOpenIDConnectProvider",
    "ListOpenIDConnectProviderTags", "UpdateOpenIDConnectProviderThumbprint"}}


def plays(service, operation):
    return operation in OPERATIONS.get(service, ())


@lru_cache(maxsize=1)
def _client():
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.test import Client
    return Client(create_backend_app("iam"))


def reset():
    if _client.cache_info().currsize:
        from moto.iam.models import iam_backends
        iam_backends.reset()


def providers(account, partition):
    """moto's own, by ARN; what is changed here, moto shows."""
    from moto.iam.models import iam_backends
    return iam_backends[account][partition].open_id_providers


def snapshot(account, partition):
    return tuple((arn, tuple(one.client_id_list), tuple(one.thumbprint_list), str(one.tags))
                 for arn, one in sorted(providers(account, partition).items()))


def _check_url(exchange):
    """What the service asks of the issuer and moto does not."""
    parts = urlsplit(exchange.params.get("Url", "https://none"))
    if parts.scheme != "https" or ":" in parts.netloc or parts.query:
        raise ServiceError("InvalidInput", "Invalid Open ID Connect Provider URL", 400)


def perform(exchange):
    _check_url(exchange)
    call = exchange.call
    before = snapshot(call.identity.account, call.account.partition)
    reply = _ask(exchange)
    if exchange.write and reply.status < 400:
        exchange.entry["changed"] = \
            snapshot(call.identity.account, call.account.partition) != before
    return reply


def _ask(exchange):
    headers = [(name, value) for name, value in exchange.request.headers
               if name not in ("content-length", "host")]
    headers.append(("x-moto-account-id", exchange.call.identity.account))
    answer = _client().open("/", method="POST", headers=headers, data=exchange.request.body)
    if answer.status_code >= 400:
        exchange.entry["error"] = f"moto answered {answer.status_code}"
    return Reply(answer.status_code, answer.get_data(), [("Content-Type", "text/xml")])
