"""Plants includes that point the wrong way and shows that `make layers` sees each."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = re.search(r"^LAYERS\s*:=\s*(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()


def check(folder):
    return subprocess.run(
        ["sh", str(ROOT / "tests" / "layers.sh"), *LAYERS], cwd=folder, capture_output=True, text=True
    )


def plant(folder, layer, include, name="planted.c"):
    for each in LAYERS:
        (folder / each).mkdir()
    (folder / layer / name).write_text(f"#include <stddef.h>\n\n#include {include}\n")


@pytest.mark.parametrize(
    "layer, include",
    [
        ("base", '"net/http.h"'),
        ("base", '"config/config.h"'),
        ("config", '"net/http.h"'),
        ("net", '"kube/calls.h"'),
        ("net", '"config/config.h"'),
        ("kube", '"aws/iam.h"'),
        ("aws", '"kube/calls.h"'),
        ("aws", '"crds/podidentitybinding.h"'),
        ("crds", '"informers/store.h"'),
        ("crds", '"config/config.h"'),
        ("informers", '"reconcilers/plan.h"'),
        ("reconcilers", '"controller/queue.h"'),
        ("reconcilers", '"config/config.h"'),
        ("kube", "<uv.h>"),
        ("base", "<curl/curl.h>"),
        ("controller", "<microhttpd.h>"),
        ("net", '"../kube/calls.h"'),
    ],
)
def test_an_include_that_points_the_wrong_way_is_shown(tmp_path, layer, include):
    plant(tmp_path, layer, include)
    told = check(tmp_path)
    assert told.returncode == 1
    assert told.stdout == f"{layer}/planted.c:3:#include {include}\n"


def test_headers_are_read_too_however_they_are_spaced(tmp_path):
    plant(tmp_path, "base", '"net/http.h"', name="planted.h")
    (tmp_path / "base" / "planted.h").write_text('  #  include"net/http.h"\n')
    assert check(tmp_path).returncode == 1


@pytest.mark.parametrize(
    "layer, include",
    [
        ("net", "<uv.h>"),
        ("net", '"base/text.h"'),
        ("config", '"base/text.h"'),
        ("kube", '"net/request.h"'),
        ("aws", '"net/request.h"'),
        ("reconcilers", '"aws/iam.h"'),
        ("controller", '"config/config.h"'),
        ("cli", '"config/config.h"'),
        ("cli", '"reconcilers/plan.h"'),
    ],
)
def test_an_include_that_points_down_is_left_alone(tmp_path, layer, include):
    plant(tmp_path, layer, include)
    told = check(tmp_path)
    assert (told.returncode, told.stdout) == (0, "")


def test_our_own_tree_has_none():
    told = check(ROOT)
    assert (told.returncode, told.stdout) == (0, "")
