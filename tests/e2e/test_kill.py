"""The process is killed at each write, before and after its effect; a restart converges, and
nothing is made twice."""

import itertools

import pytest

from tests.e2e.documents import READ_S3, READ_SQS, WRITE_S3
from tests.e2e.rig.pods import CONTAINER_CREDENTIALS
from tests.e2e.rig.waiting import wait_until

OWN = {"permissionPolicy": READ_S3, "permissionPolicyARNs": [READ_SQS]}
NONE = {"permissionPolicy": None, "permissionPolicyARNs": None}


def existing_role(aws):
    """A role of others that admits pods; made once."""
    name = "existing-for-kills"
    if aws.role(name) is None:
        aws.make_role(name)
    return aws.role(name)["Arn"]


def create(place, aws):
    place.bind("cart", **OWN)


def update(place, aws):
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "permissionPolicy": WRITE_S3, "permissionPolicyARNs": None, "tags": {"team": "a"},
        "roleDescription": "new"}}, place.name)


def to_existing(place, aws):
    place.pod("worker", "cart", CONTAINER_CREDENTIALS)  # keeps the role that is left
    place.objects.patch("PodIdentityBinding", "cart",
                        {"spec": {**NONE, "roleARN": existing_role(aws)}}, place.name)


def to_managed(place, aws):
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {**OWN, "roleARN": None}},
                        place.name)


def delete(place, aws):
    place.delete("cart", wait=False)


def as_created(place, aws):
    role = aws.role(place.get("cart")["status"]["roleARN"].rsplit("/", 1)[1])
    assert aws.inline_policies(role["RoleName"]) == {"Policy1": READ_S3}
    assert aws.attached_policies(role["RoleName"]) == [READ_SQS]
    assert aws.association(place.name, "cart")["roleArn"] == role["Arn"]


def as_updated(place, aws):
    role = aws.role(place.get("cart")["status"]["roleARN"].rsplit("/", 1)[1])
    assert aws.inline_policies(role["RoleName"]) == {"Policy1": WRITE_S3}
    assert aws.attached_policies(role["RoleName"]) == []
    assert role["Description"] == "new"
    assert aws.association(place.name, "cart")["tags"]["team"] == "a"


def as_existing(place, aws):
    arn = existing_role(aws)
    assert aws.association(place.name, "cart")["roleArn"] == arn
    retired = roles_of(place, aws)
    assert len(retired) == 1
    wait_until(lambda: "podidentity.io/retired-at" in tags(aws, retired[0]), 20, "a retired role")


def as_deleted(place, aws):
    assert aws.association(place.name, "cart") is None
    assert roles_of(place, aws) == []


def tags(aws, role):
    return {tag["Key"]: tag["Value"] for tag in aws.role(role)["Tags"]}


def roles_of(place, aws):
    pages = aws.iam.get_paginator("list_roles").paginate(PathPrefix="/podidentity/")
    return [role["RoleName"] for page in pages for role in page["Roles"]
            if role["RoleName"].startswith(f"{place.name}_")]


SCENARIOS = [
    # name, spec before (None: nothing), what is done, writes it takes, how it ends
    ("create", None, create, 4, as_created),
    ("update", OWN, update, 5, as_updated),
    ("to-existing", OWN, to_existing, 2, as_existing),
    ("to-managed", "existing", to_managed, 4, as_created),
    ("delete", OWN, delete, 4, as_deleted),
]
CASES = [(scenario, nth, when) for scenario in SCENARIOS
         for nth, when in itertools.product(range(1, scenario[3] + 1), ("before", "after"))]


def begin(place, aws, before):
    place.grant()
    if before is None:
        return
    place.bind("cart", **(OWN if before is OWN else {"roleARN": existing_role(aws)}))
    place.wait_ready("cart")


def settled(place, aws, act):
    if act is delete:
        place.objects.wait_gone("PodIdentityBinding", "cart", place.name)
    else:
        generation = place.get("cart")["metadata"]["generation"]
        place.objects.wait(
            "PodIdentityBinding", "cart", place.name, timeout=120,
            until=lambda found: found["status"]["observedGeneration"] == generation)
        place.wait_ready("cart")


@pytest.mark.parametrize(
    "scenario, nth, when", CASES,
    ids=[f"{scenario[0]}-{when}-write-{nth}" for scenario, nth, when in CASES])
def test_a_restart_converges(place, aws, controller, scenario, nth, when):
    """X14, X21: killed before and after each write, the ID of what was made lost with it."""
    _, before, act, _, check = scenario
    begin(place, aws, before)
    since = aws.last()
    aws.hold(when, nth)
    act(place, aws)
    assert aws.wait_held(), "no write came"
    controller.kill()
    aws.release()
    controller.start()
    settled(place, aws, act)
    check(place, aws)
    creates = [entry for entry in aws.controller_requests(since, writes=True, good=True)
               if entry["operation"].startswith("Create") and entry["changed"]]
    made = [entry["operation"] for entry in creates]
    assert len(made) == len(set(made)), f"made twice: {made}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[row[0] for row in SCENARIOS])
def test_the_table_names_every_write(place, aws, controller, scenario):
    _, before, act, writes, check = scenario
    begin(place, aws, before)
    since = aws.last()
    act(place, aws)
    settled(place, aws, act)
    check(place, aws)
    assert len(aws.operations(since, writes=True)) == writes
