"""Where the pane gets its messages: by seq, in pages, without waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chattui.domain.chat import BlockSize, Message


class MessageFeed(Protocol):
    """The messages of one chat. The pane asks; whoever fills the feed tells the pane when something has arrived.

    ``want`` returns at once; later, on the UI thread, the owner of the feed calls the pane's ``messages_loaded``,
    ``sizes_loaded`` or ``grown``.
    """

    @property
    def chat_id(self) -> int:
        """The chat shown."""

    @property
    def count(self) -> int:
        """Messages in the chat: seq runs from 1 to this."""

    def get(self, seq: int) -> Message | None:
        """The message, or None while it is not loaded."""

    def want(self, first: int, last: int) -> None:
        """Ask for the messages ``first`` … ``last`` (inclusive); cheap to repeat."""

    def want_these(self, seqs: Sequence[int]) -> None:
        """Ask for single messages, where those between them are hidden; cheap to repeat."""

    def sizes(self) -> Sequence[BlockSize] | None:
        """Sizes by block of ``SIZE_BLOCK`` messages, or None while they are not loaded."""
