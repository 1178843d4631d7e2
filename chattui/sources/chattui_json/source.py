"""Exported chats as a source: they come back under the source and id that they had.

A chat keeps its own ``source`` and ``source_id`` (``claude-code`` and the session's id, not this source's name), and its
messages keep their ids. So an export that is imported where the chat is known adds only messages that are new, and takes
nothing out and renames nothing; the same history imported later from the tool's own file is recognised as the same chat.
A deleted chat comes back as an active one where it is not known. A chat without an id of its own, which chattui never
writes, gets one from its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, Chunk, HistoryFile, NewMessage, Problem
from chattui.domain.portable import PORTABLE_VERSION
from chattui.sources.chattui_json.document import Document
from chattui.sources.chattui_json.records import Unusable, chat_info, message
from chattui.sources.chunks import CHUNK_MESSAGES, CHUNK_SIZE
from chattui.sources.head import Head
from chattui.sources.protocol import Report
from chattui.sources.unknown import unreadable

NAME: Final = "chattui-json"
_HEAD: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"chattui"\s*:\s*\d')
_PROBLEMS_KEPT: Final = 100


class ChattuiJson:
    """One exported chat a file."""

    name = NAME
    label = "chattui's own JSON"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:  # noqa: ARG002
        """Nowhere: an export is wherever it was put."""
        return ()

    def recognises(self, head: Head) -> bool:
        """Whether it begins as an export does, of whatever version."""
        return _HEAD.match(head.start) is not None

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        """No: an export with messages at its end is read on."""
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:  # noqa: ARG002
        """Nothing is looked for."""
        return iter(())

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The messages from a position on. The chat is in the file's head, which is read each time, so no state is kept."""
        del state
        with Document(path) as document:
            if document.version != PORTABLE_VERSION:
                raise SourceError(
                    f"{path} was exported as version {document.version} of chattui's JSON, and this chattui reads "
                    f"version {PORTABLE_VERSION}. A newer chattui reads it."
                )
            chat = chat_info(document.chat, _substitute_id(document.chat))
            yield from _chunks(document, chat, offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Titles are in the files."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("chattui", "--chat", source_id)


def _chunks(document: Document, chat: ChatInfo, offset: int, line: int) -> Iterator[Chunk]:
    messages: list[NewMessage] = []
    problems: list[Problem] = []
    size, given = 0, offset
    met: set[str] = set()
    for record, number in document.messages(offset, line):
        try:
            made = message(record)
        except Unusable as error:
            problems.append(unreadable(number, str(error), record))
            continue
        if made.source_id in met:
            problems.append(Problem(number, "a message with the id of an earlier one"))
            continue
        met.add(made.source_id)
        messages.append(made)
        size += len(made.content) + sum(len(a.data) for a in made.attachments)
        if document.can_pause and (len(messages) >= CHUNK_MESSAGES or size >= CHUNK_SIZE):
            given = document.offset
            yield Chunk(chat, tuple(messages), given, number, {}, tuple(problems[:_PROBLEMS_KEPT]))
            messages, problems, size = [], [], 0
    problems += document.problems
    if messages or problems or document.offset != given or not offset:
        yield Chunk(chat, tuple(messages), document.offset, document.line, {}, tuple(problems[:_PROBLEMS_KEPT]))


def _substitute_id(chat: Mapping[str, Any]) -> str:
    return "export-" + blake2b(repr(sorted(chat.items())).encode("utf-8", "replace"), digest_size=16).hexdigest()
