"""What JSON and Postgres can hold (the TypeScript side: packages/contracts/src/json.ts)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from ._errors import InvalidRequestError

MAX_DEPTH = 256

_MAX_PATH = 200
_MAX_NAME = 40
_SURROGATE = re.compile("[\ud800-\udfff]")


def json_of(value: Any, index: int) -> str:
    """Writes a request as JSON.

    Raises InvalidRequestError for more levels than Runlane takes, NUL or a lone surrogate in any text or name, numbers beyond
    a double, and what JSON does not have.
    """
    _check(value, index)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    # _check lets Mappings pass that are no dicts, and nothing else that json does not know.
    return dict(value)


def _check(value: Any, index: int) -> None:
    # A stack of its own, never deeper than the limit, so that no input overflows the call stack.
    levels: list[_Level] = []
    current = value
    while True:
        level = _Level.of(current)
        if level is None:
            why = _why_unstorable(current)
            if why is not None:
                raise InvalidRequestError(f"{_path(levels)}: {why}", code="unstorable_json", index=index)
        else:
            if len(levels) >= MAX_DEPTH:
                message = f"The request nests deeper than {MAX_DEPTH} levels. Flatten it."
                raise InvalidRequestError(message, code="too_deep", index=index)
            levels.append(level)
            for name in level.names or ():
                why = "is no text" if not isinstance(name, str) else _why_unstorable(name)
                if why is not None:
                    raise InvalidRequestError(
                        f"{_path(levels)}: a name in it {why}", code="unstorable_json", index=index
                    )
        while levels and levels[-1].visited == len(levels[-1].members):
            levels.pop()
        if not levels:
            return
        deepest = levels[-1]
        current = deepest.members[deepest.visited]
        deepest.visited += 1


class _Level:
    __slots__ = ("members", "names", "visited")

    def __init__(self, members: list[Any], names: list[Any] | None) -> None:
        self.members = members
        self.names = names
        self.visited = 0

    @staticmethod
    def of(value: Any) -> _Level | None:
        if isinstance(value, (list, tuple)):
            return _Level(list(value), None)
        if isinstance(value, Mapping):
            return _Level(list(value.values()), list(value.keys()))
        return None


def _why_unstorable(value: Any) -> str | None:
    if isinstance(value, str):
        if "\0" in value:
            return "holds a NUL character (\\u0000); remove it"
        if _SURROGATE.search(value):
            return "holds a lone surrogate, half of a UTF-16 pair; send the whole character"
        return None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        if isinstance(value, float) and math.isnan(value):
            return "is NaN, which JSON does not have; leave it out"
        try:
            is_finite = math.isfinite(float(value))
        except OverflowError:
            is_finite = False
        return None if is_finite else "is a number beyond the range of a double; send it as text"
    return f"is {type(value).__name__}, which JSON does not have; leave it out"


def _path(levels: list[_Level]) -> str:
    path = ""
    for level in levels:
        if level.visited == 0:
            break
        if level.names is None:
            path += f"[{level.visited - 1}]"
        else:
            path += _name_in_path(str(level.names[level.visited - 1]), path == "")
        if len(path) > _MAX_PATH:
            return f"{path[:_MAX_PATH]}…"
    return path


def _name_in_path(name: str, is_first: bool) -> str:
    if re.fullmatch(r"[A-Za-z0-9_]+", name) and len(name) <= _MAX_NAME:
        return name if is_first else f".{name}"
    short = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}…"
    return f"[{json.dumps(short, ensure_ascii=False)}]"
