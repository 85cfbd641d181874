"""The controller under the policy that aws-setup prints: what its fences stop, one call each, and
what the end of a run says of rights that nobody used."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.e2e.documents import trust
from tests.e2e.rig import rights

FENCE, SESSION_TAGS = "NeverTheFence", "NeverSessionTagsOfPods"
POLICY = "arn:aws:iam::111122223333:policy/podidentity/boundary"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})
TAG = [{"Key": "Kubernetes-Namespace", "Value": "payments"}]  # keys of role tags have no case


@pytest.fixture
def role(aws, place):
    """One of ours, with its boundary, in the path."""
    name = f"fence-{place.name}"
    aws.iam.create_role(
        RoleName=name, Path=f"/podidentity/{aws.region}/{aws.cluster}/",
        PermissionsBoundary=POLICY, AssumeRolePolicyDocument=json.dumps(trust()))
    yield name
    aws.iam.delete_role(RoleName=name)


@pytest.fixture
def bounded(controller):
    with controller.with_settings(permissions_boundary=POLICY, allow_unbounded_roles=None):
        yield controller


def decided(aws, service, operation, **members):
    """Who stopped the call when the controller's own identity makes it: (the action, the Sid)."""
    since = aws.last()
    call = getattr(aws.controller_client(service), operation)
    with aws.expecting("denied requests"), pytest.raises(ClientError) as refusal:
        call(**members)
    assert refusal.value.response["Error"]["Code"].startswith("AccessDenied")
    last = aws.requests(since, client="controller")[-1]["rights"][-1]
    assert last["allowed"] is False
    return last["action"], last["sid"]


def created(aws, **members):
    path = f"/podidentity/{aws.region}/{aws.cluster}/"
    return {"RoleName": "never", "Path": path, "PermissionsBoundary": POLICY,
            "AssumeRolePolicyDocument": json.dumps(trust()),
            "Tags": [{"Key": "podidentity.io/cluster", "Value": aws.cluster_arn}], **members}


def test_each_deny_stops_a_call(aws, bounded, role):
    for operation, members in (
            ("delete_role_permissions_boundary", {"RoleName": role}),
            ("create_policy_version", {"PolicyArn": POLICY, "PolicyDocument": DOCUMENT}),
            ("set_default_policy_version", {"PolicyArn": POLICY, "VersionId": "v1"}),
            ("delete_policy", {"PolicyArn": POLICY}),
            ("delete_policy_version", {"PolicyArn": POLICY, "VersionId": "v1"}),
            ("create_user", {"UserName": "mallory"}),
            ("create_access_key", {"UserName": "mallory"}),
            ("create_login_profile", {"UserName": "mallory", "Password": "open-sesame"})):
        action = "iam:" + "".join(word.title() for word in operation.split("_"))
        assert decided(aws, "iam", operation, **members) == (action, FENCE)
    assert decided(aws, "iam", "tag_role", RoleName=role, Tags=TAG) == ("iam:TagRole", SESSION_TAGS)
    everything = created(aws)
    assert decided(aws, "iam", "create_role", **{
        **everything, "Tags": everything["Tags"] + TAG}) == ("iam:CreateRole", SESSION_TAGS)


def test_what_no_statement_allows_is_denied(aws, bounded, role, place):
    for member in ("Path", "PermissionsBoundary", "Tags"):
        wrong = {name: value for name, value in created(aws).items() if name != member}
        assert decided(aws, "iam", "create_role", **wrong) == ("iam:CreateRole", None)
    assert decided(aws, "iam", "put_role_permissions_boundary", RoleName=role,
                   PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess") == (
        "iam:PutRolePermissionsBoundary", None)
    aws.iam.delete_role_permissions_boundary(RoleName=role)
    assert decided(aws, "iam", "delete_role", RoleName=role) == ("iam:DeleteRole", None)
    assert decided(aws, "iam", "put_role_policy", RoleName=role, PolicyName="P",
                   PolicyDocument=DOCUMENT) == ("iam:PutRolePolicy", None)


