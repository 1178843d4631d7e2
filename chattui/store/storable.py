"""What PostgreSQL can hold: text without U+0000 and lone surrogates, JSON without either."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import orjson


def storable(text: str) -> str:
    """The text with U+0000 as U+2400 and every lone surrogate as U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "\u2400")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable_path(path: Path) -> str:
    """The path as text; bytes of it that are no UTF-8 as ``\\xNN``, so that different paths stay different.

    A file that was fetched from another machine is remembered by its path there, ``known_as``.
    """
    text = str(getattr(path, "known_as", path))
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text


def storable_json(value: Any) -> str:
    """The value as JSON that ``jsonb`` takes, cleaned inside its strings where that is needed."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(_cleaned(value), ensure_ascii=False, allow_nan=False)
    return orjson.dumps(_cleaned(value)).decode() if "\\u0000" in text else text


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(str(k)): _cleaned(v) for k, v in value.items()}
        case list() | tuple():
            return [_cleaned(v) for v in value]
        case float() if not math.isfinite(value):
            return None
    return value
