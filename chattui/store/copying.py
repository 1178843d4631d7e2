"""Rows of messages in the text format of COPY: what PostgreSQL's manual calls "Text Format"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chattui.domain.history import NewMessage
from chattui.store.storable import storable, storable_json

_NULL = "\\N"
_NO_TOKENS = "\\N\t\\N\t\\N"

MESSAGE_COLUMNS = (
    "chat_id, seq, created_at, role, kind, content_type, content, source_id, parent_seq, reply_id, call_id, thread, "
    "model, tokens_in, tokens_out, tokens_cached, error, metadata"
)


def escaped(text: str) -> str:
    """A value of a text column, without what would end it; U+0000 becomes U+2400."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    if "\t" in text:
        text = text.replace("\t", "\\t")
    if "\r" in text:
        text = text.replace("\r", "\\r")
    if "\x00" in text:
        text = text.replace("\x00", "\u2400")
    return text


def _optional(value: str | None) -> str:
    return _NULL if value is None else escaped(value)


def message_line(m: NewMessage, chat_id: int, seq: int, created_at: datetime, parent_seq: int | None) -> str:
    """One message as a line of COPY, in the order of ``MESSAGE_COLUMNS``."""
    call_id = _NULL if m.tool is None else escaped(m.tool.call_id)
    parent = _NULL if parent_seq is None else parent_seq
    metadata = escaped(storable_json(m.metadata)) if m.metadata else _NULL
    if m.tokens_in is None and m.tokens_out is None and m.tokens_cached is None:
        tokens = _NO_TOKENS
    else:
        tokens = "\t".join(_NULL if n is None else str(n) for n in (m.tokens_in, m.tokens_out, m.tokens_cached))
    return (
        f"{chat_id}\t{seq}\t{created_at.isoformat()}\t{m.role}\t{m.kind}\t{m.content_type}\t{escaped(m.content)}\t"
        f"{escaped(m.source_id)}\t{parent}\t{_optional(m.reply_id)}\t{call_id}\t{_optional(m.thread)}\t"
        f"{_optional(m.model)}\t{tokens}\t{'t' if m.error else 'f'}\t{metadata}\n"
    )


def encoded(lines: Sequence[str]) -> bytes:
    """The lines as UTF-8; a lone surrogate becomes U+FFFD."""
    text = "".join(lines)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return storable(text).encode()
