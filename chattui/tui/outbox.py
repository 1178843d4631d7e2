"""What was sent while the database was away: kept on disk, one file each, until it is stored. Nothing is sent twice."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chattui.domain.replies import File, Reply, ReplyEnd

log = logging.getLogger("chattui.tui")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that waits. ``key`` names it for ever, so that it is stored once; ``chat_id`` None begins a chat, or goes
    on with the one that the message ``chat_key`` begins."""

    key: str
    chat_id: int | None
    content: str
    project: str = ""
    parent: int | None = None
    files: tuple[File, ...] = ()
    chat_key: str = ""


@dataclass(frozen=True, slots=True)
class UnsentReply:
    """A reply that ended while the database was away."""

    reply: Reply
    end: ReplyEnd


class Outbox:
    """The messages that wait for one database, in the order in which they were sent. Written through to the disk.

    Several apps on one machine share it; each may deliver what is in it, for the keys make that harmless.
    """

    def __init__(self, directory: Path, database: str) -> None:
        self._place = directory / "outbox" / hashlib.sha256(database.encode("utf-8", "replace")).hexdigest()[:16]

    def put(self, item: Unsent) -> None:
        """Keep a message. Raises ``OSError`` when the disk takes nothing."""
        fields = asdict(item)
        fields["files"] = [
            {"name": f.name, "mime": f.mime, "data": base64.b64encode(f.data).decode()} for f in item.files
        ]
        self._write(item.key, {"message": fields})

    def put_reply(self, reply: Reply, end: ReplyEnd) -> bool:
        """Keep a reply; False where the disk takes nothing: what the database saved last is then what is left of it."""
        try:
            self._write(reply.key, {"reply": asdict(reply), "end": asdict(end)})
        except OSError:
            log.warning("a reply cannot be kept in %s", self._place, exc_info=True)
            return False
        return True

    def all(self) -> list[tuple[Path, Unsent | UnsentReply]]:
        """Everything that waits, in order, each with its file."""
        found: list[tuple[Path, Unsent | UnsentReply]] = []
        for path in self._paths():
            try:
                found.append((path, _read(json.loads(path.read_text(encoding="utf-8")))))
            except FileNotFoundError:
                continue  # another app has delivered it meanwhile
            except (OSError, ValueError, KeyError, TypeError):
                log.warning("%s cannot be read", path, exc_info=True)
        return found

    def unsent(self) -> list[Unsent]:
        """The messages that wait."""
        return [item for _, item in self.all() if isinstance(item, Unsent)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._paths()

    def done(self, path: Path) -> None:
        """It is stored."""
        path.unlink(missing_ok=True)

    def refuse(self, path: Path) -> Path:
        """It can never be stored: keep it under another name, which is returned."""
        aside = path.with_suffix(".refused")
        try:
            return path.rename(aside)
        except FileNotFoundError:
            return aside

    def _paths(self) -> Sequence[Path]:
        return sorted(self._place.glob("*.json"))

    def _write(self, key: str, fields: dict[str, Any]) -> None:
        self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = self._paths()
        if any(path.stem.endswith(key) for path in before):
            return
        number = int(before[-1].stem.partition("-")[0]) + 1 if before else 1  # not the time: clocks jump
        handle, name = tempfile.mkstemp(dir=self._place, prefix=".unsent-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(fields, file)  # lone surrogates as escapes
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._place / f"{number:012}-{key}.json")
        directory = os.open(self._place, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _read(fields: dict[str, Any]) -> Unsent | UnsentReply:
    if "reply" in fields:
        return UnsentReply(Reply(**fields["reply"]), ReplyEnd(**fields["end"]))
    message = fields["message"]
    files = tuple(File(f["name"], f["mime"], base64.b64decode(f["data"])) for f in message.pop("files"))
    return Unsent(**message, files=files)
