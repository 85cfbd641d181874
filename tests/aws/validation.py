"""Walks a decoded value along a model's shape and names everything the shape forbids.

botocore itself checks neither patterns, nor enums, nor maxima; the service does, so do we.
"""

import re
import sys
import unicodedata
from functools import lru_cache

TYPES = {"string": str, "integer": int, "long": int, "boolean": bool, "float": (int, float),
         "double": (int, float), "structure": dict, "map": dict, "list": list,
         "timestamp": (int, float, str), "blob": str}


@lru_cache(maxsize=8)
def _category_class(letter):
    """The inside of a [...] that matches the Unicode category L, N, Z, P, S."""
    ranges = []
    start = None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == letter
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)


@lru_cache(maxsize=512)
def compile_pattern(pattern):
    """The models' patterns are Java's: \\p{L}, and \\w, \\d of ASCII only; the whole must match."""
    translated = re.sub(r"\\p\{(?:Is)?([A-Z])\w*\}", lambda found: _category_class(found[1]),
                        pattern)
    return re.compile(translated, re.ASCII)


class Validator:
    def __init__(self, shapes):
        self.shapes = shapes

    def check(self, shape_name, value):
        found = []
        self._walk(shape_name, value, "", found)
        return found

    def _walk(self, shape_name, value, path, found):
        shape = self.shapes[shape_name]
        kind = shape["type"]
        wrong_bool = isinstance(value, bool) and kind != "boolean"
        if wrong_bool or not isinstance(value, TYPES[kind]):
            found.append(f"{path or 'input'}: {type(value).__name__} where a {kind} belongs")
            return
        getattr(self, f"_{kind}", self._nothing)(shape, value, path, found)

    def _nothing(self, shape, value, path, found):
        """Booleans, timestamps and blobs have no further rule in the three models."""

    def _structure(self, shape, value, path, found):
        members = shape["members"]
        for name in shape.get("required", ()):
            if name not in value:
                found.append(f"{path}{name}: required")
        for name, part in value.items():
            if name in members:
                self._walk(members[name]["shape"], part, f"{path}{name}.", found)
            else:
                found.append(f"{path}{name}: unknown")
        if shape.get("union") and len(value) != 1:
            found.append(f"{path}: exactly one member of a union")

    def _list(self, shape, value, path, found):
        self._bounds(shape, len(value), "entries", path, found)
        for index, part in enumerate(value):
            self._walk(shape["member"]["shape"], part, f"{path}{index}.", found)

    def _map(self, shape, value, path, found):
        self._bounds(shape, len(value), "entries", path, found)
        for key, part in value.items():
            self._walk(shape["key"]["shape"], key, f"{path}key {key}.", found)
            self._walk(shape["value"]["shape"], part, f"{path}{key}.", found)

    def _string(self, shape, value, path, found):
        self._bounds(shape, len(value), "characters", path, found)
        if "enum" in shape and value not in shape["enum"]:
            found.append(f"{path}: {value!r} is none of {shape['enum']}")
        pattern = shape.get("pattern")
        if pattern and not compile_pattern(pattern).fullmatch(value):
            found.append(f"{path}: {value[:80]!r} does not match {pattern}")

    def _integer(self, shape, value, path, found):
        self._bounds(shape, value, "", path, found)

    _long = _integer

    def _bounds(self, shape, size, unit, path, found):
        if "min" in shape and size < shape["min"]:
            found.append(f"{path}: {size} {unit} is under the minimum of {shape['min']}")
        if "max" in shape and size > shape["max"]:
            found.append(f"{path}: {size} {unit} is over the maximum of {shape['max']}")
