"""Requests against the models: everything that botocore itself would let through or never sends."""

import json

import pytest

from tests.aws.models import Unknown, load_models
from tests.aws.validation import compile_pattern
from tests.aws.wire import Request

FORM = "application/x-www-form-urlencoded; charset=utf-8"
CREATE = "Action=CreateRole&Version=2010-05-08&RoleName=a&AssumeRolePolicyDocument=%7B%7D"
ASSOCIATIONS = "/clusters/demo/pod-identity-associations"


def query(body, service="iam", content_type=FORM, target="/", method="POST"):
    request = Request(method, target, [("content-type", content_type)], body.encode())
    return load_models()[service].parse(request)


def rest(method, target, body=None, content_type="application/json"):
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [("content-type", content_type)] if data else []
    return load_models()["eks"].parse(Request(method, target, headers, data))


def test_reads_a_form_into_members():
    operation, params, violations = query(
        CREATE + "&MaxSessionDuration=7200&Description=a+b%C3%A9&Tags.member.1.Key=k"
        "&Tags.member.1.Value=&Tags.member.2.Key=l&Tags.member.2.Value=v")
    assert (operation, violations) == ("CreateRole", [])
    assert params == {"RoleName": "a", "AssumeRolePolicyDocument": "{}", "Description": "a bé",
                      "MaxSessionDuration": 7200,
                      "Tags": [{"Key": "k", "Value": ""}, {"Key": "l", "Value": "v"}]}


@pytest.mark.parametrize("tail, sentence", [
    ("&Colour=red", "unknown parameter Colour"),
    ("&RoleName=b", "sent twice"),
    ("&MaxSessionDuration=10", "under the minimum of 3600"),
    ("&MaxSessionDuration=50000", "over the maximum of 43200"),
    ("&MaxSessionDuration=1h", "not a number"),
    ("&Description=" + "x" * 1001, "over the maximum of 1000"),
    ("&Description=%E2%82%AC", "does not match"),
    ("&Description=%FF", "not UTF-8"),
    ("&Path=shop", "does not match"),
    ("&PermissionsBoundary=short", "under the minimum of 20"),
    ("&Tags.member.1.Key=k", "Tags.0.Value: required"),
    ("&Tags.member.1.Key=k%7E&Tags.member.1.Value=v", "does not match"),
    ("&Tags.member.2.Key=k&Tags.member.2.Value=v", "numbers are not 1, 2, 3"),
    ("&Tags.entry.1.Key=k&Tags.entry.1.Value=v", "not of the form"),
    ("&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.Hue=v", "unknown parameter"),
    ("&Tags=k", "not of the form"),
    ("&Description", "no = in the form"),
])
def test_names_each_violation_in_a_form(tail, sentence):
    violations = query(CREATE + tail)[2]
    assert any(sentence in violation for violation in violations), violations


def test_names_what_is_missing_or_of_another_time():
    assert "AssumeRolePolicyDocument: required" in \
        query("Action=CreateRole&Version=2010-05-08&RoleName=a")[2]
    assert "Version" in query(CREATE.replace("2010", "2011"))[2][0]
    assert "Content-Type" in query(CREATE, content_type="text/plain")[2][0]
    assert "unknown parameter" in \
        query("Action=GetCallerIdentity&Version=2011-06-15&A=b", "sts")[2][0]


def test_a_list_may_be_empty_and_fifty_tags_are_enough():
    tags = "".join(f"&Tags.member.{n}.Key=k{n}&Tags.member.{n}.Value=v" for n in range(1, 51))
    assert query(CREATE + tags)[2] == []
    assert query(CREATE + "&Tags=")[2] == []
    assert "over the maximum of 50" in \
        query(CREATE + tags + "&Tags.member.51.Key=k51&Tags.member.51.Value=v")[2][0]


@pytest.mark.parametrize("method, target, body", [
    ("GET", "/?Action=ListRoles", ""), ("POST", "/roles", CREATE), ("POST", "/", "Action=Nothing"),
    ("POST", "/", "")])
