"""A conversation as a file for another agent: Markdown that only its owner can read, bounded, the newest part, without secrets."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Final

from chattui.domain.chat import Chat
from chattui.domain.errors import ExportError
from chattui.domain.portable import PortableMessage
from chattui.domain.secrets import masked_chat
from chattui.export.folder import Folder
from chattui.export.markdown import Markdown
from chattui.export.run import hidden
from chattui.store import messages, taking
from chattui.store.database import Database

MOST_CHARS: Final = 240_000
"""Characters of messages in a file: some 60,000 tokens, which leaves an agent room to work."""

MOST_OF_ONE: Final = 16_000
"""Characters of a message that is longer, half of them from its end."""

KEPT_SECONDS: Final = 30 * 86_400
"""How long a file is kept after it was written."""

_PAGE: Final = 100
_NAME: Final = "conversation.md"


@dataclass(frozen=True, slots=True)
class Context:
    """The file, and how many of the chat's first messages are not in it."""

    path: Path
    left_out: int


def write_context(db: Database, chat: Chat, state_dir: Path) -> Context:
    """Write a chat's conversation below ``state_dir``, over what was written of it before. Raises ``ExportError``."""
    place = state_dir / "handed-over"
    _forget_old(place)
    first = _first(db, chat)
    place = place / str(chat.id)
    _private(place)
    with Folder(place) as folder:
        folder.write(_NAME, _pieces(db, chat, first), replace=True, mode=0o600)
    return Context(place / _NAME, first - 1)


def _first(db: Database, chat: Chat) -> int:
    """The message from which on the rest fits."""
    size, last = 0, chat.message_count
    while last > 0:
        start = max(1, last - _PAGE + 1)
        for message in reversed(messages.page(db, chat.id, start, last)):
            size += min(len(message.content), MOST_OF_ONE)
            if size > MOST_CHARS:
                return message.seq + 1
        last = start - 1
    return 1


def _pieces(db: Database, chat: Chat, first: int) -> Iterator[str]:
    portable = taking.portable(db, chat.id)
    if portable is None:
        raise ExportError("The chat is not there any more. It may have been deleted elsewhere.")
    found = map(_shortened, map(hidden, taking.messages_of(db, chat.id, first, chat.message_count)))
    pieces = Markdown().pieces(replace(portable, chat=masked_chat(portable.chat)), found)
    yield next(pieces)
    if first > 1:
        yield f"*The conversation is long: its first {first - 1:,} of {chat.message_count:,} messages are left out.*\n\n"
    yield from pieces


def _shortened(portable: PortableMessage) -> PortableMessage:
    content = portable.message.content
    if len(content) <= MOST_OF_ONE:
        return portable
    half = MOST_OF_ONE // 2
    out = f"\n\n[… {len(content) - 2 * half:,} characters are left out here …]\n\n"
    return replace(portable, message=replace(portable.message, content=content[:half] + out + content[-half:]))


def _private(place: Path) -> None:
    """Make the directory, and let nobody else look into it."""
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for each in (place.parent, place):
            about = each.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
                raise ExportError(f"{each} is no directory of yours. Remove it, and try again.")
            each.chmod(0o700)
    except OSError as error:
        raise ExportError(f"{place} cannot be used as a directory: {error.strerror}.") from error


def _forget_old(place: Path) -> None:
    """Remove what was written long ago."""
    for each in place.iterdir() if place.is_dir() else ():
        with suppress(OSError):
            if each.name.isdecimal() and time.time() - (each / _NAME).lstat().st_mtime > KEPT_SECONDS:
                rmtree(each, ignore_errors=True)
