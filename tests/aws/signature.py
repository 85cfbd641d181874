"""Signature Version 4 as AWS's rules state it, written from the rules and not from a client.

Rules (docs: "Signature Version 4 signing process"; facts on the wire stand beside each):
- canonical URI: the path as sent, dot segments and double slashes removed, each segment encoded
  once more (every service but S3), so that %2F on the wire is %252F here;
- canonical query: names and values decoded, encoded by RFC 3986, sorted by name then value, a
  name without a value gets "=";
- signed headers: lower case, sorted, values trimmed and inner spaces made one; host, x-amz-date,
  every other x-amz-* header sent and content-type must be among them;
- payload hash: SHA-256 of the body's bytes;
- date within five minutes of ours; scope date equal to the request's date.

`verify` returns the Identity that signed, or raises Refused.
"""

import calendar
import hashlib
import hmac
import re
import time
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

WINDOW_S = 300
ALGORITHM = "AWS4-HMAC-SHA256"
SERVICES = ("iam", "sts", "eks")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request,"
    r"\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})")
DATE = re.compile(r"\d{8}T\d{6}Z")

MISMATCH = ("The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. "
            "Consult the service documentation for details.")


class Refused(Exception):
    """code: the Query protocol's word; message: for the client; detail: for the log."""

    def __init__(self, code, message, detail, status=403, access_key=None):
        super().__init__(detail)
        self.code = code
        self.message = message
        self.detail = detail
        self.status = status
        self.access_key = access_key


def _encode(raw):
    return quote(unquote_to_bytes(raw.encode("latin-1")), safe="-_.~")


def canonical_path(raw_path):
    """The wire's path, normalised (RFC 3986 5.2.4 and //), encoded a second time."""
    segments = []
    parts = raw_path.split("/")
    for part in parts:
        if part == "..":
            if segments:
                segments.pop()
        elif part not in ("", "."):
            segments.append(part)
    path = "/" + "/".join(segments)
    if segments and parts[-1] in ("", ".", ".."):
        path += "/"
    return quote(path.encode("latin-1"), safe="/-_.~")


