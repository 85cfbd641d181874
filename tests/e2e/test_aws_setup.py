"""podidentity aws-setup --print: its three forms are read by software we did not write and give the
same documents, and what it cannot know is asked for in one line."""

import json
import os
import shlex
import subprocess
import sys

import hcl2
import pytest

from tests.aws.documents import check_policy, check_trust
from tests.e2e.rig.controller import run_to_end

ACCOUNT = "111122223333"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/podidentity/boundary"
CLUSTER = ("--cluster-name", "main", "--region", "eu-west-1")
UNBOUNDED = (*CLUSTER, "--account-id", ACCOUNT, "--allow-unbounded-roles")
BOUNDED = (*CLUSTER, "--permissions-boundary", BOUNDARY)
LISTS = ("--policy-arns", f"arn:aws:iam::aws:policy/*,arn:aws:iam::{ACCOUNT}:policy/app/*",
         "--existing-roles", f"arn:aws:iam::{ACCOUNT}:role/apps/*,arn:aws:iam::{ACCOUNT}:role/cart",
         "--boundary-arns", f"arn:aws:iam::{ACCOUNT}:policy/narrow/*",
         "--target-roles", "arn:aws:iam::444455556666:role/reports",
         "--application-actions", "s3:*,sqs:SendMessage")
VARIANTS = {
    "bounded": BOUNDED,
    "unbounded": UNBOUNDED,
    "lists": (*BOUNDED, *LISTS),
    "one of each": (*BOUNDED, "--policy-arns", "arn:aws:iam::aws:policy/ReadOnlyAccess",
                    "--existing-roles", f"arn:aws:iam::{ACCOUNT}:role/cart",
                    "--application-actions", "s3:GetObject"),
    "pass to this cluster only": (*BOUNDED, "--pass-to-cluster-only"),
    "OIDC provider, trust conditions": (*BOUNDED, "--manage-oidc-provider", "--trust-conditions",
                                        "aws:SourceOrgId=o-abcdefghij,aws:SourceVpc=v*"),
    "agent add-on": (*BOUNDED, "--manage-agent-addon"),
    "boundary made elsewhere": (*BOUNDED, "--boundary-exists"),
    "boundary of AWS": (*CLUSTER, "--account-id", ACCOUNT, "--permissions-boundary",
                        "arn:aws:iam::aws:policy/PowerUserAccess"),
    "China": ("--cluster-name", "main", "--region", "cn-north-1", "--account-id", ACCOUNT,
              "--allow-unbounded-roles"),
    "path, names, namespace": (*BOUNDED, "--role-path", "/a@b/(c)/", "--role-name", "our+role,x",
                               "--service-account", "keeper", "-n", "identity"),
}
variants = pytest.mark.parametrize("flags", VARIANTS.values(), ids=VARIANTS)


def printed(form, flags):
    code, out, complaint = run_to_end("aws-setup", "--print", "-o", form, *flags)
    assert code == 0 and complaint == "", (code, complaint)
    return out


def normal(document):
    """A text and a list of this one text mean the same to AWS."""
    def statement(one):
        lists = {name: value if isinstance(value, list) else [value]
                 for name, value in one.items() if name in ("Action", "Resource", "NotResource")}
        condition = {operation: {key: value if isinstance(value, list) else [value]
                                 for key, value in tests.items()}
                     for operation, tests in one.get("Condition", {}).items()}
        principal = {kind: who if isinstance(who, list) else [who]
                     for kind, who in one.get("Principal", {}).items()}
        return {**one, **lists, "Condition": condition, "Principal": principal}

    return {**document, "Statement": [statement(one) for one in document["Statement"]]}


def terraform_value(value):
    """A quoted text of HCL as the text it means."""
    if isinstance(value, list):
        return [terraform_value(one) for one in value]
    return json.loads(value).replace("$${", "${").replace("%%{", "%{")


def of_terraform(block):
    """The document that an aws_iam_policy_document renders."""
    statements = []
    for one in block["statement"]:
        made = {member: terraform_value(one[argument]) for member, argument in (
            ("Sid", "sid"), ("Effect", "effect"), ("Action", "actions"),
            ("Resource", "resources"), ("NotResource", "not_resources")) if argument in one}
        condition = {}
        for test in one.get("condition", []):
            condition.setdefault(terraform_value(test["test"]), {})[
                terraform_value(test["variable"])] = terraform_value(test["values"])
        principal = {terraform_value(who["type"]): terraform_value(who["identifiers"])
                     for who in one.get("principals", [])}
        statements.append({**made, "Condition": condition, "Principal": principal})
    return {"Version": terraform_value(block["version"]), "Statement": statements}


def blocks(parsed, kind, wanted):
    """{name: body} of the blocks of that kind and type."""
    return {json.loads(name): body for block in parsed[kind] for type_, named in block.items()
            if json.loads(type_) == wanted for name, body in named.items()}


def documents_of_terraform(text):
    parsed = hcl2.loads(text)
    read = {name: of_terraform(block)
            for name, block in blocks(parsed, "data", "aws_iam_policy_document").items()}
    # Through the resources, as Terraform would: a document that nothing uses is none.
    found = {name.removeprefix("podidentity_"): body["policy"]
             for name, body in blocks(parsed, "resource", "aws_iam_policy").items()}
    role, = blocks(parsed, "resource", "aws_iam_role").values()
    found = {"policy": found.pop("controller"), **found, "trust": role["assume_role_policy"]}
    return {name: read[reference.strip("${}").split(".")[2]] for name, reference in found.items()}


