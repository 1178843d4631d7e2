"""What the data threads tell the screen of bookmarks, notes and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from chattui.domain.chat import Chat
    from chattui.domain.marks import Bookmark, Mark


class MarksRead(Message):
    """The bookmarks and notes of a chat."""

    def __init__(self, chat_id: int, marks: list[Mark]) -> None:
        self.chat_id = chat_id
        self.marks = marks
        super().__init__()


class AboutRead(Message):
    """A chat whose tags or note are to be changed, and every tag there is, the commonest first."""

    def __init__(self, chat: Chat, tags: list[str]) -> None:
        self.chat = chat
        self.tags = tags
        super().__init__()


class BookmarksRead(Message):
    """A page of the bookmarks of all chats for ``needle``; ``appended`` when it goes on behind those shown."""

    def __init__(self, needle: str, bookmarks: list[Bookmark], more: bool, appended: bool) -> None:
        self.needle = needle
        self.bookmarks = bookmarks
        self.more = more
        self.appended = appended
        super().__init__()


class MarkFailed(Message):
    """What was written could not be saved; ``again`` asks for it again, with nothing lost."""

    def __init__(self, sentence: str, again: Callable[[], None]) -> None:
        self.sentence = sentence
        self.again = again
        super().__init__()
