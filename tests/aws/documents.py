"""The grammar of IAM policy documents, as far as a controller can get it wrong.

`check_trust` and `check_policy` raise ServiceError MalformedPolicyDocument with AWS's wording
where it is known. `admits_pod_identity` is how EKS looks at a trust policy.
"""

import json
import re
from fnmatch import fnmatchcase

from .errors import ServiceError

VERSIONS = ("2012-10-17", "2008-10-17")
SID = re.compile(r"[A-Za-z0-9]*")
ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[\w*?]+")
RESOURCE = re.compile(r"\*|arn:[\w*?-]+:[\w*?-]+:[\w*?-]*:[\w*?-]*:.+", re.DOTALL)
PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
OPERATOR = re.compile(
    r"(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals|EqualsIgnoreCase|Like)"
    r"|Numeric(Not)?Equals|Numeric(LessThan|GreaterThan)(Equals)?"
    r"|Date(Not)?Equals|Date(LessThan|GreaterThan)(Equals)?|Bool|BinaryEquals"
    r"|(Not)?IpAddress|Arn(Not)?(Equals|Like)|Null)(IfExists)?")
STATEMENT_KEYS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
                  "NotResource", "Condition"}


def malformed(message):
    return ServiceError("MalformedPolicyDocument", message)


def as_list(value):
    return value if isinstance(value, list) else [value]


def counted_size(text):
    """IAM counts characters, white space left out."""
    return sum(1 for character in text if not character.isspace())


def _object_once(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise malformed("Syntax errors in policy: an element stands twice.")
    return result


def _load(text):
    try:
        document = json.loads(text, object_pairs_hook=_object_once)
    except ValueError:
        raise malformed("This policy contains invalid Json") from None
    if not isinstance(document, dict):
        raise malformed("Syntax errors in policy.")
    if set(document) - {"Version", "Id", "Statement"}:
        raise malformed("Syntax errors in policy.")
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        raise malformed("The policy must contain a valid version string")
    statements = as_list(document.get("Statement", []))
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        raise malformed("Syntax errors in policy.")
    sids = [statement["Sid"] for statement in statements if "Sid" in statement]
    if len(set(map(str, sids))) != len(sids):
        raise malformed("Statement IDs (SID) in a single policy must be unique.")
    return statements


def _texts(value):
    values = as_list(value)
    if not values or not all(isinstance(item, str) and item for item in values):
        raise malformed("Syntax errors in policy.")
    return values


def _one_of(statement, name):
    """Exactly one of Name and NotName; returns its texts."""
    present = [key for key in (name, f"Not{name}") if key in statement]
    if not present:
        raise malformed(f"Policy statement must contain {name.lower()}s.")
    if len(present) == 2:
        raise malformed(f"Policy statement cannot contain both {name} and Not{name}.")
    return _texts(statement[present[0]])


def _check_condition(statement):
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict):
        raise malformed("Syntax errors in policy.")
    for operator, tests in conditions.items():
        if not OPERATOR.fullmatch(operator):
            raise malformed(f"Invalid Condition type : {operator}")
        if not isinstance(tests, dict):
            raise malformed("Syntax errors in policy.")
        for value in tests.values():
            values = as_list(value)
            if not all(isinstance(item, (str, bool, int, float)) for item in values):
                raise malformed("Syntax errors in policy.")


def _check_common(statement):
    if set(statement) - STATEMENT_KEYS:
        raise malformed("Syntax errors in policy.")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise malformed("Syntax errors in policy.")
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or not SID.fullmatch(sid):
        raise malformed("Statement IDs (SID) must be alpha-numeric. Check that your input "
                        "satisfies the regular expression [0-9A-Za-z]*")
    for action in _one_of(statement, "Action"):
        if not ACTION.fullmatch(action):
            raise malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, "
                            "ec2, etc." if ":" not in action else
                            f"The policy failed legacy parsing: {action}")
    _check_condition(statement)


def check_policy(text):
    """An identity policy: Resource, no Principal."""
    for statement in _load(text):
        _check_common(statement)
        if "Principal" in statement or "NotPrincipal" in statement:
            raise malformed("Policy document should not specify a principal.")
        for resource in _one_of(statement, "Resource"):
            if not RESOURCE.fullmatch(resource):
                raise malformed(f'Resource {resource} must be in ARN format or "*".')


def _check_principal(principal, exists):
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - PRINCIPAL_KINDS:
        raise malformed("Syntax errors in policy.")
    for kind, value in principal.items():
        for name in _texts(value):
            if kind == "AWS" and not exists(name):
                raise malformed(f'Invalid principal in policy: "AWS":"{name}"')
            if kind == "Service" and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", name):
                raise malformed(f'Invalid principal in policy: "SERVICE":"{name}"')


def check_trust(text, exists):
    """A trust policy: Principal, sts actions, no Resource. exists(AWS principal) -> bool."""
    for statement in _load(text):
        _check_common(statement)
        if "Resource" in statement or "NotResource" in statement:
            raise malformed("Has prohibited field Resource")
        if "Principal" not in statement:
            raise malformed("Missing required field Principal")
        _check_principal(statement["Principal"], exists)
        for action in as_list(statement.get("Action", [])):
            if action != "*" and not action.lower().startswith("sts:"):
                raise malformed("AssumeRole policy may only specify STS AssumeRole actions.")


def _names_pods_service(statement):
    principal = statement.get("Principal")
    if principal == "*":
        return True
    return isinstance(principal, dict) and \
        "pods.eks.amazonaws.com" in as_list(principal.get("Service", []))


def _covers(statement, action):
    def matches(pattern):
        return fnmatchcase(action.lower(), pattern.lower())

    if "NotAction" in statement:
        return not any(map(matches, as_list(statement["NotAction"])))
    return any(map(matches, as_list(statement.get("Action", []))))


def admits_pod_identity(text, actions):
    """True if the trust lets pods.eks.amazonaws.com do each of the actions.

    EKS is not known to evaluate conditions here, so an Allow counts with any, a Deny only
    without one.
    """
    statements = as_list(json.loads(text)["Statement"])
    ours = [statement for statement in statements if _names_pods_service(statement)]
    for action in actions:
        covering = [statement for statement in ours if _covers(statement, action)]
        if any(s["Effect"] == "Deny" and not s.get("Condition") for s in covering):
            return False
        if not any(s["Effect"] == "Allow" for s in covering):
            return False
    return True