def documents_of_cloudformation(text):
    resources = json.loads(text)["Resources"]
    found = {"policy": resources["ControllerPolicy"]["Properties"]["PolicyDocument"],
             "trust": resources["ControllerRole"]["Properties"]["AssumeRolePolicyDocument"]}
    if "Boundary" in resources:
        found["boundary"] = resources["Boundary"]["Properties"]["PolicyDocument"]
    return found


def documents_of_commands(text):
    """What the commands give to AWS, as a shell splits them."""
    found = {}
    for line in json.loads(text)["commands"]:
        words = shlex.split(line)
        value = dict(zip(words[3::2], words[4::2]))
        if words[2] == "create-role":
            found["trust"] = json.loads(value["--assume-role-policy-document"])
        elif words[2] == "create-policy":
            kind = "boundary" if value["--policy-name"] == "boundary" else "policy"
            found[kind] = json.loads(value["--policy-document"])
    return found


@variants
def test_every_form_gives_the_same_documents(flags):
    text = printed("json", flags)
    wanted = {name: normal(document)
              for name, document in json.loads(text)["documents"].items()}
    for found in (documents_of_commands(text),
                  documents_of_cloudformation(printed("cloudformation", flags)),
                  documents_of_terraform(printed("terraform", flags))):
        assert {name: normal(document) for name, document in found.items()} == wanted


@variants
def test_aws_would_take_the_documents(flags):
    documents = json.loads(printed("json", flags))["documents"]
    check_policy(json.dumps(documents["policy"]))
    check_trust(json.dumps(documents["trust"]), lambda _arn: True)
    if "boundary" in documents:
        check_policy(json.dumps(documents["boundary"]))


def test_cfn_lint_finds_nothing(tmp_path):
    for number, flags in enumerate(VARIANTS.values()):
        (tmp_path / f"{number}.json").write_text(printed("cloudformation", flags))
    lint = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
    done = subprocess.run([lint, *sorted(tmp_path.glob("*.json"))], capture_output=True, text=True,
                          timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_a_boundary_of_ones_own_is_printed():
    for name, there in (("bounded", True), ("unbounded", False), ("boundary of AWS", False),
                        ("boundary made elsewhere", False)):
        text = printed("json", VARIANTS[name])
        assert ("boundary" in json.loads(text)["documents"]) == there, name


def test_settings_come_from_file_and_environment_too(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text(f"cluster-name: main\nregion: eu-west-1\npermissions-boundary: {BOUNDARY}\n")
    code, out, _ = run_to_end("aws-setup", "--print", "--config", path,
                              variables={"PODIDENTITY_CLUSTER_NAME": "other"})
    assert code == 0
    assert f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/other" in out


@pytest.mark.parametrize("words, flags", [
    ("--print", ["aws-setup", *BOUNDED]),
    ("--account-id: is missing", ["aws-setup", "--print", *CLUSTER, "--allow-unbounded-roles"]),
    ("twelve digits", ["aws-setup", "--print", *UNBOUNDED, "--account-id", "12"]),
    ("another account", ["aws-setup", "--print", *BOUNDED, "--account-id", "444455556666"]),
    ("another partition", ["aws-setup", "--print", "--cluster-name", "main", "--region",
                           "cn-north-1", "--permissions-boundary", BOUNDARY]),
    ("none of json, terraform, cloudformation", ["aws-setup", "--print", *BOUNDED, "-o", "yaml"]),
    ("no such flag; did you mean --region?", ["aws-setup", "--print", *BOUNDED, "--regin", "x"]),
    ("no ARN", ["aws-setup", "--print", *BOUNDED, "--policy-arns", "AmazonS3ReadOnlyAccess"]),
    ("no action", ["aws-setup", "--print", *BOUNDED, "--application-actions", "s3"]),
    ("needs a value", ["aws-setup", "--print", *BOUNDED, "--role-name"]),
    ("no name of an IAM role", ["aws-setup", "--print", *BOUNDED, "--role-name", "a/b"]),
    ("6144", ["aws-setup", "--print", *BOUNDED, "--existing-roles",
              ",".join(f"arn:aws:iam::{ACCOUNT}:role/{'long' * 20}/{n}" for n in range(60))]),
])
def test_what_is_wrong_is_one_line_and_prints_nothing(words, flags):
    code, out, complaint = run_to_end(*flags)
    assert (code, out) == (3, "")
    assert words in complaint and complaint.count("\n") == 1 and complaint.startswith("podidentity:")


def run(aws, line):
    """One command of the aws tool by boto3: flags are the members' names in another spelling."""
    words = shlex.split(line)
    assert words[0] == "aws"
    members = {}
    for flag, value in zip(words[3::2], words[4::2]):
        name = "".join(part.title() for part in flag.strip("-").split("-"))
        members[name if words[1] == "iam" else name[0].lower() + name[1:]] = value
    members.pop("region", None)
    return getattr(getattr(aws, words[1]), words[2].replace("-", "_"))(**members)


def test_the_commands_make_the_role_the_controller_runs_as(aws):
    flags = ("--cluster-name", aws.cluster, "--region", aws.region, "--permissions-boundary",
             BOUNDARY, "--boundary-exists", "--role-name", "printed", "--service-account", "printed")
    for line in json.loads(printed("json", flags))["commands"]:
        run(aws, line)
    association = aws.association("podidentity-system", "printed")
    try:
        assert association["roleArn"] == aws.role("printed")["Arn"]
        assert aws.attached_policies("printed") == [
            f"arn:aws:iam::{ACCOUNT}:policy/podidentity/printed"]
    finally:
        aws.eks.delete_pod_identity_association(
            clusterName=aws.cluster, associationId=association["associationId"])
        policy, = aws.attached_policies("printed")
        aws.iam.detach_role_policy(RoleName="printed", PolicyArn=policy)
        aws.iam.delete_policy(PolicyArn=policy)
        aws.iam.delete_role(RoleName="printed")
