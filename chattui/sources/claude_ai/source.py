"""How an export of Claude.ai is read: a zip, its ``conversations.json``, or one conversation alone."""

from __future__ import annotations

from chattui.sources.claude_ai.conversation import NAME, Conversation, chat_id_of
from chattui.sources.export_source import ExportSource
from chattui.sources.exports import Export, Record, Told
from chattui.sources.head import Head


class ClaudeAi(ExportSource):
    """Conversations, each with its messages in ``chat_messages``."""

    name = NAME
    label = "Claude.ai"

    def recognises(self, head: Head) -> bool:
        return "chat_messages" in head.outline

    def chat_id(self, record: Record) -> str:
        return chat_id_of(record)

    def tell(self, export: Export, record: Record) -> Told:  # noqa: ARG002
        conversation = Conversation(record)
        return conversation.chat(), conversation.messages()
