#!/usr/bin/env python3
"""Writes sigv4.jsonl and endpoints.txt: what botocore serialises, signs and resolves.

    make_vectors.py            writes both files
    make_vectors.py --check    fails when they are not what this would write

Each line of sigv4.jsonl is a request. One with a "call" says which builder of ours makes it and
with which arguments: tests/unit/test_sigv4.c calls it and compares path, query, body (through the
canonical request's hash) and signature with what botocore made from its own models. Lines without a
call carry requests that no builder makes (unsorted and valueless queries, odd escapes).

Two things are ours and not botocore's, and mean the same: a space in a form is %20 (botocore: +),
and JSON is written without spaces and with UTF-8 as it is. The body is brought into that form
before botocore signs it.
"""

import datetime
import json
import random
import sys
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, quote, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.endpoint_provider
import botocore.exceptions
import botocore.serialize
import botocore.session

HERE = Path(__file__).resolve().parent
SEED = 20261125
SESSION = botocore.session.get_session()
LOADER = SESSION.get_component("data_loader")
MODELS = {name: SESSION.get_service_model(name) for name in ("iam", "sts", "eks")}
RULES = {name: botocore.endpoint_provider.EndpointProvider(
    LOADER.load_service_model(name, "endpoint-rule-set-1"), LOADER.load_data("partitions"))
    for name in MODELS}
# One region or two of every partition.
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-4", "il-central-1", "mx-central-1",
           "us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1", "us-iso-east-1",
           "us-iso-west-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1",
           "eusc-de-east-1"]


def resolve(service, region, fips=False, dual=False):
    """(url, signing region) by AWS's own endpoint rules."""
    extra = {"UseGlobalEndpoint": False} if service == "sts" else {}
    endpoint = RULES[service].resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual,
                                               **extra)
    schemes = (endpoint.properties or {}).get("authSchemes") or [{}]
    return endpoint.url, schemes[0].get("signingRegion", region)


# --- values -------------------------------------------------------------------------------------

