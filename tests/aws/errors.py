"""One error that any service raises; replies.py turns it into the service's own format."""


class ServiceError(Exception):
    """code as it stands on the wire, message, HTTP status; fields go into EKS's JSON body."""

    def __init__(self, code, message, status=400, **fields):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


# What the front itself refuses, before any service is asked. EKS has names of its own for the
# same thing (the ones its clients report: aws/aws-cli issues on UnrecognizedClientException).
EKS_NAMES = {
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "ExpiredToken": "ExpiredTokenException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "AccessDenied": "AccessDeniedException",
    "ValidationError": "InvalidParameterException",
    "InvalidAction": "UnknownOperationException",
    "InternalFailure": "ServerException",
    "ServiceFailure": "ServerException",
    "ServiceUnavailable": "ServiceUnavailableException",
    "Throttling": "ThrottlingException",
}


def code_for(service, code):
    return EKS_NAMES.get(code, code) if service == "eks" else code
