"""The state of a chat at a moment, to be looked at, compared and gone back to: what is kept beside its messages.

That is what a person has set of it, its to-do list, what its last tool calls gave, a reply that was being written, the draft
of the next message, and where the reader was. Messages are no part of it: they are never changed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final, TypeVar

from chattui.domain.details import issue_of
from chattui.domain.errors import ChattuiError
from chattui.domain.turns import TURN

NAME_CHARS: Final = 120
CALLS: Final = 20
"""The newest tool calls whose results are kept."""

RESULT_CHARS: Final = 2_000
TEXT_CHARS: Final = 200_000
"""Characters that are kept of a draft, of a reply that is being written, and of a to-do list."""

MARKS: Final = {"completed": "[x]", "running": "[>]", "pending": "[ ]"}


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do; ``status`` is pending, running or completed."""

    text: str
    status: str = "pending"

    @property
    def line(self) -> str:
        """On one line, with a mark."""
        return f"{MARKS.get(self.status, '[ ]')} {' '.join(self.text.split())}"


@dataclass(frozen=True, slots=True)
class CallState:
    """A tool call and the beginning of what it gave."""

    call_id: str
    name: str = ""
    target: str = ""
    status: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class Streaming:
    """A reply that was being written, as ``domain.replies.Reply`` has it; of an agent's turn ``content`` is packed."""

    key: str
    parent_seq: int = 0
    again: bool = False
    model: str = ""
    thinking: str = ""
    content: str = ""

    @property
    def text(self) -> str:
        """What had come, for reading."""
        if not self.key.startswith(TURN):
            return "\n".join(filter(None, (self.thinking, self.content)))
        parts = json.loads(self.content).get("parts", []) if self.content else []
        return "\n".join(filter(None, (str(part.get("content") or part.get("name") or "") for part in parts)))


@dataclass(frozen=True, slots=True)
class Desk:
    """What only the program knows in which the chat is open: the draft of the next message, the files that go with it, and
    what is seen. ``opened`` are messages that were folded or opened by hand, by seq."""

    draft: str = ""
    files: tuple[str, ...] = ()
    seq: int = 0
    line: int = 0
    at_end: bool = True
    level: int = 0
    opened: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatState:
    """All that a snapshot keeps. ``messages`` is how many there were."""

    messages: int = 0
    title: str = ""
    title_is_own: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()
    pinned: bool = False
    project: str | None = None
    repository: str | None = None
    git_branch: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    todo: tuple[Todo, ...] = ()
    calls: tuple[CallState, ...] = ()
    streaming: Streaming | None = None
    desk: Desk = field(default_factory=Desk)

    def as_json(self) -> dict[str, Any]:
        """As ``from_json`` takes it."""
        return asdict(self)

    @staticmethod
    def from_json(kept: dict[str, Any]) -> ChatState:
        """What ``as_json`` gave, also of a later version that keeps more."""
        streaming = kept.get("streaming")
        changed: dict[str, Any] = {
            "tags": tuple(kept.get("tags") or ()),
            "todo": tuple(_made(Todo, one) for one in kept.get("todo") or ()),
            "calls": tuple(_made(CallState, one) for one in kept.get("calls") or ()),
            "streaming": _made(Streaming, streaming) if streaming else None,
            "desk": _made(
                Desk, {**(kept.get("desk") or {}), "files": tuple((kept.get("desk") or {}).get("files") or ())}
            ),
        }
        return _made(ChatState, {**kept, **changed})

    def is_like(self, other: ChatState) -> bool:
        """Whether nothing has changed but what is seen."""
        return _without_view(self) == _without_view(other)


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One line of a list of snapshots. ``name`` is empty for one that was taken by itself."""

    id: int
    chat_id: int
    name: str
    taken_at: datetime
    messages: int
    todo: int
    done: int
    has_draft: bool
    has_reply: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot with what it keeps."""

    id: int
    chat_id: int
    name: str
    taken_at: datetime
    state: ChatState


Section = tuple[str, tuple[str, ...]]
"""What something is called, and how it is, by lines."""


