"""botocore's service models as judge and decoder of requests.

`Model.parse(request)` returns (operation, params, violations): params are plain Python values
under the model's member names, violations are sentences. Anything the model does not allow is a
violation: unknown operation or parameter, missing member, wrong type, length, range, pattern,
enum, a parameter sent twice, a list with holes, a wrong content type, method or version.
"""

import json
import re
from functools import lru_cache
from urllib.parse import unquote, unquote_to_bytes

from botocore.loaders import Loader

from .validation import Validator

MODEL_NAMES = ("iam", "sts", "eks")
FORM = "application/x-www-form-urlencoded"


class Unknown(Exception):
    """No operation of the model fits the request; the message is the violation."""


@lru_cache(maxsize=1)
def load_models():
    loader = Loader()
    models = {}
    for name in MODEL_NAMES:
        raw = loader.load_service_model(name, "service-2")
        rest = raw["metadata"]["protocol"] == "rest-json"
        models[name] = (RestModel if rest else QueryModel)(name, raw)
    return models


class Model:
    def __init__(self, service, raw):
        self.service = service
        self.version = raw["metadata"]["apiVersion"]
        self.namespace = raw["metadata"].get("xmlNamespace")
        self.operations = raw["operations"]
        self.shapes = raw["shapes"]
        self.validator = Validator(self.shapes)

    def input_shape(self, operation):
        return self.operations[operation].get("input", {}).get("shape")

    def parse(self, request):
        """Raises Unknown where not even the operation can be told."""
        violations = []
        operation, params = self.decode(request, violations)
        shape = self.input_shape(operation)
        if shape and not violations:
            violations += self.validator.check(shape, params)
        return operation, params, violations


def _decode_text(raw, name, violations):
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        violations.append(f"{name}: not UTF-8")
        return unquote(raw, errors="replace")


class QueryModel(Model):
    """IAM and STS: a form in the body of POST /."""

    def decode(self, request, violations):
        if request.method != "POST" or request.target != "/":
            raise Unknown(f"{request.method} {request.target}: the Query protocol is POST /")
        content_type = (request.header("content-type") or "").replace(" ", "").lower()
        if content_type not in (FORM, FORM + ";charset=utf-8"):
            violations.append(f"Content-Type {content_type!r} is not {FORM}")
        pairs = self._pairs(request.body, violations)
        operation = pairs.pop("Action", "")
        if operation not in self.operations:
            raise Unknown(f"no operation {operation!r} in {self.service}")
        version = pairs.pop("Version", None)
        if version != self.version:
            violations.append(f"Version {version!r} is not {self.version}")
        tree = self._tree(pairs, violations)
        shape = self.input_shape(operation)
        if not shape:
            violations += [f"unknown parameter {name}" for name in tree]
            return operation, {}
        return operation, self._convert(shape, tree, "", violations)

    def _pairs(self, body, violations):
        pairs = {}
        for part in body.split(b"&") if body else ():
            name, equals, value = part.replace(b"+", b" ").partition(b"=")
            name = _decode_text(name, "a parameter's name", violations)
            if not equals:
                violations.append(f"{name}: no = in the form")
            if name in pairs:
                violations.append(f"{name}: sent twice")
            pairs[name] = _decode_text(value, name, violations)
        return pairs

    def _tree(self, pairs, violations):
        tree = {}
        for name, value in pairs.items():
            node = tree
            *folders, leaf = name.split(".")
            for folder in folders:
                node = node.setdefault(folder, {})
                if not isinstance(node, dict):
                    violations.append(f"{name}: both a value and a structure")
                    node = {}
            if isinstance(node.get(leaf), dict):
                violations.append(f"{name}: both a value and a structure")
            node[leaf] = value
        return tree

    def _convert(self, shape_name, value, path, violations):
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            return self._structure(shape, value, path, violations)
        if kind == "list":
            return self._list(shape, value, path, violations)
        if isinstance(value, dict):
            violations.append(f"{path}: a structure where a {kind} belongs")
            return None
        return self._scalar(kind, value, path, violations)

    def _structure(self, shape, value, path, violations):
        if not isinstance(value, dict):
            violations.append(f"{path}: a value where a structure belongs")
            return {}
        result = {}
        wire = {member.get("locationName", name): (name, member["shape"])
                for name, member in shape["members"].items()}
        for key, part in value.items():
            if key not in wire:
                violations.append(f"unknown parameter {path}{key}")
                continue
            name, member = wire[key]
            result[name] = self._convert(member, part, f"{path}{key}.", violations)
        return result

    def _list(self, shape, value, path, violations):
        if value == "":
            return []
        member = shape["member"]
        name = member.get("locationName", "member")
        if not isinstance(value, dict) or set(value) != {name} or not isinstance(value[name], dict):
            violations.append(f"{path}: not of the form {path}{name}.N")
            return []
        numbers = value[name]
        if list(numbers) != [str(index + 1) for index in range(len(numbers))]:
            violations.append(f"{path}{name}: numbers are not 1, 2, 3 in order: {list(numbers)}")
        return [self._convert(member["shape"], part, f"{path}{name}.{number}.", violations)
                for number, part in numbers.items()]

    def _scalar(self, kind, text, path, violations):
        if kind in ("integer", "long"):
            if re.fullmatch(r"-?\d{1,18}", text):
                return int(text)
            violations.append(f"{path}: {text!r} is not a number")
        elif kind == "boolean":
            if text in ("true", "false"):
                return text == "true"
            violations.append(f"{path}: {text!r} is not true or false")
        return text


