"""Exports of chats from the database: into files, or piece by piece to wherever they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import replace as replace_in
from pathlib import Path

from chattui.domain.errors import Conflict, ExportError
from chattui.domain.portable import PortableAttachment, PortableChat, PortableMessage
from chattui.domain.secrets import masked, masked_chat, masked_data, masked_message
from chattui.export.folder import Folder
from chattui.export.formats import Format
from chattui.export.names import file_name
from chattui.store import taking
from chattui.store.database import Database


@dataclass(frozen=True, slots=True)
class Span:
    """A selection of a chat's messages by seq, both ends included; ``last`` None: to the end."""

    first: int = 1
    last: int | None = None

    def of(self, chat: PortableChat) -> tuple[int, int]:
        """The messages that there are of it. Raises ``ExportError`` when there is none."""
        count = chat.chat.message_count
        last = count if self.last is None else min(self.last, count)
        if self != Span() and self.first > last:
            raise ExportError(f"There is no such message: chat {chat.chat.id} has {count:,} messages.")
        return self.first, last


@dataclass(frozen=True, slots=True)
class Written:
    """A chat that was exported. ``size`` in bytes."""

    chat_id: int
    title: str
    path: Path
    messages: int
    size: int


WHOLE = Span()


def pieces_of(db: Database, chat_id: int, form: Format, span: Span = WHOLE, *, reveal: bool = False) -> Iterator[str]:
    """A chat in a format, in pieces, its secrets hidden unless ``reveal``.

    Raises ``Conflict`` when it is gone, ``ExportError`` when the span is empty.
    """
    chat = _chat(db, chat_id, reveal=reveal)
    first, last = span.of(chat)
    return form.pieces(chat, _messages(db, chat_id, first, last, form, reveal=reveal))


def export_chat(
    db: Database,
    chat_id: int,
    form: Format,
    folder: Folder,
    *,
    span: Span = WHOLE,
    replace: bool = False,
    reveal: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Written:
    """Write a chat into a file of its own, its secrets hidden unless ``reveal``.

    Nothing is left when it fails, or when ``stopped`` says so meanwhile.

    Raises ``ExportError`` (with ``exists`` when the file is there and not ``replace``), ``Conflict`` when the chat is gone.
    """
    chat = _chat(db, chat_id, reveal=reveal)
    first, last = span.of(chat)
    found = _messages(db, chat_id, first, last, form, reveal=reveal)
    name = file_name(chat.chat, form.suffix, (first, last) if span != WHOLE else None)
    size = folder.write(name, form.pieces(chat, _until(found, stopped)), replace=replace)
    return Written(chat_id, chat.chat.title, folder.path / name, max(0, last - first + 1), size)


def _messages(
    db: Database, chat_id: int, first: int, last: int, form: Format, *, reveal: bool
) -> Iterator[PortableMessage]:
    found = taking.messages_of(db, chat_id, first, last, with_data=form.needs_data)
    return found if reveal else map(hidden, found)


def hidden(portable: PortableMessage) -> PortableMessage:
    """The message with its secrets hidden, also in attachments that are text."""
    message, attachments = masked_message(portable.message), tuple(map(_attachment, portable.attachments))
    if message is portable.message and attachments == portable.attachments:
        return portable
    return replace_in(portable, message=message, attachments=attachments)


def _attachment(attachment: PortableAttachment) -> PortableAttachment:
    name, data = masked(attachment.name), attachment.data
    if data is None:
        return replace_in(attachment, name=name)
    hidden = masked_data(data)
    return replace_in(attachment, name=name, size=len(hidden), data=hidden)


def _chat(db: Database, chat_id: int, *, reveal: bool) -> PortableChat:
    chat = taking.portable(db, chat_id)
    if chat is None:
        raise Conflict(f"There is no chat {chat_id} any more. It may have been deleted elsewhere.")
    return chat if reveal else replace_in(chat, chat=masked_chat(chat.chat))


def _until(messages: Iterator[PortableMessage], stopped: Callable[[], bool]) -> Iterator[PortableMessage]:
    for message in messages:
        if stopped():
            raise ExportError("The export was stopped; nothing was written.")
        yield message
