"""How an export of Open WebUI is read: all chats, one, or only what is inside of one."""

from __future__ import annotations

from chattui.sources.export_source import ExportSource
from chattui.sources.exports import Export, Record, Told
from chattui.sources.head import Head
from chattui.sources.open_webui.chat import NAME, Chat, chat_id_of


class OpenWebUi(ExportSource):
    """Chats, each a tree of messages in ``history``."""

    name = NAME
    label = "Open WebUI"

    def recognises(self, head: Head) -> bool:
        return "chat.history.messages" in head.outline or {"history.messages", "history.currentId"} <= head.outline

    def chat_id(self, record: Record) -> str:
        return chat_id_of(record)

    def tell(self, export: Export, record: Record) -> Told:  # noqa: ARG002
        chat = Chat(record)
        return chat.info(), chat.messages()