def test_knows_no_operation_off_the_query_protocol(method, target, body):
    with pytest.raises(Unknown):
        query(body, method=method, target=target)


def test_reads_path_query_and_body():
    assert rest("GET", ASSOCIATIONS + "?maxResults=5&nextToken=a%2Bb%2Fc%3D%3D") == (
        "ListPodIdentityAssociations",
        {"clusterName": "demo", "maxResults": 5, "nextToken": "a+b/c=="}, [])
    operation, params, violations = rest("DELETE", "/tags/arn%3Aaws%3Aeks%2Fa-1?tagKeys=a%20b"
                                         "&tagKeys=c")
    assert (operation, violations) == ("UntagResource", [])
    assert params == {"resourceArn": "arn:aws:eks/a-1", "tagKeys": ["a b", "c"]}
    operation, params, _ = rest("POST", ASSOCIATIONS + "/a-1", {"roleArn": "r", "policy": None})
    assert operation == "UpdatePodIdentityAssociation"
    assert params == {"clusterName": "demo", "associationId": "a-1", "roleArn": "r"}


GOOD = {"namespace": "n", "serviceAccount": "s", "roleArn": "r"}


@pytest.mark.parametrize("body, sentence", [
    ({**GOOD, "colour": "red"}, "unknown member colour"),
    ({"namespace": "n", "roleArn": "r"}, "serviceAccount: required"),
    ({**GOOD, "disableSessionTags": "true"}, "str where a boolean"),
    ({**GOOD, "roleArn": 5}, "int where a string"),
    ({**GOOD, "tags": {}}, "under the minimum of 1"),
    ({**GOOD, "tags": {"k" * 129: "v"}}, "over the maximum of 128"),
    ({**GOOD, "tags": [["k", "v"]]}, "list where a map"),
    (b'{"namespace": "n", "namespace": "m"}', "stands twice"),
    (b"{", "not JSON"), (b"[]", "not a JSON object"),
])
def test_names_each_violation_in_json(body, sentence):
    violations = rest("POST", ASSOCIATIONS, body)[2]
    assert any(sentence in violation for violation in violations), violations


def test_names_violations_inside_lists_of_structures():
    violations = rest("POST", "/clusters/demo/addons", {"addonName": "x", "clientRequestToken": "t",
                      "podIdentityAssociations": [{"serviceAccount": "s", "hue": "red"}]})[2]
    assert violations == ["podIdentityAssociations.0.roleArn: required",
                          "podIdentityAssociations.0.hue: unknown"]


@pytest.mark.parametrize("target, sentence", [
    ("?maxResults=0", "under the minimum"), ("?maxResults=101", "over the maximum"),
    ("?maxResults=many", "not a number"), ("?max=1", "unknown query parameter"),
    ("?namespace=a&namespace=b", "sent twice"), ("?nextToken=a+b", "bare +"),
])
def test_names_each_violation_in_a_query(target, sentence):
    violations = rest("GET", ASSOCIATIONS + target)[2]
    assert any(sentence in violation for violation in violations), violations


def test_wants_the_right_content_type_and_no_body_where_none_belongs():
    assert "Content-Type" in rest("POST", ASSOCIATIONS, GOOD, "text/plain")[2][0]
    assert "a body with DELETE" in rest("DELETE", ASSOCIATIONS + "/a-1", {"a": 1})[2]


@pytest.mark.parametrize("method, target", [("PUT", ASSOCIATIONS), ("GET", "/"),
                                            ("GET", ASSOCIATIONS + "/"), ("POST", "/cluster")])
def test_knows_no_operation_on_other_paths(method, target):
    with pytest.raises(Unknown):
        rest(method, target)


def test_reads_the_models_patterns_as_java_does():
    tag = compile_pattern(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    assert tag.fullmatch("größe 5/x@y") and not tag.fullmatch("a~b")
    assert not compile_pattern(r"[\w+=,.@-]+").fullmatch("rolé")


def test_every_pattern_of_every_model_compiles():
    for model in load_models().values():
        for shape in model.shapes.values():
            if "pattern" in shape:
                compile_pattern(shape["pattern"])
