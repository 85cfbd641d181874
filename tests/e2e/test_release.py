"""podidentity release: what statuses tell a person to run, and what it says when it cannot."""

import concurrent.futures
import json

import pytest
import yaml

from tests.e2e.documents import READ_S3
from tests.e2e.rig.command import GOOD, UNCHECKED, WARNINGS, podidentity


@pytest.fixture
def release(cluster, aws):
    """release("NS/NAME", flags…, VARIABLE=value): runs it with an administrator's rights."""
    return lambda *arguments, **more: podidentity(cluster, aws, "release", *arguments, **more)


@pytest.fixture
def doomed(place, aws, controller):
    """The full name of a binding that is being deleted while no controller runs, and its role."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    role = place.wait_ready("cart")["status"]["roleARN"].rpartition("/")[2]
    controller.stop()
    place.delete("cart", wait=False)
    yield f"{place.name}/cart", role
    aws.remove_role(role)


@pytest.fixture
def alive(place, controller):
    """The full name of a binding that is Ready."""
    place.grant()
    place.bind("cart", permissionPolicy=READ_S3)
    place.wait_ready("cart")
    return f"{place.name}/cart"


def test_the_association_goes_and_the_role_stays(place, aws, release, doomed):
    key, role = doomed
    answer = release(key)
    assert (answer.code, answer.err) == (GOOD, ""), answer
    assert place.get("cart") is None
    assert aws.association(place.name, "cart") is None
    assert aws.inline_policies(role) == {"Policy1": READ_S3}
    lines = answer.out.splitlines()
    assert "Deleted association" in lines[0]
    assert lines[1].split() == ["released", key]


def test_purge_takes_the_role_too(place, aws, release, doomed):
    key, role = doomed
    answer = release(key, "--purge")
    assert (answer.code, answer.err) == (GOOD, ""), answer
    assert place.get("cart") is None
    assert aws.association(place.name, "cart") is None
    assert aws.role(role) is None
    assert role in answer.out


def test_it_lets_go_while_aws_is_down_and_says_what_stays(place, aws, release, doomed):
    key, role = doomed
    with aws.unreachable():
        answer = release(key)
    assert (answer.code, answer.err) == (WARNINGS, ""), answer
    assert "association and role stay" in answer.out
    assert place.get("cart") is None
    left = aws.association(place.name, "cart")
    assert left and aws.role(role)
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=left["associationId"])


def test_it_lets_go_under_a_controller_that_waits_for_aws(place, aws, controller, release, alive):
    role = place.get("cart")["status"]["roleARN"].rpartition("/")[2]
    with aws.unreachable():
        place.delete("cart", wait=False)
        place.wait_condition("Reconciling", "True", "AWSUnavailable", name="cart")
        assert release(alive).code == WARNINGS
        assert place.get("cart") is None
    left = aws.association(place.name, "cart")
    aws.eks.delete_pod_identity_association(
        clusterName=aws.cluster, associationId=left["associationId"])
    aws.remove_role(role)


def test_it_goes_on_when_the_binding_changes_under_it(place, aws, release, doomed):
    key, _ = doomed
    since = aws.last()
    with aws.broken(kind="hold", operation="DeletePodIdentityAssociation", when="after"):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(release, key)
            assert aws.wait_held()
            place.objects.patch("PodIdentityBinding", "cart", {
                "metadata": {"annotations": {"changed": "meanwhile"}}}, place.name)
            aws.release()
            answer = running.result()
    assert (answer.code, answer.err) == (GOOD, ""), answer
    assert place.get("cart") is None
    assert aws.operations(since, writes=True) == ["DeletePodIdentityAssociation"]


def test_purge_takes_nothing_while_aws_is_down(place, aws, release, doomed):
    key, role = doomed
    with aws.unreachable():
        answer = release(key, "--purge")
    assert answer.code == UNCHECKED
    assert "no answer from AWS" in answer.err
    assert "podidentity.io/aws" in place.get("cart")["metadata"]["finalizers"]
    assert aws.association(place.name, "cart") and aws.role(role)


@pytest.mark.parametrize("flags, said", [
    (["--cluster-name", "another"], "--cluster-name or --region is wrong"),
    (["--cluster-name="], "--cluster-name: is missing"),
    (["--role-path", "nowhere"], "--role-path"),
])
def test_wrong_settings_let_go_of_nothing(place, aws, release, doomed, flags, said):
    key, _ = doomed
    answer = release(key, *flags)
    assert answer.code == UNCHECKED
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert "podidentity.io/aws" in place.get("cart")["metadata"]["finalizers"]
    assert aws.association(place.name, "cart")


def test_purge_of_a_binding_that_lives_takes_nothing_that_is_its_own(place, aws, release, alive):
    before = aws.association(place.name, "cart"), aws.last()
    answer = release(alive, "--purge")
    assert (answer.code, answer.err) == (WARNINGS, ""), answer
    assert "nothing of a former binding" in answer.out
    assert aws.association(place.name, "cart") == before[0]
    assert aws.operations(before[1], writes=True) == []
    assert "deletionTimestamp" not in place.get("cart")["metadata"]


def test_it_prints_json_and_yaml(place, release, alive):
    answers = {form: release(alive, "--purge", "-o", form) for form in ("json", "yaml")}
    assert json.loads(answers["json"].out) == yaml.safe_load(answers["yaml"].out)
    assert list(json.loads(answers["json"].out)) == ["warning"]


def test_a_person_without_rights_in_the_cluster_is_told_which(cluster, release, alive):
    """The default account of a namespace may do nothing."""
    kubeconfig = cluster.account_kubeconfig("default", alive.partition("/")[0])
    answer = release(alive, "--kubeconfig", kubeconfig)
    assert answer.code == UNCHECKED
    assert len(answer.err.splitlines()) == 1
    assert 'cannot list resource "podidentitybindings"' in answer.err


def test_a_person_without_rights_in_aws_is_told_which(place, aws, release, doomed):
    key, _ = doomed
    with aws.denied("eks:DeletePodIdentityAssociation"):
        answer = release(key)
    assert answer.code == UNCHECKED
    assert "eks:DeletePodIdentityAssociation" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert place.get("cart") is not None


REFUSED = [
    # arguments ({} is the namespace), what the line says
    (["{}/cart"], "is not being deleted"),
    (["cart", "-n", "{}"], "is not being deleted"),
    (["{}/cart", "--approve-deletions"], "is not being deleted"),
    (["{}/nobody", "--purge"], "there is no PodIdentityBinding"),
    (["nowhere/cart"], "there is no PodIdentityBinding nowhere/cart"),
    (["cart"], "there is no PodIdentityBinding default/cart"),
    (["{}/"], "is no name of a binding: write NAMESPACE/NAME"),
    (["/cart"], "is no name of a binding"),
    (["{}/cart/more"], "is no name of a binding"),
    (["../cart"], "is no name of a binding"),
    (["{}/cart?x=y"], "is no name of a binding"),
    ([], "which binding?"),
    (["{}/cart", "another"], '"another" is not understood'),
    (["{}/cart", "--force"], '"--force" is not understood'),
    (["{}/cart", "--purge", "--approve-deletions"], "do not go together"),
    (["{}/cart", "-o", "xml"], "none of table, json, yaml"),
    (["{}/cart", "--kubeconfig", "/nowhere"], "No such file"),
    (["{}/cart", "--context", "nowhere"], 'there is no context "nowhere"'),
    (["{}/cart", "--purge", "--cluster-name"], "--cluster-name: has no value"),
]


def test_what_it_cannot_do_is_said_in_one_line(place, aws, release, alive):
    since = aws.last()
    wrong = []
    for arguments, said in REFUSED:
        answer = release(*[word.format(place.name) for word in arguments])
        if answer.code != UNCHECKED or answer.out or said not in answer.err \
                or len(answer.err.splitlines()) != 1:
            wrong.append((arguments, answer))
    assert wrong == []
    assert aws.controller_requests(since) == []


def test_without_aws_keys_it_names_the_variables(release, alive):
    answer = release(alive, "--purge", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert answer.code == UNCHECKED
    assert "AWS_ACCESS_KEY_ID" in answer.err
