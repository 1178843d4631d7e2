"""What the watch beside the app tells the screen, and what is known of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chattui.domain.sources import SourceState
    from chattui.sync.told import Stands


class WatchBrought(Message):
    """Something was brought in after the first import: new messages, or ``faults`` files with problems."""

    def __init__(self, messages: int, faults: int) -> None:
        self.messages = messages
        self.faults = faults
        super().__init__()


class WatchStands(Message):
    """How it stands with the watch."""

    def __init__(self, stands: Stands) -> None:
        self.stands = stands
        super().__init__()


class SourcesRead(Message):
    """All sources, with what came of them."""

    def __init__(self, sources: Sequence[SourceState]) -> None:
        self.sources = sources
        super().__init__()
