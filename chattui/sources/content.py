"""Parts of records as text a person can read and search: tool input, times, pictures, first lines."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from chattui.domain.attached import size_words
from chattui.domain.history import NewAttachment
from chattui.domain.kinds import ContentType
from chattui.sources.unknown import note

TITLE_LENGTH: Final = 200
TARGET_LENGTH: Final = 200
ERROR_LENGTH: Final = 500
MOST_TOKENS: Final = 1 << 29
"""More tokens than any reply has: what is beyond is not believed."""

_END_OF_TIME: Final = 253_370_764_800_000  # 9999-01-01, in milliseconds
_COMMANDS: Final = ("command", "cmd")
_TARGETS: Final = (
    "file_path",
    "filePath",
    "notebook_path",
    "command",
    "cmd",
    "pattern",
    "path",
    "query",
    "url",
    "skill",
    "description",
    "subagent_type",
    "prompt",
    "name",
)
_LONG_FIELD: Final = 1 << 20
_ESCAPE: Final = re.compile(r"\\(.)")
_SHELLS: Final = ("bash", "sh", "zsh", "fish", "powershell", "pwsh")


def moment(stamp: object) -> datetime | None:
    """An ISO-8601 time since 1970 as an aware one (UTC when it names no zone); None for anything else."""
    if not isinstance(stamp, str):
        return None
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    if not 1970 <= when.year < 9999:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def moment_of(milliseconds: object) -> datetime | None:
    """A time as milliseconds since the epoch; None for anything that is no time between 1970 and 9999."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, (int, float)):
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if 0 <= milliseconds < _END_OF_TIME else None


def text_of(value: object) -> str:
    """The value if it is a string, otherwise ""."""
    return value if isinstance(value, str) else ""


def count_of(value: object, most: int = MOST_TOKENS) -> int:
    """The value if it is a count of at most ``most``, otherwise 0."""
    return value if type(value) is int and 0 < value <= most else 0


def milliseconds(value: object, factor: int) -> int | None:
    """A duration of ``factor`` milliseconds a unit; None when it is not a believable one (under 24 days)."""
    if not isinstance(value, (int, float)) or not 0 <= value * factor < 1 << 31:
        return None
    return int(value * factor)


def first_line(text: str, length: int) -> str:
    """The first line that is not blank, its blanks single, cut to ``length`` characters."""
    start = text.lstrip()
    line = " ".join(start[: 4 * length].split("\n", 1)[0].split())
    return line if len(line) <= length else line[: length - 1] + "…"


def readable_input(value: object) -> tuple[str, ContentType]:
    """The input of a tool call for reading and searching: a command first, other fields as ``name: value`` lines,
    nested input as indented JSON in which line breaks are real ones."""
    if isinstance(value, str):
        return value, ContentType.TEXT
    if not isinstance(value, dict):
        return ("", ContentType.TEXT) if value is None else (indented(value), ContentType.JSON)
    for name in _COMMANDS:
        if command := command_line(value.get(name)):
            if len(value) == 1:
                return command, ContentType.CODE
            return f"{command}\n\n{_fields(value, name)}", ContentType.CODE
    is_long = any(isinstance(field, str) and len(field) > _LONG_FIELD for field in value.values())
    for field in () if is_long else value.values():  # a long one is not written out as JSON, and put back
        if isinstance(field, (dict, list)):
            text = indented(value)
            real = with_line_breaks(text)
            return real, ContentType.JSON if real is text else ContentType.TEXT
    return _fields(value, ""), ContentType.TEXT


def as_it_is(kind: object, record: Mapping[str, Any]) -> str:
    """A record or block of a kind that is not known: its kind on the first line, and all that it holds below.

    Pictures in it are named by their size, as everywhere. That such a record was met is noted for who reads the file.
    """
    note(kind, record)
    return f"Unknown kind: {first_line(text_of(kind), TITLE_LENGTH) or 'none'}\n{readable_input(record)[0]}"


def _fields(fields: Mapping[str, Any], leave_out: str) -> str:
    parts: list[str] = []  # put together once: a field can be very long
    for name, value in fields.items():
        if name == leave_out:
            continue
        text = value if isinstance(value, str) else with_line_breaks(indented(value))
        parts += (name, ":\n" if "\n" in text else ": ", text, "\n")
    return "".join(parts[:-1])


def indented(value: object) -> str:
    """The value as indented JSON; lone surrogates are kept."""
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except (TypeError, orjson.JSONEncodeError):
        pass
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return "[nested too deeply]"


def with_line_breaks(text: str) -> str:
    """JSON text with real line breaks and tabs in its strings; the same object if there are none."""
    if "\\n" not in text:
        return text
    return _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[0]), text)


def command_line(command: object) -> str:
    """A command as one would type it: a string as it is, ``["bash", "-lc", script]`` as the script, else the words."""
    if isinstance(command, str):
        return command
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return ""
    if len(command) == 3 and command[1].startswith("-") and command[0].rsplit("/", 1)[-1] in _SHELLS:
        return str(command[2])
    return " ".join(command)


def target_of(value: object) -> str:
    """The one argument that tells calls of a tool apart, on one line."""
    if isinstance(value, str):
        return first_line(value, TARGET_LENGTH)
    if not isinstance(value, dict):
        return ""
    for name in _TARGETS:
        if name in value and (text := command_line(value[name])):
            return first_line(text, TARGET_LENGTH)
    return ""


def attachment(mime: object, data: object, name: str = "") -> tuple[str, tuple[NewAttachment, ...]]:
    """Base64 data cut out of a record: the words that stand in its place, and the bytes (none when damaged)."""
    kind = mime if isinstance(mime, str) and mime else "file"
    try:
        cut = b64decode("".join(data.split()), validate=True) if isinstance(data, str) else b""
    except (BadBase64, ValueError):
        cut = b""
    if not cut:
        return f"[{kind}]", ()
    return f"[{kind}, {size_words(len(cut))}]", (NewAttachment(name, kind, cut),)


def data_url(url: object) -> tuple[str, tuple[NewAttachment, ...]]:
    """As ``attachment`` for a ``data:`` URL; any other URL is only named."""
    if not isinstance(url, str) or not url:
        return "[image]", ()
    if not url.startswith("data:"):
        return f"[image {first_line(url, TARGET_LENGTH)}]", ()
    head, _comma, data = url.partition(",")
    return attachment(head[5:].split(";", 1)[0], data)
