"""The two definitions as files: what each field must say about itself, and that docs/api.md has
every field, condition and reason. Needs no cluster."""

import re

import pytest
import yaml

from tests.e2e.rig import environment

KINDS = ["PodIdentityBinding", "PodIdentityGrant"]
WORDS_MIN = 5
# Fields whose text has a form of its own.
FORM = re.compile(
    r"(ARNs?|Names?|ID|arns|names|roles|audience|[pP]olicy|Description|Path|Time|reason|type)$")
UNITS = re.compile(r"\b(seconds|[Nn]umber of|metadata\.generation)\b")

REASONS = {
    "Allowed": "Granted NotGranted NotYetSupported Conflict",
    "RoleReady": "Ready RoleMissing RoleInOtherAccount RoleForbidden TrustInsufficient TrustUnknown"
                 " MalformedPolicy PolicyNotFound PolicyTooLarge TrustTooLarge RoleNameTaken"
                 " RoleOfFormerBinding WaitingForRole AnnotationOwnedByOther",
    "Associated": "Associated Settling WaitingForRole AssociationForeign AddonManaged"
                  " ComputeWithoutAgent RepairingDeleted",
    "Injected": "Seen NotSeen NotInjected PodsNotWatched",
    "PodsCurrent": "Current Outdated PodsNotWatched",
    "Ready": "Ready Observed ChangesPending EmptySelector InvalidGlob NotYetSupported",
    "Reconciling": "Throttled AWSUnavailable",
}
ANY_OF_THREE = "AccessDenied ClusterNotFound CredentialsInvalid Suspended DeletionHeld"
COLUMNS = {
    "PodIdentityBinding": (
        "SERVICEACCOUNT ROLE READY REASON PODS AGE", "ASSOCIATION MECHANISM MESSAGE"),
    "PodIdentityGrant": ("NAMESPACES BINDINGS READY AGE", ""),
}


def definition(kind):
    path = environment.ROOT / "crds" / f"podidentity.io_{kind.lower()}s.yaml"
    return yaml.safe_load(path.read_text())


def version(kind):
    (only,) = definition(kind)["spec"]["versions"]
    return only


