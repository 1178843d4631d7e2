"""What the message pane tells the screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message


@dataclass
class CopyRequested(Message):
    """Text is to go to the clipboard; ``what`` names it in a word or two, as "message" or "code block 2 of 3"."""

    text: str
    what: str


@dataclass
class LinkFollowed(Message):
    """A link was clicked. ``href`` is a web or mail address in printable ASCII."""

    href: str


@dataclass
class SubagentPicked(Message):
    """The chat of a subagent is to be shown."""

    chat_id: int


@dataclass
class BookmarkWanted(Message):
    """A message is to be bookmarked, or its bookmark taken away."""

    seq: int


@dataclass
class NoteWanted(Message):
    """A note is to be written on a message."""

    seq: int


@dataclass
class MatchStepped(Message):
    """The reader is at a match in the ``index``-th (from 1) of ``total`` matching messages."""

    index: int
    total: int


@dataclass
class PlaceWanted(Message):
    """The next "prompt" or "error" after message ``seq`` is to be found, before it for a negative ``step``."""

    what: str
    seq: int
    step: int


@dataclass
class LevelChanged(Message):
    """Another level of detail is shown; ``raised`` because a message that was gone to was hidden."""

    raised: bool


@dataclass
class BranchShown(Message):
    """Another branch is shown: which one of how many."""

    number: int
    of: int


@dataclass
class KindsWanted(Message):
    """What is shown must be known of every message; first of those around message ``seq``."""

    seq: int


@dataclass
class GoToWanted(Message):
    """The reader wants to name a place."""


@dataclass
class OutlineWanted(Message):
    """The reader, who is at message ``seq``, wants to choose among the prompts; ``tree``: by branch."""

    seq: int
    tree: bool = False
