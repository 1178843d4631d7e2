"""Text from chats made harmless for a terminal: every control character becomes something one can see."""

from __future__ import annotations

import re

_UNSAFE = (  # compiled when it is first used: the app's first paint does without it
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # U+2400 … the Unicode control pictures
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"⟨{code:04X}⟩"


def visible(text: str) -> str:
    """The text with C0, C1, bidi, line-separator and tag characters and lone surrogates shown as visible characters.

    Line feeds and tabs stay. ``\\r\\n`` becomes ``\\n``; a lone carriage return is shown.
    """
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_UNSAFE, _picture, text.replace("\r\n", "\n"))


def visible_line(text: str) -> str:
    """As ``visible``, on one line: line feeds and tabs become blanks, runs of blanks one."""
    return " ".join(visible(text).split())


_UNSAFE_IN_JSON = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"


def visible_json(document: str) -> str:
    """JSON text whose control and bidi characters and lone surrogates are written as escapes; it means the same."""
    import json  # which the app's first screen can do without

    return re.sub(_UNSAFE_IN_JSON, lambda found: json.dumps(found[0])[1:-1], document)
