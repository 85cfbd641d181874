"""The verifier against published signatures, against botocore, and against wrong requests."""

import hashlib
import random
import time
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.aws import signature
from tests.aws.identities import Directory
from tests.aws.samples import refused
from tests.aws.signature import Refused, canonical_path, canonical_query, verify
from tests.aws.standin import CONTROLLER_AGENT, CONTROLLER_KEYS
from tests.aws.wire import Request

# AWS's signing test suite (github.com/awslabs/aws-c-auth, Apache-2.0): those cases that concern
# headers, query and normal paths; it has none with a path encoded on the wire.
PUBLISHED_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PUBLISHED_DATE = "20150830T123600Z"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
HOST = ("host", "example.amazonaws.com")
PUBLISHED = {
    "vanilla": ("GET", "/", [],
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    "relative": ("GET", "/example1/example2/../..", [],
                 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    "pointless dot": ("GET", "/./example", [],
                      "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    "slashes": ("GET", "//example//", [],
                "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    "unreserved": ("GET", "/" + UNRESERVED, [],
                   "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    "query order": ("GET", "/?Param2=value2&Param1=value1", [],
                    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    "query encoded": ("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", [],
                      "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
    "query unreserved": ("GET", f"/?{UNRESERVED}={UNRESERVED}", [],
                         "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    "header twice": ("GET", "/", [("my-header1", "value2"), ("my-header1", "value2"),
                                  ("my-header1", "value1")],
                     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    "header trimmed": ("GET", "/", [("my-header1", " value1"), ("my-header2", ' "a   b   c"')],
                       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    "header case": ("POST", "/", [("my-header1", "VALUE1")],
                    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
    "post": ("POST", "/", [],
             "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    "post query": ("POST", "/?Param1=value1", [],
                   "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
}


def signature_of(method, target, headers, body, secret, amz_date, region, service):
    names = sorted({name for name, _ in headers})
    text = signature.canonical_request(method, target, headers, names,
                                       hashlib.sha256(body).hexdigest())
    scope = f"{amz_date[:8]}/{region}/{service}/aws4_request"
    return names, scope, signature.sign(secret, signature.string_to_sign(text, amz_date, scope),
                                        amz_date[:8], region, service)


@pytest.mark.parametrize("name", PUBLISHED)
def test_makes_the_published_signature(name):
    method, target, more, expected = PUBLISHED[name]
    headers = [HOST, ("x-amz-date", PUBLISHED_DATE), *more]
    assert signature_of(method, target, headers, b"", PUBLISHED_SECRET, PUBLISHED_DATE,
                        "us-east-1", "service")[2] == expected


def test_encodes_a_path_twice_and_a_query_once():
    assert canonical_path("/tags/arn%3Aaws%3Aeks%2Fc%2Fa-1") == \
        "/tags/arn%253Aaws%253Aeks%252Fc%252Fa-1"
    assert canonical_query("serviceAccount=sa%3Ax&nextToken=ab%2Fc%2Bd%3D%3D&k") == \
        "k=&nextToken=ab%2Fc%2Bd%3D%3D&serviceAccount=sa%3Ax"


def random_text(source, letters="aZ09-._~:/ +=@ü&%"):
    return "".join(source.choice(letters) for _ in range(source.randint(1, 12)))


def test_agrees_with_botocore_on_many_requests():
    """Dot segments are left out: botocore drops the slash behind a last one, RFC 3986 does not."""
    source = random.Random(20261125)
    for _ in range(300):
        path = "".join("/a" + quote(random_text(source), safe="-._~")
                       for _ in range(source.randint(1, 4)))
        query = "&".join(f"{quote(random_text(source), safe='-._~')}="
                         f"{quote(random_text(source), safe='-._~')}"
                         for _ in range(source.randint(0, 4)))
        method = source.choice(["GET", "POST", "DELETE"])
        body = random_text(source).encode() if method == "POST" else b""
        target = path + ("?" + query if query else "")
        request = AWSRequest(method, "http://127.0.0.1:4566" + target, {
            "Content-Type": "application/json"} if body else {}, body)
        token = random_text(source, "ab+/=") if source.random() < 0.5 else None
        keys = SimpleNamespace(access_key="AKID", secret_key=random_text(source), token=token)
        SigV4Auth(keys, "eks", "eu-central-1").add_auth(request)
        given = request.headers["Authorization"].rsplit("Signature=", 1)[1]
        headers = [(name.lower(), value) for name, value in request.headers.items()
                   if name != "Authorization"] + [("host", "127.0.0.1:4566")]
        assert signature_of(method, target, headers, body, keys.secret_key,
                            request.headers["X-Amz-Date"], "eu-central-1", "eks")[2] == given


NOW_S = 1_800_000_000
DIRECTORY = Directory("111122223333", "eu-central-1")


def signed(service="eks", region="eu-central-1", key=CONTROLLER_KEYS[0], secret=CONTROLLER_KEYS[1],
           shift_s=0, headers=(), body=b"", target="/clusters/demo", unsigned=(), token=None):
    """A request signed as told; unsigned: headers sent but left out of the signature."""
    amz_date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(NOW_S + shift_s))
    sent = [("host", "127.0.0.1:1"), ("x-amz-date", amz_date), *headers]
    if token:
        sent.append(("x-amz-security-token", token))
    names, scope, value = signature_of("GET", target, sent, body, secret, amz_date, region, service)
    authorization = (f"AWS4-HMAC-SHA256 Credential={key}/{scope}, "
                     f"SignedHeaders={';'.join(names)}, Signature={value}")
    return Request("GET", target, sent + list(unsigned) + [("authorization", authorization)], body)


def check(request, tests_client=False):
    return verify(request, DIRECTORY, tests_client, NOW_S)


def test_a_right_request_names_its_signer():
    identity, service = check(signed())
    assert (identity.access_key, service) == (CONTROLLER_KEYS[0], "eks")
    check(signed(shift_s=299))
    check(signed(shift_s=-299))


@pytest.mark.parametrize("request_, code", [
    (signed(secret="wrong"), "SignatureDoesNotMatch"),
    (signed(key="AKIDNOBODY0000000001"), "InvalidClientTokenId"),
    (signed(shift_s=301), "SignatureDoesNotMatch"),
    (signed(shift_s=-301), "SignatureDoesNotMatch"),
    (signed(region="us-east-1"), "SignatureDoesNotMatch"),
    (signed(service="ec2"), "SignatureDoesNotMatch"),
    (signed(service="iam"), "SignatureDoesNotMatch"),
    (signed(unsigned=[("content-type", "application/json")]), "SignatureDoesNotMatch"),
    (signed(unsigned=[("x-amz-target", "y")]), "SignatureDoesNotMatch"),
    (signed(headers=[("x-amz-content-sha256", "0" * 64)]), "SignatureDoesNotMatch"),
    (signed(token="unasked"), "InvalidClientTokenId"),
    (signed(key="ASIAPODIDENTITY00001", secret="controller-session-secret"),
     "InvalidClientTokenId"),
    (signed(key="ASIAPODIDENTITYEXPIR", secret="expired-secret", token="expired/session+token=="),
     "ExpiredToken"),
    (Request("GET", "/clusters/demo", [("host", "x")]), "MissingAuthenticationToken"),
    (Request("GET", "/clusters/demo", [("authorization", "Bearer x")]), "IncompleteSignature"),
])
def test_refuses_what_is_not_signed_right(request_, code):
    with pytest.raises(Refused) as raised:
        check(request_)
    assert raised.value.code == code


@pytest.mark.parametrize("change", ["target", "body", "method", "header"])
def test_refuses_what_was_changed_after_signing(change):
    request = signed(target="/clusters/demo?a=b")
    if change == "header":
        request.headers = [(name, "127.0.0.1:2" if name == "host" else value)
                           for name, value in request.headers]
    else:
        setattr(request, change, {"target": "/clusters/demo?a=c", "body": b"x",
                                  "method": "PUT"}[change])
    with pytest.raises(Refused, match="canonical request here"):
        check(request)


def test_signs_iam_for_the_partitions_region_and_lets_only_boto3_sign_it_elsewhere():
    check(signed(service="iam", region="us-east-1"))
    check(signed(service="iam"), tests_client=True)
    with pytest.raises(Refused, match="a valid region"):
        check(signed(service="iam"))


def test_each_service_answers_in_its_own_words(aws):
    keys = (CONTROLLER_KEYS[0], "wrong")
    assert refused(aws.client("iam", keys).list_roles) == ("SignatureDoesNotMatch", 403)
    assert refused(aws.client("sts", keys).get_caller_identity) == ("SignatureDoesNotMatch", 403)
    assert refused(aws.client("eks", keys).describe_cluster, name="demo") == \
        ("InvalidSignatureException", 403)
    unknown = ("AKIDNOBODY0000000001", "x")
    assert refused(aws.client("iam", unknown).list_roles) == ("InvalidClientTokenId", 403)
    assert refused(aws.client("eks", unknown).describe_cluster, name="demo") == \
        ("UnrecognizedClientException", 403)
    expired = ("ASIAPODIDENTITYEXPIR", "expired-secret")
    token = "expired/session+token=="
    assert refused(aws.client("sts", expired, token).get_caller_identity) == ("ExpiredToken", 403)
    assert refused(aws.client("eks", expired, token).describe_cluster, name="demo") == \
        ("ExpiredTokenException", 403)
    assert [bool(entry["signature_error"]) for entry in aws.requests()[-7:]] == [True] * 7


def test_the_controller_signs_iam_for_us_east_1(aws):
    aws.controller_client("iam").list_roles()
    here = aws.client("iam", CONTROLLER_KEYS, user_agent=CONTROLLER_AGENT)
    assert refused(here.list_roles) == ("SignatureDoesNotMatch", 403)
    assert aws.requests()[-1]["signature_error"].startswith("SignatureDoesNotMatch: scope")


def test_session_keys_sign(aws):
    sts = aws.client("sts", ("ASIAPODIDENTITY00001", "controller-session-secret"),
                     "controller/session+token==")
    assert sts.get_caller_identity()["Account"] == "111122223333"
