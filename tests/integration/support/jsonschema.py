# SPDX-License-Identifier: MIT
"""As much of JSON Schema as docs/schema uses. A keyword that is not known here fails, so that nothing passes unlooked at."""
import json
import os
import re

from .project import ROOT

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
WORDS = {"$schema", "$id", "$defs", "title", "description", "examples", "$comment", "default", "format"}


def load(name):
    with open(os.path.join(ROOT, "docs", "schema", name)) as file:
        return json.load(file)


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check(value, schema, root=None, at="$"):
    """Fail with the place when the value does not fit."""
    root = root or schema
    for keyword, rule in schema.items():
        if keyword not in WORDS and keyword not in RULES:
            raise AssertionError(f"support/jsonschema.py does not know the keyword {keyword!r}")
        if keyword in RULES:
            RULES[keyword](value, rule, schema, root, at)


def _ref(value, rule, schema, root, at):
    path, _, fragment = rule.partition("#")
    target = load(path) if path else root
    base = target
    for part in fragment.strip("/").split("/") if fragment.strip("/") else []:
        target = target[part]
    check(value, target, base, at)


def _type(value, rule, schema, root, at):
    names = rule if isinstance(rule, list) else [rule]
    assert any(is_type(value, name) for name in names), f"{at}: {value!r} is not {' or '.join(names)}"


def _properties(value, rule, schema, root, at):
    if isinstance(value, dict):
        for key, sub in rule.items():
            if key in value:
                check(value[key], sub, root, f"{at}.{key}")


def _required(value, rule, schema, root, at):
    if isinstance(value, dict):
        assert not set(rule) - set(value), f"{at}: lacks {sorted(set(rule) - set(value))}"


def _additional(value, rule, schema, root, at):
    if isinstance(value, dict):
        extra = sorted(set(value) - set(schema.get("properties", {})))
        assert rule is not False or not extra, f"{at}: has {extra}, which the schema does not know"
        if isinstance(rule, dict):
            for key in extra:
                check(value[key], rule, root, f"{at}.{key}")


def _items(value, rule, schema, root, at):
    if isinstance(value, list):
        for i, item in enumerate(value):
            check(item, rule, root, f"{at}[{i}]")


def _enum(value, rule, schema, root, at):
    assert value in rule, f"{at}: {value!r} is not one of {rule}"


def _const(value, rule, schema, root, at):
    assert value == rule, f"{at}: {value!r} is not {rule!r}"


def _pattern(value, rule, schema, root, at):
    assert not isinstance(value, str) or re.search(rule, value), f"{at}: {value!r} does not match {rule}"


def _minimum(value, rule, schema, root, at):
    assert not is_type(value, "number") or value >= rule, f"{at}: {value} is less than {rule}"


def _maximum(value, rule, schema, root, at):
    assert not is_type(value, "number") or value <= rule, f"{at}: {value} is more than {rule}"


def _fits(value, schema, root, at):
    try:
        check(value, schema, root, at)
        return None
    except AssertionError as reason:
        return str(reason)


def _any_of(value, rule, schema, root, at):
    reasons = [_fits(value, sub, root, at) for sub in rule]
    assert None in reasons, f"{at}: fits none of several: {reasons}"


def _one_of(value, rule, schema, root, at):
    reasons = [_fits(value, sub, root, at) for sub in rule]
    assert reasons.count(None) == 1, f"{at}: fits {reasons.count(None)} of several that it must fit one of: {reasons}"


def _all_of(value, rule, schema, root, at):
    for sub in rule:
        check(value, sub, root, at)


RULES = {"$ref": _ref, "type": _type, "properties": _properties, "required": _required, "additionalProperties": _additional,
         "items": _items, "enum": _enum, "const": _const, "pattern": _pattern, "minimum": _minimum, "maximum": _maximum,
         "anyOf": _any_of, "oneOf": _one_of, "allOf": _all_of}
