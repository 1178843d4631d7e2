"""What the transcripts of plain formats share: what is known of the chat so far, and the messages not yet drained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, Generic, Self, TypeVar

from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.sources.content import MOST_TOKENS, TITLE_LENGTH, first_line, moment
from chattui.sources.windows import Seen, key_of

Tokens = tuple[int, int, int]
"""In (with what the cache held), out, of the tokens in: read from the cache."""

NOTHING: Final[Tokens] = (0, 0, 0)
_THREADS: Final = 64


@dataclass
class Known:
    """What reading on needs. ``vars`` of it is a chunk's state: every value is JSON, and is replaced, never changed."""

    chat_id: str
    first_at: str = ""
    project: str = ""
    branch: str = ""
    repository: str = ""
    version: str = ""
    model: str = ""
    title: str = ""
    title_from: str = ""
    root: str = ""
    last: str | None = None  # source_id of the last message of the main thread
    threads: dict[str, str] = field(default_factory=dict)  # of each side chain
    owed: Tokens = NOTHING  # tokens for the next message of the assistant
    earlier: str = ""  # ids of messages that were met, as ``Seen`` packs them

    @classmethod
    def restored(cls, chat_id: str, state: Mapping[str, Any] | None) -> Self:
        """From a chunk's state, which may have been JSON in between."""
        known = {entry.name for entry in fields(cls)}
        values = {name: value for name, value in (state or {}).items() if name in known}
        for name, value in values.items():
            if isinstance(value, list):
                values[name] = tuple(value)
        return cls(**{"chat_id": chat_id, **values})

    def name(self, title: str, origin: str) -> None:
        """A title was given, or (origin ``prompt``) a prompt met: the first prompt counts until there is a title."""
        if origin == "prompt" and self.title:
            return
        if line := first_line(title, TITLE_LENGTH):
            self.title, self.title_from = line, origin

    def owe(self, tokens: Tokens) -> None:
        """Tokens that belong to the assistant's next message."""
        owed = self.owed
        self.owed = (owed[0] + tokens[0], owed[1] + tokens[1], owed[2] + tokens[2])

    def begin(self, stamp: object) -> datetime | None:
        """A record's time; the earliest one is the chat's."""
        at = moment(stamp)
        if at is not None and isinstance(stamp, str) and (not self.first_at or stamp < self.first_at):
            self.first_at = stamp
        return at


State = TypeVar("State", bound=Known)


class Recorder(Generic[State]):
    """Base of a transcript that keeps nothing back. A format's own ``take`` calls ``say``.

    A message whose id was met is the same one, written twice. ``remembered``: of files that are read on, how many ids stay
    known; of others all of one reading are.
    """

    source = ""
    held_line = 0
    remembered = 0

    def __init__(self, known: State) -> None:
        self.known = known
        self._met: set[str] = set()
        self._earlier = Seen(self.remembered, known.earlier)
        self._messages: list[NewMessage] = []
        self._updates: list[NewToolUse] = []
        self._size = 0

    def settle(self) -> None:
        """Nothing is kept back."""

    def size(self) -> tuple[int, int]:
        return len(self._messages) + len(self._updates), self._size

    def drain(self) -> tuple[tuple[NewMessage, ...], tuple[NewToolUse, ...]]:
        taken = tuple(self._messages), tuple(self._updates)
        self._messages, self._updates, self._size = [], [], 0
        return taken

    def state(self) -> dict[str, Any]:
        if self.remembered:
            self.known.earlier = self._earlier.packed()
        return dict(vars(self.known))

    def chat(self) -> ChatInfo:
        known = self.known
        return ChatInfo(
            source=self.source,
            source_id=known.chat_id,
            title=known.title,
            project=known.project,
            git_branch=known.branch,
            repository=known.repository,
            agent=f"{self.source} {known.version}" if known.version else self.source,
            model=known.model,
            created_at=moment(known.first_at),
            root_id=known.root,
            metadata={"title_from": known.title_from} if known.title_from else {},
        )

    def say(
        self,
        role: Role,
        kind: Kind,
        content: str,
        source_id: str,
        at: datetime | None,
        *,
        content_type: ContentType = ContentType.MARKDOWN,
        reply_id: str | None = None,
        thread: str | None = None,
        error: bool = False,
        tool: NewToolUse | None = None,
        attachments: tuple[NewAttachment, ...] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """The next message of its thread."""
        known = self.known
        message = NewMessage(
            role,
            kind,
            content,
            source_id,
            at,
            content_type,
            known.last if thread is None else known.threads.get(thread),
            reply_id=reply_id,
            model=(known.model or None) if role is Role.ASSISTANT else None,
            thread=thread,
            error=error,
            tool=tool,
            attachments=attachments,
            metadata=metadata,
        )
        if role is Role.ASSISTANT and known.owed != NOTHING:
            tokens_in, tokens_out, cached = (min(count, MOST_TOKENS) for count in known.owed)
            known.owed = NOTHING
            message = replace(message, tokens_in=tokens_in, tokens_out=tokens_out, tokens_cached=cached)
        if thread is None:
            known.last = source_id
        else:
            recent = list((known.threads | {thread: source_id}).items())
            known.threads = dict(recent[-_THREADS:])
        self.keep(message)

    def keep(self, message: NewMessage) -> None:
        """Add a finished message, unless it was there before."""
        if self.remembered:
            key = key_of(message.source_id)
            if key in self._earlier:
                return
            self._earlier.add(key)
        elif message.source_id in self._met:
            return
        else:
            self._met.add(message.source_id)
        self._hold(message)

    def _hold(self, message: NewMessage) -> None:
        self._messages.append(message)
        self._size += len(message.content) + sum(len(cut.data) for cut in message.attachments)
