"""What published histories are read as, held against counts that were made independently: ``python -m tests.sources.truth_table``
writes docs/truth.md. No text of a sample goes into it, only counts, times, and where the record stands that tells why.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, NewMessage
from chattui.sources.content import moment
from chattui.sources.protocol import with_containers
from chattui.sources.registry import source

SAMPLES = Path(os.environ.get("CHATTUI_SAMPLES") or Path(__file__).resolve().parents[3] / "shared" / "samples")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "truth.md"
NAMES = {"chatgpt-export": "chatgpt", "claude-ai-export": "claude-ai", "open-webui-export": "open-webui"}
COLUMNS = ("sessions", "user", "assistant", "tool_calls", "bad_lines", "session_id", "title", "first", "last")
LABELS = ("chats", "prompts", "answers", "calls", "bad lines", "id", "title", "first time", "last time")
PROMPT = "(first prompt)"
SAME_TIME = timedelta(milliseconds=1)
"""The counts were written in whole milliseconds."""


@dataclass
class Read:
    """One chat of a sample."""

    chat: ChatInfo
    messages: list[NewMessage] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """A value that is not that of the table. ``why`` names the record; "" when nothing tells why."""

    path: str
    column: str
    counted: str
    read: str
    why: str


@dataclass
class Sample:
    """A row of the table, and what we read."""

    row: dict[str, str]
    chats: dict[str, Read]
    problems: int
    fault: str

    @property
    def name(self) -> str:
        """The path, and the chat where the row is of one of many."""
        many = self.row["format"] == "opencode" and self.row["path"].endswith(".db")
        return f"{self.row['path']} {self.row['session_id']}" if many else self.row["path"]


def rows() -> list[dict[str, str]]:
    """The table; none where the samples are not here."""
    table = SAMPLES / "TRUTH.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(row: dict[str, str]) -> Sample:
    """The chats of a row's sample."""
    known, path = source(NAMES.get(row["format"], row["format"])), SAMPLES / row["path"]
    container = with_containers(known)
    chats: dict[str, Read] = {}
    problems, fault = 0, ""
    try:
        for chunk in container.read_chats(path, {}) if container and container.is_container(path) else known.read(path):
            one = chats.setdefault(chunk.chat.source_id, Read(chunk.chat))
            one.chat = chunk.chat
            one.messages += chunk.messages
            problems += len(chunk.problems)
    except SourceError as error:
        fault = str(error).replace(str(path), "it")
    if row["format"] == "opencode" and path.suffix == ".db":
        chats = {row["session_id"]: chats[row["session_id"]]}
    return Sample(row, chats, problems, fault)


def told(sample: Sample) -> list[NewMessage]:
    """The messages that the counts are of: of exports those that the last one answers, of other chats the main thread."""
    found: list[NewMessage] = []
    for one in sample.chats.values():
        if sample.row["format"] in NAMES:
            by_id = {m.source_id: m for m in one.messages}
            at = one.messages[-1] if one.messages else None
            while at is not None:
                found.append(at)
                at = by_id.get(at.parent_id) if at.parent_id is not None else None
        else:
            found += [m for m in one.messages if m.thread is None]
    return found


def _record_of(message: NewMessage) -> str:
    return message.source_id.partition(":")[0]


def _flag(message: NewMessage, name: str) -> bool:
    return bool((message.metadata or {}).get(name))


def counts(sample: Sample) -> tuple[int, int, int]:
    """Prompts by record, answers by reply, calls. What was typed while the agent worked, and plans, were not counted."""
    is_database = not sample.row["format"].endswith("-export") and any(
        sample.row["path"].endswith(end) for end in (".db", ".sqlite", ".vscdb")
    )
    asked, answered, calls = set(), set(), 0
    for name, one in sample.chats.items():
        part = Sample(sample.row, {name: one}, 0, "")
        for m in told(part):
            if m.role == "user" and not _flag(m, "queued"):
                if m.kind == "text" or (m.kind == "attachment" and not is_database):
                    asked.add((name, _record_of(m) if not is_database else m.source_id))
            elif m.role == "assistant" and m.kind == "text" and not _flag(m, "plan"):
                answered.add((name, m.reply_id or (_record_of(m) if not is_database else m.source_id)))
            calls += m.kind == "tool_call"
    if sample.row["format"] in NAMES:
        answered = {
            (name, _record_of(m))
            for name, one in sample.chats.items()
            for m in told(Sample(sample.row, {name: one}, 0, ""))
            if m.role == "assistant" and m.kind == "text"
        }
    return len(asked), len(answered), calls


