"""A namespace of a test's own, and what tests do in it: grant, bind, wait, and leave nothing."""

import re
import secrets

from .objects import GROUP, condition, documents_of, is_condition
from .pods import pod
from .waiting import wait_until

ROLE_ARN = "podidentity.io/role-arn"
NOTE_MAX = 1024  # of an Event
CLUSTER_SCOPED = {"PodIdentityGrant", "Namespace", "ClusterRole", "ClusterRoleBinding",
                  "CustomResourceDefinition"}


def random_name(prefix="t"):
    return f"{prefix}-{secrets.token_hex(4)}"


class Place:
    """open() makes the namespace; close() takes away all that was made through it."""

    def __init__(self, cluster, aws=None, name=None):
        self.objects = cluster.objects
        # Its name is nobody else's. To empty a namespace costs the servers more than most tests
        # do, and ours end anyway.
        self.stays = name is None and not cluster.external
        self.account = aws.account if aws else None
        self.name = name or random_name()
        self._cluster_scoped = []

    def __str__(self):
        return self.name

    def open(self):
        self.objects.create({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}})

    def close(self, timeout=30):
        """Bindings first, while the controller still sees their grants and they can go at once;
        pods before them, since the roles of bindings wait for pods, and annotations, or the
        controller would make their bindings anew. The namespace last, unless it `stays`."""
        self.remove_pods()
        for account in self.objects.list("ServiceAccount", self.name):
            if ROLE_ARN in account["metadata"].get("annotations", {}):
                self.annotate(account["metadata"]["name"], None)
        bindings = [found["metadata"]["name"]
                    for found in self.objects.list("PodIdentityBinding", self.name)]
        for binding in bindings:
            self.objects.delete("PodIdentityBinding", binding, self.name)
        for binding in bindings:
            self.objects.wait_gone("PodIdentityBinding", binding, self.name, timeout)
        for kind, name in reversed(self._cluster_scoped):
            self.objects.delete(kind, name)
        if not self.stays:
            self.objects.delete("Namespace", self.name)

    def apply(self, source):
        """Server-side apply; what belongs in a namespace and names none goes into this one."""
        applied = []
        for document in documents_of(source):
            metadata = document["metadata"]
            if document["kind"] not in CLUSTER_SCOPED:
                document = {**document, "metadata": {"namespace": self.name, **metadata}}
            elif (document["kind"], metadata["name"]) not in self._cluster_scoped:
                self._cluster_scoped.append((document["kind"], metadata["name"]))
            applied.append(self.objects.apply(document))
        return applied[0] if len(applied) == 1 else applied

    def grant(self, name=None, **spec):
        """A grant for this namespace that allows whatever a grant can allow today, but for the
        fields given in spec; a field given as None is left out."""
        wide = {
            "namespaces": {"names": [self.name]},
            "serviceAccounts": ["*"],
            "existingRoles": {"arns": ["arn:*:iam::*:role/*", "arn:*:iam::*:role/*/*",
                                       "arn:*:iam::*:role/*/*/*"]},
            "managedRoles": {
                "permissionPolicyARNs": ["arn:*:iam::aws:policy/*", "arn:*:iam::aws:policy/*/*",
                                         "arn:*:iam::*:policy/*"],
                "inlinePolicies": "Allow", "roleNames": ["*"]},
        }
        spec = {key: value for key, value in {**wide, **spec}.items() if value is not None}
        return self.apply({
            "apiVersion": GROUP, "kind": "PodIdentityGrant",
            "metadata": {"name": name or self.name}, "spec": spec})

    def binding(self, name="app", **spec):
        """A binding as a document; it is for the ServiceAccount of its own name if spec names none.
        With no other field it asks for a role of ours without policies."""
        return {
            "apiVersion": GROUP, "kind": "PodIdentityBinding",
            "metadata": {"name": name, "namespace": self.name},
            "spec": {"serviceAccountName": name, **spec}}

    def bind(self, name="app", **spec):
        """Makes the ServiceAccount and applies the binding; gives the binding."""
        binding = self.binding(name, **spec)
        self.service_account(binding["spec"]["serviceAccountName"])
        return self.apply(binding)

    def service_account(self, name, annotations=None):
        metadata = {"name": name, **({"annotations": annotations} if annotations else {})}
        return self.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})

    def pod(self, name, service_account="app", environment=None, **more):
        """A pod that no node runs: rig/pods.py. Its ServiceAccount must be there."""
        return self.apply(pod(name, service_account, environment, **more))

    def remove_pods(self, *names):
        """These pods, or all and what makes them, at once: no kubelet has to agree."""
        if not names:
            for deployment in self.objects.list("Deployment", self.name):
                self.objects.delete("Deployment", deployment["metadata"]["name"], self.name,
                                    propagationPolicy="Foreground")
            names = [found["metadata"]["name"] for found in self.objects.list("Pod", self.name)]
        for name in names:
            self.objects.delete("Pod", name, self.name, gracePeriodSeconds=0)

    def annotate(self, name, role_arn):
        """Sets the shorthand's annotation of a ServiceAccount; None removes it."""
        self.objects.patch("ServiceAccount", name,
                           {"metadata": {"annotations": {ROLE_ARN: role_arn}}}, self.name)

    def get(self, name="app"):
        """The binding as it is now, None when there is none."""
        return self.objects.get("PodIdentityBinding", name, self.name)

    def wait_ready(self, name="app", timeout=60):
        """Waits until Ready is True for the newest spec; gives the binding."""
        return self.wait_condition("Ready", "True", name=name, timeout=timeout)

    def wait_condition(self, kind, status, reason=None, name="app", timeout=60):
        return self.objects.wait(
            "PodIdentityBinding", name, self.name, is_condition(kind, status, reason), timeout,
            f"{kind}={status} {reason or ''} of {name}")

    def wait_refused(self, kind, reason, name="app", timeout=60):
        """Waits until a person must act: this condition is False with this reason, Ready and
        Stalled repeat it, and a Warning tells it. Gives the message, which has the form that every
        message has."""
        found = self.wait_condition("Ready", "False", reason, name, timeout)
        message = condition(found, kind).get("message", "")
        for repeated in (kind, "Ready"):
            assert condition(found, repeated) == {
                **condition(found, repeated), "status": "False", "reason": reason,
                "message": message}, f"{repeated} is {condition(found, repeated)}"
        assert condition(found, "Stalled")["reason"] == reason
        assert not condition(found, "Reconciling"), "both waiting and refused"
        assert re.match(r"PODIDENTITY-(D\d\d-[A-Z]+): .* See docs/errors\.md#\1$", message), message
        wait_until(lambda: self._warned(name, reason, message), 10, f"a Warning {reason} of {name}")
        return message

    def _warned(self, name, reason, message):
        return any(event["type"] == "Warning"
                   and _without_request_ids(event["note"]) == _without_request_ids(message)[:NOTE_MAX]
                   for event in self.events(name, reason))

    def delete(self, name="app", wait=True, timeout=60):
        self.objects.delete("PodIdentityBinding", name, self.name)
        if wait:
            self.objects.wait_gone("PodIdentityBinding", name, self.name, timeout)

    def events(self, name=None, reason=None):
        """Those there are now. An Event may arrive after the status that it goes with."""
        return self.objects.events(self.name, name, reason)

    def wait_events(self, reason, name="app", timeout=20, kind=None):
        """The Events with this reason, or any, about the objects of that name (and kind), once
        there is one."""
        return wait_until(
            lambda: [event for event in self.events(name, reason)
                     if kind in (None, event["regarding"]["kind"])],
            timeout, f"an Event {reason or ''} of {kind or ''} {name}")


def _without_request_ids(text):
    """Each attempt has another one, and an Event is told once."""
    return re.sub(r"request id [\w-]+", "request id", text)
