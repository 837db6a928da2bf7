"""The parts of JSON Schema that the schemas beside the specifications use."""
import json
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent / "protocols"
KNOWN = set("type const enum minLength maxLength pattern minimum maximum minItems maxItems items properties required".split())
KNOWN |= set("additionalProperties propertyNames oneOf anyOf description title $schema $defs".split())


@cache
def load(name):
    """`decision/policy` is protocols/decision/policy.schema.json."""
    return json.loads((ROOT / f"{name}.schema.json").read_text("utf-8"))


def units(text):
    """UTF-16 code units, in which AGR-1 counts. JSON Schema by itself counts code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@cache
def expression(pattern):
    """As ECMAScript reads it: `$` is the very end, and digits are those of ASCII."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)


def is_text(value, schema, length):
    low, high = schema.get("minLength", 0), schema.get("maxLength", float("inf"))
    return isinstance(value, str) and low <= length(value) <= high and expression(schema.get("pattern", "")).search(value) is not None


def is_integer(value, schema, length):
    return type(value) is int and schema.get("minimum", -(2**53)) <= value <= schema.get("maximum", 2**53)


def is_list(value, schema, length):
    low, high = schema.get("minItems", 0), schema.get("maxItems", float("inf"))
    return isinstance(value, list) and low <= len(value) <= high and all(fits(item, schema["items"], length) for item in value)


def is_object(value, schema, length):
    if not isinstance(value, dict) or not set(schema.get("required", [])) <= value.keys():
        return False
    members, others, names = schema.get("properties", {}), schema["additionalProperties"], schema.get("propertyNames", {"type": "string"})
    for name, item in value.items():
        if not fits(name, names, length) or name not in members and others is False:
            return False
        if not fits(item, members.get(name, others), length):
            return False
    return True


KINDS = {"string": is_text, "integer": is_integer, "array": is_list, "object": is_object}
KINDS |= {"boolean": lambda value, *_: isinstance(value, bool), "null": lambda value, *_: value is None}


def fits(value, schema, length=len):
    # A schema that says more than is looked at here would be kept in part, and nobody would see it.
    if not schema.keys() <= KNOWN:
        raise ValueError(f"unknown in a schema: {sorted(schema.keys() - KNOWN)}")
    if "enum" in schema and value not in schema["enum"] or "const" in schema and value != schema["const"]:
        return False
    for several, enough in (("oneOf", lambda n: n == 1), ("anyOf", lambda n: n > 0)):
        if several in schema and not enough(sum(fits(value, one, length) for one in schema[several])):
            return False
    return "type" not in schema or KINDS[schema["type"]](value, schema, length)