def test_an_association_of_others_is_not_changed(aws, bounded, role, place):
    arn = aws.role(role)["Arn"]
    made = aws.eks.create_pod_identity_association(
        clusterName=aws.cluster, namespace=place.name, serviceAccount="theirs",
        roleArn=arn)["association"]
    which = {"clusterName": aws.cluster, "associationId": made["associationId"]}
    try:
        assert decided(aws, "eks", "delete_pod_identity_association", **which) == (
            "eks:DeletePodIdentityAssociation", None)
        assert decided(aws, "eks", "update_pod_identity_association", **which,
                       disableSessionTags=True) == ("eks:UpdatePodIdentityAssociation", None)
    finally:
        aws.eks.delete_pod_identity_association(**which)


def test_no_addon_but_the_agent_is_made(aws, controller):
    """IAM knows no condition on an add-on's name; the tag that has to come with it does."""
    other = {"clusterName": aws.cluster, "addonName": "vpc-cni"}
    tags = {"podidentity.io/cluster": aws.cluster_arn}
    with controller.with_settings(manage_agent_addon=True):
        assert decided(aws, "eks", "create_addon", **other) == ("eks:CreateAddon", None)
        assert decided(aws, "eks", "create_addon", **other, tags=tags) == (
            "eks:TagResource", None)


# The judgement at the end of a run.

PRINTED = {"mark": "rights", "Allow": [["Roles", "iam:GetRole"], ["Roles", "iam:TagRole"]],
           "Deny": [["Never", "iam:CreateUser"]]}


def asked(action, sid, allowed=True):
    return {"rights": [{"action": action, "resource": "r", "sid": sid, "allowed": allowed}]}


class Run:
    """A finished run as its workers left it in the folder."""

    def __init__(self, folder):
        self.stash = {rights.FOLDER: folder}
        self.workerinput = {}

    def worker(self, name, log, kubernetes, whole=True):
        self.workerinput["workerid"] = name
        rights.keep_log(self, log)
        rights.keep(self, "rbac", kubernetes)
        rights.keep(self, "extent", whole)


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


GRANTED = {("", "pods", "list"), ("", "pods", "watch")}
USED_ALL = [PRINTED, asked("iam:GetRole", "Roles"), asked("iam:TagRole", "Roles"),
            asked("iam:CreateUser", "Never", allowed=False)]


def test_workers_together_use_every_right(run, tmp_path):
    run.worker("gw0", USED_ALL[:2], [["", "pods", "list"]])
    run.worker("gw1", [PRINTED, *USED_ALL[2:]], [["", "pods", "watch"]])
    assert rights.due(tmp_path)
    assert rights.unused(tmp_path, GRANTED) == []


@pytest.mark.parametrize("gone, words", [(1, "iam:GetRole (statement Roles"),
                                         (3, "Deny of iam:CreateUser (statement Never")])
def test_a_right_that_nobody_used_is_named(run, tmp_path, gone, words):
    run.worker("gw0", USED_ALL[:gone] + USED_ALL[gone + 1:],
               [["", "pods", "list"], ["", "pods", "watch"]])
    sentence, = rights.unused(tmp_path, GRANTED)
    assert sentence.startswith(words)


def test_a_right_in_kubernetes_that_nobody_used_is_named(run, tmp_path):
    run.worker("gw0", USED_ALL, [["", "pods", "list"]])
    sentence, = rights.unused(tmp_path, GRANTED)
    assert sentence == 'watch pods of group "" (config/rbac)'


def test_a_call_that_was_denied_does_not_use_the_right(run, tmp_path):
    denied = asked("iam:GetRole", None, allowed=False)
    run.worker("gw0", [PRINTED, denied, *USED_ALL[2:]], [list(one) for one in GRANTED])
    assert len(rights.unused(tmp_path, GRANTED)) == 1


@pytest.mark.parametrize("extents", [[], [False], [True, False]])
def test_only_a_whole_run_is_judged(run, tmp_path, extents):
    for number, whole in enumerate(extents):
        run.worker(f"gw{number}", USED_ALL[:1], [], whole)
    assert not rights.due(tmp_path)
