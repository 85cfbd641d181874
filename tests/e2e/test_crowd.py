"""Three hundred bindings at once: each costs what one costs, and all of them go again."""

import collections
import json

from tests.e2e.documents import READ_S3, READ_SQS, WRITE_S3
from tests.e2e.rig.objects import is_condition
from tests.e2e.rig.waiting import wait_until

MANY = 300
NAMES = [f"app-{number:03}" for number in range(MANY)]
POLICIES = {"permissionPolicy": READ_S3, "permissionPolicyARNs": [READ_SQS]}
# Ours alone on this stand-in: the test is of what is asked, not of how slowly it may be.
RATES = {"iam_rate": 1000, "eks_rate": 1000}

is_ready = is_condition("Ready", "True")


def create_all(cluster, place):
    """As fast as kubectl can, ServiceAccounts first."""
    accounts = [{"apiVersion": "v1", "kind": "ServiceAccount",
                 "metadata": {"name": name, "namespace": place.name}} for name in NAMES]
    bindings = [place.binding(name, **POLICIES) for name in NAMES]
    for items in (accounts, bindings):
        cluster.kubectl("create", "-f", "-", text=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": items}))


def wait_all_ready(place):
    def all_ready():
        found = place.objects.list("PodIdentityBinding", place.name)
        waiting = [one["metadata"]["name"] for one in found if not is_ready(one)]
        assert len(found) == MANY and not waiting, f"{len(found)} bindings, not Ready: {waiting}"
        return found

    return wait_until(all_ready, 180, f"{MANY} bindings Ready")


def roles_of(place, aws):
    """Role name → ARN."""
    pages = aws.iam.get_paginator("list_roles").paginate(
        PathPrefix=f"/podidentity/{aws.region}/{aws.cluster}/")
    return {role["RoleName"]: role["Arn"] for page in pages for role in page["Roles"]
            if role["RoleName"].startswith(f"{place.name}_")}


def listed_associations(place, aws):
    pages = aws.eks.get_paginator("list_pod_identity_associations").paginate(
        clusterName=aws.cluster, namespace=place.name)
    return [one for page in pages for one in page["associations"]]


def check_aws(place, aws, bindings):
    """Each binding has a role and an association of its own, which are as its status says."""
    told = {one["spec"]["serviceAccountName"]: one["status"] for one in bindings}
    roles = roles_of(place, aws)
    assert len(roles) == MANY
    assert set(roles.values()) == {status["roleARN"] for status in told.values()}
    assert {one["serviceAccount"]: one["associationId"] for one in listed_associations(place, aws)
            } == {account: status["associationID"] for account, status in told.items()}
    for association in aws.associations(place.name):
        account = association["serviceAccount"]
        assert association["roleArn"] == told[account]["roleARN"]
        assert f"{place.name}_{account}_" in association["roleArn"]
    for role in roles:
        assert aws.inline_policies(role) == {"Policy1": READ_S3}
        assert aws.attached_policies(role) == [READ_SQS]


def test_a_change_does_not_wait_behind_those_that_are_made_meanwhile(cluster, place, aws,
                                                                     controller):
    """Twenty bindings want forty requests of IAM at two a second."""
    place.grant()
    place.bind("settled", permissionPolicy=READ_S3)
    role = place.wait_ready("settled")["status"]["roleARN"].rpartition("/")[2]
    with controller.with_settings(iam_rate=2, eks_rate=2, deletion_limit=0):
        since = aws.last()
        for number in range(20):
            place.apply(place.binding(f"made-{number}", permissionPolicy=READ_S3))
        aws.wait_request(since, operation="CreateRole")
        changed = aws.last()
        place.apply(place.binding("settled", permissionPolicy=WRITE_S3))
        asked = aws.wait_request(changed, role=role)[0]
        before = [entry for entry in aws.controller_requests(changed)
                  if entry["service"] == "iam" and entry["arrived_s"] < asked["arrived_s"]]
        assert len(before) <= 4, f"{len(before)} requests of others left before"
        for number in range(20):
            place.delete(f"made-{number}", wait=False)


def test_three_hundred_at_once_cost_what_each_costs_and_go_at_once(cluster, place, aws, controller):
    with controller.with_settings(**RATES, deletion_limit=0):
        place.grant()
        since = aws.last()
        create_all(cluster, place)
        bindings = wait_all_ready(place)
        asked = collections.Counter(aws.operations(since, good=True))
        check_aws(place, aws, bindings)
        assert asked == {"CreateRole": MANY, "PutRolePolicy": MANY, "AttachRolePolicy": MANY,
                         "CreatePodIdentityAssociation": MANY}

        since = aws.last()
        cluster.kubectl("delete", "podidentitybindings", "--all", "--wait=false",
                        "--namespace", place.name)
        wait_until(lambda: not place.objects.list("PodIdentityBinding", place.name), 180,
                   f"{MANY} bindings gone")
        assert roles_of(place, aws) == {}
        assert listed_associations(place, aws) == []
        deleted = collections.Counter(aws.operations(since, writes=True, good=True))
        assert deleted == {"DeletePodIdentityAssociation": MANY, "DeleteRolePolicy": MANY,
                           "DetachRolePolicy": MANY, "DeleteRole": MANY}
