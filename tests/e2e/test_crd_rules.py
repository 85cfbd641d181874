"""What the API server refuses, with which sentence and at which field, and what it takes. The
tables are in crd_cases.py."""

import copy
import json
import re
import secrets

import pytest
import yaml
from kubernetes.client.exceptions import ApiException

from tests.e2e import crd_cases as cases
from tests.e2e.rig import environment

NAMESPACE = f"crd-rules-{secrets.token_hex(3)}"
API = "podidentity.io/v1alpha1"
BINDING, GRANT = "PodIdentityBinding", "PodIdentityGrant"
REFUSED = ([(BINDING, *row) for row in cases.REFUSED]
           + [(GRANT, *row) for row in cases.GRANT_REFUSED])
ACCEPTED = ([(BINDING, spec) for spec in cases.ACCEPTED]
            + [(GRANT, spec) for spec in cases.GRANT_ACCEPTED])

# The API server puts the value before the sentence when it is text or a number.
VALUE = re.compile(r'Invalid value: (("([^"\\]|\\.)*"|-?[0-9]+): )?')
NOT_ALL_CHECKED = "some validation rules were not checked"


@pytest.fixture(scope="module")
def objects(cluster):
    """The cluster's objects, with a namespace that no grant names."""
    cluster.objects.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield cluster.objects
    cluster.objects.delete("Namespace", NAMESPACE)


def written(kind, spec, name="case"):
    kept = {field: copy.deepcopy(value) for field, value in spec.items() if value is not None}
    metadata = {"name": name} if kind == GRANT else {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": kept}


def complaints(call, *arguments, **options):
    """What the API server finds wrong: (field, sentence) each."""
    with pytest.raises(ApiException) as refusal:
        call(*arguments, **options)
    assert refusal.value.status == 422, refusal.value.body
    causes = json.loads(refusal.value.body)["details"]["causes"]
    return [(cause["field"], VALUE.sub("", cause["message"], count=1)) for cause in causes
            if NOT_ALL_CHECKED not in cause["message"]]


@pytest.mark.parametrize("kind, spec, field, begins", REFUSED)
def test_refuses_with_one_sentence_at_the_field(objects, kind, spec, field, begins):
    found = complaints(objects.create, written(kind, spec), dry_run="All")
    assert [(where, sentence[:len(begins)]) for where, sentence in found] == [(field, begins)]


@pytest.mark.parametrize("kind, spec", ACCEPTED)
def test_takes_what_is_right_and_loses_nothing(objects, kind, spec):
    made = objects.create(written(kind, spec), dry_run="All")
    kept = {field: made["spec"][field] for field in spec}
    if "inlinePolicies" not in spec.get("managedRoles", {"inlinePolicies": None}):
        del kept["managedRoles"]["inlinePolicies"]  # defaulted
    assert kept == spec


@pytest.mark.parametrize("kind, spec", [(BINDING, cases.EXISTING), (GRANT, cases.GRANT)])
def test_a_new_object_is_one_nobody_has_looked_at(objects, kind, spec):
    forged = {**written(kind, spec), "status": {"observedGeneration": 1}}
    assert objects.create(forged, dry_run="All")["status"] == {"observedGeneration": -1}


def test_lists_all_that_is_wrong_at_once(objects):
    wrong = cases.also(cases.EXISTING, roleName="a b", maxSessionDuration=1, policy=cases.TEXT)
    found = complaints(objects.create, written(BINDING, wrong), dry_run="All")
    assert sorted(field for field, _ in found) == [
        "spec.maxSessionDuration", "spec.maxSessionDuration", "spec.policy", "spec.roleName"]


def test_defaults_only_what_nothing_excludes(objects):
    made = objects.create(written(BINDING, cases.EXISTING), dry_run="All")
    assert made["spec"] == cases.also(cases.EXISTING, mechanism="PodIdentity", mode="Enforce",
                                      adoptionPolicy="Refuse", deletionPolicy="Delete")
    made = objects.create(written(GRANT, cases.also(cases.GRANT, managedRoles={})), dry_run="All")
    assert made["spec"]["managedRoles"] == {"inlinePolicies": "Deny"}


@pytest.mark.parametrize("case", cases.UPDATES)
def test_holds_to_what_was_fixed(objects, case):
    """X18: what cannot change is refused, not ignored."""
    before, after, refusal = cases.UPDATES[case]
    name = re.sub("[^a-z]+", "-", case.lower())
    made = objects.create(written(BINDING, before, name))
    cleared = {field: None for field in made["spec"] if field not in after}
    change = BINDING, name, {"spec": {**cleared, **after}}, NAMESPACE
    if refusal:
        found = complaints(objects.patch, *change)
        assert [(field, said[:len(refusal[1])]) for field, said in found] == [refusal]
    else:
        changed = objects.patch(*change)
        assert {field: changed["spec"].get(field) for field in after} == after


def test_takes_the_samples(objects):
    kinds = set()
    for path in (environment.ROOT / "config" / "samples").glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            kinds.add(document["kind"])
            if "namespace" in document["metadata"]:
                document["metadata"]["namespace"] = NAMESPACE
            objects.apply(document, dry_run="All")
    assert {BINDING, GRANT, "Namespace"} <= kinds


def rules_of(schema, path="spec"):
    """(field, sentence) of each rule below a schema; [] is an item or a value of a map."""
    for rule in schema.get("x-kubernetes-validations", ()):
        yield path + rule.get("fieldPath", ""), rule["message"]
    for name, below in schema.get("properties", {}).items():
        yield from rules_of(below, f"{path}.{name}")
    for name in ("items", "additionalProperties"):
        if name in schema:
            yield from rules_of(schema[name], path + "[]")


@pytest.mark.parametrize("kind", [BINDING, GRANT])
def test_no_rule_is_without_a_case(kind):
    seen = [row[2:] for row in REFUSED if row[0] == kind]
    seen += [refusal for *_, refusal in cases.UPDATES.values() if refusal]
    path = environment.ROOT / "crds" / f"podidentity.io_{kind.lower()}s.yaml"
    schema = yaml.safe_load(path.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for field, message in rules_of(schema["properties"]["spec"]):
        place = re.compile(re.escape(field).replace(r"\[\]", r"\[\w+\]"))
        assert any(place.fullmatch(where) and message.startswith(begins)
                   for where, begins in seen), (field, message)