class RestModel(Model):
    """EKS: method and path name the operation; path, query and JSON body carry the members."""

    def __init__(self, service, raw):
        super().__init__(service, raw)
        self.routes = []
        for operation, entry in self.operations.items():
            uri = entry["http"]["requestUri"].split("?")[0]
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(uri))
            self.routes.append((entry["http"]["method"], re.compile(pattern), operation))
        # A literal segment wins over a label: /clusters/{name}/updates over nothing else.
        self.routes.sort(key=lambda route: route[1].pattern.count("(?P<"))

    def decode(self, request, violations):
        path, _, query = request.target.partition("?")
        operation, labels = self._route(request.method, path)
        shape = self.shapes[self.input_shape(operation)] if self.input_shape(operation) else None
        members = shape["members"] if shape else {}
        params = {}
        for name, member in members.items():
            if member.get("location") == "uri":
                raw = labels[member.get("locationName", name)]
                params[name] = _decode_text(raw, name, violations)
        self._query(query, members, params, violations)
        self._body(request, members, params, violations)
        return operation, params

    def _route(self, method, path):
        for route_method, pattern, operation in self.routes:
            if route_method == method:
                match = pattern.fullmatch(path)
                if match:
                    return operation, match.groupdict()
        raise Unknown(f"no operation for {method} {path} in {self.service}")

    def _query(self, query, members, params, violations):
        wire = {member.get("locationName", name): (name, self.shapes[member["shape"]])
                for name, member in members.items() if member.get("location") == "querystring"}
        for part in query.split("&") if query else ():
            key, _, raw = part.partition("=")
            key = _decode_text(key, "a query name", violations)
            if "+" in raw:
                violations.append(f"{key}: a bare + in the query is read in two ways; send %2B")
            if key not in wire:
                violations.append(f"unknown query parameter {key}")
                continue
            name, shape = wire[key]
            value = _decode_text(raw, key, violations)
            if shape["type"] == "list":
                params.setdefault(name, []).append(value)
            elif name in params:
                violations.append(f"{key}: sent twice")
            else:
                params[name] = self._query_scalar(shape["type"], value, key, violations)

    def _query_scalar(self, kind, text, key, violations):
        if kind == "integer":
            if re.fullmatch(r"-?\d{1,9}", text):
                return int(text)
            violations.append(f"{key}: {text!r} is not a number")
        if kind == "boolean":
            return text == "true"
        return text

    def _body(self, request, members, params, violations):
        wire = {member.get("locationName", name): name for name, member in members.items()
                if "location" not in member}
        if not request.body:
            return
        if request.method in ("GET", "DELETE"):
            violations.append(f"a body with {request.method}")
            return
        content_type = (request.header("content-type") or "").split(";")[0].strip()
        if content_type != "application/json":
            violations.append(f"Content-Type {content_type!r} is not application/json")
        try:
            body = json.loads(request.body, object_pairs_hook=self._once(violations))
        except (ValueError, UnicodeDecodeError) as error:
            violations.append(f"body is not JSON: {error}")
            return
        if not isinstance(body, dict):
            violations.append("body is not a JSON object")
            return
        for key, value in body.items():
            if key not in wire:
                violations.append(f"unknown member {key}")
            elif value is not None:  # null is absence, as AWS's JSON parsers read it
                params[wire[key]] = value

    def _once(self, violations):
        def collect(pairs):
            result = dict(pairs)
            if len(result) != len(pairs):
                violations.append("a JSON member stands twice")
            return result
        return collect
