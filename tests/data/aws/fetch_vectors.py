#!/usr/bin/env python3
"""Fetches AWS's published Signature Version 4 vectors into the cache, outside the tree.

They come in botocore's source distribution (tests/unit/auth/aws4_testsuite), in the version that
tests/requirements.txt pins; pip downloads it. Each case becomes a line of JSON in the form that
tests/unit/test_sigv4.c reads. All cases apply: their paths are raw, so escaping them once is what
our second escape does. Does nothing when they are there already.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "podidentity" / "sigv4"
TARGET = CACHE / "published.jsonl"
CASES = 34
SUITE = "tests/unit/auth/aws4_testsuite/"
# The suite's own key pair, the same in all its cases.
ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def download(folder):
    """Returns the bytes of the source distribution."""
    requirements = (HERE.parents[1] / "requirements.txt").read_text()
    pin = re.search(r"^botocore==\S+$", requirements, re.M).group()
    print(f"vectors: fetching AWS's signature vectors with the source of {pin}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                    "--disable-pip-version-check", "--no-binary", "botocore",
                    "--dest", folder, pin], check=True, stdout=sys.stderr)
    return next(Path(folder).glob("botocore-*.tar.gz")).read_bytes()


def read_cases(archive):
    """{case: {suffix: text}}"""
    cases = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            name = member.name.partition(SUITE)[2]
            if member.isfile() and re.search(r"\.(req|creq|authz)$", name):
                stem, suffix = name.rsplit("/", 1)[1].rsplit(".", 1)
                text = tar.extractfile(member).read().decode().replace("\r", "")
                cases.setdefault(stem, {})[suffix] = text
    return cases


def read_request(text):
    """(method, path, query or None, headers, body or None); a folded header keeps its breaks."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, target = re.fullmatch(r"(\S+) (.*) HTTP/1.1", first).groups()
    path, mark, query = target.partition("?")
    headers = []
    for line in lines:
        if line.startswith(" "):
            headers[-1][1] += "\n" + line
        elif line:
            headers.append(list(line.split(":", 1)))
    return method, path, query if mark else None, headers, body or None


def vector(name, case):
    method, path, query, headers, body = read_request(case["req"])
    canonical_token = re.search(r"^x-amz-security-token:(.*)$", case["creq"], re.M)
    known = {key.lower(): value for key, value in headers}
    scope = re.search(r"Credential=\w+/\d+/([^/]+)/([^/]+)/", case["authz"])
    return {
        "name": name, "method": method, "path": path, "query": query, "body": body,
        "headers": [pair for pair in headers if pair[0].lower() not in
                    ("host", "x-amz-date", "x-amz-security-token")],
        "host": known["host"], "time": "2015-08-30T12:36:00Z",
        "region": scope[1], "service": scope[2],
        "access_key": ACCESS_KEY, "secret_key": SECRET_KEY,
        "token": canonical_token[1] if canonical_token else "",
        "canonical": case["creq"], "signature": case["authz"].rsplit("Signature=", 1)[1].strip(),
    }


def main():
    if TARGET.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        cases = read_cases(download(folder))
    if len(cases) != CASES:
        sys.exit(f"vectors: {len(cases)} cases where {CASES} were expected")
    CACHE.mkdir(parents=True, exist_ok=True)
    part = TARGET.with_suffix(f".{os.getpid()}")
    part.write_text("".join(json.dumps(vector(name, case)) + "\n"
                            for name, case in sorted(cases.items())))
    part.replace(TARGET)


if __name__ == "__main__":
    main()
