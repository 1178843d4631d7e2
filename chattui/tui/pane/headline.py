"""The first line of a message: who speaks, or, folded, all that there is to know in one quiet line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from chattui.domain.chat import Fork, Message, Subagent, ToolUse
from chattui.domain.kinds import Kind, Role, ToolStatus
from chattui.domain.marks import Mark
from chattui.domain.replies import cut_short
from chattui.domain.visible import visible_line
from chattui.tui.habits import HABITS
from chattui.tui.pane.lines import Line, Run, line_of
from chattui.tui.pane.palette import Palette
from chattui.tui.pane.wrap import cells, clip

ROLE_NAMES = {Role.USER: "You", Role.ASSISTANT: "Assistant", Role.TOOL: "Tool", Role.SYSTEM: "System"}
KIND_NAMES = {
    Kind.THINKING: "Thinking",
    Kind.TOOL_CALL: "Tool",
    Kind.TOOL_RESULT: "Result",
    Kind.SUMMARY: "Summary",
    Kind.EVENT: "Event",
    Kind.ATTACHMENT: "Attachment",
}
CLOSED, OPEN = "▸ ", "▾ "
_NAME_WIDTH = 9
_ROOMY = 60
"""Columns from which a header has room for the exact time and for tokens."""

_OPENING = re.compile(r"^(?:#{1,6} |> ?|[-*+] |[-=]{3,})+")
_PLAN = re.compile(r"Plan: (?P<done>\d+ of \d+ done)$(?:(?s:.*?)^\[>\] (?P<step>[^\n]*))?", re.MULTILINE)
"""What an agent intends, as replies/acp tells it: with the first step that is under way."""

_BOUNDARY = re.compile(r"(?:Conversation|Context) compacted\b")
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_PEEK = 600
"""Characters of a message in which its first line is looked for."""


def name_of(message: Message) -> str:
    """Who or what the message is, in a word."""
    if message.kind is Kind.TOOL_CALL and message.tool and message.tool.name:
        return visible_line(message.tool.name)
    if message.kind is Kind.TEXT:
        return ROLE_NAMES[message.role]
    if message.kind is Kind.EVENT and _PLAN.match(message.content):
        return "Plan"
    return KIND_NAMES[message.kind]


def header(
    message: Message,
    now: datetime,
    width: int,
    palette: Palette,
    *,
    mark: Mark | None = None,
    branch: tuple[int, int] | None = None,
) -> Line:
    """Role, model and time of an open message, a star when it is bookmarked, and which of several branches it begins."""
    name = KIND_NAMES[Kind.ATTACHMENT] if message.kind is Kind.ATTACHMENT else ROLE_NAMES[message.role]
    then = ago(message.created_at, now)
    parts = [visible_line(message.model or ""), visible_line(message.thread or ""), then]
    if width >= _ROOMY:
        if then.endswith(("ago", "now")):
            parts.append(f"{message.created_at.astimezone(now.tzinfo):%H:%M}")
        parts.append(tokens(message))
    star = [*branch_of(branch, palette), *bookmark_of(mark, palette)]
    room = width - cells(name) - 2 - sum(cells(text) for text, _ in star)
    about = clip(" · ".join(filter(None, parts)), max(0, room))
    runs: list[Run] = [(clip(name, width), palette.names[message.role])]
    if about:
        runs += [("  ", palette.muted), (about, palette.muted)]
    runs += star
    if why := cut_short(message):
        runs += [(HABITS.icon(f"  ✗ {why}"), palette.failed)]
    elif message.error:
        runs += [(HABITS.icon("  ✗ error"), palette.failed)]
    elif (message.metadata or {}).get("unsent"):
        runs += [("  ⧖ not sent yet (no database)", palette.notice)]
    return line_of(runs)


def branch_of(branch: tuple[int, int] | None, palette: Palette) -> list[Run]:
    """Where the chat parts: which branch is shown, of how many."""
    return [(f"  ‹{branch[0]} of {branch[1]}›", palette.notice)] if branch is not None else []


def bookmark_of(mark: Mark | None, palette: Palette) -> list[Run]:
    """The star of a bookmarked message."""
    return [(HABITS.icon("  ★"), palette.notice)] if mark is not None and mark.bookmarked else []


def noted(mark: Mark, width: int, palette: Palette) -> Line:
    """The note on a message, in one line below the headline."""
    shown = clip(f"{HABITS.icon('✎')} {visible_line(mark.note)}", width)
    return line_of([(shown, palette.notice)], lead=len(shown))


def parted(forks: Sequence[Fork], width: int, palette: Palette) -> Line:
    """The chats that go on from here, in one line below the headline."""
    others = f" and {len(forks) - 1} more" if len(forks) > 1 else ""
    shown = clip(f"{HABITS.icon('⑂')} goes on in “{visible_line(forks[0].title)}”{others} (>)", width)
    return line_of([(shown, palette.notice)], lead=len(shown))


def folded(
    message: Message,
    width: int,
    palette: Palette,
    *,
    opened: bool,
    mark: Mark | None = None,
    agent: Subagent | None = None,
    branch: tuple[int, int] | None = None,
) -> Line:
    """A message in one line; the same line heads it when it is open. ``agent`` is the chat that the call has started."""
    if message.kind is Kind.EVENT and _BOUNDARY.match(message.content):
        return _boundary(message, width, palette)
    arrow = HABITS.icon(OPEN if opened else CLOSED)
    name = clip(name_of(message), max(4, width // 2))
    name += " " * min(_NAME_WIDTH - cells(name), width // 4)
    detail = _detail(message)
    ending = [*_ending(message, palette), *branch_of(branch, palette), *bookmark_of(mark, palette)]
    if agent is not None and message.kind is Kind.TOOL_CALL:
        ending.append((f"  {HABITS.icon('⤷')} {agent.message_count:,} messages (>)", palette.notice))
    room = width - cells(arrow) - cells(name) - 2 - sum(cells(text) for text, _ in ending)
    runs: list[Run] = [(arrow, palette.faint), (name, palette.tool)]
    if room > 4 and detail:
        runs += [("  ", palette.muted), (clip(detail, room), palette.muted)]
    if room >= 0:
        runs += ending
    return line_of(runs, lead=len(arrow))


def _boundary(message: Message, width: int, palette: Palette) -> Line:
    """Where the agent went on with a summary of what is above."""
    words = f"── {clip(first_line(message.content), max(4, width - 6))} "
    return line_of([(words, palette.notice), ("─" * max(0, width - cells(words)), palette.faint)], lead=3)


def first_line(text: str) -> str:
    """The first line of a text that says something, without the marks of headings, lists and emphasis."""
    for line in text[:_PEEK].split("\n"):
        plain = _OPENING.sub("", visible_line(line)).replace("**", "").strip("` ")
        if plain:
            return plain
    return ""


def _detail(message: Message) -> str:
    if message.kind is Kind.TOOL_CALL and message.tool and message.tool.target:
        return visible_line(message.tool.target[:_PEEK])
    if message.kind in {Kind.TOOL_CALL, Kind.TOOL_RESULT}:
        start = _SGR.sub("", message.content[:_PEEK]).lstrip()
        line = visible_line(start.partition("\n")[0])
        return visible_line(start) if line in ("{", "[", "[{") else line  # a bracket alone tells nothing
    if message.kind is Kind.EVENT and (plan := _PLAN.match(message.content)):
        return visible_line(f"{plan['done']}: {plan['step']}" if plan["step"] else plan["done"])
    return first_line(message.content)


def _ending(message: Message, palette: Palette) -> list[Run]:
    runs: list[Run] = []
    tool = message.tool
    if message.kind is Kind.TOOL_RESULT:
        count = message.content.count("\n") + (not message.content.endswith("\n")) if message.content else 0
        if message.error:
            runs.append((HABITS.icon("  ✗ failed"), palette.failed))
        if count != 1:
            runs.append((f"  {count:,} lines", palette.faint))
    elif message.kind is Kind.TOOL_CALL and tool:
        runs += _status(tool, palette)
    elif message.error:
        runs.append((HABITS.icon("  ✗ error"), palette.failed))
    return runs


def _status(tool: ToolUse, palette: Palette) -> list[Run]:
    time = f" {duration(tool.duration_ms)}" if tool.duration_ms is not None else ""
    match tool.status:
        case ToolStatus.COMPLETED:
            return [(HABITS.icon("  ✓"), palette.done), (time, palette.faint)]
        case ToolStatus.FAILED:
            return [(HABITS.icon("  ✗ failed"), palette.failed), (time, palette.faint)]
        case ToolStatus.CANCELLED:
            return [(HABITS.icon("  ⊘ cancelled"), palette.muted), (time, palette.faint)]
        case ToolStatus.RUNNING:
            return [("  … running", palette.notice)]
        case ToolStatus.PENDING:
            return [("  … waiting", palette.muted)]


def tokens(message: Message) -> str:
    """What a reply took and gave, where that is known: ``12.3k in, 420 out``."""
    taken, given = message.tokens_in or 0, message.tokens_out or 0
    return f"{_short(taken)} in, {_short(given)} out" if taken or given else ""


def _short(count: int) -> str:
    if count < 1_000:
        return str(count)
    return f"{count / 1_000:.1f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def duration(milliseconds: int) -> str:
    """How long something took: 0.4s, 12s, 2m 05s."""
    seconds = milliseconds / 1000
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    if seconds < 59.5:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02}m"


def ago(then: datetime, now: datetime) -> str:
    """When something was said, as seen from ``now`` and in its time zone."""
    then = then.astimezone(now.tzinfo)
    passed = now - then
    if passed < timedelta(seconds=60):
        return "just now" if passed > timedelta(minutes=-5) else f"{HABITS.full_day(then)} {then:%H:%M}"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60}m ago"
    days = (now.date() - then.date()).days
    if days == 0:
        return f"{passed.seconds // 3600}h ago"
    if days == 1:
        return f"yesterday {then:%H:%M}"
    if days < 7:
        return f"{then:%a %H:%M}"
    return f"{HABITS.day(then)} {then:%H:%M}" if then.year == now.year else HABITS.full_day(then)
