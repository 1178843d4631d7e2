"""How an export of ChatGPT is read: a zip, its ``conversations.json`` or parts of it, or one conversation alone."""

from __future__ import annotations

from chattui.sources.chatgpt.conversation import NAME, Conversation, chat_id_of
from chattui.sources.export_source import ExportSource
from chattui.sources.exports import Export, Record, Told
from chattui.sources.head import Head


class ChatGpt(ExportSource):
    """Conversations, each a tree of messages in ``mapping``."""

    name = NAME
    label = "ChatGPT"

    def recognises(self, head: Head) -> bool:
        return "mapping" in head.outline and bool({"current_node", "create_time", "title"} & head.outline)

    def chat_id(self, record: Record) -> str:
        return chat_id_of(record)

    def tell(self, export: Export, record: Record) -> Told:
        conversation = Conversation(record, export.read_asset)
        return conversation.chat(), conversation.messages()
