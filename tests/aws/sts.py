"""STS: who the signer is. Never denied, as the service has it."""


def get_caller_identity(call):
    return {"UserId": call.identity.user_id, "Account": call.identity.account,
            "Arn": call.identity.arn}


HANDLERS = {"GetCallerIdentity": get_caller_identity}