class Values:
    """Draws what a request may hold, with the characters that escapes go wrong on."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def letters(self, count, alphabet="abcdefghijklmnopqrstuvwxyz0123456789"):
        return "".join(self.random.choices(alphabet, k=count))

    def account(self):
        return self.letters(12, "0123456789")

    def role(self):
        return self.letters(self.random.randint(1, 12)) + self.pick(
            "", "_checkout", "+a=b,c.d@e-f", ".", "=,", "@x")

    def partition(self):
        return self.pick("aws", "aws-cn", "aws-us-gov", "aws-eusc")

    def role_arn(self):
        return (f"arn:{self.partition()}:iam::{self.account()}:role"
                f"{self.pick('/', '/podidentity/eu-west-1/main/', '/a+b/c=d/')}{self.role()}")

    def policy_arn(self):
        return f"arn:{self.partition()}:iam::{self.pick('aws', self.account())}:policy/{self.role()}"

    def cluster(self):
        return "c" + self.letters(self.random.randint(0, 8)) + self.pick("", "-1", "_B", "-x_y")

    def association(self):
        return "a-" + self.letters(17)

    def association_arn(self):
        return (f"arn:{self.partition()}:eks:{self.pick(*REGIONS)}:{self.account()}:"
                f"podidentityassociation/{self.cluster()}/{self.association()}")

    def word(self):
        return self.pick("", "plain", "two words", " edge ", "a+b", "a%20b", "100%", "x=y&z", "é",
                         "日本語", "😀", "quote\"s", "back\\slash", "tab\there", "~-._", "/:@", "*'()!",
                         "Ω≈ç", "#frag?", self.letters(20))

    def document(self):
        return json.dumps({"Version": "2012-10-17", "Statement": [{
            "Sid": self.letters(6), "Effect": "Allow", "Action": ["s3:Get*", "sts:TagSession"],
            "Resource": self.role_arn(), "Condition": {"StringLike": {"s3:prefix": self.word()}}}]},
            ensure_ascii=False, indent=self.pick(None, 1))

    def marker(self):
        return self.pick("AAB/c+d==", "ab/c+d=", self.letters(40) + "==", "é+/=")

    def tags(self, least=0):
        keys = ["podidentity.io/managed", "podidentity.io/binding-uid", "team", "Kosten stelle",
                "a=b", "größe", "x:y/z", "+plus", "&amp"]
        count = self.random.randint(least, 5)
        return {key: self.word() for key in self.random.sample(keys, count)}


# --- operations: what our builder takes, and the same as botocore's parameters ------------------

def query_tags(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def present(**members):
    return {key: value for key, value in members.items() if value not in (None, [], {})}


def create_role(v):
    args = present(name=v.role(), path=v.pick(None, "/", "/podidentity/eu-west-1/main/"),
                   trust=v.document(), description=v.pick(None, "", v.word()),
                   max_session_s=v.pick(None, 3600, 43200), boundary_arn=v.pick(None, v.policy_arn()),
                   tags=v.tags())
    return args, present(RoleName=args["name"], Path=args.get("path"),
                         AssumeRolePolicyDocument=args["trust"],
                         Description=args.get("description"),
                         MaxSessionDuration=args.get("max_session_s"),
                         PermissionsBoundary=args.get("boundary_arn"),
                         Tags=query_tags(args.get("tags", {})))


def update_role(v):
    args = present(name=v.role(), description=v.pick(None, "", v.word()),
                   max_session_s=v.pick(None, 3600, 7200))
    return args, present(RoleName=args["name"], Description=args.get("description"),
                         MaxSessionDuration=args.get("max_session_s"))


def role_only(v):
    args = {"name": v.role()}
    return args, {"RoleName": args["name"]}


def update_trust(v):
    args = {"name": v.role(), "trust": v.document()}
    return args, {"RoleName": args["name"], "PolicyDocument": args["trust"]}


def put_boundary(v):
    args = {"name": v.role(), "boundary_arn": v.policy_arn()}
    return args, {"RoleName": args["name"], "PermissionsBoundary": args["boundary_arn"]}


def tag_role(v):
    args = {"name": v.role(), "tags": v.tags(1)}
    return args, {"RoleName": args["name"], "Tags": query_tags(args["tags"])}


def untag_role(v):
    args = {"name": v.role(), "keys": list(v.tags(1))}
    return args, {"RoleName": args["name"], "TagKeys": args["keys"]}


def put_role_policy(v):
    args = {"name": v.role(), "policy": v.role(), "document": v.document()}
    return args, {"RoleName": args["name"], "PolicyName": args["policy"],
                  "PolicyDocument": args["document"]}


def role_policy(v):
    args = {"name": v.role(), "policy": v.role()}
    return args, {"RoleName": args["name"], "PolicyName": args["policy"]}


def role_policy_arn(v):
    args = {"name": v.role(), "policy_arn": v.policy_arn()}
    return args, {"RoleName": args["name"], "PolicyArn": args["policy_arn"]}


def role_page(v):
    args = present(name=v.role(), marker=v.pick(None, v.marker()))
    return args, present(RoleName=args["name"], Marker=args.get("marker"))


def account_details(v):
    args = present(items_max=v.pick(1, 100, 1000), marker=v.pick(None, v.marker()))
    return args, present(Filter=["Role"], MaxItems=args["items_max"], Marker=args.get("marker"))


def create_association(v):
    args = present(cluster=v.cluster(), namespace=v.letters(8), service_account=v.pick("sa", "a.b-c"),
                   role_arn=v.role_arn(), token=v.letters(32), tags=v.tags(),
                   disable_session_tags=v.pick(None, True),
                   target_role_arn=v.pick(None, v.role_arn()), policy=v.pick(None, v.document()))
    return args, present(clusterName=args["cluster"], namespace=args["namespace"],
                         serviceAccount=args["service_account"], roleArn=args["role_arn"],
                         clientRequestToken=args["token"], tags=args.get("tags"),
                         disableSessionTags=args.get("disable_session_tags"),
                         targetRoleArn=args.get("target_role_arn"), policy=args.get("policy"))


def change_association(v):
    """"" clears a text; at least the session tags change."""
    args = present(cluster=v.cluster(), id=v.association(), role_arn=v.pick(None, v.role_arn()),
                   token=v.letters(32), disable_session_tags=v.pick(True, False),
                   target_role_arn=v.pick(None, "", v.role_arn()),
                   policy=v.pick(None, "", v.document()))
    return args, present(clusterName=args["cluster"], associationId=args["id"],
                         roleArn=args.get("role_arn"), clientRequestToken=args["token"],
                         disableSessionTags=args["disable_session_tags"],
                         targetRoleArn=args.get("target_role_arn"), policy=args.get("policy"))


def update_association(v):
    args = {"cluster": v.cluster(), "id": v.association(), "role_arn": v.role_arn(),
            "token": v.letters(32)}
    return args, {"clusterName": args["cluster"], "associationId": args["id"],
                  "roleArn": args["role_arn"], "clientRequestToken": args["token"]}


def association_only(v):
    args = {"cluster": v.cluster(), "id": v.association()}
    return args, {"clusterName": args["cluster"], "associationId": args["id"]}


def list_associations(v):
    args = present(cluster=v.cluster(), namespace=v.pick(None, v.letters(8)),
                   service_account=v.pick(None, "sa", "a.b-c", "sa:x"),
                   token=v.pick(None, v.marker()))
    return args, present(clusterName=args["cluster"], maxResults=100,
                         namespace=args.get("namespace"), nextToken=args.get("token"),
                         serviceAccount=args.get("service_account"))


def eks_tag(v):
    args = {"arn": v.association_arn(), "tags": v.tags(1)}
    return args, {"resourceArn": args["arn"], "tags": args["tags"]}


def eks_untag(v):
    args = {"arn": v.association_arn(), "keys": list(v.tags(1))}
    return args, {"resourceArn": args["arn"], "tagKeys": args["keys"]}


def describe_cluster(v):
    args = {"name": v.cluster()}
    return args, {"name": args["name"]}


def profile_of_role(v):
    args = {"name": v.role(), "profile": v.role()}
    return args, {"RoleName": args["name"], "InstanceProfileName": args["profile"]}


def issuer(v):
    return (f"https://oidc.eks.{v.pick(*REGIONS)}.amazonaws.com"
            f"{v.pick('', '.cn')}/id/{v.letters(32).upper()}")


def provider_arn(v):
    return (f"arn:{v.partition()}:iam::{v.account()}:oidc-provider/"
            + issuer(v).removeprefix("https://"))


def provider_only(v):
    args = {"arn": provider_arn(v)}
    return args, {"OpenIDConnectProviderArn": args["arn"]}


def create_provider(v):
    args = present(issuer=issuer(v), client_id=v.pick("sts.amazonaws.com", "a b+c/d=&e"),
                   tags=v.tags())
    return args, present(Url=args["issuer"], ClientIDList=[args["client_id"]],
                         Tags=query_tags(args.get("tags", {})))


def add_client_id(v):
    args = {"arn": provider_arn(v), "client_id": v.pick("sts.amazonaws.com", "a b+c/d=&e")}
    return args, {"OpenIDConnectProviderArn": args["arn"], "ClientID": args["client_id"]}


def addon_page(v):
    args = present(cluster=v.cluster(), token=v.pick(None, v.marker()))
    return args, present(clusterName=args["cluster"], maxResults=100, nextToken=args.get("token"))


def addon_only(v):
    args = {"cluster": v.cluster(), "name": v.pick("eks-pod-identity-agent", "vpc-cni", "a_b:c/d")}
    return args, {"clusterName": args["cluster"], "addonName": args["name"]}


def create_addon(v):
    args = present(cluster=v.cluster(), name=v.pick("eks-pod-identity-agent", "vpc-cni"),
                   version=v.pick(None, "v1.3.4-eksbuild.1"), token=v.letters(32), tags=v.tags())
    return args, present(clusterName=args["cluster"], addonName=args["name"],
                         addonVersion=args.get("version"), clientRequestToken=args["token"],
                         tags=args.get("tags"))


# builder: service, operation, values
CALLS = {
    "iam_create_role": ("iam", "CreateRole", create_role),
    "iam_get_role": ("iam", "GetRole", role_only),
    "iam_update_role": ("iam", "UpdateRole", update_role),
    "iam_update_trust": ("iam", "UpdateAssumeRolePolicy", update_trust),
    "iam_delete_role": ("iam", "DeleteRole", role_only),
    "iam_put_boundary": ("iam", "PutRolePermissionsBoundary", put_boundary),
    "iam_tag_role": ("iam", "TagRole", tag_role),
    "iam_untag_role": ("iam", "UntagRole", untag_role),
    "iam_put_role_policy": ("iam", "PutRolePolicy", put_role_policy),
    "iam_get_role_policy": ("iam", "GetRolePolicy", role_policy),
    "iam_delete_role_policy": ("iam", "DeleteRolePolicy", role_policy),
    "iam_attach_role_policy": ("iam", "AttachRolePolicy", role_policy_arn),
    "iam_detach_role_policy": ("iam", "DetachRolePolicy", role_policy_arn),
    "iam_list_role_policies": ("iam", "ListRolePolicies", role_page),
    "iam_list_attached_role_policies": ("iam", "ListAttachedRolePolicies", role_page),
    "iam_get_account_details": ("iam", "GetAccountAuthorizationDetails", account_details),
    "iam_list_instance_profiles": ("iam", "ListInstanceProfilesForRole", role_page),
    "iam_remove_from_instance_profile": ("iam", "RemoveRoleFromInstanceProfile", profile_of_role),
    "oidc_list_providers": ("iam", "ListOpenIDConnectProviders", lambda v: ({}, {})),
    "oidc_get_provider": ("iam", "GetOpenIDConnectProvider", provider_only),
    "oidc_create_provider": ("iam", "CreateOpenIDConnectProvider", create_provider),
    "oidc_add_client_id": ("iam", "AddClientIDToOpenIDConnectProvider", add_client_id),
    "sts_get_caller_identity": ("sts", "GetCallerIdentity", lambda v: ({}, {})),
    "eks_create_association": ("eks", "CreatePodIdentityAssociation", create_association),
    "eks_update_association": ("eks", "UpdatePodIdentityAssociation", change_association),
    "eks_update_association_role": ("eks", "UpdatePodIdentityAssociation", update_association),
    "eks_describe_association": ("eks", "DescribePodIdentityAssociation", association_only),
    "eks_delete_association": ("eks", "DeletePodIdentityAssociation", association_only),
    "eks_list_associations": ("eks", "ListPodIdentityAssociations", list_associations),
    "eks_tag_resource": ("eks", "TagResource", eks_tag),
    "eks_untag_resource": ("eks", "UntagResource", eks_untag),
    "eks_describe_cluster": ("eks", "DescribeCluster", describe_cluster),
    "addon_list": ("eks", "ListAddons", addon_page),
    "addon_describe": ("eks", "DescribeAddon", addon_only),
    "addon_create": ("eks", "CreateAddon", create_addon),
}
ROUNDS = 22  # 35 calls each: 770 requests
RAW = 60


# --- making and signing -------------------------------------------------------------------------

def our_form(body):
    """The body botocore serialised, in our spelling."""
    if isinstance(body, dict):  # the Query protocol keeps it as a dictionary
        return "&".join(f"{key}={quote(str(value), safe='-._~')}" for key, value in body.items())
    text = body.decode() if isinstance(body, bytes) else body
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) if text else ""


def serialise(service, operation, params):
    """(method, path, query or None, body, headers) as botocore would send it."""
    model = MODELS[service]
    serializer = botocore.serialize.create_serializer(model.metadata["protocol"],
                                                      include_validation=True)
    request = serializer.serialize_to_request(params, model.operation_model(operation))
    body = our_form(request["body"])
    botocore.awsrequest.prepare_request_dict(request, "https://host")
    parts = urlsplit(request["url"])
    headers = [[name.lower(), value] for name, value in request["headers"].items()]
    return request["method"], parts.path, parts.query or None, body, headers


def sign(request, endpoint, region, service, keys, when):
    """Returns canonical request and signature by botocore."""
    method, path, query, body, headers = request
    raw = botocore.awsrequest.AWSRequest(
        method=method, url=endpoint + path + (f"?{query}" if query is not None else ""),
        data=body.encode(), headers=dict(headers))
    auth = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), service, region)
    seen = {}
    original = auth.canonical_request

    def remember(signed):
        seen["canonical"] = original(signed)
        return seen["canonical"]

    with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_args, **_kw: when), \
            mock.patch.object(auth, "canonical_request", remember):
        auth.add_auth(raw)
    return seen["canonical"], raw.headers["Authorization"].rsplit("Signature=", 1)[1]


def endpoint_of(v, service, region):
    """AWS's own host three times out of four, else a local server on some port."""
    url, signing_region = resolve(service, region, fips=v.pick(False, False, True),
                                  dual=v.pick(False, False, True))
    local = v.pick(None, None, None, "http://127.0.0.1:4566", "https://localhost:8443",
                   "https://aws.example:443", "http://[::1]:5000")
    return local or url, signing_region


