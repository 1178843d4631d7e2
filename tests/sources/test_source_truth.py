"""Published sessions are read with the counts that were made independently of this program."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from histories import read

from chattui.domain.history import NewMessage
from chattui.sources.content import moment
from chattui.sources.registry import source

SAMPLES = Path(os.environ.get("CHATTUI_SAMPLES") or Path(__file__).resolve().parents[3] / "shared" / "samples")
READ = ("claude-code", "codex", "gemini-cli", "copilot-cli", "pi", "cursor", "continue")
NO_SESSION = ("cursor/agent-sessions/Cursor/test-store.db", "gemini-cli/agent-sessions/schema_drift.json")
PROMPT = "(first prompt) "


def rows() -> list[dict[str, str]]:
    table = SAMPLES / "TRUTH.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in found if row["format"] in READ and row["path"] not in NO_SESSION]


EXPLAINED = {
    # a call that began (tool.execution_start) and that no message asked for
    "copilot-cli/agent-sessions/large.jsonl": (3, 3, 2),
    # one answer and one call belong to a subagent (parentToolCallId), and so to a thread beside the main one
    "copilot-cli/agent-sessions/small.jsonl": (2, 4, 1),
    # two answers of the type "model", which the counting did not know
    "gemini-cli/agent-sessions/large.json": (2, 2, 2),
    # one "answer" is only [REDACTED], which Cursor writes in place of thoughts
    "cursor/agent-sessions/Cursor/test-session.jsonl": (2, 3, 2),
    # a call in a block of the type tool_call, which the counting did not know
    "cursor/agent-sessions/cursor/schema_drift.jsonl": (1, 1, 1),
}
"""Prompts, answers and calls where the counts were made otherwise, and the record that tells why."""

ROWS = rows()
needs_samples = pytest.mark.skipif(not ROWS, reason="the samples are not here")
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["path"])


def main_thread(row: dict[str, str]) -> list[NewMessage]:
    messages, _chunk = read(source(row["format"]), SAMPLES / row["path"])
    return [message for message in messages if message.thread is None]


def record_of(message: NewMessage) -> str:
    return message.source_id.partition(":")[0]


def flag(message: NewMessage, name: str) -> bool:
    return bool((message.metadata or {}).get(name))


@needs_samples
@each
def test_counts(row: dict[str, str]) -> None:
    """Prompts by record and answers by reply.

    The counts leave out what was typed while the agent worked (it stands in records of other types, or beside a tool
    result) and plans (an item of their own).
    """
    messages = main_thread(row)
    asked = {
        record_of(m)
        for m in messages
        if m.role == "user" and m.kind in ("text", "attachment") and not flag(m, "queued")
    }
    answered = {
        m.reply_id or record_of(m)
        for m in messages
        if m.role == "assistant" and m.kind == "text" and not flag(m, "plan")
    }
    calls = [m for m in messages if m.kind == "tool_call"]
    counted = (int(row["user"]), int(row["assistant"]), int(row["tool_calls"]))
    assert (len(asked), len(answered), len(calls)) == EXPLAINED.get(row["path"], counted)


@needs_samples
@each
def test_title(row: dict[str, str]) -> None:
    _messages, chunk = read(source(row["format"]), SAMPLES / row["path"])
    title, expected = " ".join(chunk.chat.title.split()).rstrip("…"), " ".join(row["title"].split())
    if expected == "Untitled Session":  # which is to say that it has none
        expected = PROMPT
    if not expected.startswith(PROMPT.strip()):
        assert title[:100] == expected[:100]
        return
    assert chunk.chat.metadata.get("title_from", "prompt") == "prompt"
    first = expected.removeprefix(PROMPT.strip()).removeprefix(" <user_query>").removesuffix("</user_query>").strip()
    if first:  # empty in rows whose prompts stand in records without a type, which the counting did not look into
        assert title
        assert first.startswith(title[:100]) or title.startswith(first)


@needs_samples
@each
def test_identity_and_times(row: dict[str, str]) -> None:
    messages, chunk = read(source(row["format"]), SAMPLES / row["path"])
    chat = chunk.chat
    if "subagent=1" in row["extra"]:
        folder = Path(row["path"]).parts[-3]
        assert (chat.source_id, chat.parent_source_id) == (f"{folder}/{Path(row['path']).stem[6:]}", folder)
    elif row["session_id"]:
        assert chat.source_id == row["session_id"]
        assert not chat.parent_source_id
    first, last = moment(row["first_ts"]), moment(row["last_ts"])
    times = [m.created_at for m in messages if m.created_at]
    if row["session_id"] and first and (messages or row["format"] != "gemini-cli"):  # stubs say nothing
        assert chat.created_at == first
        assert all(first <= time for time in times)
    if last:
        assert all(time <= last for time in times)


@needs_samples
@each
def test_every_message_is_placed(row: dict[str, str]) -> None:
    messages, _chunk = read(source(row["format"]), SAMPLES / row["path"])
    met: set[str] = set()
    for message in messages:
        assert message.source_id not in met
        assert message.parent_id is None or message.parent_id in met
        met.add(message.source_id)


@needs_samples
def test_every_sample_is_recognised_as_what_it_is() -> None:
    from chattui.sources.registry import recognise

    for path in SAMPLES.rglob("*.json*"):
        known = recognise(path)
        if known is not None:
            assert path.relative_to(SAMPLES).parts[0].removesuffix("-export") in (known.name, "other")


@needs_samples
def test_series_of_one_growing_session_read_on_from_each_other() -> None:
    """Later copies of a session begin with the earlier ones: the position in one is a position in the next."""
    claude = source("claude-code")
    series = sorted((SAMPLES / "claude-code/cli/series-cc432c40").rglob("*.jsonl"))
    assert len(series) == 4
    begun: list[NewMessage] = []
    offset, line, state = 0, 0, None
    for path in series:
        for chunk in claude.read(path, offset=offset, line=line, state=state):
            begun += chunk.messages
            offset, line, state = chunk.offset, chunk.line, chunk.state
    assert begun == read(claude, series[-1])[0]


@needs_samples
def test_tokens_of_a_rollout_add_up_to_its_total() -> None:
    codex = source("codex")
    path = next((SAMPLES / "codex/lab-0.169").rglob("rollout-2026-11-22T09-02-24*.jsonl"))
    messages, _chunk = read(codex, path)
    assert sum(m.tokens_in or 0 for m in messages) == 900
    assert sum(m.tokens_out or 0 for m in messages) == 270
    assert sum(m.tokens_cached or 0 for m in messages) == 180
