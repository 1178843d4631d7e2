"""What the data threads tell the screen. Each is posted from another thread and handled on the UI's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from pathlib import Path

    from chattui.domain.branches import Branches
    from chattui.domain.chat import BlockSize, Chat, ChatRow, FirstScreen, Fork, Subagent
    from chattui.domain.chat import Message as ChatMessage
    from chattui.domain.narrowing import Facet
    from chattui.domain.needle import Needle
    from chattui.domain.place import Prompt
    from chattui.domain.portable import PortableAttachment
    from chattui.domain.search import HitCount, Page, SavedSearch
    from chattui.resume.launch import Launch
    from chattui.sync.progress import Progress
    from chattui.tui.screens.export_dialog import ExportWish
    from chattui.tui.screens.save_dialog import SaveWish


class FirstScreenRead(Message):
    """The lists and the last chat are here."""

    def __init__(self, first: FirstScreen) -> None:
        self.first = first
        super().__init__()


class StoreReady(Message):
    """Everything else can be asked for now."""


class ConnectionChanged(Message):
    """The database is there, or it is not; then ``sentence`` says why. ``failed``: it could not be opened."""

    def __init__(self, connected: bool, sentence: str = "", *, failed: bool = False) -> None:
        self.connected = connected
        self.sentence = sentence
        self.failed = failed
        super().__init__()


class ServerStarting(Message):
    """The embedded server is being set up or started, which takes a moment."""


class RecentsRead(Message):
    """A page of recents for ``needle``; ``appended`` when it goes on behind the rows shown."""

    def __init__(self, needle: str, rows: list[ChatRow], more: bool, appended: bool) -> None:
        self.needle = needle
        self.rows = rows
        self.more = more
        self.appended = appended
        super().__init__()


class ChatRead(Message):
    """A chat and the messages around where it is to be opened. ``query`` is the search that led there."""

    def __init__(
        self, chat: Chat, messages: list[ChatMessage], at: int | None, query: str, line: int | None = None
    ) -> None:
        self.chat = chat
        self.messages = messages
        self.at = at
        self.query = query
        self.line = line  # of message ``at``, where the chat was left there
        super().__init__()


class MessagesRead(Message):
    """Messages of a chat that its feed wanted: ``first`` … ``last`` were asked for."""

    def __init__(self, chat_id: int, first: int, last: int, messages: list[ChatMessage]) -> None:
        self.chat_id = chat_id
        self.first = first
        self.last = last
        self.messages = messages
        super().__init__()


class TheseRead(Message):
    """Single messages that a feed wanted: ``seqs`` were asked for."""

    def __init__(self, chat_id: int, seqs: Sequence[int], messages: list[ChatMessage]) -> None:
        self.chat_id, self.seqs, self.messages = chat_id, seqs, messages
        super().__init__()


class BranchesRead(Message):
    """Where a chat parts."""

    def __init__(self, chat_id: int, branches: Branches) -> None:
        self.chat_id, self.branches = chat_id, branches
        super().__init__()


class KindsRead(Message):
    """At which level of detail the messages from ``first`` on are shown, a byte each."""

    def __init__(self, chat_id: int, first: int, codes: bytes) -> None:
        self.chat_id, self.first, self.codes = chat_id, first, codes
        super().__init__()


class SizesRead(Message):
    """Sizes of the blocks of a chat."""

    def __init__(self, chat_id: int, sizes: list[BlockSize]) -> None:
        self.chat_id = chat_id
        self.sizes = sizes
        super().__init__()


class SubagentsRead(Message):
    """The subagents of a chat, and the chats that go on from one of its messages."""

    def __init__(self, chat_id: int, subagents: list[Subagent], forks: list[Fork]) -> None:
        self.chat_id, self.subagents, self.forks = chat_id, subagents, forks
        super().__init__()


class MatchesRead(Message):
    """The messages of a chat that match a query."""

    def __init__(self, chat_id: int, query: str, seqs: list[int]) -> None:
        self.chat_id = chat_id
        self.query = query
        self.seqs = seqs
        super().__init__()


class FindAnswered(Message):
    """The messages of the open chat that hold a needle, ascending, as far as they are known; all of them when ``final``.

    ``problem`` says what is wrong with an expression.
    """

    def __init__(
        self, number: int, needle: Needle, seqs: Sequence[int], pattern: re.Pattern[str], problem: str, *, final: bool
    ) -> None:
        self.number = number
        self.needle = needle
        self.seqs = seqs
        self.pattern = pattern
        self.problem = problem
        self.final = final
        super().__init__()


class PlaceFound(Message):
    """Where the "prompt", "error" or "time" is that was asked for: None when there is none. ``wrapped``: beyond the end."""

    def __init__(self, chat_id: int, what: str, seq: int | None, wrapped: bool) -> None:
        self.chat_id = chat_id
        self.what = what
        self.seq = seq
        self.wrapped = wrapped
        super().__init__()


class OutlineRead(Message):
    """The prompts of a chat."""

    def __init__(self, chat_id: int, prompts: list[Prompt]) -> None:
        self.chat_id = chat_id
        self.prompts = prompts
        super().__init__()


class SearchAnswered(Message):
    """Hits for what was typed; ``final`` when nothing more is being looked for meanwhile. ``similar`` are texts that find
    something, when this one does not."""

    def __init__(self, generation: int, text: str, page: Page, similar: list[str], final: bool, appended: bool) -> None:
        self.generation = generation
        self.text = text
        self.page = page
        self.similar = similar
        self.final = final
        self.appended = appended
        super().__init__()


class SearchesRead(Message):
    """What was looked for last, the newest first, and the searches that were saved."""

    def __init__(self, recent: list[str], saved: list[SavedSearch]) -> None:
        self.recent = recent
        self.saved = saved
        super().__init__()


class SearchCounted(Message):
    """How many hits a saved search has."""

    def __init__(self, query: str, count: HitCount) -> None:
        self.query = query
        self.count = count
        super().__init__()


class FacetsRead(Message):
    """What narrows a search: counted over ``hits`` hits, ``all_of_them`` or the newest."""

    def __init__(self, query: str, facets: list[Facet], hits: int, *, all_of_them: bool) -> None:
        self.query = query
        self.facets = facets
        self.hits = hits
        self.all_of_them = all_of_them
        super().__init__()


class FieldValuesRead(Message):
    """Values that fields have, by field."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self.values = values
        super().__init__()


