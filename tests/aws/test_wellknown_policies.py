"""The files of reconcilers/policies, read by software that shares nothing with the program.

Each is laid open as wide as it goes and with every parameter, and held against AWS's grammar of
policies, the table of what each policy grants, and the schema of the binding.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.aws.documents import check_policy

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "reconcilers" / "policies"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
TABLE = json.loads((ROOT / "tests" / "data" / "wellknown" / "grants.json").read_text())
INLINE_MAX = 10240
CLUSTER = {"partition": "aws", "region": "eu-west-1", "account": "111122223333"}
SAMPLES = {"clusterName": ["production"], "createPermission": ["true"], "cloudWatchLogs": ["true"]}

# How many actions each policy has, counted apart from the table.
ACTIONS = {
    "autoScaler": 12, "awsLoadBalancerController": 80, "externalDNS": 4, "certManager": 4,
    "efsCSIController": 5, "ampAccess": 5, "appMesh": 57, "externalSecrets": 11, "fsxLustreCSI": 9,
    "gatewayAPIController": 18, "loadBalancerTargetGroupBinding": 11, "mountpointS3CSI": 5,
    "nodeTerminationHandler": 6, "pganalyze": 7, "privateCAIssuer": 3, "velero": 13,
    "vpcCNIIPv4": 14, "vpcCNIIPv6": 8,
}


def schema():
    text = (ROOT / "crds" / "podidentity.io_podidentitybindings.yaml").read_text()
    version = yaml.safe_load(text)["spec"]["versions"][0]
    return version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def laid_open(name, given=()):
    """The inline policy as a document with Sids, with these parameters given (by samples)."""
    parameters = FILES[name].get("parameters", {})

    def sample(parameter):
        within = parameters[parameter].get("within", "")
        return SAMPLES.get(parameter) or [filled(within)[0].replace("*", "x")]

    def values(placeholder):
        if placeholder in CLUSTER:
            return [CLUSTER[placeholder]]
        if placeholder in given:
            return sample(placeholder)
        rules = parameters[placeholder]
        return filled(rules.get("absent", rules.get("within")))

    def filled(text):
        found = re.search(r"\$\{(\w+)\}", text)
        if not found:
            return [text]
        return [text[:found.start()] + value + rest
                for value in values(found[1]) for rest in filled(text[found.end():])]

    def opened(value):
        if isinstance(value, dict):
            return {filled(key)[0]: opened(part) for key, part in value.items()}
        texts = [text for part in as_list(value) for text in filled(part)]
        return texts if len(texts) > 1 else texts[0]

    statements = []
    for statement in FILES[name].get("policy", {}).get("Statement", ()):
        if statement.get("When") in (None, *given) and \
                not (statement.get("Unless") and statement["Unless"] in given):
            statements.append({key: opened(value) for key, value in statement.items()
                               if key not in ("When", "Unless")})
    return {"Version": "2012-10-17", "Statement": statements}


def forms():
    """Each policy without parameters, with each alone, and with all."""
    for name, file in FILES.items():
        parameters = list(file.get("parameters", {}))
        for given in dict.fromkeys([(), *((each,) for each in parameters), tuple(parameters)]):
            if laid_open(name, given)["Statement"]:
                yield name, given


FORMS = list(forms())


def size(document):
    return len(json.dumps(document, separators=(",", ":")))


def actions(document):
    return {action for statement in document["Statement"]
            for action in as_list(statement["Action"])}


def test_names_are_those_of_the_schema():
    assert set(FILES) == set(schema()["wellKnownPolicies"]["properties"])
    assert len(FILES) == 21


def test_parameters_are_those_of_the_schema():
    scopes = schema()["wellKnownPolicyScopes"]["properties"]
    assert {name: set(scope["properties"]) for name, scope in scopes.items()} == \
        {name: set(file["parameters"]) for name, file in FILES.items() if "parameters" in file}


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_only_what_is_known(name):
    file = FILES[name]
    assert set(file) <= {"parameters", "managed", "policy"} and {"managed", "policy"} & set(file)
    for rules in file.get("parameters", {}).values():
        assert set(rules) <= {"within", "wide", "absent", "needs"}
    for arn in file.get("managed", ()):
        assert re.fullmatch(r"arn:\$\{partition\}:iam::aws:policy/(service-role/)?\w+", arn)
    text = json.dumps(file)
    named = {*re.findall(r"\$\{(\w+)\}", text), *re.findall(r'"(?:When|Unless)": "(\w+)"', text)}
    assert named - set(CLUSTER) <= set(file.get("parameters", {}))
    assert not re.search(r"arn:(?!\$\{partition\}:)", text), "a partition is written out"


@pytest.mark.parametrize("name", [name for name in FILES if "parameters" in FILES[name]])
def test_each_parameter_has_an_effect(name):
    for parameter in FILES[name]["parameters"]:
        assert laid_open(name, (parameter,)) != laid_open(name)


@pytest.mark.parametrize("name, given", FORMS)
def test_every_form_keeps_to_the_grammar(name, given):
    document = laid_open(name, given)
    check_policy(json.dumps(document))
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert len(set(sids)) == len(sids) and all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    for statement in document["Statement"]:
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert re.fullmatch(r"[a-z0-9-]+:([A-Z]\w+\*?|\*)", action)
        for keys in statement.get("Condition", {}).values():
            for value in keys.values():
                assert all(isinstance(text, str) for text in as_list(value))


@pytest.mark.parametrize("row", [row for row in TABLE if not row["scope"]],
                         ids=lambda row: row["name"])
def test_unscoped_it_grants_what_the_table_says(row):
    name, document = row["name"], laid_open(row["name"])
    managed = [arn.replace("${partition}", "aws") for arn in FILES[name].get("managed", ())]
    assert managed == row["attached"]
    if row["policy"] is None:
        assert not document["Statement"]
        return
    assert {statement["Sid"]: statement for statement in document["Statement"]} == \
        {statement["Sid"]: statement for statement in row["policy"]["Statement"]}
    assert len(actions(document)) == ACTIONS[name]


@pytest.mark.parametrize("row", [row for row in TABLE if "size" in row],
                         ids=lambda row: row["name"])
def test_sizes_are_as_the_table_says(row):
    document = laid_open(row["name"])
    assert size(document) == row["sizeWithSids"]
    for statement in document["Statement"]:
        del statement["Sid"]
    assert size(document) == row["size"] <= INLINE_MAX


def test_a_scope_brings_no_action_but_those_that_its_statement_adds():
    for name, given in FORMS:
        if all("wide" in FILES[name]["parameters"][parameter] for parameter in given):
            assert actions(laid_open(name, given)) == actions(laid_open(name)), (name, given)


def test_the_table_has_every_policy_and_a_row_for_every_parameter():
    told = {(row["name"], parameter) for row in TABLE for parameter in row["scope"]}
    assert {row["name"] for row in TABLE} == set(FILES)
    assert told == {(name, parameter) for name, file in FILES.items()
                    for parameter in file.get("parameters", ())}
