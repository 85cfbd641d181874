"""What a person applies to install, with kubectl and in README's order: crds/, config/rbac,
config/deploy, and config/controller.yaml. As they are the files only pass a dry run, since a
controller with these names works in this cluster already; they are applied for real with a
namespace of their own, whose pods must pass the Pod Security level "restricted"."""

import contextlib
import copy
import pathlib
import re
import types
import urllib.request

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests.e2e.rig import environment
from tests.e2e.rig.controller import API_WARNING, FINDING, SANITIZER_ENVIRONMENT
from tests.e2e.rig.identity import policy_for
from tests.e2e.rig.objects import documents_of
from tests.e2e.rig.place import random_name
from tests.e2e.rig.process import Process
from tests.e2e.rig.waiting import wait_until

CONFIG = environment.ROOT / "config"
SETTINGS = CONFIG / "controller.yaml"
SYSTEM = "podidentity-system"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
# Names of these are the cluster's: two of them cannot stand side by side.
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy",
                "ValidatingAdmissionPolicyBinding"}
ADDRESS = re.compile(r"(--[a-z-]+-bind-address)=:(\d+)")

# The pod names an image that a user builds.
pytestmark = pytest.mark.own_cluster


def kubectl(cluster, *arguments):
    """A Warning of the API server is a failure."""
    return cluster.kubectl(*map(str, arguments), "--warnings-as-errors")


def renamed(document, namespace):
    if document["kind"] in CLUSTER_WIDE:
        document["metadata"]["name"] += f"-{namespace}"
    if "roleRef" in document:
        document["roleRef"]["name"] += f"-{namespace}"
    if "policyName" in document.get("spec", {}):
        document["spec"]["policyName"] += f"-{namespace}"
    if document["kind"] == "Namespace":
        document["metadata"]["labels"] = RESTRICTED
    return document


def rendered(folder, target, namespace, **values):
    """The files of a folder of config/ as a person edits them, in another folder; the documents."""
    documents = []
    target.mkdir()
    for path in sorted((CONFIG / folder).glob("*.yaml")):
        text = path.read_text()
        for placeholder, value in {SYSTEM: namespace, **values}.items():
            text = text.replace(placeholder, value)
        found = [renamed(document, namespace) for document in documents_of(text)]
        (target / path.name).write_text(yaml.safe_dump_all(found))
        documents += found
    return documents


@pytest.fixture(scope="module")
def installed(cluster, aws, tmp_path_factory):
    """All but crds/, which are there, applied in a namespace of its own."""
    folder, namespace = tmp_path_factory.mktemp("deploy"), random_name("deploy")
    rights = rendered("rbac", folder / "rbac", namespace)
    (deployment,) = rendered("deploy", folder / "deploy", namespace, CLUSTER=aws.cluster,
                             REGION=aws.region, ACCOUNT=aws.account)
    for name in ("rbac", "deploy"):
        kubectl(cluster, "apply", "-f", folder / name)
    yield types.SimpleNamespace(
        folder=folder, namespace=namespace, rights=rights, deployment=deployment,
        pod=deployment["spec"]["template"]["spec"],
        container=deployment["spec"]["template"]["spec"]["containers"][0])
    for name in ("deploy", "rbac"):
        kubectl(cluster, "delete", "--ignore-not-found", "--wait=false", "-f", folder / name)


@pytest.mark.parametrize("way", [(), ("--server-side", "--force-conflicts")],
                         ids=["client-side", "server-side"])
def test_the_files_as_they_are_pass_without_a_warning(cluster, way):
    apply = ("apply", *way, "--dry-run=server")
    said = kubectl(cluster, *apply, "-f", environment.ROOT / "crds", "-f", CONFIG / "rbac")
    said += kubectl(cluster, *apply, "-f", CONFIG / "deploy")
    folders = environment.ROOT / "crds", CONFIG / "rbac", CONFIG / "deploy"
    documents = [document for folder in folders for path in folder.glob("*.yaml")
                 for document in documents_of(path)]
    assert len(said.splitlines()) == len(documents) > 10


def test_the_api_server_finds_nothing_to_warn_of_in_the_fences(cluster, installed):
    """It judges the types of their expressions some time after they were applied."""
    def judged():
        found = cluster.objects.get(kind, name)
        assert found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
        return found["status"]

    kind = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"
    fences = [document["metadata"]["name"] for document in installed.rights
              if document["kind"] == "ValidatingAdmissionPolicy"]
    assert len(fences) == 3
    for name in fences:
        status = wait_until(judged, 30, f"{name} judged")
        assert not status.get("typeChecking", {}).get("expressionWarnings"), status


def test_its_pod_passes_the_restricted_level(cluster, installed):
    def made():
        found = cluster.objects.list("Pod", namespace)
        assert found, cluster.objects.get("Deployment", "podidentity", namespace)["status"]
        return found

    namespace = installed.namespace
    (pod,) = wait_until(made, 30, "the Deployment's pod")
    assert pod["spec"]["serviceAccountName"] == installed.pod["serviceAccountName"]