def differences(sample: Sample) -> Iterator[Difference]:
    """Every column that is not as it was counted."""
    row, name = sample.row, sample.name
    asked, answered, calls = counts(sample)
    main = [one for one in sample.chats.values() if not one.chat.parent_source_id]
    ours: dict[str, Any] = {
        "sessions": len(main) if row["format"] in ("claude-code", "opencode") else len(sample.chats),
        "user": asked,
        "assistant": answered,
        "tool_calls": calls,
        "bad_lines": sample.problems,
    }
    for column, value in ours.items():
        if row[column] and int(row[column]) != value:
            yield _explained(sample, name, column, row[column], str(value))
    if row["session_id"] and row["session_id"] not in sample.chats:
        yield _explained(sample, name, "session_id", row["session_id"], ", ".join(sample.chats)[:80] or "none")
    if row["title"] and not _same_title(sample):
        yield _explained(sample, name, "title", "another title", "ours")
    begun = {m.created_at for one in sample.chats.values() for m in one.messages if m.created_at and m.role != "system"}
    ended = {m.created_at for one in sample.chats.values() for m in one.messages if m.created_at}
    times = {*begun, *(one.chat.created_at for one in sample.chats.values() if one.chat.created_at)}
    for column, ours_at in (
        ("first", sorted(times)[:1] + sorted(begun)[:1]),
        ("last", sorted(begun)[-1:] + sorted(ended)[-1:]),
    ):
        counted = moment(row[f"{column}_ts"].removesuffix(" (local)"))
        if counted is None and row[f"{column}_ts"]:
            yield _explained(sample, name, column, "no time", _stamp(ours_at))
        elif counted and not any(abs(at - counted) <= SAME_TIME for at in ours_at):
            yield _explained(sample, name, column, row[f"{column}_ts"], _stamp(ours_at))


def _stamp(times: list[datetime]) -> str:
    return times[-1].isoformat(timespec="milliseconds").replace("+00:00", "Z") if times else "none"


def _same_title(sample: Sample) -> bool:
    expected = " ".join(sample.row["title"].split())
    if expected == "Untitled Session":  # which is to say that it has none
        expected = PROMPT
    titles = [" ".join(one.chat.title.split()).rstrip("…") for one in sample.chats.values()]
    if not expected.startswith(PROMPT):
        return any(title[:100] == expected[:100] for title in titles)
    first = expected.removeprefix(PROMPT).removeprefix(" <user_query>").removesuffix("</user_query>").strip()
    return not first or any(title and (first.startswith(title[:100]) or title.startswith(first)) for title in titles)


COUNTED_OTHERWISE = {
    (
        "copilot-cli/agent-sessions/large.jsonl",
        "tool_calls",
    ): "line 6: tool.execution_start of a call that no message asked for",
    (
        "copilot-cli/agent-sessions/small.jsonl",
        "assistant",
    ): "a record with parentToolCallId: the answer is a subagent's",
    (
        "copilot-cli/agent-sessions/small.jsonl",
        "tool_calls",
    ): "a record with parentToolCallId: the call is a subagent's",
    ("gemini-cli/agent-sessions/large.json", "assistant"): "two records of the type “model”, which were not counted",
    (
        "cursor/agent-sessions/Cursor/test-session.jsonl",
        "assistant",
    ): "one record is only [REDACTED], in place of a thought",
    (
        "cursor/agent-sessions/cursor/schema_drift.jsonl",
        "tool_calls",
    ): "a block of the type tool_call, which was not counted",
    (
        "opencode/nimbus/series-336ebe11/2/export.json",
        "assistant",
    ): "three records have the id REDACTED, which its publisher wrote: they are taken for one",
}
"""Counts that were made otherwise, and the record that tells why."""


def _explained(sample: Sample, name: str, column: str, counted: str, ours: str) -> Difference:
    why = COUNTED_OTHERWISE.get((sample.row["path"], column), "")
    if not why:
        for rule in RULES:
            if why := rule(sample, column):
                break
    return Difference(name, column, counted, ours, why)


def _line_of_time(sample: Sample, column: str) -> str:
    """The record that has the counted time: where it stands, and that nothing of it is a message."""
    stamp = sample.row.get(f"{column}_ts", "")
    path = SAMPLES / sample.row["path"]
    if not stamp or path.suffix not in (".jsonl", ".json"):
        return ""
    messages = {m.created_at for one in sample.chats.values() for m in one.messages}
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if path.suffix == ".jsonl" and stamp.encode() in line:
            with suppress(ValueError):
                record = json.loads(line)
                if moment(stamp) in messages and moment(stamp) is not None:
                    continue
                return f"line {number}: {_kind(record)}, which is no message"
    return ""


