"""JSON that is not quite JSON: what tools write all the same, and what two writers make of one file."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_BLANK: Final = b" \t\r\n\x00"
_BLANK_TEXT: Final = " \t\r\n\x00\ufeff"
_lenient: Final = json.JSONDecoder(strict=False, parse_constant=lambda _name: None)


def decode_leniently(raw: bytes | bytearray) -> tuple[tuple[dict[str, Any], ...], str]:
    """All objects in a line that is not one plain JSON document, and why there are not more ("" when nothing is wrong).

    Takes glued objects, a byte order mark, NUL padding, control characters in strings, invalid UTF-8 (replaced), lone
    surrogates (kept) and ``NaN``/``Infinity`` (None).
    """
    bare = raw.strip(_BLANK)
    if not bare:
        return (), "nothing but NUL bytes" if b"\x00" in raw else ""
    text = bare.decode("utf-8", errors="replace").lstrip(_BLANK_TEXT)
    found: list[dict[str, Any]] = []
    at, reason = 0, ""
    while at < len(text):
        try:
            value, at = _lenient.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            reason = f"not JSON: {error}" if not found else f"not JSON after the first record: {error}"
            break
        if isinstance(value, dict):
            found.append(value)
        else:
            reason = "not a JSON object"
        while at < len(text) and text[at] in _BLANK_TEXT:
            at += 1
    return tuple(found), reason


def record_in(raw: bytes | bytearray) -> object:
    """One value of a document, whatever it is. Raises ``ValueError`` when it is no JSON."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        found, reason = decode_leniently(raw)
        if len(found) == 1 and not reason:
            return found[0]
        raise ValueError(reason or "it holds more than one document") from None
