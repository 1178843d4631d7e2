"""The beginning of a file, for telling its format: its first records, or the one JSON document that it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from chattui.domain.errors import SourceError
from chattui.sources.archives import is_zip
from chattui.sources.lines import first_records
from chattui.sources.regular import open_regular, read_regular

LONGEST_DOCUMENT: Final = 8 << 20
"""Bytes of a JSON document that is read whole only to tell what it is."""

LONGEST_COPY: Final = 64 << 20
"""Bytes of a database that is copied for that."""

SQLITE: Final = b"SQLite format 3\0"
"""How every SQLite database begins."""

_START: Final = 4096
_OUTLINED: Final = 1 << 20
_DEPTH: Final = 3
_NAMES: Final = 500
_OF_LINES: Final = (".jsonl", ".zst")


class Head:
    """What sources are asked about. Nothing is read before it is asked for, and a file that cannot be read is empty.

    Sources are asked with the first record alone, and only if none knows that one, with more of them.
    """

    def __init__(self, path: Path, *, named: bool = True) -> None:
        self.path = path
        self.named = named  # by a person, and not only found in a folder
        self._depth = 1

    def deepen(self, depth: int) -> None:
        """Show so many records from now on."""
        self._depth = depth
        vars(self).pop("records", None)

    @cached_property
    def start(self) -> bytes:
        """The first 4 KiB of a regular file."""
        try:
            if not self.path.is_file():
                return b""
            with open_regular(self.path) as file:
                return file.read(_START)
        except (OSError, ValueError):
            return b""

    @cached_property
    def records(self) -> tuple[Mapping[str, Any], ...]:
        """The first JSON objects that stand on a line each; none in Markdown and in very long documents."""
        suffix = self.path.suffix
        try:
            if self.start.startswith(SQLITE) or is_zip(self.start):
                return ()
            if suffix == ".md" or (suffix == ".json" and self.path.stat().st_size > LONGEST_DOCUMENT):
                return ()
            return tuple(islice(first_records(self.path, self._depth), self._depth))
        except (SourceError, OSError, ValueError):
            return ()

    @cached_property
    def tables(self) -> Mapping[str, frozenset[str]]:
        """The tables of an SQLite database and their columns; none in any other file."""
        if not self.start.startswith(SQLITE):
            return {}
        from chattui.sources.sqlite import Database

        try:
            with Database(self.path, LONGEST_COPY) as db:
                return db.tables
        except SourceError:
            return {}

    @cached_property
    def document(self) -> Any:
        """The file as one JSON value; None when it is not one, or is JSON Lines by its name. Of a very long one only what
        its beginning holds, lists in it being as long as they are there."""
        if self.path.suffix in _OF_LINES or self.start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
            return None
        try:
            if self.path.stat().st_size > LONGEST_DOCUMENT:
                with open_regular(self.path) as file:
                    return _sketch(file.read(_OUTLINED))
            return orjson.loads(read_regular(self.path).removeprefix(b"\xef\xbb\xbf"))
        except (OSError, ValueError):
            return None

    @cached_property
    def outline(self) -> frozenset[str]:
        """Names in the first object of a JSON document of any length, or of the documents in a zip of an export: dotted,
        ``chat.history.messages``, three deep. Of a long one only its beginning is looked at."""
        if self.document is not None:
            return frozenset(_names(self.document))
        try:
            if is_zip(self.start):
                from chattui.sources.exports import beginning

                return frozenset(_first_names(beginning(self.path, _OUTLINED)))
            if self.path.suffix not in _OF_LINES and self.start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
                with open_regular(self.path) as file:
                    return frozenset(_first_names(file.read(_OUTLINED)))
        except (SourceError, OSError, ValueError):
            pass
        return frozenset()


def _names(document: object) -> Iterator[str]:
    first = document[0] if isinstance(document, list) and document else document
    waiting = [("", first, 1)]
    left = _NAMES
    while waiting and left:
        before, value, depth = waiting.pop(0)
        for name, inner in value.items() if isinstance(value, dict) else ():
            if not (left := left - 1):
                return
            yield before + name
            if depth < _DEPTH:
                waiting.append((f"{before}{name}.", inner, depth + 1))


def _sketch(raw: bytes) -> object:
    """As much of a document as its beginning holds; None when that is no JSON."""
    import ijson

    from chattui.sources.exports import has_long_number

    raw = raw.removeprefix(b"\xef\xbb\xbf")
    parser = ijson.get_backend("python") if has_long_number(raw) else ijson
    builder = ijson.ObjectBuilder()
    try:
        for event, value in parser.basic_parse(raw, use_float=True):
            builder.event(event, value)
    except ijson.IncompleteJSONError:
        pass
    except (ijson.JSONError, ValueError):
        return None
    return getattr(builder, "value", None)


def _first_names(raw: bytes) -> Iterator[str]:
    """The same of the beginning of a document."""
    import ijson

    from chattui.sources.exports import has_long_number

    raw = raw.removeprefix(b"\xef\xbb\xbf")
    item = "item" if raw.lstrip()[:1] == b"[" else ""
    left = _NAMES
    parser = ijson.get_backend("python") if has_long_number(raw) else ijson
    try:
        for prefix, event, value in parser.parse(raw):
            if event == "map_key" and prefix.count(".") < _DEPTH:
                yield f"{prefix}.{value}".removeprefix(item).removeprefix(".")
                left -= 1
            if not left or (prefix == item and event == "end_map"):
                return
    except (ijson.JSONError, ValueError):
        return