def fields(schema, path=""):
    """(path, schema) of everything below; [] is an item of a list, .* a value of a map."""
    for name, below in schema.get("properties", {}).items():
        yield from described(below, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from described(schema["items"], path + "[]")
    if "additionalProperties" in schema:
        yield from described(schema["additionalProperties"], path + ".*")


def described(schema, path):
    yield path, schema
    yield from fields(schema, path)


def all_fields():
    """Without metadata, which the API server lets nobody describe."""
    for kind in KINDS:
        for path, schema in fields(version(kind)["schema"]["openAPIV3Schema"]):
            if path != "metadata":
                yield kind, path, schema


FIELDS = list(all_fields())
API = (environment.ROOT / "docs" / "api.md").read_text()


def those(wrong):
    """The fields of which wrong(path, schema) is true, for the message of a failure."""
    return [f"{kind} {path}" for kind, path, schema in FIELDS if wrong(path, schema)]


def last_name(path):
    return re.sub(r"(\[\]|\.\*)+$", "", path).rpartition(".")[2]


def test_the_walk_sees_the_whole_of_both_definitions():
    assert len(FIELDS) > 150
    assert {path for _, path, _ in FIELDS} >= {
        "spec.wellKnownPolicyScopes.velero.keyARNs[]", "spec.tags.*", "status.pods.summary",
        "status.conditions[].reason", "spec.managedRoles.wellKnownPolicies[].resources[]"}


def test_every_field_says_what_it_means():
    assert not those(lambda _, schema: len(schema["description"].split()) < WORDS_MIN)
    assert not those(lambda _, schema: not schema["description"][0].isupper())


def test_every_field_of_a_spec_says_what_its_absence_means():
    said = re.compile(r"\b(Required|Absent|Default:)")
    assert not those(lambda path, schema: (
        path.startswith("spec.") and not path.endswith(("[]", ".*"))
        and not said.search(schema["description"])))
    assert not those(lambda _, schema: (
        isinstance(schema.get("default"), str)
        and f"Default: {schema['default']}." not in schema["description"]))


def test_every_field_with_a_form_shows_it():
    def shows_nothing(path, schema):
        text = schema["description"]
        if schema["type"] == "integer":
            return not UNITS.search(text)
        if path.startswith("spec.") and schema["type"] == "array":
            return "Example: [" not in text
        return (schema["type"] == "string" and FORM.search(last_name(path))
                and "Example: " not in text)

    assert not those(shows_nothing)
    assert not those(lambda _, schema: any(
        value not in schema["description"] for value in schema.get("enum", ())))


def test_everything_that_grows_has_a_maximum():
    def grows(_, schema):
        if schema["type"] == "string":
            return not 0 < schema.get("maxLength", 0) <= 4096
        if schema["type"] == "array":
            return not 0 < schema.get("maxItems", 0) <= 256
        if "additionalProperties" in schema:
            return not 0 < schema.get("maxProperties", 0) <= 64
        return (schema["type"] == "object" and "properties" not in schema
                and not schema.get("x-kubernetes-preserve-unknown-fields"))

    assert not those(grows)


def test_no_refusal_shows_a_regular_expression():
    assert not those(lambda _, schema: {"pattern", "minLength", "anyOf", "oneOf"} & set(schema))
    sentences = [rule["message"] for _, _, schema in FIELDS
                 for rule in schema.get("x-kubernetes-validations", ())]
    assert not [said for said in sentences if len(said.split()) < WORDS_MIN or "^" in said]


def test_no_default_stands_where_another_field_can_exclude():
    assert {(kind, path) for kind, path, schema in FIELDS if "default" in schema} == {
        *(("PodIdentityBinding", f"spec.{field}")
          for field in ("mechanism", "mode", "adoptionPolicy", "deletionPolicy")),
        ("PodIdentityGrant", "spec.managedRoles.inlinePolicies"),
        *((kind, "status") for kind in KINDS)}


def test_the_reference_has_every_field_with_its_maximum():
    def missing(rows, path, schema):
        # The table of rules starts its lines alike, with fewer cells.
        found = [row for row in rows if row.startswith(f"| `{path}` |") and row.count(" | ") >= 2]
        if len(found) != 1:
            return True
        form = found[0].split(" | ")[1]
        maximum = schema.get("maxLength") or schema.get("maxItems") or schema.get("maxProperties")
        if "enum" in schema:
            return any(f"`{value}`" not in found[0] for value in schema["enum"])
        return maximum and not form.endswith(f"≤ {maximum}")

    for kind in KINDS:
        heading = f"\n## {kind}\n"
        rows = API[API.index(heading):].split("\n## ")[1].splitlines()
        assert not [path for of, path, schema in FIELDS
                    if of == kind and path.startswith(("spec.", "status."))
                    and missing(rows, path, schema)]


def test_the_reference_has_every_reason_under_its_condition():
    rows = [line.split(" | ") for line in API.splitlines() if line.startswith("| ")]
    documented = {(condition.strip("| "), reason.strip("`"))
                  for conditions, reason, *_ in (row for row in rows if len(row) >= 4)
                  for condition in conditions.split(", ")}
    wanted = {(condition, reason) for condition, reasons in REASONS.items()
              for reason in reasons.split()}
    wanted |= {(condition, reason) for condition in ("Allowed", "RoleReady", "Associated")
               for reason in ANY_OF_THREE.split()}
    assert wanted - documented == set()


@pytest.mark.parametrize("kind", KINDS)
def test_columns_names_and_scope_are_as_promised(kind):
    names = definition(kind)["spec"]["names"]
    assert names["shortNames"] == [{"PodIdentityBinding": "pib", "PodIdentityGrant": "pig"}[kind]]
    assert names["categories"] == ["aws", "podidentity"]
    columns = version(kind)["additionalPrinterColumns"]
    normal = " ".join(column["name"].upper() for column in columns if not column.get("priority"))
    wide = " ".join(column["name"].upper() for column in columns if column.get("priority"))
    assert (normal, wide) == COLUMNS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_nobody_looked_at_is_not_taken_for_done(kind):
    found = version(kind)
    assert found["subresources"] == {"status": {}}
    status = found["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert status["default"] == {"observedGeneration": -1}
    conditions = status["properties"]["conditions"]
    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]
    assert conditions["items"]["properties"]["message"]["maxLength"] == 2048


@pytest.mark.parametrize("kind", KINDS)
def test_uninstalling_a_chart_keeps_the_definitions(kind):
    annotations = definition(kind)["metadata"]["annotations"]
    assert annotations["helm.sh/resource-policy"] == "keep"
