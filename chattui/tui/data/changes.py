"""What a person changes: messages saved, chats renamed or removed, marks and tags. Answers are messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from textual.message import Message

from chattui.domain.errors import ChattuiError
from chattui.tui import messages as told
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.store.database import Database


class Changes:
    """Everything is written on the thread of pages, so that what is read after it shows it."""

    def __init__(self, pages: Worker, db: Callable[[], Database], post: Callable[[Message], None]) -> None:
        self._pages = pages
        self._database = db
        self._post = post

    def save_message(self, key: str, chat_id: int | None, content: str, project: str) -> None:
        """Add a message to a chat, or to a new one; answered when it is durable, or with what prevented it."""

        def job() -> None:
            from chattui.store import chats, messages

            try:
                db = self._database()
                target = chat_id if chat_id is not None else chats.create(db, project=project, key=key).id
                message = messages.append(db, target, content, key=key)
                chat = chats.get(db, target)
            except ChattuiError as error:
                self._post(told.SaveFailed(key, str(error)))
                return
            if chat is not None:
                self._post(told.MessageSaved(key, chat, message))

        self._pages.submit(job)

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
                self._post(told.MarkFailed(str(error), again))

        self._pages.submit(job)

    def forget_bookmark(self, chat_id: int, key: str) -> None:
        """Take a bookmark away, also when its message is gone."""
        self._pages.submit(lambda: _marks().forget_bookmark(self._database(), chat_id, key))
        self._reread_marks(chat_id)

    def _reread_marks(self, chat_id: int) -> None:
        self._pages.submit(lambda: self._post(told.MarksRead(chat_id, _marks().of_chat(self._database(), chat_id))))


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
