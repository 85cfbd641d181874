"""Kubernetes objects as dicts, through the official client: apply, read, change, delete, watch for
a condition. Kinds are named "PodIdentityBinding" or, when two groups have one, "v1/Event"."""

import pathlib

import yaml
from kubernetes import client, config, dynamic
from kubernetes.client.exceptions import ApiException

from .waiting import wait_until

GROUP = "podidentity.io/v1alpha1"
KINDS = {
    "PodIdentityBinding": GROUP, "PodIdentityGrant": GROUP,
    "ServiceAccount": "v1", "Namespace": "v1", "Pod": "v1", "ConfigMap": "v1",
    "Node": "v1", "Deployment": "apps/v1",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
    "Event": "events.k8s.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
}
FIELD_MANAGER = "rig"
MERGE_PATCH = "application/merge-patch+json"


def documents_of(source):
    """Dicts from a dict, a list of them, YAML text or the path of a YAML file."""
    if isinstance(source, dict):
        return [source]
    if isinstance(source, pathlib.Path):
        source = source.read_text()
    if isinstance(source, str):
        source = yaml.safe_load_all(source)
    return [document for document in source if document]


class Objects:
    def __init__(self, kubeconfig, cache_file):
        """cache_file: where the client keeps the server's list of kinds, ours alone."""
        self.client = config.new_client_from_config(str(kubeconfig))
        self.core = client.CoreV1Api(self.client)
        self._dynamic = dynamic.DynamicClient(self.client, cache_file=str(cache_file))

    def close(self):
        self.client.close()

    def apply(self, source, **options):
        """Server-side apply of each document, as one who owns all the fields he names. Gives the
        object, or the list of them when there are several."""
        applied = [self._apply_one(document, options) for document in documents_of(source)]
        return applied[0] if len(applied) == 1 else applied

    def create(self, document, **options):
        return self._resource_of(document).create(
            body=document, namespace=_namespace_of(document), **options).to_dict()

    def get(self, kind, name, namespace=None):
        """None when there is none."""
        try:
            return self._resource(kind).get(name=name, namespace=namespace).to_dict()
        except ApiException as error:
            if error.status != 404:
                raise
            return None

    def list(self, kind, namespace=None, **options):
        return self._resource(kind).get(namespace=namespace, **options).to_dict()["items"]

    def patch(self, kind, name, body, namespace=None, subresource=None):
        """Merge patch; subresource "status" for its status."""
        resource = self._resource(kind)
        if subresource:
            resource = resource.subresources[subresource]
        return resource.patch(
            name=name, namespace=namespace, body=body, content_type=MERGE_PATCH).to_dict()

    def delete(self, kind, name, namespace=None, **options):
        """Asks for deletion, with DeleteOptions; False when there is nothing to delete."""
        try:
            self._resource(kind).delete(name=name, namespace=namespace, body=options or None)
            return True
        except ApiException as error:
            if error.status != 404:
                raise
            return False

    def wait(self, kind, name, namespace=None, until=None, timeout=30, what=None):
        """Waits until the object is there and until(object) is true; gives the object."""
        def seen():
            found = next(states)
            assert found is not None, f"{kind} {name} is not there"
            assert until is None or until(found), f"{kind} {name} is {found.get('status')}"
            return found

        states = self._states(kind, name, namespace)
        return wait_until(seen, timeout, what or f"{kind} {name}", pause=False)

    def wait_gone(self, kind, name, namespace=None, timeout=30):
        def gone():
            found = next(states)
            assert found is None, f"{kind} {name} is still there: {found}"
            return True

        states = self._states(kind, name, namespace)
        wait_until(gone, timeout, f"{kind} {name} gone", pause=False)

    def events(self, namespace, name=None, reason=None):
        """Events of a namespace, about the object of that name, with that reason."""
        return [event for event in self.list("Event", namespace)
                if (name is None or event["regarding"].get("name") == name)
                and (reason is None or event["reason"] == reason)]

    def _states(self, kind, name, namespace):
        """The object as it is (None: there is none) and after each change, as a watch tells it.
        Read again each second, since what somebody waits for may lie outside the object."""
        resource = self._resource(kind)
        one = {"namespace": namespace, "field_selector": f"metadata.name={name}"}
        head = {"apiVersion": resource.group_version, "kind": resource.kind}
        while True:
            listed = resource.get(**one).to_dict()
            yield {**head, **listed["items"][0]} if listed["items"] else None
            for event in resource.watch(
                    resource_version=listed["metadata"]["resourceVersion"], timeout=1, **one):
                yield None if event["type"] == "DELETED" else event["raw_object"]

    def _apply_one(self, document, options):
        return self._resource_of(document).server_side_apply(
            body=document, namespace=_namespace_of(document),
            **{"field_manager": FIELD_MANAGER, "force_conflicts": True, **options}).to_dict()

    def _resource_of(self, document):
        return self._dynamic.resources.get(
            api_version=document["apiVersion"], kind=document["kind"])

    def _resource(self, kind):
        version, _, plain = kind.rpartition("/")
        return self._dynamic.resources.get(api_version=version or KINDS[kind], kind=plain)


def _namespace_of(document):
    return document["metadata"].get("namespace")


def condition(found, kind):
    """The condition of that type in an object's status, or an empty dict."""
    for entry in (found.get("status") or {}).get("conditions") or []:
        if entry["type"] == kind:
            return entry
    return {}


def is_condition(kind, status, reason=None):
    """A test for Objects.wait: the condition has this status (and reason) for the newest spec."""
    def holds(found):
        entry = condition(found, kind)
        return (entry.get("status") == status
                and entry.get("observedGeneration") == found["metadata"]["generation"]
                and (reason is None or entry.get("reason") == reason))

    return holds