class MessageSaved(Message):
    """A message is durable. ``key`` is the one it was sent with."""

    def __init__(self, key: str, chat: Chat, message: ChatMessage) -> None:
        self.key = key
        self.chat = chat
        self.message = message
        super().__init__()


class SaveFailed(Message):
    """A message could not be saved; its draft is still there."""

    def __init__(self, key: str, sentence: str) -> None:
        self.key = key
        self.sentence = sentence
        super().__init__()


class LaunchReady(Message):
    """It is known how a chat is gone on with elsewhere; with ``only_copy`` the command is wanted, not its start."""

    def __init__(self, launch: Launch, *, only_copy: bool) -> None:
        self.launch = launch
        self.only_copy = only_copy
        super().__init__()


class ChatChanged(Message):
    """A chat was renamed, pinned, tagged, noted, archived, deleted or restored here; ``verb`` says which."""

    def __init__(self, chat: Chat, verb: str) -> None:
        self.chat = chat
        self.verb = verb
        super().__init__()


class ChatsChanged(Message):
    """Several chats were changed here; ``verb`` says how."""

    def __init__(self, chats: list[Chat], verb: str) -> None:
        self.chats = chats
        self.verb = verb
        super().__init__()


class ChatMade(Message):
    """A chat was made of others; ``verb`` says how: "duplicated", "merged" or "split"."""

    def __init__(self, chat: Chat, verb: str) -> None:
        self.chat = chat
        self.verb = verb
        super().__init__()


class ChatsChangedElsewhere(Message):
    """Another program changed chats: their ids, or None when it may be any."""

    def __init__(self, chat_ids: frozenset[int] | None) -> None:
        self.chat_ids = chat_ids
        super().__init__()


class ChatGrew(Message):
    """What is known of the open chat now, with more messages than before: the first of them."""

    def __init__(self, chat: Chat, messages: Sequence[ChatMessage]) -> None:
        self.chat = chat
        self.messages = messages
        super().__init__()


class ChatGone(Message):
    """A chat that was open is not in the database any more."""

    def __init__(self, chat_id: int) -> None:
        self.chat_id = chat_id
        super().__init__()


class ChatMissing(Message):
    """A chat that was asked for is not there; a sentence for the person."""

    def __init__(self, chat_id: int, sentence: str) -> None:
        self.chat_id, self.sentence = chat_id, sentence
        super().__init__()


class DataFailed(Message):
    """Something that was asked for could not be done; a sentence for the person."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__()


class SyncMoved(Message):
    """How the import of histories is going."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        super().__init__()


class SyncEnded(Message):
    """The import has ended; ``faults`` files had problems."""

    def __init__(self, messages: int, faults: int, sentence: str = "") -> None:
        self.messages = messages
        self.faults = faults
        self.sentence = sentence
        super().__init__()


class AttachmentsRead(Message):
    """What is attached to a message of a chat, without the bytes."""

    def __init__(self, chat_id: int, seq: int, found: Sequence[PortableAttachment]) -> None:
        self.chat_id = chat_id
        self.seq = seq
        self.found = found
        super().__init__()


class AttachmentReady(Message):
    """An attachment is in a private file and can be opened; without a ``path``, ``sentence`` says why it cannot."""

    def __init__(self, path: Path | None, sentence: str) -> None:
        self.path = path
        self.sentence = sentence
        super().__init__()


class SaveEnded(Message):
    """A file was saved, or not: ``sentence`` says where, or what hindered it; ``exists``: a file of that name."""

    def __init__(self, wish: SaveWish, sentence: str, *, failed: bool = False, exists: bool = False) -> None:
        self.wish = wish
        self.sentence = sentence
        self.failed = failed
        self.exists = exists
        super().__init__()


class ExportEnded(Message):
    """An export has ended: ``sentence`` says what was written, or what hindered it; ``exists``: a file of that name."""

    def __init__(
        self, chat_ids: Sequence[int], wish: ExportWish, sentence: str, *, failed: bool = False, exists: bool = False
    ) -> None:
        self.chat_ids = chat_ids
        self.wish = wish
        self.sentence = sentence
        self.failed = failed
        self.exists = exists
        super().__init__()
