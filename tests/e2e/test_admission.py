"""The fences of config/rbac/validatingadmissionpolicy.yaml: a refusal and a permission of each."""

import json
import subprocess

import pytest

from tests.e2e.documents import READ_S3
from tests.e2e.rig import environment
from tests.e2e.rig.objects import GROUP
from tests.e2e.rig.waiting import wait_until

FILE = environment.ROOT / "config" / "rbac" / "validatingadmissionpolicy.yaml"
CONTROLLER = "system:serviceaccount:podidentity-system:podidentity"
LABELS = "labels podidentity.io/* and podidentity.io/team of a namespace decide"
POD = {"apiVersion": "v1", "kind": "Pod",
       "spec": {"containers": [{"name": "app", "image": "example.com/app"}]}}

# Whoever may edit namespaces, bindings and pods, but no grants.
TENANT_RULES = [
    {"apiGroups": [""], "resources": ["namespaces", "pods"],
     "verbs": ["get", "create", "update", "patch", "delete"]},
    {"apiGroups": ["podidentity.io"], "resources": ["podidentitybindings"],
     "verbs": ["get", "create", "update", "patch"]},
]
GRANT_RULES = [{"apiGroups": ["podidentity.io"], "resources": ["podidentitygrants"],
                "verbs": ["update"]}]
# kubectl patch reads before it writes.
GET_RULES = [{"apiGroups": ["podidentity.io"], "resources": ["podidentitybindings"],
              "verbs": ["get"]}]


class User:
    """Somebody who is allowed what his rules say, and acts through kubectl."""

    def __init__(self, cluster, place, name, rules):
        self.cluster, self.place = cluster, place
        self.name = name
        if rules:
            role = f"{place.name}-{name.rsplit(':', 1)[-1]}"
            rbac = "rbac.authorization.k8s.io"
            place.apply({"apiVersion": f"{rbac}/v1", "kind": "ClusterRole",
                         "metadata": {"name": role}, "rules": rules})
            place.apply({"apiVersion": f"{rbac}/v1", "kind": "ClusterRoleBinding",
                         "metadata": {"name": role},
                         "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": role},
                         "subjects": [{"apiGroup": rbac, "kind": "User", "name": name}]})

    def tries(self, *arguments, text=None):
        """What kubectl complains of; "" when it went well."""
        done = subprocess.run(
            [self.cluster.programs / "kubectl", "--as", self.name, "--cache-dir",
             self.cluster.folder / "kubectl", *arguments],
            input=text, text=True, capture_output=True,
            env=environment.clean(KUBECONFIG=str(self.cluster.kubeconfig)))
        return done.stderr if done.returncode else ""

    def creates(self, document, *arguments):
        return self.tries("create", "-f", "-", *arguments, text=json.dumps(document))


@pytest.fixture
def fences(cluster, place):
    """The file as it is shipped, in force."""
    cluster.objects.apply(FILE)
    tenant = User(cluster, place, f"tenant-{place.name}", TENANT_RULES)
    # Policies come into force a moment after they are made.
    wait_until(lambda: _refused(tenant, place), 30, "the fences in force")
    return tenant


def _refused(tenant, place):
    said = tenant.tries("label", "namespace", place.name, "podidentity.io/x=y",
                        "--dry-run=server")
    assert LABELS in said, said
    return True


@pytest.mark.parametrize("change", ["podidentity.io/team=shop", "podidentity.io/any=x"])
def test_labels_that_grants_ask_for_stay_with_those_who_write_grants(
        cluster, place, fences, change):
    assert LABELS in fences.tries("label", "namespace", place.name, change)
    assert "labels" not in fences.tries("label", "namespace", place.name, "colour=red")

    platform = User(cluster, place, f"platform-{place.name}", TENANT_RULES + GRANT_RULES)
    wait_until(lambda: _done(platform.tries("label", "namespace", place.name, change)), 10,
               "the platform's label")
    key = change.partition("=")[0]
    for attempt in (f"{key}=other", f"{key}-"):
        assert LABELS in fences.tries("label", "--overwrite", "namespace", place.name, attempt)
    assert fences.tries("label", "namespace", place.name, "colour-") == ""


@pytest.mark.parametrize("subresource", ["status", "finalize"])
def test_nor_do_they_come_by_a_subresource(cluster, place, fences, subresource):
    """Whoever may write a namespace's status can write its labels with it."""
    writer = User(cluster, place, f"{subresource}-{place.name}", [
        {"apiGroups": [""], "resources": ["namespaces", f"namespaces/{subresource}"],
         "verbs": ["get", "update"]}])
    path = f"/api/v1/namespaces/{place.name}/{subresource}"

    def writes(**labels):
        found = json.loads(cluster.kubectl("get", "namespace", place.name, "-o", "json"))
        found["metadata"]["labels"].update(labels)
        return writer.tries("replace", "--raw", path, "-f", "-", text=json.dumps(found))

    wait_until(lambda: _done(writes(colour="red")), 10, "a label that nobody keeps")
    assert LABELS in writes(**{"podidentity.io/team": "shop"})
    found = json.loads(cluster.kubectl("get", "namespace", place.name, "-o", "json"))
    assert "podidentity.io/team" not in found["metadata"]["labels"]


