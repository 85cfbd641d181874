"""Reads the release binary and shows that the compiler's and linker's guards are in it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.rig import environment

ROOT = Path(__file__).resolve().parents[2]
VARIANT = environment.variant()
BINARY = ROOT / "build" / "release" / "bin" / "podidentity"


def readelf(option, binary):
    done = subprocess.run(
        ["readelf", "--wide", option, str(binary)], check=True, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )
    return done.stdout


def is_position_independent(binary):
    return bool(re.search(r"FLAGS_1.*\bPIE\b", readelf("--dynamic", binary)))


def has_relocations_read_only(binary):
    return "GNU_RELRO" in readelf("--segments", binary)


def binds_everything_at_start(binary):
    return bool(re.search(r"\((FLAGS|FLAGS_1|BIND_NOW)\).*NOW", readelf("--dynamic", binary)))


def has_no_executable_stack(binary):
    stack = re.search(r"GNU_STACK(?:\s+0x\w+){5}\s+([RWE]+)", readelf("--segments", binary))
    return stack is not None and "E" not in stack[1]


def has_stack_protector(binary):
    return "__stack_chk_fail" in readelf("--dyn-syms", binary)


def calls_fortified_functions(binary):
    fortified = set(re.findall(r"\b__(\w+)_chk@", readelf("--dyn-syms", binary)))
    return "vsnprintf" in fortified and len(fortified) >= 2


def has_no_search_path(binary):
    return not re.search(r"\((RPATH|RUNPATH)\)", readelf("--dynamic", binary))


GUARDS = [
    is_position_independent,
    has_relocations_read_only,
    binds_everything_at_start,
    has_no_executable_stack,
    has_stack_protector,
    calls_fortified_functions,
    has_no_search_path,
]

WEAK = """
#include <stdio.h>
int main(int count, char **words)
{
    char text[64];
    sprintf(text, "%d", count);
    return puts(words[0]) + puts(text);
}
"""
WEAK_FLAGS = [
    "-O2", "-U_FORTIFY_SOURCE", "-no-pie", "-fno-pie", "-fno-stack-protector",
    "-Wl,-z,norelro", "-Wl,-z,lazy", "-Wl,-z,execstack",
    "-Wl,-rpath,/nowhere",
]


@pytest.fixture(scope="module")
def weak_binary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weak")
    (folder / "weak.c").write_text(WEAK)
    subprocess.run(["cc", *WEAK_FLAGS, "weak.c", "-o", "weak"], cwd=folder, check=True)
    return folder / "weak"


@pytest.mark.skipif(VARIANT != "release", reason="guards belong to the release variant")
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_release_binary(guard):
    assert BINARY.exists(), "build it first: make"
    assert guard(BINARY)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_a_binary_without_guards_is_told(guard, weak_binary):
    assert not guard(weak_binary)
