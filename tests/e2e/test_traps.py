"""Traps that other tools fell into, by their numbers (docs/eksctl.md has the whole table): those
that no other file shows."""


import pytest

from tests.e2e.documents import READ_S3, trust
from tests.e2e.rig.objects import condition
from tests.e2e.rig.place import ROLE_ARN
from tests.e2e.rig.pods import CONTAINER_CREDENTIALS

EKS = "pods.eks.amazonaws.com"
BOTH = ["sts:AssumeRole", "sts:TagSession"]
GITHUB = {"Effect": "Allow",
          "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/"
                                     "token.actions.githubusercontent.com"},
          "Action": "sts:AssumeRoleWithWebIdentity",
          "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud":
                                         "sts.amazonaws.com"},
                        "StringLike": {"token.actions.githubusercontent.com:sub":
                                       "repo:example/shop:*"}}}


def trust_of(place, aws):
    return aws.role(f"trap-{place.name}")["AssumeRolePolicyDocument"]


def bind(place, aws, document):
    """Binds a role with this trust; gives the binding when Ready is decided."""
    arn = aws.make_role(f"trap-{place.name}", document)
    place.grant()
    place.bind("cart", roleARN=arn)
    return place.objects.wait(
        "PodIdentityBinding", "cart", place.name, timeout=60,
        until=lambda found: condition(found, "Ready").get("status") in ("True", "False"))


def statement(**changes):
    return {"Effect": "Allow", "Principal": {"Service": EKS}, "Action": BOTH, **changes}


def of(statements):
    return {"Version": "2012-10-17", "Statement": statements}


def test_X5_a_trust_that_serves_ci_as_well_is_left_whole(place, aws, controller):
    """X5: another tool dropped every OIDC statement, GitHub's too."""
    document = of([GITHUB, statement()])
    assert condition(bind(place, aws, document), "Ready")["status"] == "True"
    place.delete("cart")
    assert trust_of(place, aws) == document


@pytest.mark.parametrize("document, reason", [
    (of(statement()), "Ready"),
    (of(statement(Principal={"Service": [EKS, "ec2.amazonaws.com"]})), "Ready"),
    (of([statement(Action="sts:AssumeRole"), statement(Action="sts:TagSession")]), "Ready"),
    (of([{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}, statement()]),
     "TrustInsufficient"),
    (of([{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole",
          "Condition": {"StringEquals": {"aws:PrincipalTag/of": "nobody"}}}, statement()]),
     "TrustUnknown"),
], ids=["statement as object", "principal as list", "action as text", "principal *",
        "principal * under a condition"])
def test_X6_every_form_of_a_trust_is_read(place, aws, controller, document, reason):
    """X6: objects for lists, texts for lists and Principal "*" ended other tools. What cannot be
    decided is Unknown, never a crash and never fine."""
    found = bind(place, aws, document)
    assert condition(found, "RoleReady")["reason"] == reason
    assert trust_of(place, aws) == document


@pytest.mark.parametrize("document, reason", [
    (of([{"Effect": "Allow", "Principal": {"Service": EKS}, "NotAction": "sts:TagSession"}]),
     "TrustInsufficient"),
    (of([{"Effect": "Allow", "Principal": {"Service": EKS}, "NotAction": "iam:*"}]), "Ready"),
    (of([statement(), {"Effect": "Deny", "Principal": {"Service": EKS},
                       "NotAction": "sts:TagSession"}]), "TrustInsufficient"),
], ids=["allows all but one", "allows what is needed", "denies all but one"])
def test_X7_not_action_is_understood(place, aws, controller, document, reason):
    """X7: another tool wrote such a statement back with Action: null."""
    found = bind(place, aws, document)
    assert condition(found, "RoleReady")["reason"] == reason
    assert trust_of(place, aws) == document


@pytest.mark.parametrize("accounts, ready", [
    (["444455556666", "111122223333"], "True"), (["444455556666", "777788889999"], "False")],
    ids=["one of them is ours", "none is ours"])
