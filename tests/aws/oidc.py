"""What moto lacks of OIDC providers, over moto's own state: adding and removing a client ID.

Handlers as in iam.py. Adding one that is there and removing one that is not change nothing.
"""

from . import moto_rest
from .iam_state import no_such, over_quota

CLIENT_IDS_MAX = 100


def _provider(call):
    arn = call.params["OpenIDConnectProviderArn"]
    provider = moto_rest.providers(call.identity.account, call.account.partition).get(arn)
    if not provider:
        raise no_such(f"OpenIDConnect Provider not found for arn {arn}")
    return provider


def add_client_id(call):
    provider, wanted = _provider(call), call.params["ClientID"]
    if wanted in provider.client_id_list:
        return None
    if len(provider.client_id_list) >= CLIENT_IDS_MAX:
        raise over_quota("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: "
                         f"{CLIENT_IDS_MAX}")
    provider.client_id_list = provider.client_id_list + [wanted]
    return None


def remove_client_id(call):
    provider, gone = _provider(call), call.params["ClientID"]
    provider.client_id_list = [one for one in provider.client_id_list if one != gone]
    return None


HANDLERS = {"AddClientIDToOpenIDConnectProvider": add_client_id,
            "RemoveClientIDFromOpenIDConnectProvider": remove_client_id}