def keys_of(v):
    token = v.pick(None, v.letters(60) + "/+==", v.letters(60), v.letters(800) + "=")
    return ("AKID" + v.letters(16).upper(), v.letters(36) + v.pick("/+ab", "++//", "abcd"), token)


def line(name, index, v, service, request, extra):
    region = REGIONS[index % len(REGIONS)]
    endpoint, signing_region = endpoint_of(v, service, region)
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(
        seconds=v.random.randint(0, 10 ** 8))
    keys = keys_of(v)
    canonical, signature = sign(request, endpoint, signing_region, service, keys, when)
    host = canonical.split("\nhost:", 1)[1].split("\n", 1)[0]
    vector = {"name": name, **extra, "host": host, "region": signing_region, "service": service,
              "time": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "access_key": keys[0],
              "secret_key": keys[1], "token": keys[2] or "", "canonical": canonical,
              "signature": signature}
    return json.dumps(vector, ensure_ascii=False, separators=(",", ":"))


def built(index, builder):
    service, operation, values = CALLS[builder]
    v = Values(f"{SEED}/{builder}/{index}")
    arguments, params = values(v)
    request = serialise(service, operation, params)
    method, path, query, _, headers = request
    extra = {"call": builder, "operation": operation, "arguments": arguments, "method": method,
             "path": path, "query": query, "headers": headers}
    return line(f"{builder}/{index}", index, v, service, request, extra)