def test_X8_a_list_of_condition_values_means_any_of_them(
        place, aws, controller, accounts, ready):
    """X8: another tool took condition values for single texts."""
    found = bind(place, aws, of([statement(
        Condition={"StringEquals": {"aws:SourceAccount": accounts}})]))
    assert condition(found, "Ready")["status"] == ready


def test_X9_a_service_account_keeps_all_its_fields(place, aws, controller):
    """X9: another tool wrote ServiceAccounts back with their metadata alone."""
    arn = aws.make_role(f"trap-{place.name}", trust())
    place.grant(allowServiceAccountAnnotation=True)
    before = place.apply({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "cart", "annotations": {ROLE_ARN: arn}, "labels": {"app": "cart"}},
        "imagePullSecrets": [{"name": "registry"}], "secrets": [{"name": "token"}],
        "automountServiceAccountToken": False})
    place.wait_ready("cart")
    place.apply(place.binding("mine", serviceAccountName="cart", roleARN=arn))
    place.wait_ready("mine")
    place.delete("mine")
    after = place.objects.get("ServiceAccount", "cart", place.name)
    assert after == before, "not even its version changed"


def test_X12_associations_beyond_the_first_page_are_known(place, aws, controller):
    """X12: other tools read one page of a hundred."""
    arn = aws.make_role(f"trap-{place.name}", trust())
    names = [f"app-{number:03}" for number in range(130)]
    made = [aws.eks.create_pod_identity_association(
        clusterName=aws.cluster, namespace=place.name, serviceAccount=name, roleArn=arn)[
            "association"]["associationId"] for name in names]
    try:
        controller.stop()
        since = aws.last()
        controller.start()
        assert len(aws.controller_requests(since, operation="ListPodIdentityAssociations")) >= 2
        place.grant()
        since = aws.last()
        for name in (names[0], names[-1]):
            place.bind(name, permissionPolicy=READ_S3)
            place.wait_condition("Ready", "False", "AssociationForeign", name=name)
        assert "CreatePodIdentityAssociation" not in aws.operations(since), "it was not known"
    finally:
        for association in made:
            aws.eks.delete_pod_identity_association(
                clusterName=aws.cluster, associationId=association)


def test_X13_what_is_deleted_and_made_again_at_once_gets_over_the_conflict(
        place, aws, controller):
    """X13: deletes are eventually consistent: for a while Create answers 409 and nothing is there
    to be adopted."""
    arn = aws.make_role(f"trap-{place.name}", trust())
    place.grant()
    place.bind("cart", roleARN=arn)
    former = place.wait_ready("cart")["status"]["associationID"]
    with aws.inconsistent(delete_seconds=4):
        since = aws.last()
        place.delete("cart")
        place.bind("cart", roleARN=arn)
        ready = place.wait_ready("cart")
    assert ready["status"]["associationID"] != former
    refused = aws.controller_requests(since, operation="CreatePodIdentityAssociation", good=False)
    assert refused, "there was no conflict to get over"
    assert len(refused) <= 16, f"{len(refused)} attempts against the 409 in 4 s"


@pytest.mark.own_cluster
def test_X15_a_pod_made_as_soon_as_a_binding_is_ready_has_credentials(
        place, aws, controller, webhook):
    """X15: new associations take effect late; Ready waits for that."""
    arn = aws.make_role(f"trap-{place.name}", trust())
    place.grant()
    place.bind("cart", roleARN=arn)
    place.wait_ready("cart")
    made = place.pod("worker", "cart")
    given = {variable["name"]: variable.get("value")
             for variable in made["spec"]["containers"][0].get("env") or []}
    assert CONTAINER_CREDENTIALS.items() <= given.items()


def test_X24_names_that_are_too_long_for_a_role_are_cut_and_stay_apart(place, aws, controller):
    """X24: a role's name has 64 characters; a namespace has 63 and a ServiceAccount 253."""
    stem = "a-very-long-service-account-name-" * 4
    names = [stem + "one", stem + "two"]
    place.grant()
    for name in names:
        place.bind(name, permissionPolicy=READ_S3)
    roles = {place.wait_ready(name)["status"]["roleARN"].rpartition("/")[2] for name in names}
    assert len(roles) == 2
    assert all(len(role) <= 64 and role.startswith(place.name + "_") for role in roles)