@pytest.mark.parametrize("without", ["pod", "container"])
def test_that_level_refuses_a_pod_with_less_of_a_security_context(cluster, installed, without):
    spec = copy.deepcopy(installed.pod)
    del (spec if without == "pod" else spec["containers"][0])["securityContext"]
    with pytest.raises(ApiException) as refused:
        cluster.objects.create(
            {"apiVersion": "v1", "kind": "Pod", "spec": spec,
             "metadata": {"name": "less", "namespace": installed.namespace}}, dry_run="All")
    assert 'violates PodSecurity \\"restricted' in refused.value.body


def named_objects(pod):
    """(kind, name) of all that a pod's spec needs in its namespace."""
    yield "ServiceAccount", pod["serviceAccountName"]
    for volume in pod.get("volumes", []):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "secret" in volume:
            yield "v1/Secret", volume["secret"]["secretName"]
    for container in pod["containers"]:
        for source in container.get("envFrom", []) + [
                variable.get("valueFrom", {}) for variable in container.get("env", [])]:
            for key, kind in (("configMapRef", "ConfigMap"), ("configMapKeyRef", "ConfigMap"),
                              ("secretRef", "v1/Secret"), ("secretKeyRef", "v1/Secret")):
                if key in source:
                    yield kind, source[key]["name"]


def test_all_that_the_pod_names_was_applied_before_it(cluster, installed):
    named = list(named_objects(installed.pod))
    assert [one for one in named if not cluster.objects.get(*one, installed.namespace)] == []
    mounts = {mount["name"] for mount in installed.container.get("volumeMounts", [])}
    assert mounts == {volume["name"] for volume in installed.pod.get("volumes", [])}


def test_its_ports_are_those_that_the_program_has_by_default(installed):
    defaults = yaml.safe_load(SETTINGS.read_text())
    written = dict(argument.removeprefix("--").split("=", 1)
                   for argument in installed.container["args"][1:])
    ports = {port["name"]: port["containerPort"] for port in installed.container["ports"]}
    for setting, port in (("metrics-bind-address", "metrics"),
                          ("health-probe-bind-address", "health")):
        assert written[setting] == defaults[setting] == f":{ports[port]}"


def on_loopback(arguments):
    """The same arguments, less the ports: those of a machine are not its tests' alone. Also which
    port stands for which."""
    ports = {}

    def replace(argument):
        address = ADDRESS.fullmatch(argument)
        if not address:
            return argument
        ports[int(address[2])] = environment.free_port()
        return f"{address[1]}=127.0.0.1:{ports[int(address[2])]}"

    return [replace(argument) for argument in arguments], ports


@contextlib.contextmanager
def program_as_deployed(cluster, aws, installed, log, *more):
    """The program with the arguments and variables of the manifest, as its ServiceAccount; gives a
    port of the pod → where it is. The kubeconfig stands for what a pod finds in its files."""
    account = installed.pod["serviceAccountName"]
    arguments, ports = on_loopback([*installed.container["args"], *more])
    assert installed.container["env"] == [
        {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}]
    variables = {**aws.environment(), **SANITIZER_ENVIRONMENT,
                 "POD_NAMESPACE": installed.namespace,
                 "KUBECONFIG": str(cluster.account_kubeconfig(account, installed.namespace))}
    aws.limit(policy_for(aws, arguments[1:], variables))
    process = Process("podidentity as deployed", [environment.program(), *arguments], log,
                      environment.clean(**variables))
    process.start()
    try:
        yield process, ports
    finally:
        code = process.stop(installed.pod["terminationGracePeriodSeconds"])
    assert code == 0, process.tail()


def answer(probe, container, ports):
    """The HTTP status that a kubelet would get for this probe; 0: none."""
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    where = f"http://127.0.0.1:{ports[named[probe['httpGet']['port']]]}{probe['httpGet']['path']}"
    try:
        with urllib.request.urlopen(where, timeout=5) as reply:
            return reply.status
    except OSError:  # a refusal by HTTP, too
        return 0


@pytest.mark.parametrize(
    "more", [(), ("--config", SETTINGS)], ids=["alone", "with controller.yaml"])
def test_the_program_gets_ready_with_what_the_manifest_says(
        cluster, aws, controller, installed, tmp_path, more):
    controller.stop()  # one at a time; it is started again for the next test
    log = pathlib.Path(tmp_path / "deployed.log")
    container = installed.container
    with program_as_deployed(cluster, aws, installed, log, *map(str, more)) as (process, ports):
        process.wait_ready(lambda: answer(container["readinessProbe"], container, ports) == 200)
        assert answer(container["livenessProbe"], container, ports) == 200
    said = log.read_text()
    assert API_WARNING not in said and not FINDING.search(said), said
    assert not re.search(r'"level": ?"error"', said), said


def test_all_of_it_can_be_deleted_again(cluster, installed):
    kubectl(cluster, "delete", "--dry-run=server", "-f", environment.ROOT / "crds")
    for name in ("deploy", "rbac"):
        kubectl(cluster, "delete", "--timeout=60s", "-f", installed.folder / name)
    for document in [installed.deployment, *installed.rights]:
        metadata = document["metadata"]
        kind = f"{document['apiVersion']}/{document['kind']}"
        assert not cluster.objects.get(kind, metadata["name"], metadata.get("namespace")), metadata
