"""Where oterm keeps its chats, and how one is read (FORMATS §16). It cannot be told to go on with a certain chat.

No message has a time: that of the file, when it was first read, stands for it. Chats are numbered in each database: what was said
first in one makes its number its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from chattui.sources.chunks import Transcript
from chattui.sources.containers import id_of, version_of
from chattui.sources.content import attachment, text_of
from chattui.sources.databases import DatabaseSource, Listed, Records, as_records, counted
from chattui.sources.recording import Known
from chattui.sources.sqlite import Database
from chattui.sources.telling import Teller, json_of
from chattui.sources.windows import key_of

NAME: Final = "oterm"
_DATABASE: Final = "store.db"
_MESSAGE: Final = ("id", "author", "text", "images")


class Oterm(DatabaseSource):
    """``store.db``."""

    name = NAME
    label = "oterm"
    tables = MappingProxyType(
        {"chat": frozenset({"id", "name", "model"}), "message": frozenset({"id", "chat_id", "author", "text"})}
    )

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        if own := env.get("OTERM_DATA_DIR"):
            return (Path(own) / _DATABASE,)
        data, roaming = env.get("XDG_DATA_HOME", ""), env.get("APPDATA", "")
        places = [
            (Path(data) if Path(data).is_absolute() else home / ".local" / "share") / "oterm" / _DATABASE,
            home / "Library" / "Application Support" / "oterm" / _DATABASE,
        ]
        if roaming:
            places.append(Path(roaming) / "oterm" / _DATABASE)
        return tuple(places)

    def chats(self, db: Database) -> list[Listed]:
        columns = ("id", "name", "model", "system")
        length = "total(length(text))"
        question = f"SELECT chat_id, min(id), count(*), max(id), {length} FROM message GROUP BY chat_id"  # noqa: S608
        messages = counted(db, question, length)
        found = []
        for about in as_records(columns, db.read("chat", columns, 'ORDER BY "id" DESC')):
            told = messages.get(about["id"])
            if told is None:
                continue
            first = db.read("message", ("text",), 'WHERE "id" = ?', (told[0],))
            key = key_of(text_of(first[0][0])) if first else "0"
            found.append(Listed(f"{id_of(about['id'])}-{key}", version_of(about["name"], *told), about))
        return found

    def transcript(self, db: Database, path: Path, listed: Listed) -> tuple[Transcript, Records]:  # noqa: ARG002
        return _OtermTranscript(listed), _messages(db, listed.about["id"])


class _OtermTranscript(Teller):
    """Takes the rows of ``message``; whoever is not the user is the model."""

    source = NAME

    def __init__(self, listed: Listed) -> None:
        super().__init__(Known(listed.chat_id))
        self.known.name(text_of(listed.about["name"]), "custom")
        self.known.model = text_of(listed.about["model"])
        self._system = text_of(listed.about["system"])

    def take(self, record: dict[str, Any], line: int, part: int) -> None:  # noqa: ARG002
        """The next row."""
        if line == 1:
            self.event(self._system, "system", None)
        name, text = id_of(record["id"]) or str(line), text_of(record["text"])
        if record["author"] == "user":
            self.prompt(text, name, None)
        else:
            self.answer(text, name, None)
        images = json_of(record["images"])
        for nth, image in enumerate(images if isinstance(images, list) else (), 1):
            if isinstance(image, str):
                self.attached(attachment(_kind(image), image), f"{name}:image {nth}", None)


def _kind(image: str) -> str:
    """Of a picture by how its base64 begins."""
    return "image/jpeg" if image.startswith("/9j/") else "image/png" if image.startswith("iVBOR") else "image"


def _messages(db: Database, chat: object) -> Iterator[dict[str, Any]]:
    return as_records(_MESSAGE, db.each("message", _MESSAGE, 'WHERE "chat_id" = ? ORDER BY "id"', (chat,)))
