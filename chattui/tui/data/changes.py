"""What a person changes: messages saved, chats renamed or removed, marks and tags. Answers are messages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.message import Message

from chattui.domain.errors import ChattuiError, ReadOnly, Unreachable
from chattui.domain.replies import File
from chattui.tui import mark_messages as of_marks
from chattui.tui import messages as told
from chattui.tui import reply_messages as of_replies
from chattui.tui.data.worker import Worker
from chattui.tui.outbox import Outbox, Unsent

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.domain.replies import ReplySettings
    from chattui.store.database import Database

TRY_AGAIN = 2.0
"""Seconds after which what was not sent is tried again."""


MOST_BYTES = 20_000_000
"""Bytes of a file that can go with a message."""


def read_files(paths: Sequence[Path]) -> tuple[File, ...]:
    """Files that go with a message. Raises ``ChattuiError`` for one that cannot be read, or is too large."""
    import mimetypes

    files = []
    for path in paths:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ChattuiError(f"{path} is larger than {MOST_BYTES // 1_000_000} MB. /detach lets it stay here.")
            data = path.read_bytes()
        except OSError as error:
            raise ChattuiError(f"{path} cannot be read: {error.strerror}. /detach lets it stay here.") from error
        files.append(File(path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", data))
    return tuple(files)


class Changes:
    """Everything is written on the thread of pages, so that what is read after it shows it."""

    def __init__(
        self, pages: Worker, db: Callable[[], Database], post: Callable[[Message], None], outbox: Outbox
    ) -> None:
        self._pages = pages
        self._database = db
        self._post = post
        self._outbox = outbox

    def save_message(self, item: Unsent, paths: Sequence[Path] = (), settings: ReplySettings | None = None) -> None:
        """Add a message with these files to a chat, or to a new one that is to have ``settings``; answered when it is
        durable.

        Where the database is away it is kept on the disk, behind what is there already, and sent when it is back.
        """

        def job() -> None:
            whole = item
            try:
                whole = replace(item, files=read_files(paths))
                if not self._outbox.is_empty:
                    self._deliver_all()
                self._post(self._save(whole, settings))
            except Unreachable:
                self._keep_unsent(whole)
            except ChattuiError as error:
                self._post(told.SaveFailed(item.key, str(error)))

        self._pages.submit(job)

    def _save(self, item: Unsent, settings: ReplySettings | None = None) -> told.MessageSaved:
        from chattui.store import sending

        chat, message = sending.send(
            self._database(),
            item.chat_id,
            item.content,
            key=item.key,
            parent=item.parent,
            files=item.files,
            chat_key=item.chat_key,
            project=item.project,
            settings=settings,
        )
        return told.MessageSaved(item.key, chat, message)

    def _keep_unsent(self, item: Unsent) -> None:
        try:
            self._outbox.put(item)
        except OSError as error:
            sentence = f"The database is away, and the disk does not take it either: {error.strerror}."
            self._post(told.SaveFailed(item.key, sentence))
            return
        self._post(of_replies.MessageQueued(item.key, item.chat_id))
        self._tell_unsent()
        self.try_later()

    def deliver(self) -> None:
        """Store what was sent while the database was away, as far as it is back; tell what still waits."""

        def job() -> None:
            if self._outbox.is_empty:
                return
            try:
                self._deliver_all()
            except (Unreachable, ReadOnly):
                self.try_later()
            self._tell_unsent()

        self._pages.submit(job)

    def _deliver_all(self) -> None:
        """In the order in which they were sent. Raises ``Unreachable`` when the database is away, ``ReadOnly`` at a
        standby."""
        from chattui.store import chats, replies

        for path, item in self._outbox.all():
            try:
                if isinstance(item, Unsent):
                    self._post(self._save(item))
                else:
                    made = replies.finish(self._database(), item.reply, item.end)
                    chat = chats.get(self._database(), item.reply.chat_id)
                    if chat is not None:
                        self._post(of_replies.ReplyStored(chat, made))
                self._outbox.done(path)
            except (Unreachable, ReadOnly):  # a standby takes it when it has been promoted
                raise
            except ChattuiError as error:
                kept = self._outbox.refuse(path)
                self._post(told.DataFailed(f"A message that waited was not sent. {error} It is kept in {kept}."))

    def _tell_unsent(self) -> None:
        self._post(of_replies.UnsentRead(self._outbox.unsent()))

    def try_later(self) -> None:
        """Deliver what waits, in a moment."""
        timer = threading.Timer(TRY_AGAIN, self.deliver)
        timer.daemon = True
        timer.start()

    def _change(self, verb: str, change: Callable[[Database], Chat]) -> None:
        """Change a chat; ``verb`` names what was done, for the person."""
        self._pages.submit(lambda: self._post(told.ChatChanged(change(self._database()), verb)))

    def rename(self, chat_id: int, title: str) -> None:
        """Give a chat a title."""
        self._change("renamed", lambda db: _chats().rename(db, chat_id, title))

    def pin(self, chat_id: int, pinned: bool) -> None:
        """Pin or unpin a chat."""
        self._change("pinned" if pinned else "unpinned", lambda db: _chats().pin(db, chat_id, pinned))

    def archive(self, chat_id: int, archived: bool) -> None:
        """Archive a chat or bring it back."""
        verb = "archived" if archived else "restored"
        self._change(verb, lambda db: _chats().archive(db, chat_id, archived))

    def delete(self, chat_id: int) -> None:
        """Delete a chat; ``restore`` undoes it."""
        self._change("deleted", lambda db: _chats().delete(db, chat_id))

    def restore(self, chat_id: int) -> None:
        """Undo ``delete``."""
        self._change("restored", lambda db: _chats().restore(db, chat_id))

    def detail(self, chat_id: int, name: str, value: str | bool, again: Callable[[], None]) -> None:
        """Set a detail of a chat; ``again`` as for ``note``."""

        def change(db: Database) -> None:
            from chattui.store import details

            match name:
                case "issue":
                    chat = details.set_issue(db, chat_id, str(value))
                case "quiet":
                    chat = details.set_quiet(db, chat_id, bool(value))
                case _:
                    chat = details.set_fact(db, chat_id, name, str(value))
            self._post(told.ChatChanged(chat, "noted"))

        self._written(change, again)

    def make(self, verb: str, chat_ids: Sequence[int], seq: int = 0) -> None:
        """Make a chat of others: "duplicated", "merged", or "split" at the message ``seq``."""

        def job() -> None:
            from chattui.store import portions

            db = self._database()
            match verb:
                case "duplicated":
                    made = portions.duplicate(db, chat_ids[0])
                case "merged":
                    made = portions.merge(db, chat_ids)
                case _:
                    made = portions.split(db, chat_ids[0], seq)
            self._post(told.ChatMade(made, verb))

        self._pages.submit(job)

    def change_all(self, verb: str, chat_ids: Sequence[int], tags: Sequence[str] = ()) -> None:
        """Do one thing with several chats: "archived", "restored", "deleted", or "tagged" with ``tags`` beside their own."""

        def job() -> None:
            db = self._database()
            changed: list[Chat] = []
            try:
                for chat_id in chat_ids:
                    changed.append(_change_one(db, verb, chat_id, tags))
            finally:  # what is changed is told, also when the next one could not be
                if changed:
                    self._post(told.ChatsChanged(changed, verb))

        self._pages.submit(job)

    def bookmark(self, chat_id: int, seq: int, bookmarked: bool) -> None:
        """Bookmark a message, or not."""
        self._pages.submit(lambda: _marks().bookmark(self._database(), chat_id, seq, bookmarked))
        self._reread_marks(chat_id)

    def note(self, chat_id: int, seq: int, content: str, again: Callable[[], None]) -> None:
        """Write a note on a message; ``again`` is called on the UI's thread when it could not be saved."""
        self._written(lambda db: _marks().note(db, chat_id, seq, content), again)
        self._reread_marks(chat_id)

    def describe(self, chat_id: int, content: str, again: Callable[[], None]) -> None:
        """Write the note on a chat; ``again`` as for ``note``."""
        self._written(lambda db: self._post(told.ChatChanged(_chats().describe(db, chat_id, content), "noted")), again)

    def tag(self, chat_id: int, tags: list[str], again: Callable[[], None]) -> None:
        """Set the tags of a chat; ``again`` as for ``note``."""
        self._written(lambda db: self._post(told.ChatChanged(_chats().tag(db, chat_id, tags), "tagged")), again)

    def _written(self, change: Callable[[Database], object], again: Callable[[], None]) -> None:
        def job() -> None:
            try:
                change(self._database())
            except ChattuiError as error:
                self._post(of_marks.MarkFailed(str(error), again))

        self._pages.submit(job)

    def forget_bookmark(self, chat_id: int, key: str) -> None:
        """Take a bookmark away, also when its message is gone."""
        self._pages.submit(lambda: _marks().forget_bookmark(self._database(), chat_id, key))
        self._reread_marks(chat_id)

    def _reread_marks(self, chat_id: int) -> None:
        self._pages.submit(lambda: self._post(of_marks.MarksRead(chat_id, _marks().of_chat(self._database(), chat_id))))


def _change_one(db: Database, verb: str, chat_id: int, tags: Sequence[str]) -> Chat:
    """Raises ``ChattuiError`` when the chat is gone, or has too many tags."""
    chats = _chats()
    if verb == "tagged":
        known = chats.get(db, chat_id)
        return cast("Chat", chats.tag(db, chat_id, [*(known.tags if known is not None else ()), *tags]))
    if verb == "deleted":
        return cast("Chat", chats.delete(db, chat_id))
    known = chats.get(db, chat_id)
    if verb == "restored" and known is not None and known.status == "deleted":
        return cast("Chat", chats.restore(db, chat_id))
    return cast("Chat", chats.archive(db, chat_id, verb == "archived"))


def _marks() -> Any:
    """The store's module of marks, imported when it is first used."""
    from chattui.store import marks

    return marks


def _chats() -> Any:
    """The store's module of chats, imported when it is first used."""
    from chattui.store import chats

    return chats