def _kind(record: dict[str, Any]) -> str:
    """What a record is, in its format's words."""
    payload = record.get("payload") if isinstance(record.get("payload"), dict) else {}
    words = [record.get("type"), record.get("subtype"), payload.get("type") if payload else None]
    found = "/".join(word for word in words if isinstance(word, str))
    if not found and (fields := sorted(record)):
        return f"a record of {', '.join(fields[:4])}"
    return f"a record of the type {found}" if found else "a record without a type"


def _nothing_said(sample: Sample, column: str) -> str:
    said = any(one.messages for one in sample.chats.values())
    return "no record is a message" if column == "last" and not said else ""


def _no_time(sample: Sample, column: str) -> str:
    counted = sample.row.get(f"{column}_ts", "")
    return "its publisher put words in the place of the time" if counted.startswith("[") else ""


def _subagent(sample: Sample, column: str) -> str:
    is_one = any(one.chat.parent_source_id for one in sample.chats.values())
    return "a subagent's chat: ours is the parent's id and the agent's" if column == "session_id" and is_one else ""


def _no_session(sample: Sample, column: str) -> str:
    return f"no chat: {sample.fault.rstrip('.')}" if column == "sessions" and sample.fault else ""


def _no_objects(sample: Sample, column: str) -> str:
    if column != "bad_lines":
        return ""
    bad = []
    for number, line in enumerate((SAMPLES / sample.row["path"]).read_bytes().split(b"\n"), 1):
        with suppress(ValueError):
            if line.strip() and not isinstance(json.loads(line), dict):
                bad.append(str(number))
    return f"lines {', '.join(bad)}: JSON, but no objects" if len(bad) == sample.problems else ""


def _opencode(sample: Sample, column: str) -> str:
    if sample.row["format"] != "opencode" or column not in ("first", "last"):
        return ""
    [one] = sample.chats.values()
    timed = [m for m in one.messages if m.created_at]
    if column == "first":
        first = min(timed, key=lambda m: m.created_at or datetime.max)
        return f"message {_record_of(first)} is older than its chat: it was copied with those before a fork"
    counted, last = moment(sample.row["last_ts"]), max(timed, key=lambda m: m.created_at or datetime.min)
    assert counted is not None
    assert last.created_at is not None
    if last.created_at > counted:
        return f"message {_record_of(last)} has a part that is newer than its own times"
    return f"message {_record_of(last)}: the counted time is when it was completed, ours when its last part began"


RULES: list[Callable[[Sample, str], str]] = [
    _no_time,
    _nothing_said,
    _subagent,
    _no_session,
    _no_objects,
    _line_of_time,
    _opencode,
]
"""Asked in this order why a value is another one; the first that can tell counts."""


def table() -> tuple[list[Sample], list[Difference]]:
    """All samples, and all that is not as it was counted."""
    samples = [read(row) for row in rows()]
    return samples, [one for sample in samples for one in differences(sample)]


def page(samples: list[Sample], found: list[Difference]) -> str:
    """All of docs/truth.md."""
    wrong = {(one.path, one.column) for one in found}
    lines = [
        "# What is read, held against what is there",
        "",
        "Published chats of the tools were counted by a program that has nothing of this one. Every sample is read by its",
        "source and held against that: `python -m tests.sources.truth_table` writes this page, and a test fails when a value",
        "changes. Prompts and answers are those with text that can be seen, on the main thread; of exports those of the branch",
        "that was left last.",
        "",
        "## How many are equal",
        "",
        "| source | samples | " + " | ".join(LABELS) + " |",
        "| --- |" + " ---: |" * (len(LABELS) + 1),
    ]
    for name in dict.fromkeys(sample.row["format"] for sample in samples):
        of = [sample for sample in samples if sample.row["format"] == name]
        cells = []
        for column in COLUMNS:
            has = [one for one in of if one.row[column if column not in ("first", "last") else f"{column}_ts"]]
            equal = sum((one.name, column) not in wrong for one in has)
            cells.append(f"{equal} of {len(has)}" if has else "–")
        lines.append(f"| {name} | {len(of)} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "–: the counts have no such value for this source.",
        "",
        "## What is different, and the record that tells why",
        "",
        "| sample | value | counted | read | why |",
        "| --- | --- | --- | --- | --- |",
    ]
    labels = dict(zip(COLUMNS, LABELS, strict=True))
    lines += [
        f"| `{one.path}` | {labels[one.column]} | {one.counted} | {one.read} | {one.why or 'NOT EXPLAINED'} |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if not rows():
        raise SystemExit(f"The samples are not in {SAMPLES}: name their folder in CHATTUI_SAMPLES.")
    PAGE.write_text(page(*table()), "utf-8")