def test_a_namespace_is_not_made_with_such_a_label(place, fences):
    namespace = {"apiVersion": "v1", "kind": "Namespace",
                 "metadata": {"name": place.name + "-2", "labels": {"podidentity.io/team": "a"}}}
    assert LABELS in fences.creates(namespace)
    namespace["metadata"]["labels"] = {"team": "a"}
    assert fences.creates(namespace) == ""
    place.objects.delete("Namespace", place.name + "-2")


def test_a_key_of_ones_own_is_reserved_by_one_more_line(cluster, place, fences):
    text = FILE.read_text()
    own = text.replace("['podidentity.io/team']", f"['example.com/team', 'example.com/{place}']")
    assert own != text
    try:
        cluster.objects.apply(own)
        wait_until(lambda: _refuses(
            fences.tries("label", "namespace", place.name, f"example.com/{place}=a",
                         "--dry-run=server"), "decide"), 30, "the other key")
        assert fences.tries("label", "namespace", place.name, "example.com/other=a") == ""
    finally:
        cluster.objects.apply(FILE)


def test_no_binding_in_the_namespaces_of_the_system(place, fences):
    binding = {"apiVersion": GROUP, "kind": "PodIdentityBinding",
               "metadata": {"name": place.name, "namespace": "kube-public"},
               "spec": {"serviceAccountName": "default", "permissionPolicy": READ_S3}}
    for namespace in ("kube-public", "kube-system", "podidentity-system"):
        binding["metadata"]["namespace"] = namespace
        assert "bindings in kube-*" in fences.creates(binding, "--dry-run=server")
    binding["metadata"]["namespace"] = place.name
    assert fences.creates(binding, "--dry-run=server") == ""


def test_but_those_who_write_grants_bind_there(cluster, place, fences):
    platform = User(cluster, place, f"platform-{place.name}", TENANT_RULES + GRANT_RULES)
    binding = {"apiVersion": GROUP, "kind": "PodIdentityBinding",
               "metadata": {"name": place.name, "namespace": "kube-system"},
               "spec": {"serviceAccountName": "default", "permissionPolicy": READ_S3}}
    wait_until(lambda: _done(platform.creates(binding, "--dry-run=server")), 10,
               "the platform's binding")


def test_the_controller_makes_bindings_there_for_annotated_service_accounts(cluster, place, fences):
    controller = User(cluster, place, CONTROLLER, None)
    binding = {"apiVersion": GROUP, "kind": "PodIdentityBinding",
               "metadata": {"name": place.name, "namespace": "kube-public"},
               "spec": {"serviceAccountName": place.name,
                        "roleARN": f"arn:aws:iam::{'1' * 12}:role/x"}}
    assert controller.creates(binding, "--dry-run=server") == ""


def test_a_binding_keeps_its_service_account(place, fences):
    place.apply(place.binding(permissionPolicy=READ_S3))
    change = '{"spec":{"serviceAccountName":"other"}}'
    assert "serviceAccountName" in fences.tries(
        "patch", "pib", "app", "-n", place.name, "--type=merge", "-p", change)
    assert fences.tries("patch", "pib", "app", "-n", place.name, "--type=merge", "-p",
                        '{"spec":{"roleDescription":"x"}}') == ""


def test_the_finalizer_is_not_a_tenants_to_take_off(cluster, place, fences):
    binding = place.binding(permissionPolicy=READ_S3)
    binding["metadata"]["finalizers"] = ["podidentity.io/aws", "example.com/own"]
    place.apply(binding)

    def take_off(user, *finalizers):
        change = json.dumps({"metadata": {"finalizers": list(finalizers)}})
        return user.tries("patch", "pib", "app", "-n", place.name, "--type=merge", "-p", change,
                          "--dry-run=server")

    assert "the finalizer podidentity.io/aws" in take_off(fences, "example.com/own")
    assert take_off(fences, "podidentity.io/aws") == ""
    controller = User(cluster, place, CONTROLLER, GET_RULES)
    wait_until(lambda: _done(take_off(controller)), 10, "the controller's PATCH")
    platform = User(cluster, place, f"platform-{place.name}", TENANT_RULES + GRANT_RULES)
    wait_until(lambda: _done(take_off(platform)), 10, "the platform's release")
    place.objects.patch("PodIdentityBinding", "app", {"metadata": {"finalizers": []}}, place.name)


def test_the_controller_makes_pods_in_a_dry_run_only(cluster, place, fences):
    prober = User(cluster, place, CONTROLLER, None)
    rbac = "rbac.authorization.k8s.io"
    for document in (
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "probe"},
         "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}]},
        {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": {"name": "probe"},
         "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "probe"},
         "subjects": [{"kind": "ServiceAccount", "name": "podidentity",
                       "namespace": "podidentity-system"}]}):
        place.apply(document)
    place.service_account("default")
    pod = {**POD, "metadata": {"name": "probe", "namespace": place.name}}
    wait_until(lambda: _done(prober.creates(pod, "--dry-run=server")), 10, "a dry run")
    assert "asks what would become of a pod" in prober.creates(pod)
    pod["metadata"]["name"] = "anybodys"
    assert fences.creates(pod) == ""


def _done(said):
    assert said == "", said
    return True


def _refuses(said, word):
    assert word in said, said
    return True
