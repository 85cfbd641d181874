"""Rights that no test ever used, judged once at the end of a whole run.

Every session of tests (each worker of a run has servers of its own) keeps in a common folder what
its controllers were granted and what they used: in AWS by the log of the stand-in, in Kubernetes by
the audit log. The process that started the workers adds it up. Only a run of the whole suite that
passed can tell that a right is not needed; any other keeps silent.
"""

import json
import pathlib
import tempfile

import pytest

from . import environment, rbac

TESTS = environment.ROOT / "tests" / "e2e"
FOLDER = pytest.StashKey()
WORKER_INPUT = "podidentity_rights"


def open_folder(config):
    """In a worker the folder of the one that started it, else a new one."""
    given = getattr(config, "workerinput", {}).get(WORKER_INPUT)
    config.stash[FOLDER] = pathlib.Path(given or tempfile.mkdtemp(prefix="podidentity-rights-"))


def hand_over(node):
    node.workerinput[WORKER_INPUT] = str(node.config.stash[FOLDER])


def keep(config, kind, value):
    """One more file of that kind; each session has one."""
    worker = getattr(config, "workerinput", {}).get("workerid", "alone")
    path = config.stash[FOLDER] / f"{kind}-{worker}.json"
    path.write_text(json.dumps(value))


def keep_log(config, entries):
    """What the stand-in's log says of the controller's own policies."""
    keep(config, "aws", of_log(entries))


def of_log(entries):
    """{"granted", "denials": what the policies held, "used", "denied": what came of it}."""
    found = {"granted": set(), "denials": set(), "used": set(), "denied": set()}
    for entry in entries:
        if entry.get("mark") == "rights":
            found["granted"].update(map(tuple, entry["Allow"]))
            found["denials"].update(map(tuple, entry["Deny"]))
        for right in entry.get("rights", []):
            if right["sid"]:
                found["used" if right["allowed"] else "denied"].add((right["sid"], right["action"]))
    return {name: sorted(rights) for name, rights in found.items()}


def keep_extent(session):
    """Whether this session has collected every end-to-end test, so that all will have run."""
    config = session.config
    files = {item.path for item in session.items}
    keep(config, "extent", not any("::" in argument for argument in config.args)
         and not environment.user_kubeconfig() and not config.option.keyword
         and not config.option.markexpr and set(TESTS.glob("test_*.py")) <= files)


def _read(folder, kind):
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"{kind}-*.json"))]


def _pairs(logs, name):
    return {tuple(right) for log in logs for right in log[name]}


def due(folder):
    extents = _read(folder, "extent")
    return bool(extents) and all(extents)


def unused(folder, granted=None):
    """A sentence for each right that was granted and never used, and each Deny never met."""
    logs = _read(folder, "aws")
    sentences = [f"{action} (statement {sid} of the policy that aws-setup prints)"
                 for sid, action in sorted(_pairs(logs, "granted") - _pairs(logs, "used"))]
    sentences += [f"Deny of {action} (statement {sid}): no denied call proves it"
                  for sid, action in sorted(_pairs(logs, "denials") - _pairs(logs, "denied"))]
    asked = {tuple(right) for used in _read(folder, "rbac") for right in used}
    sentences += [f"{verb} {resource} of group \"{group}\" (config/rbac)"
                  for group, resource, verb in sorted((granted or rbac.granted()) - asked)]
    return sentences
