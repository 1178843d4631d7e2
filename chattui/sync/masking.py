"""Secrets replaced before they are stored, where a person wants that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chattui.domain.history import Chunk, NewAttachment, NewMessage, NewToolUse, Problem, RawRecord
from chattui.domain.secrets import masked, masked_data, masked_json


def masked_chunk(chunk: Chunk) -> Chunk:
    """The chunk with the secrets in all its texts hidden, also in attachments that are text. Other bytes stay."""
    chat = replace(
        chunk.chat,
        title=masked(chunk.chat.title),
        description=masked(chunk.chat.description),
        tags=tuple(map(masked, chunk.chat.tags)),
        metadata=masked_json(chunk.chat.metadata),
        settings=masked_json(chunk.chat.settings),
    )
    return replace(
        chunk,
        chat=chat,
        messages=tuple(map(_message, chunk.messages)),
        tool_updates=tuple(map(_tool, chunk.tool_updates)),
        problems=tuple(map(_problem, chunk.problems)),
        raw=tuple(map(_raw, chunk.raw)),
    )


def masked_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Titles by chat, with the secrets in them hidden."""
    return {chat_id: masked(title) for chat_id, title in titles.items()}


def _message(message: NewMessage) -> NewMessage:
    return replace(
        message,
        content=masked(message.content),
        tool=_tool(message.tool) if message.tool is not None else None,
        attachments=tuple(map(_attachment, message.attachments)),
        metadata=masked_json(message.metadata),
    )


def _tool(tool: NewToolUse) -> NewToolUse:
    return replace(tool, target=masked(tool.target), error=masked(tool.error) if tool.error else tool.error)


def _attachment(attachment: NewAttachment) -> NewAttachment:
    return replace(attachment, name=masked(attachment.name), data=masked_data(attachment.data))


def _problem(problem: Problem) -> Problem:
    return replace(problem, reason=masked(problem.reason), raw=_bytes(problem.raw), long=None)


def _raw(record: RawRecord) -> RawRecord:
    return replace(record, what=masked(record.what), data=_bytes(record.data), long=None)


def _bytes(data: bytes) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    hidden = masked(text)
    return data if hidden == text else hidden.encode("utf-8", "surrogateescape")
