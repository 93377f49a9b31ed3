"""The rules of requests, in the words of the dead letters (the TypeScript side: packages/contracts/src/problems.ts)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

from jsonschema import Draft7Validator

RequestName = Literal["RunCreate", "RunCancel"]

_MAX_PROBLEMS = 10
_MAX_NAMES = 3
_MAX_NAME = 40


def problems_of(request: Any, name: RequestName) -> list[str]:
    """What is wrong with the request, where, and what to send instead: at most ten lines, without its values."""
    rules = _RULES[name]
    if not isinstance(request, Mapping):
        return [f"{name}: is {_kind_of(request)}. Expected: An object."]
    lines, is_typed = _object_problems(request, rules.schema, [], name)
    if is_typed:
        combinations = rules.combinations
        lines += [f"{path}: {problem}" for path, problem, forbidden in combinations if forbidden.is_valid(request)]
    if len(lines) <= _MAX_PROBLEMS:
        return lines
    shown = lines[: _MAX_PROBLEMS - 1]
    return [*shown, f"and {len(lines) - len(shown)} more problems"]


class _Rules:
    def __init__(self, data: dict[str, Any]) -> None:
        self.schema: dict[str, Any] = data["schema"]
        self.combinations = [
            (rule["path"], rule["problem"], Draft7Validator(rule["forbidden"])) for rule in data["combinations"]
        ]


def _object_problems(
    value: Mapping[str, Any], schema: dict[str, Any], path: list[str], name: str
) -> tuple[list[str], bool]:
    """The problems of the fields, and whether all have types with which it makes sense to look at combinations."""
    lines: list[str] = []
    is_typed = True
    known: dict[str, Any] = schema["properties"]
    for field, part in known.items():
        where = ".".join([*path, field])
        if field not in value:
            if field in schema.get("required", ()):
                is_typed = False
                lines.append(f"{where}: is missing. Expected: {part['description']}")
            continue
        member = value[field]
        inner = _closed_object(part)
        if inner is not None and isinstance(member, Mapping):
            inner_lines, is_inner_typed = _object_problems(member, inner, [*path, field], name)
            lines += inner_lines
            is_typed = is_typed and is_inner_typed
            continue
        error = next(iter(Draft7Validator(part).iter_errors(member)), None)
        if error is not None:
            is_typed = is_typed and _is_of_its_type(member, part)
            lines.append(f"{where}: {_what_is_wrong(member, part)}. Expected: {part['description']}")
    unknown = [field for field in value if field not in known]
    if unknown:
        lines.append(f"{'.'.join(path) or name}: {_unknown_fields(unknown, list(known))}")
    return lines, is_typed


def _closed_object(part: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of an object with fields of its own that a part allows; None when it allows none."""
    for form in part.get("anyOf", ()):
        if form.get("type") == "object" and "properties" in form:
            found: dict[str, Any] = form
            return found
    return None


def _what_is_wrong(value: Any, part: dict[str, Any]) -> str:
    if isinstance(value, str) and value == "":
        return "is empty"
    form = part.get("anyOf", [part])[0]
    expected = form.get("type")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and expected in ("number", "integer"):
        if value < form.get("minimum", value) or value <= form.get("exclusiveMinimum", value - 1):
            return "is too small"
        return "is too large" if value > form.get("maximum", value) else f"does not fit (it is {_kind_of(value)})"
    # Of these Runlane looks at the type first; all others it judges as a whole.
    looks_at_type = expected in ("string", "number", "integer") and not ("enum" in form or "const" in form)
    if looks_at_type and not _is_of_its_type(value, part) or _closed_object(part) is not None:
        return f"is {_kind_of(value)}"
    return f"does not fit (it is {_kind_of(value)})"


def _is_of_its_type(value: Any, part: dict[str, Any]) -> bool:
    """Whether a text or a number that does not fit is a text or a number all the same. Other fields are not looked into."""
    form = part.get("anyOf", [part])[0]
    if form.get("type") == "string" and not ("enum" in form or "const" in form):
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return form.get("type") == "number" or form.get("type") == "integer" and value == int(value)


def _unknown_fields(unknown: list[str], known: list[str]) -> str:
    shown = []
    for name in unknown[:_MAX_NAMES]:
        meant = next((candidate for candidate in known if _bare(candidate) == _bare(name)), None)
        shown.append(_quoted(name) if meant is None else f"{_quoted(name)} (did you mean {meant}?)")
    rest = f" and {len(unknown) - _MAX_NAMES} more" if len(unknown) > _MAX_NAMES else ""
    return f"has unknown fields: {', '.join(shown)}{rest}. Remove them; known are {', '.join(known)}"


def _bare(name: str) -> str:
    return name[:_MAX_NAME].replace("_", "").replace("-", "").lower()


def _quoted(name: str) -> str:
    return json.dumps(name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…", ensure_ascii=False)


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, (int, float)):
        return "a number"
    return "an object" if isinstance(value, Mapping) else "a list"


def _for_python(part: Any) -> Any:
    """Patterns end with the text here as well: Python's ``$`` also matches before a line break at its end."""
    if isinstance(part, list):
        return [_for_python(member) for member in part]
    if not isinstance(part, dict):
        return part
    return {
        name: member[:-1] + r"\Z" if name == "pattern" and member.endswith("$") else _for_python(member)
        for name, member in part.items()
    }


def _load() -> dict[str, _Rules]:
    text = resources.files("runlane_client._generated").joinpath("rules.json").read_text("utf-8")
    return {name: _Rules(_for_python(data)) for name, data in json.loads(text).items()}


_RULES = _load()
