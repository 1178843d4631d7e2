"""How Open WebUI is read: exports of all chats, of one, or only what is inside of one, and the database of a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.databases import database_at
from chattui.sources.export_source import ExportSource
from chattui.sources.exports import Export, Record, Told
from chattui.sources.head import Head
from chattui.sources.open_webui import database
from chattui.sources.open_webui.chat import NAME, Chat, chat_id_of
from chattui.sources.protocol import Report
from chattui.sources.sqlite import companions


class OpenWebUi(ExportSource):
    """Chats, each a tree of messages in ``history``."""

    name = NAME
    label = "Open WebUI"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        """Where a server keeps its database when it is told to: its own default is inside of the installed package."""
        data = env.get("DATA_DIR", "")
        named = (Path(data) / database.FILE,) if Path(data).is_absolute() else ()
        return (*named, home / ".open-webui" / database.FILE)

    def recognises(self, head: Head) -> bool:
        if head.tables:
            return database.recognises(head)
        return "chat.history.messages" in head.outline or {"history.messages", "history.currentId"} <= head.outline

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return database_at(self, root, report)

    def companions(self, path: Path) -> tuple[Path, ...]:
        return companions(path)

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        """The chats that have changed, one after the other."""
        if database.is_database(path):
            return database.read_chats(path, known)
        return super().read_chats(path, known)

    def chat_id(self, record: Record) -> str:
        return chat_id_of(record)

    def tell(self, export: Export, record: Record) -> Told:  # noqa: ARG002
        chat = Chat(record)
        return chat.info(), chat.messages()
