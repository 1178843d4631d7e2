"""Attachments as a chat tells of them, and which of them are harmless enough to be opened by another program."""

from __future__ import annotations

import re

from chattui.domain.chat import Message
from chattui.domain.kinds import Kind

_KEPT = re.compile(r"^\[[^\[\]\n,]{1,100}, \d{1,9}(?:\.\d)? (?:bytes|KB|MB)\]$", re.MULTILINE)
"""What sources write in the place of bytes that they have cut out: ``[image/png, 34 KB]``."""

_NAMED = re.compile(r"(?:[^\n]{1,300}\n)?\[(?:[\w.+-]{1,100}/[\w.+-]{1,100}|file|image(?: [^\n]*)?)\]")
"""What they write where a history has no bytes, or damaged ones: ``[image/png]``, ``[image /home/ann/a.png]``; perhaps
below a line with the file's name."""

_WITH_DATA = frozenset({Kind.ATTACHMENT, Kind.TOOL_CALL, Kind.TOOL_RESULT})
_SIGNATURES = {
    "image/png": (".png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    "image/jpeg": (".jpg", re.compile(rb"\xff\xd8\xff")),
    "image/jpg": (".jpg", re.compile(rb"\xff\xd8\xff")),
    "image/gif": (".gif", re.compile(rb"GIF8[79]a")),
    "image/webp": (".webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    "application/pdf": (".pdf", re.compile(rb"%PDF-")),
}


def is_kept(message: Message) -> bool:
    """Whether the message says that bytes go with it, which are in the database."""
    return message.kind in _WITH_DATA and _KEPT.search(message.content) is not None


def is_only_named(message: Message) -> bool:
    """Whether the message is an attachment of which the history had no bytes."""
    return message.kind is Kind.ATTACHMENT and _NAMED.fullmatch(message.content.strip()) is not None


def suffix_to_open(mime: str, data: bytes) -> str | None:
    """How a file of these bytes ends, where they are a picture, a PDF or text and begin as such do; otherwise None."""
    mime = mime.partition(";")[0].strip().lower()
    if mime == "text/plain":
        return ".txt" if _is_text(data) else None
    suffix, signature = _SIGNATURES.get(mime, ("", None))
    return suffix if signature is not None and signature.match(data) else None


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def size_words(size: int) -> str:
    """Bytes as people say them: ``34 KB``."""
    if size < 1024:
        return f"{size} bytes"
    if size < 1 << 20:
        return f"{size // 1024} KB"
    return f"{size / (1 << 20):.1f} MB"
