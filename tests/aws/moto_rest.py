"""moto behind the front, for what it plays well and we do not: OIDC providers.

moto's own check of signatures stays off; the front has done that. Its answers go through as they
are. Loaded on first use, because importing moto takes longer than all the rest.
"""

from functools import lru_cache

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


def perform(exchange):
    headers = [(name, value) for name, value in exchange.request.headers
               if name not in ("content-length", "host")]
    headers.append(("x-moto-account-id", exchange.call.identity.account))
    answer = _client().open("/", method="POST", headers=headers, data=exchange.request.body)
    if answer.status_code >= 400:
        exchange.entry["error"] = f"moto answered {answer.status_code}"
    return Reply(answer.status_code, answer.get_data(), [("Content-Type", "text/xml")])
