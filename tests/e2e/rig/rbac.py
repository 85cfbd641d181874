"""The controller's requests in the API server's audit log against config/rbac: what it may do there
is what it asked, in both directions.

A right is (API group, resource with its subresource, verb). What every account may do anyway counts
as granted only for paths that are no resources: a request for one that our own roles do not name
fails, even if another role happened to allow it.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import yaml

from . import environment

FOLDER = environment.ROOT / "config" / "rbac"
CONTROLLER = "podidentity/"   # its User-Agent; tests speak with its token, too
PATHS = ("/version", "/readyz", "/livez", "/healthz", "/api", "/apis", "/openapi")


@dataclass
class Audit:
    used: list
    problems: list = field(default_factory=list)


def granted():
    """Every right of config/rbac."""
    roles = [document for path in sorted(FOLDER.glob("*.yaml"))
             for document in yaml.safe_load_all(path.read_text())
             if document and document["kind"] in ("ClusterRole", "Role")]
    assert roles, f"{FOLDER} has no role"
    return {(group, resource, verb) for role in roles for rule in role["rules"]
            for group in rule["apiGroups"] for resource in rule["resources"]
            for verb in rule["verbs"]}


def right_of(event):
    """The right that a request needed; None for a path that is no resource."""
    about = event.get("objectRef")
    if not about or "resource" not in about:
        return None
    resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
    return about.get("apiGroup", ""), resource, event["verb"]


def judge(events, rights=None):
    """Which rights were used, and a sentence for each request that has none."""
    rights = granted() if rights is None else rights
    used, problems = set(), set()
    for event in events:
        if not event.get("userAgent", "").startswith(CONTROLLER):
            continue
        right = right_of(event)
        decision = event.get("annotations", {}).get("authorization.k8s.io/decision")
        path = urlsplit(event["requestURI"]).path
        if right in rights:  # refused for a moment by a server that has just started, perhaps
            used.update({right} if decision == "allow" else ())
        elif right is not None:
            problems.add(f"{event['verb']} {path}: config/rbac does not grant {right}")
        elif not path.startswith(PATHS):
            problems.add(f"{event['verb']} {path}: no path that the controller needs")
    return Audit(sorted(used), sorted(problems))
