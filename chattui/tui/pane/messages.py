"""What the message pane tells the screen."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from chattui.tui.pane.layout import CodeAt


@dataclass
class CopyRequested(Message):
    """Text is to go to the clipboard; ``what`` names it in a word or two, as "message" or "code block 2 of 3"."""

    text: str
    what: str


@dataclass
class SaveWanted(Message):
    """One of these code blocks is to be saved to a file; ``index`` is the one that is most likely meant."""

    codes: list[CodeAt]
    index: int


@dataclass
class AttachmentWanted(Message):
    """What is attached to a message is to be saved, or to be opened (``opens``)."""

    seq: int
    opens: bool = False


@dataclass
class LinkFollowed(Message):
    """A link is to be opened. ``href`` is a web or mail address in printable ASCII; ``what``: which one, "link 2 of 3"."""

    href: str
    what: str = ""


@dataclass
class SubagentPicked(Message):
    """The chat of a subagent or a fork is to be shown, from message ``at`` on."""

    chat_id: int
    at: int = 1


@dataclass
class BookmarkWanted(Message):
    """A message is to be bookmarked, or its bookmark taken away."""

    seq: int


@dataclass
class NoteWanted(Message):
    """A note is to be written on a message."""

    seq: int


@dataclass
class SelectionMoved(Message):
    """Messages ``first`` … ``last`` are selected by keyboard, as a ``whole`` or some lines of them; 0 when it was left."""

    first: int
    last: int
    whole: bool = False


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
