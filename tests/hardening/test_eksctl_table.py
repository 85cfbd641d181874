"""docs/eksctl.md promises a test for each of its rows: each is there, and no row is without."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "eksctl.md").read_text()
ROWS = [line for line in TABLE.splitlines()
        if line.startswith("| ") and not re.match(r"\| (eksctl|Trap) \|", line)]
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
DOCUMENTED = {"X1", "X20", "X23"}  # a migration is to come; the last arises in AWS at run time


def test_the_tables_are_read():
    assert len(ROWS) > 50


@pytest.mark.parametrize("row", ROWS, ids=[row[2:40] for row in ROWS])
def test_every_row_names_tests_that_exist(row):
    named = NAMED.findall(row)
    if not named:
        assert row[2:].split()[0] in DOCUMENTED, "no test shows this row"
    for file, test in named:
        text = (ROOT / "tests" / "e2e" / file).read_text()
        assert re.search(rf"^def {test}\(", text, re.MULTILINE), f"{file} has no {test}"


def test_every_trap_has_its_row():
    assert re.findall(r"^\| (X\d+) ", TABLE, re.MULTILINE) == [f"X{n}" for n in range(1, 25)]


@pytest.mark.parametrize("row", [row for row in ROWS if re.match(r"\| X\d+ ", row)],
                         ids=lambda row: row[2:].split()[0])
def test_every_trap_is_named_by_its_tests(row):
    """By number, in the name or the first words: who changes such a test knows what it is for."""
    trap = row[2:].split()[0]
    for file, test in NAMED.findall(row):
        tree = ast.parse((ROOT / "tests" / "e2e" / file).read_text())
        function, = (node for node in tree.body
                     if isinstance(node, ast.FunctionDef) and node.name == test)
        said = f"{test} {ast.get_docstring(function) or ''}"
        assert re.search(rf"(?<![A-Z0-9]){trap}(?![0-9])", said), f"{file}::{test} does not say {trap}"


def test_every_field_of_the_samples_has_its_row():
    fields = set()
    for sample in (ROOT / "tests" / "data" / "eksctl").glob("*.yaml"):
        for item in yaml.safe_load(sample.read_text())["iam"]["podIdentityAssociations"]:
            fields |= set(item)
    first_cells = " ".join(row.split("|")[1] for row in ROWS)
    assert len(fields) > 10
    assert [field for field in sorted(fields) if f"`{field}`" not in first_cells] == []
