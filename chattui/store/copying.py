"""Rows of messages in the text format of COPY: what PostgreSQL's manual calls "Text Format"."""

from __future__ import annotations

from datetime import datetime

from chattui.domain.history import NewMessage
from chattui.store.storable import storable, storable_json

_NULL = "\\N"
_LONG = 1 << 20
_HUGE = 8 << 20
_ESCAPES = ((b"\\", b"\\\\"), (b"\n", b"\\n"), (b"\t", b"\\t"), (b"\r", b"\\r"), (b"\x00", "\u2400".encode()))
_NO_TOKENS = "\\N\t\\N\t\\N"

MESSAGE_COLUMNS = (
    "chat_id, seq, created_at, parent_seq, role, kind, content_type, content, source_id, reply_id, call_id, thread, "
    "model, tokens_in, tokens_out, tokens_cached, error, metadata"
)
"""First what is known when the message gets its place in a chat, then its body."""


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


def message_body(m: NewMessage) -> bytes | bytearray:
    """The columns from ``role`` on, as UTF-8 with the line's end; a lone surrogate becomes U+FFFD.

    They do not depend on the chat, so they can be written while the batch before is being stored.
    """
    call_id = _NULL if m.tool is None else escaped(m.tool.call_id)
    metadata = escaped(storable_json(m.metadata)) if m.metadata else _NULL
    if m.tokens_in is None and m.tokens_out is None and m.tokens_cached is None:
        tokens = _NO_TOKENS
    else:
        tokens = "\t".join(_NULL if n is None else str(n) for n in (m.tokens_in, m.tokens_out, m.tokens_cached))
    if len(m.content) > _LONG:
        return _long_body(m, call_id, tokens, metadata)
    body = "\t".join(
        (
            m.role,
            m.kind,
            m.content_type,
            escaped(m.content),
            escaped(m.source_id),
            _optional(m.reply_id),
            call_id,
            _optional(m.thread),
            _optional(m.model),
            tokens,
            "t" if m.error else "f",
            metadata + "\n",
        )
    )
    try:
        return body.encode()
    except UnicodeEncodeError:
        return storable(body).encode()


def _long_body(m: NewMessage, call_id: str, tokens: str, metadata: str) -> bytes | bytearray:
    """The same without holding the content more often than needed."""
    before = "\t".join((m.role, m.kind, m.content_type, ""))
    after = "\t".join(
        (
            "",
            escaped(m.source_id),
            _optional(m.reply_id),
            call_id,
            _optional(m.thread),
            _optional(m.model),
            tokens,
            "t" if m.error else "f",
            metadata + "\n",
        )
    )
    body = bytearray(before.encode())
    at = 0
    while text := m.content[at : at + _LONG]:
        at += len(text)
        while "\ud800" <= text[-1] < "\udc00" and at < len(m.content):  # what belongs to it may follow
            text, at = text + m.content[at : at + 1], at + 1
        try:
            content = text.encode()
        except UnicodeEncodeError:
            content = storable(text).encode()
        for raw, shown in _ESCAPES:
            if raw in content:
                content = content.replace(raw, shown)
        body += content
    body += storable(after).encode()
    return bytes(body) if len(body) < _HUGE else body


def message_head(chat_id: int, seq: int, created_at: datetime, parent_seq: int | None) -> bytes:
    """The columns before ``role``; ``message_body`` follows."""
    parent = _NULL if parent_seq is None else parent_seq
    return f"{chat_id}\t{seq}\t{created_at.isoformat()}\t{parent}\t".encode()
