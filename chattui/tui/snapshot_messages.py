"""What the data threads tell the screen of snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chattui.domain.chat import Chat
    from chattui.domain.snapshots import Section, Snapshot, SnapshotRow


class SnapshotsRead(Message):
    """The snapshots of a chat, the newest first."""

    def __init__(self, chat_id: int, rows: Sequence[SnapshotRow]) -> None:
        self.chat_id = chat_id
        self.rows = rows
        super().__init__()


class SnapshotShown(Message):
    """What a snapshot keeps; with ``against`` what differs between the two. 0 is the chat as it is now, None no other one."""

    def __init__(self, chat_id: int, snapshot_id: int, against: int | None, sections: Sequence[Section]) -> None:
        self.chat_id = chat_id
        self.snapshot_id = snapshot_id
        self.against = against
        self.sections = sections
        super().__init__()


class SnapshotSaved(Message):
    """A snapshot is kept by its name."""

    def __init__(self, row: SnapshotRow) -> None:
        self.row = row
        super().__init__()


class TooEarly(Message):
    """A chat has changed, and its last snapshot is too young for another: ``seconds`` are missing."""

    def __init__(self, chat_id: int, seconds: float) -> None:
        self.chat_id = chat_id
        self.seconds = seconds
        super().__init__()


class WentBack(Message):
    """A chat is as it was in a snapshot; ``before`` is the snapshot of how it was until then."""

    def __init__(self, chat: Chat, snapshot: Snapshot, before: int, added: int) -> None:
        self.chat = chat
        self.snapshot = snapshot
        self.before = before
        self.added = added
        super().__init__()
