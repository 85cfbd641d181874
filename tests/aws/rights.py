"""What an identity policy allows: one document, judged as IAM does, for the actions we play.

An operator that is not known here raises, so that no policy can pass by not being understood.
Which right a request used is told too: statement and action, the most exact resource first.
Source: IAM's policy evaluation logic and its page on condition operators.
"""

import re
from dataclasses import dataclass
from typing import Optional

from .documents import as_list

ARN_PARTS = 6


@dataclass
class Verdict:
    allowed: bool
    sid: Optional[str]   # of the statement that decided; None when no statement applies


def _glob(pattern, flags=0):
    parts = re.split(r"([*?])", pattern)
    plain = {"*": ".*", "?": "."}
    return re.compile("".join(plain.get(part, re.escape(part)) for part in parts),
                      re.DOTALL | flags)


def _arn_glob(pattern):
    """Each of the six parts is matched alone: a star does not cross a colon."""
    parts = [_glob(part) for part in pattern.split(":", ARN_PARTS - 1)]

    def matches(value):
        values = value.split(":", ARN_PARTS - 1)
        return len(values) == len(parts) and \
            all(part.fullmatch(one) for part, one in zip(parts, values))
    return matches


def _equal_ignoring_case(pattern):
    return lambda value: value.lower() == pattern.lower()


OPERATORS = {
    "StringEquals": lambda pattern: pattern.__eq__,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": lambda pattern: _glob(pattern).fullmatch,
    "ArnEquals": _arn_glob,
    "ArnLike": _arn_glob,
}
ANY_VALUE = "ForAnyValue:"


class Test:
    """One key of one operator. A key that the request does not have fails it."""

    def __init__(self, operator, key, values):
        self.key = key.lower()
        self.of_many = operator.startswith(ANY_VALUE)
        name = operator.removeprefix(ANY_VALUE)
        if name not in OPERATORS:
            raise ValueError(f"condition operator {operator} is not understood")
        self.tests = [OPERATORS[name](value) for value in as_list(values)]

    def holds(self, context):
        found = context.get(self.key)
        if found is None or isinstance(found, list) != self.of_many:
            return False
        return any(test(value) for value in as_list(found) for test in self.tests)


class Statement:
    def __init__(self, document):
        unknown = set(document) - {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown:
            raise ValueError(f"statement members {sorted(unknown)} are not understood")
        self.sid, self.effect = document["Sid"], document["Effect"]
        self.names = as_list(document["Action"])
        self.actions = [_glob(one, re.IGNORECASE) for one in self.names]
        self.resources = [(_glob(one), len(one)) for one in as_list(document["Resource"])]
        self.tests = [Test(operator, key, values)
                      for operator, tests in document.get("Condition", {}).items()
                      for key, values in tests.items()]

    def exactness(self, action, resource, context):
        """How long the resource pattern is by which it applies; None when it does not."""
        if not any(one.fullmatch(action) for one in self.actions):
            return None
        lengths = [length for one, length in self.resources if one.fullmatch(resource)]
        if not lengths or not all(test.holds(context) for test in self.tests):
            return None
        return max(lengths)


class Rights:
    def __init__(self, document):
        self.statements = [Statement(one) for one in document["Statement"]]
        self.by_action = {}   # a run asks some thirty actions some ten thousand times

    def judge(self, action, resource, context):
        if action not in self.by_action:
            self.by_action[action] = [
                one for one in self.statements
                if any(pattern.fullmatch(action) for pattern in one.actions)]
        allowing, longest = None, -1
        for statement in self.by_action[action]:
            exactness = statement.exactness(action, resource, context)
            if exactness is None:
                continue
            if statement.effect == "Deny":
                return Verdict(False, statement.sid)
            if exactness > longest:
                allowing, longest = statement.sid, exactness
        return Verdict(allowing is not None, allowing)

    def list(self, effect):
        """Every (Sid, action) of that effect."""
        return [(one.sid, name) for one in self.statements if one.effect == effect
                for name in one.names]