def raw(index):
    """A request that only has to be signed: escapes on the wire, queries in any order."""
    v = Values(f"{SEED}/raw/{index}")
    parts = ["a", "A=1", "a=", "z=%2F%2B%3D", "b=%E6%97%A5", "%C3%A9=1", "a-b=2", "a=2", "a=10",
             "nextToken=ab%2Fc%2Bd%3D%3D", "k~=1", "flag", "_=.", "B=~"]
    query = v.pick(None, "&".join(v.random.sample(parts, v.random.randint(1, len(parts)))),
                   "&".join(v.random.sample(parts, 4)))
    path = "/" + "/".join(v.pick("tags", "arn%3Aaws%3Aeks%3Aeu-west-1%3A1%3Ax%2Fc%2Fa-1", "%20",
                                 "%2F", "a+b", "~", "%E6%97%A5", "$x", "a:b", ".", "..", "", "%25")
                          for _ in range(v.random.randint(0, 5)))
    headers = v.pick([], [["content-type", "application/json"]],
                     [["x-amz-target", " a  b "], ["content-type", "text/plain"]])
    body = v.pick("", "{}", v.word())
    service = v.pick("iam", "sts", "eks")
    request = (v.pick("GET", "POST", "DELETE"), path, query, body, headers)
    extra = {"method": request[0], "path": path, "query": query, "headers": headers, "body": body}
    return line(f"raw/{index}", index, v, service, request, extra)


def vectors():
    lines = [built(index, builder) for builder in CALLS for index in range(ROUNDS)]
    lines += [raw(index) for index in range(RAW)]
    assert len(set(lines)) == len(lines)
    return "\n".join(lines) + "\n"


def endpoints():
    """service region fips dual-stack url signing-region, a line each."""
    lines = []
    for service in MODELS:
        for region in REGIONS:
            for fips in (False, True):
                for dual in (False, True):
                    url, signing_region = resolve(service, region, fips, dual)
                    lines.append(f"{service} {region} {int(fips)} {int(dual)} {url} "
                                 f"{signing_region}")
    return "\n".join(lines) + "\n"


FILES = {"sigv4.jsonl": vectors, "endpoints.txt": endpoints}


def stale():
    """Names of the files that are not what this would write."""
    return [name for name, make in FILES.items()
            if not (HERE / name).exists() or (HERE / name).read_text() != make()]


def main():
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"not up to date: {', '.join(stale())}" if stale() else 0)
    for name, make in FILES.items():
        (HERE / name).write_text(make())


if __name__ == "__main__":
    main()
