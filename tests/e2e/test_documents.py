"""Documents that name files and codes name those that exist."""

import fnmatch
import re

from tests.e2e.rig.environment import ROOT

ROW = re.compile(r"^\d+\. `([^`]+)`", re.MULTILINE)
REASON = re.compile(r'\{"(\w+)", "(D\d\d-\w+)"')


def test_each_file_on_the_way_of_a_policy_exists():
    named = ROW.findall((ROOT / "ARCHITECTURE.md").read_text())
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_each_file_of_the_largest_room_has_its_place_in_the_table():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text[text.index("## The largest room"):text.index("## A change of")]
    patterns = [pattern for row in re.findall(r"^\| .+ \| (.+) \|$", table, re.MULTILINE)
                for pattern in re.findall(r"`([^`]+)`", row)]
    files = {path.stem for path in (ROOT / "reconcilers").glob("*.c")}
    found = {pattern: set(fnmatch.filter(files, pattern)) for pattern in patterns}
    assert [pattern for pattern in patterns if not found[pattern]] == []
    assert files - set().union(*found.values()) == set()


def test_each_code_has_its_place_in_the_documents():
    errors = (ROOT / "docs" / "errors.md").read_text()
    reasons = REASON.findall((ROOT / "reconcilers" / "reasons.c").read_text())
    assert len(reasons) > 20
    for reason, code in reasons:
        assert f"\n## {code}\n\nReason `{reason}`." in errors, f"{reason} ({code}) is not there"


def test_security_names_tests_that_exist():
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "SECURITY.md").read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
