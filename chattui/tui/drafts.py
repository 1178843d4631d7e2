"""Drafts on disk: what was written but not sent survives a crash of the app, the server and the machine."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import uuid
from pathlib import Path

log = logging.getLogger("chattui.tui")

NEW_CHAT = "new"


class Drafts:
    """The drafts of one database, in one small file that is replaced as a whole. Keys are chat ids, with a
    message's number for a prompt that is being changed, or ``NEW_CHAT``."""

    def __init__(self, directory: Path, database: str) -> None:
        name = hashlib.sha256(database.encode("utf-8", "replace")).hexdigest()[:16]
        self._path = directory / "drafts" / f"{name}.json"
        self._drafts: dict[str, str] | None = None
        self._sent: set[str] = set()  # drafts that are messages now, and are still on the disk

    def get(self, chat_id: int | str | None) -> str:
        """The draft for a chat (None: for a new one); empty when there is none."""
        return self._read().get(_key(chat_id), "")

    def put(self, chat_id: int | str | None, text: str) -> None:
        """Keep a draft; an empty one is forgotten. Written through to the disk."""
        key = _key(chat_id)
        if self._read().get(key, "") == text:
            return
        self._drafts = None  # another app on the same database may have kept others since
        drafts = self._read()
        if text:
            drafts[key] = text
        else:
            drafts.pop(key, None)
            drafts.pop(f"{key}:sent", None)
        self._write(drafts)

    def sent(self, chat_id: int | str | None) -> None:
        """A draft and its files are a message now: they are gone. The disk forgets them with the next ``flush`` or change."""
        self._sent.add(_key(chat_id))
        self._without_sent(self._read())

    def flush(self) -> None:
        """Let the disk forget what was sent."""
        if self._sent:
            self._drafts = None
            self._write(self._read())

    def _without_sent(self, drafts: dict[str, str]) -> dict[str, str]:
        for key in self._sent:
            for name in (key, f"{key}:sent", f"{key}:files"):
                drafts.pop(name, None)
        return drafts

    def files(self, chat_id: int | str | None) -> list[Path]:
        """The files that are to go with a draft."""
        return [Path(name) for name in self._read().get(f"{_key(chat_id)}:files", "").split("\x00") if name]

    def put_files(self, chat_id: int | str | None, paths: list[Path]) -> None:
        """Keep which files are to go with a draft."""
        if paths == self.files(chat_id):
            return
        name = f"{_key(chat_id)}:files"
        self._drafts = None
        drafts = self._read()
        if paths:
            drafts[name] = "\x00".join(map(str, paths))
        else:
            drafts.pop(name, None)
        self._write(drafts)

    def key_for(self, chat_id: int | str | None, text: str, draft: str | None = None) -> str:
        """The key under which this draft is sent: the same one until it is saved, also after a crash in between.

        So a message that was saved but whose answer got lost is recognised when it is sent again, and not doubled. With
        ``draft``, what was written is kept in the same stroke.
        """
        name = f"{_key(chat_id)}:sent"
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        key, _, of = self._read().get(name, "").partition(" ")
        is_known = bool(key) and of == digest
        if is_known and draft in (None, self.get(chat_id)):
            return key
        self._drafts = None
        drafts = self._read()
        if not is_known:
            key = uuid.uuid4().hex
            drafts[name] = f"{key} {digest}"
        if draft is not None:
            drafts[_key(chat_id)] = draft
        self._write(drafts)
        return key

    def _read(self) -> dict[str, str]:
        if self._drafts is None:
            try:
                loaded = json.loads(self._path.read_text(encoding="utf-8", errors="replace"))
                self._drafts = {str(k): str(v) for k, v in loaded.items()} if isinstance(loaded, dict) else {}
            except FileNotFoundError:
                self._drafts = {}
            except (OSError, ValueError):
                log.warning("the drafts in %s cannot be read", self._path, exc_info=True)
                self._drafts = {}
            self._without_sent(self._drafts)
        return self._drafts

    def _write(self, drafts: dict[str, str]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".draft-")
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                json.dump(drafts, file, ensure_ascii=True)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
            self._sent.clear()
        except OSError:
            log.warning("a draft cannot be kept in %s", self._path.parent, exc_info=True)


def _key(chat_id: int | str | None) -> str:
    return NEW_CHAT if chat_id is None else str(chat_id)