def canonical_query(raw_query):
    """Sorted after encoding, by name then value. A "+" on the wire stays a plus sign."""
    pairs = []
    for part in raw_query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_encode(name), _encode(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_headers(headers, names):
    """headers: [(lower name, value)] as sent. A name sent twice is joined by commas."""
    lines = []
    for name in names:
        values = [" ".join(value.split()) for key, value in headers if key == name]
        lines.append(f"{name}:{','.join(values)}\n")
    return "".join(lines)


def canonical_request(method, target, headers, signed_names, payload_hash):
    path, _, query = target.partition("?")
    return "\n".join((method, canonical_path(path), canonical_query(query),
                      canonical_headers(headers, signed_names),
                      ";".join(signed_names), payload_hash))


def string_to_sign(request_text, amz_date, scope):
    digest = hashlib.sha256(request_text.encode("latin-1")).hexdigest()
    return f"{ALGORITHM}\n{amz_date}\n{scope}\n{digest}"


def _hmac(key, text):
    return hmac.digest(key, text.encode(), "sha256")


@lru_cache(maxsize=256)  # one per secret, day, region and service
def signing_key(secret, date, region, service):
    key = _hmac(f"AWS4{secret}".encode(), date)
    return _hmac(_hmac(_hmac(key, region), service), "aws4_request")


def sign(secret, text, date, region, service):
    return _hmac(signing_key(secret, date, region, service), text).hex()


def _required_names(request):
    names = {"host", "x-amz-date"}
    for name, _ in request.headers:
        if name.startswith("x-amz-") or name == "content-type":
            names.add(name)
    return names


def _check_scope(key, date, region, service, directory, tests_client):
    def wrong(what):
        return Refused("SignatureDoesNotMatch", f"Credential should be scoped to {what}.",
                       f"scope {date}/{region}/{service}: {what} expected", access_key=key)

    if service not in SERVICES:
        raise wrong("correct service")
    regions = {directory.iam_region if service == "iam" else directory.region}
    if service == "iam" and tests_client:
        regions.add(directory.region)  # botocore with an endpoint of its own: facts/aws.md 6
    if region not in regions:
        raise wrong("a valid region")


def _check_date(key, amz_date, date, now_s):
    if not DATE.fullmatch(amz_date):
        raise Refused("IncompleteSignature", "Date must be in ISO-8601 'basic format'.",
                      f"x-amz-date {amz_date!r}", status=400, access_key=key)
    if amz_date[:8] != date:
        raise Refused("SignatureDoesNotMatch", "Date in Credential scope does not match "
                      "YYYYMMDD from ISO-8601 version of date from HTTP.",
                      f"scope date {date}, x-amz-date {amz_date}", access_key=key)
    sent_s = calendar.timegm(time.strptime(amz_date, "%Y%m%dT%H%M%SZ"))
    if abs(sent_s - now_s) > WINDOW_S:
        word = "Signature expired" if sent_s < now_s else "Signature not yet current"
        raise Refused("SignatureDoesNotMatch", f"{word}: {amz_date}",
                      f"x-amz-date is {sent_s - now_s:.0f} s from now", access_key=key)


def _check_token(identity, request, now_s):
    sent = request.header("x-amz-security-token")
    if identity.session_token != sent:
        raise Refused("InvalidClientTokenId",
                      "The security token included in the request is invalid.",
                      "wrong session token" if sent else "session token missing",
                      access_key=identity.access_key)
    if identity.expired(now_s):
        raise Refused("ExpiredToken", "The security token included in the request is expired",
                      "session token expired", access_key=identity.access_key)


def verify(request, directory, tests_client, now_s=None):
    """Returns (Identity, service); request has method, target, headers, body, header(name)."""
    now_s = time.time() if now_s is None else now_s
    text = request.header("authorization")
    if text is None:
        raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token",
                      "no Authorization header")
    match = AUTHORIZATION.fullmatch(text)
    if not match:
        raise Refused("IncompleteSignature", "Authorization header is not well formed.",
                      "Authorization header is not well formed", status=400)
    key, date, region, service, names_text, given = match.groups()
    _check_scope(key, date, region, service, directory, tests_client)
    amz_date = request.header("x-amz-date") or ""
    _check_date(key, amz_date, date, now_s)
    identity = directory.find(key)
    if not identity:
        raise Refused("InvalidClientTokenId",
                      "The security token included in the request is invalid.",
                      "access key is not known", access_key=key)
    _check_names(key, names_text, request)
    payload_hash = hashlib.sha256(request.body).hexdigest()
    sent_hash = request.header("x-amz-content-sha256")
    if sent_hash not in (None, payload_hash):
        raise Refused("SignatureDoesNotMatch", MISMATCH, "x-amz-content-sha256 is not the body's",
                      access_key=key)
    wanted = canonical_request(request.method, request.target, request.headers,
                               names_text.split(";"), payload_hash)
    scope = f"{date}/{region}/{service}/aws4_request"
    expected = sign(identity.secret, string_to_sign(wanted, amz_date, scope), date, region, service)
    if not hmac.compare_digest(expected, given):
        raise Refused("SignatureDoesNotMatch", MISMATCH, f"canonical request here: {wanted!r}",
                      access_key=key)
    _check_token(identity, request, now_s)
    return identity, service


def _check_names(key, names_text, request):
    names = names_text.split(";")
    sent = {name for name, _ in request.headers}
    problem = None
    if names != sorted(set(name.lower() for name in names)):
        problem = f"SignedHeaders not lower case, sorted and unique: {names_text}"
    elif not sent.issuperset(names):
        problem = f"signed but not sent: {sorted(set(names) - sent)}"
    elif not _required_names(request).issubset(names):
        problem = f"must be signed: {sorted(_required_names(request) - set(names))}"
    if problem:
        raise Refused("SignatureDoesNotMatch", MISMATCH, problem, access_key=key)