def described(state: ChatState) -> list[Section]:
    """Everything that a snapshot keeps, for reading; what is empty is left out."""
    issue, desk, settings = issue_of(state.settings), state.desk, state.settings
    streaming = state.streaming
    shown = [
        ("title", state.title),
        ("messages", f"{state.messages:,}"),
        ("project", state.project or ""),
        ("repository", state.repository or ""),
        ("branch", state.git_branch or ""),
        ("issue", issue.line if issue is not None else ""),
        ("tags", " ".join(f"#{tag}" for tag in state.tags)),
        ("pinned", "yes" if state.pinned else ""),
        ("quiet", "yes" if settings.get("quiet") is True else ""),
        ("model", str(settings.get("model") or "")),
        ("system prompt", str(settings.get("system") or "")),
        ("options", json.dumps(settings["options"], ensure_ascii=False) if settings.get("options") else ""),
        ("note", state.note),
        ("to do", "\n".join(one.line for one in state.todo)),
        ("draft", desk.draft),
        ("files with it", "\n".join(desk.files)),
        ("being written", streaming.text if streaming else ""),
        ("place", "" if desk.at_end or not desk.seq else f"message {desk.seq:,}"),
        ("last tool calls", "\n".join(_call_lines(state.calls))),
    ]
    return [(label, tuple(text.splitlines())) for label, text in shown if text]


def compared(before: ChatState, after: ChatState) -> list[Section]:
    """What differs, by the same names: lines that are gone begin with ``-``, new ones with ``+``, those around with a space."""
    old, new = dict(described(before)), dict(described(after))
    labels = [label for label, _ in described(after)]
    labels += [label for label, _ in described(before) if label not in new]
    changed = ((label, old.get(label, ()), new.get(label, ())) for label in labels)
    return [(label, tuple(_difference(a, b))) for label, a, b in changed if a != b]


def clean_name(name: str) -> str:
    """The name of a snapshot, on one line. Raises ``ChattuiError`` for none, a number, and one that is too long."""
    clean = " ".join(name.split())
    if not clean:
        raise ChattuiError("A snapshot that is to be kept needs a name.")
    if clean.isdecimal():
        raise ChattuiError(f"{clean} would be taken for the number of a snapshot. Give a name that is no number.")
    if len(clean) > NAME_CHARS:
        raise ChattuiError(f"A name has at most {NAME_CHARS} characters, and this has {len(clean):,}. Shorten it.")
    return clean


def plan_text(todo: Sequence[Todo]) -> str:
    """A to-do list as the plans of agents are written into a chat."""
    done = sum(one.status == "completed" for one in todo)
    return "\n".join([f"Plan: {done} of {len(todo)} done", *(one.line for one in todo)])


def todo_of_plan(text: str) -> tuple[Todo, ...]:
    """What ``plan_text`` made a text of; empty for any other text."""
    head, *lines = text.splitlines() or [""]
    if not head.startswith("Plan: "):
        return ()
    names = {mark: status for status, mark in MARKS.items()}
    return tuple(Todo(line[4:], names[line[:3]]) for line in lines if line[:3] in names)


def todo_of_call(arguments: str) -> tuple[Todo, ...]:
    """The to-do list that a tool call was given, as Claude Code (``todos``), Codex (``plan``) and others write it."""
    try:
        given = json.loads(arguments, strict=False)  # arguments are kept with real line breaks
    except (ValueError, RecursionError):
        return ()
    if isinstance(given, dict):
        given = next((given[name] for name in ("todos", "plan", "todoList", "items") if name in given), None)
    if not isinstance(given, list):
        return ()
    found = []
    for one in given:
        if isinstance(one, dict):
            text = next((one[name] for name in ("content", "step", "title", "text") if one.get(name)), "")
            status = str(one.get("status") or "pending").replace("-", "_")
            found.append(Todo(str(text), {"in_progress": "running", "done": "completed"}.get(status, status)))
    return tuple(todo for todo in found if todo.text)


TODO_TOOLS: Final = ("todowrite", "todo_write", "write_todos", "update_plan", "manage_todo_list", "todo")
"""Tools whose arguments are the whole to-do list, in small letters."""

_T = TypeVar("_T")


def _made(kind: type[_T], kept: dict[str, Any]) -> _T:
    """A value of what was kept of it; what this version does not know is passed over."""
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in kept.items() if name in known})


def _without_view(state: ChatState) -> tuple[object, ...]:
    desk = state.desk
    rest = asdict(state)
    return desk.draft, desk.files, {name: value for name, value in rest.items() if name != "desk"}


def _call_lines(calls: Sequence[CallState]) -> list[str]:
    lines = []
    for call in calls:
        lines.append(" ".join(filter(None, (call.status, call.name, call.target))))
        lines += [f"  {line}" for line in call.result.splitlines()]
    return lines


def _difference(before: Sequence[str], after: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += (
                [f"  {line}" for line in before[a:b]] if b - a <= 2 else [f"  {before[a]}", "  …", f"  {before[b - 1]}"]
            )
        else:
            lines += [f"- {line}" for line in before[a:b]] + [f"+ {line}" for line in after[c:d]]
    return lines
