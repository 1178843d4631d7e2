"""What is said of a chat beside its title."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len, set_cell_size

from chattui.domain.chat import Chat
from chattui.domain.levels import Level
from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS

_NOTE = 40
"""Columns of the chat's note that are shown."""


def facts_of(chat: Chat, level: Level, line: Callable[[str], str], width: int) -> str:
    """Where a chat comes from, what tells most first, in at most ``width`` columns. ``line``: a text as it may be shown."""
    project = chat.project.rstrip("/").rpartition("/")[2] if chat.project else ""
    kind = "subagent" if chat.parent_id is not None else "fork" if chat.forked_from is not None else ""
    shown = f"{level.label} {level:d}/{len(Level)} · " if level < Level.EVERYTHING else ""
    count = f"{shown}{chat.message_count:,}"
    tags = line(" ".join(f"#{tag}" for tag in chat.tags))
    note = line(chat.description or "")
    if note:
        note = HABITS.icon("✎ ") + (note if cell_len(note) <= _NOTE else set_cell_size(note, _NOTE - 1).rstrip() + "…")
    facts = [
        visible_line(fact) for fact in (tags, note, kind, chat.source, project, chat.git_branch or "", count) if fact
    ]
    while facts and cell_len(" · ".join(facts)) > width:
        facts.pop(-2 if len(facts) > 1 else -1)  # branch, project, source, note, tags; the count goes last
    return " · ".join(facts)
