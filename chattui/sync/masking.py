"""Secrets replaced before they are stored, where a person wants that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chattui.domain.history import Chunk, NewMessage, NewToolUse
from chattui.domain.secrets import masked, masked_json


def masked_chunks(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The chunks with the secrets in their texts hidden. The bytes of attachments stay as they are."""
    for chunk in chunks:
        chat = replace(chunk.chat, title=masked(chunk.chat.title), description=masked(chunk.chat.description))
        updates = tuple(map(_tool, chunk.tool_updates))
        yield replace(chunk, chat=chat, messages=tuple(map(_message, chunk.messages)), tool_updates=updates)


def _message(message: NewMessage) -> NewMessage:
    return replace(
        message,
        content=masked(message.content),
        tool=_tool(message.tool) if message.tool is not None else None,
        metadata=masked_json(message.metadata),
    )


def _tool(tool: NewToolUse) -> NewToolUse:
    return replace(tool, target=masked(tool.target), error=masked(tool.error) if tool.error else tool.error)
