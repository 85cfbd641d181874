"""Grants given, narrowed and taken back: what a namespace has it keeps, what it may not it never
gets."""


from tests.e2e.documents import READ_DYNAMO, READ_S3, READ_SQS, WRITE_S3
from tests.e2e.rig.objects import condition
from tests.e2e.rig.waiting import wait_until

KIND = "PodIdentityGrant"


def managed(**fields):
    return {"managedRoles": {"permissionPolicyARNs": [READ_SQS], "inlinePolicies": "Allow",
                             **fields}}


def everything(aws, place, role):
    """What the namespace has in AWS, for comparing."""
    return (aws.role(role), aws.inline_policies(role), aws.attached_policies(role),
            aws.associations(place.name))


def bound(place):
    """A binding with two policies that is Ready; gives the name of its role."""
    place.bind("cart", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    return place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]


def wait_grant(place, status, reason, name=None):
    """Waits until the grant judges its newest spec so; gives its status."""
    def judged(found):
        ready = condition(found, "Ready")
        return (found["status"].get("observedGeneration") == found["metadata"]["generation"]
                and (ready.get("status"), ready.get("reason")) == (status, reason))

    return place.objects.wait(KIND, name or place.name, until=judged)["status"]


def message(found):
    return condition(found, "Ready")["message"]


def test_a_withdrawn_grant_removes_nothing_and_makes_nothing(place, aws, controller):
    place.grant()
    role = bound(place)
    before = everything(aws, place, role)
    place.objects.delete(KIND, place.name)
    refused = place.wait_condition("Allowed", "False", "NotGranted", name="cart")
    assert condition(refused, "Ready")["reason"] == "NotGranted"
    since = aws.last()

    place.bind("late", permissionPolicy=READ_S3)
    place.wait_condition("Ready", "False", "NotGranted", name="late")
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "permissionPolicy": WRITE_S3, "tags": {"team": "shop"}}}, place.name)
    place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert aws.operations(since, writes=True) == []
    assert "late" not in str(aws.controller_requests(since))  # without a grant no request
    assert everything(aws, place, role) == before

    place.grant()
    place.wait_ready("cart")
    place.wait_ready("late")
    assert aws.inline_policies(role) == {"Policy1": WRITE_S3}


def test_a_binding_whose_grant_came_back_unchanged_is_ready_without_a_write(
        place, aws, controller):
    place.grant()
    role = bound(place)
    before = everything(aws, place, role)
    since = aws.last()
    place.objects.delete(KIND, place.name)
    place.wait_condition("Ready", "False", "NotGranted", name="cart")
    place.grant()
    place.wait_ready("cart")
    assert aws.operations(since, writes=True) == []
    assert everything(aws, place, role) == before


def test_a_binding_whose_grant_is_withdrawn_can_be_deleted(place, aws, controller):
    place.grant()
    role = bound(place)
    place.objects.delete(KIND, place.name)
    place.wait_condition("Ready", "False", "NotGranted", name="cart")
    place.delete("cart")
    assert aws.role(role) is None
    assert aws.associations(place.name) == []


def test_a_spec_that_is_not_granted_keeps_what_was(place, aws, controller):
    place.grant(**managed())
    role = bound(place)
    before = everything(aws, place, role)
    since = aws.last()
    place.objects.patch("PodIdentityBinding", "cart", {"spec": {
        "permissionPolicy": WRITE_S3, "permissionPolicyARNs": [READ_SQS, READ_DYNAMO]}},
        place.name)
    refused = place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert f"managedRoles.permissionPolicyARNs for {READ_DYNAMO}" in message(refused)
    assert f'"{place.name}"' in message(refused)
    assert f"role {before[0]['Arn']} stays as it is" in message(refused)
    assert refused["status"]["roleARN"] == before[0]["Arn"]
    assert aws.operations(since, writes=True) == []
    assert everything(aws, place, role) == before

    place.grant(**managed(permissionPolicyARNs=[READ_SQS, READ_DYNAMO]))
    place.wait_ready("cart")
    assert aws.attached_policies(role) == [READ_DYNAMO, READ_SQS]


def test_a_grant_that_becomes_narrower_refuses_what_it_no_longer_names(place, aws, controller):
    place.grant(**managed())
    role = bound(place)
    before = everything(aws, place, role)
    place.grant(**managed(inlinePolicies="Deny"))
    refused = place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert "managedRoles.inlinePolicies: Allow" in message(refused)
    assert everything(aws, place, role) == before


def test_two_grants_add_up(place, aws, controller):
    place.grant(**managed(inlinePolicies="Deny"))
    place.bind("cart", permissionPolicy=READ_S3, permissionPolicyARNs=[READ_SQS])
    place.wait_condition("Ready", "False", "NotGranted", name="cart")
    place.grant(name=f"{place.name}-more", managedRoles={"inlinePolicies": "Allow"})
    place.wait_ready("cart")


def test_a_grant_for_other_service_accounts_or_namespaces_is_none(place, aws, controller):
    place.grant(serviceAccounts=["web-*"])
    place.grant(name=f"{place.name}-other", namespaces={"names": [f"{place.name}-other"]})
    since = aws.last()
    place.bind("cart", permissionPolicy=READ_S3)
    refused = place.wait_condition("Ready", "False", "NotGranted", name="cart")
    assert f'"{place.name}"' in message(refused)
    assert aws.controller_requests(since) == []


def test_an_empty_selector_is_told(place, controller):
    place.grant(serviceAccounts=[])
    wait_grant(place, "False", "EmptySelector")
    place.grant(namespaces={"names": []})
    wait_grant(place, "False", "EmptySelector")
    place.grant()
    wait_grant(place, "True", "Ready")


def counts(place):
    status = place.objects.get(KIND, place.name)["status"]
    return status.get("matchedNamespaces"), status.get("bindings")


def test_a_grant_counts_the_namespaces_and_bindings_that_it_matches(place, controller):
    other = f"{place.name}-later"
    place.grant(namespaces={"names": [place.name, other]}, serviceAccounts=["cart", "web-*"])
    wait_until(lambda: counts(place) == (1, 0), what="one namespace, no binding")
    for name in ("cart", "web-shop", "unmatched"):
        place.bind(name, permissionPolicy=READ_S3)
    wait_until(lambda: counts(place) == (1, 2), what="one namespace, two bindings")
    place.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
    wait_until(lambda: counts(place) == (2, 2), what="two namespaces, two bindings")
    place.delete("cart")
    wait_until(lambda: counts(place) == (2, 1), what="two namespaces, one binding")
    place.grant(namespaces={"names": [place.name]}, serviceAccounts=["cart"])
    wait_until(lambda: counts(place) == (1, 0), what="after it became narrower")
