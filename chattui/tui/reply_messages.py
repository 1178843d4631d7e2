"""What the data threads tell the screen of replies, and of messages that wait for the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chattui.domain.chat import Chat
    from chattui.domain.chat import Message as ChatMessage
    from chattui.domain.replies import Reply, ReplySettings
    from chattui.replies.events import Permission
    from chattui.tui.data.live_reply import LiveReply
    from chattui.tui.outbox import Unsent


class MessageQueued(Message):
    """The database is away: a message waits on the disk until it is back."""

    def __init__(self, key: str, chat_id: int | None) -> None:
        self.key = key
        self.chat_id = chat_id
        super().__init__()


class UnsentRead(Message):
    """The messages that wait for the database, in order; none when it is back."""

    def __init__(self, items: Sequence[Unsent]) -> None:
        self.items = items
        super().__init__()


class ReplyMoved(Message):
    """There is more of the reply that is being written in a chat."""

    def __init__(self, chat_id: int) -> None:
        self.chat_id = chat_id
        super().__init__()


class ReplyEnded(Message):
    """A reply is over. ``messages`` are what was made of it; without ``chat`` it could not be stored, ``sentence`` says why,
    and it ``waits`` on the disk or is lost."""

    def __init__(
        self,
        live: LiveReply,
        chat: Chat | None,
        messages: Sequence[ChatMessage],
        sentence: str = "",
        *,
        waits: bool = False,
    ) -> None:
        self.live = live
        self.chat = chat
        self.messages = messages
        self.sentence = sentence
        self.waits = waits
        super().__init__()


class ReplyStored(Message):
    """A reply that had waited for the database is stored: what was made of it."""

    def __init__(self, chat: Chat, messages: Sequence[ChatMessage]) -> None:
        self.chat = chat
        self.messages = messages
        super().__init__()


class PartsStored(Message):
    """The first parts of an agent's turn are ``messages`` now; ``reply`` holds them. The turn goes on."""

    def __init__(self, live: LiveReply, reply: Reply, chat: Chat | None, messages: Sequence[ChatMessage]) -> None:
        self.live = live
        self.reply = reply
        self.chat = chat
        self.messages = messages
        super().__init__()


class PermissionWanted(Message):
    """An agent asks whether it may."""

    def __init__(self, live: LiveReply, permission: Permission) -> None:
        self.live = live
        self.permission = permission
        super().__init__()


class ReplyWarned(Message):
    """Something that a person should know of the model's key."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__()


class SessionTaken(Message):
    """In which session an agent goes on with a chat, where that is not the one of the turn before: a sentence."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__()


class ReplyInterrupted(Message):
    """Of a reply whose writer was gone, what came was made a message."""

    def __init__(self, chat_id: int) -> None:
        self.chat_id = chat_id
        super().__init__()


class ReplySettingsRead(Message):
    """What a chat sets for its replies."""

    def __init__(self, chat_id: int, settings: ReplySettings) -> None:
        self.chat_id = chat_id
        self.settings = settings
        super().__init__()


class ModelsRead(Message):
    """The models that there are, and which is asked when none is named; or why that cannot be said."""

    def __init__(self, names: Sequence[str], default: str, sentence: str = "") -> None:
        self.names = names
        self.default = default
        self.sentence = sentence
        super().__init__()
