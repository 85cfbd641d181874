"""Settings: what is wrong ends the start with one line that says where, and flag, environment,
file and default count in this order."""

import re

import pytest

from tests.e2e.rig.controller import run_to_end

CLUSTER = ("--cluster-name", "demo", "--region", "eu-central-1")
ENOUGH = (*CLUSTER, "--allow-unbounded-roles", "--namespace", "podidentity-system")


def complaint(*arguments, variables=None):
    """The one line with which the controller refuses to start."""
    code, printed, text = run_to_end("controller", *arguments, variables=variables)
    assert code == 1 and printed == "", (code, printed, text)
    assert re.fullmatch(r"podidentity: [^\n]+\n", text), f"not one line: {text!r}"
    return text.removeprefix("podidentity: ").rstrip("\n")


@pytest.fixture
def settings_file(tmp_path):
    """settings_file(text): the path of a file that holds it."""
    def write(text):
        path = tmp_path / "settings.yaml"
        path.write_text(text)
        return path

    return write


FILES = [
    # name, text, line and key, and what is said of it
    ("unknown key", "region: eu-central-1\ncluster-nam: demo\n", "2: cluster-nam",
     "no such setting; did you mean cluster-name?"),
    ("bad number", "# pace\n\nmax-concurrent: many\n", "3: max-concurrent", "many"),
    ("out of range", "max-concurrent: 100000\n", "1: max-concurrent", "256"),
    ("bad duration", "cluster-name: demo\nsettle: 10 parsecs\n", "2: settle", "10 parsecs"),
    ("bad word", "log-level: loud\n", "1: log-level", "debug"),
    ("list", "cluster-name: [a, b]\n", "1: cluster-name", "is a list"),
    ("no value", "cluster-name:\n", "1: cluster-name", "has no value"),
    ("only a flag", "config: other.yaml\n", "1: config", "cannot be set in a file"),
]


@pytest.mark.parametrize("text, place, words", [row[1:] for row in FILES],
                         ids=[row[0] for row in FILES])
def test_a_wrong_line_of_the_file_is_named_with_file_line_and_key(settings_file, text, place,
                                                                  words):
    path = settings_file(text)
    line = complaint("--config", path)
    assert line.startswith(f"--config: {path}:{place}: ")
    assert words in line


def test_a_file_that_is_no_yaml_is_named_with_its_line(settings_file):
    path = settings_file('cluster-name: demo\nregion: "eu\n')
    assert re.match(rf"--config: {re.escape(str(path))}:\d+: ", complaint("--config", path))


def test_a_missing_file_is_named_with_what_named_it(tmp_path):
    path = tmp_path / "absent.yaml"
    assert re.match(rf"--config: .*{re.escape(str(path))}.*[Nn]o such file",
                    complaint("--config", path))
    assert complaint(variables={"PODIDENTITY_CONFIG": str(path)}).startswith("PODIDENTITY_CONFIG: ")


FLAGS = [
    # name, arguments, how the line begins, what it says
    ("unknown flag", (*ENOUGH, "--leader-electt"), "--leader-electt", "no such flag"),
    ("flag of later versions", (*ENOUGH, "--leader-elect"), "--leader-elect", "no such flag"),
    ("near miss", ("--cluster-nam", "x"), "--cluster-nam", "did you mean --cluster-name?"),
    ("no value", ("--region", "--namespace", "x"), "--region", "has no value"),
    ("twice", (*CLUSTER, "--region", "eu-west-1"), "--region", "twice"),
    ("bad value", (*ENOUGH, "--iam-rate", "fast"), "--iam-rate", "fast"),
    ("no flag", (*ENOUGH, "demo"), '"demo"', "neither a flag nor the value"),
    ("no cluster name", ("--region", "eu-central-1"), "--cluster-name", "is missing"),
    ("no region", ("--cluster-name", "demo"), "--region", "AWS_REGION"),
    ("no boundary", CLUSTER, "--permissions-boundary", "--allow-unbounded-roles"),
    ("boundary that is no ARN", (*CLUSTER, "--permissions-boundary", "mine"),
     "--permissions-boundary", "mine"),
]


@pytest.mark.parametrize("arguments, start, words", [row[1:] for row in FLAGS],
                         ids=[row[0] for row in FLAGS])
def test_a_wrong_flag_ends_the_start_with_one_line_that_names_it(arguments, start, words):
    line = complaint(*arguments)
    assert line.startswith(start), line
    assert words in line


def test_a_wrong_variable_is_named():
    line = complaint(*ENOUGH, variables={"PODIDENTITY_MAX_CONCURRENT": "0"})
    assert line.startswith("PODIDENTITY_MAX_CONCURRENT: ")


def test_line_breaks_in_what_was_written_do_not_make_a_second_line():
    assert "?" in complaint(*ENOUGH, "--one\ntwo")


def workers(controller):
    return controller.metrics()[
        'controller_runtime_max_concurrent_reconciles{controller="podidentitybinding"}']


def test_flag_counts_before_environment_before_file_before_default(controller, settings_file):
    path = settings_file("max-concurrent: 3\n")
    variables = {"PODIDENTITY_MAX_CONCURRENT": "5"}
    assert workers(controller) == 16
    with controller.with_settings(config=path):
        assert workers(controller) == 3
    with controller.with_settings(config=path, environment_more=variables):
        assert workers(controller) == 5
    with controller.with_settings(config=path, environment_more=variables, max_concurrent=7):
        assert workers(controller) == 7


def test_version_and_help_are_printed_and_end_well():
    code, printed, text = run_to_end("version")
    assert (code, text) == (0, "") and re.search(r"\b\d+\.\d+\.\d+", printed)
    for arguments in (["--help"], ["controller", "--help"], ["version", "--help"],
                      ["release", "--help"]):
        code, printed, text = run_to_end(*arguments)
        assert (code, text) == (0, "") and printed.startswith("Usage: podidentity"), arguments


def test_the_help_names_every_flag_of_the_contract():
    _, printed, _ = run_to_end("controller", "--help")
    named = set(re.findall(r"^\s*--([a-z-]+)", printed, re.MULTILINE))
    assert named == {
        "cluster-name", "region", "config", "kubeconfig", "namespace", "metrics-bind-address",
        "health-probe-bind-address", "role-path", "permissions-boundary", "allow-unbounded-roles",
        "trust-conditions", "settle", "drift-interval", "describe-interval", "manage-agent-addon",
        "max-concurrent", "iam-rate", "eks-rate", "deletion-limit", "grant-label-keys",
        "on-withdrawal", "withdrawal-grace", "manage-oidc-provider", "watch-pods", "log-level",
        "log-format", "help"}
