"""Published exports are read with the counts that were made independently of this program."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from test_source_truth import SAMPLES

from chattui.domain.history import ChatInfo, NewMessage
from chattui.sources.content import moment
from chattui.sources.protocol import with_containers
from chattui.sources.registry import recognise, source

NAMES = {"chatgpt-export": "chatgpt", "claude-ai-export": "claude-ai", "open-webui-export": "open-webui"}


def rows() -> list[dict[str, str]]:
    table = SAMPLES / "TRUTH.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in found if row["format"] in NAMES]


ROWS = rows()
needs_samples = pytest.mark.skipif(not ROWS, reason="the samples are not here")
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["path"])


def chats(row: dict[str, str]) -> dict[str, tuple[ChatInfo, list[NewMessage]]]:
    reader = with_containers(source(NAMES[row["format"]]))
    assert reader is not None
    found: dict[str, tuple[ChatInfo, list[NewMessage]]] = {}
    for chunk in reader.read_chats(SAMPLES / row["path"], {}):
        assert not chunk.problems
        found.setdefault(chunk.chat.source_id, (chunk.chat, []))[1].extend(chunk.messages)
    return found


def active(messages: list[NewMessage]) -> list[NewMessage]:
    """The last message and all that it answers."""
    by_id = {message.source_id: message for message in messages}
    path = []
    one = messages[-1] if messages else None
    while one is not None:
        path.append(one)
        one = by_id.get(one.parent_id) if one.parent_id is not None else None
    return path


def said(messages: list[NewMessage], role: str) -> int:
    """Messages of the export, of which each can be several of ours."""
    kinds = ("text", "attachment") if role == "user" else ("text",)
    return len({m.source_id.partition(":")[0] for m in messages if m.role == role and m.kind in kinds})


@needs_samples
@each
def test_counts_on_the_active_path(row: dict[str, str]) -> None:
    found = [active(messages) for _chat, messages in chats(row).values()]
    counted = (int(row["sessions"]), int(row["user"]), int(row["assistant"]))
    assert (len(found), sum(said(m, "user") for m in found), sum(said(m, "assistant") for m in found)) == counted


@needs_samples
@each
def test_counts_of_the_whole_tree(row: dict[str, str]) -> None:
    _path, _colon, tree = row["extra"].partition("whole tree ")
    found = [messages for _chat, messages in chats(row).values()]
    told = f"user={sum(said(m, 'user') for m in found)} assistant={sum(said(m, 'assistant') for m in found)}"
    assert tree in ("", told)


@needs_samples
@each
def test_titles_and_times(row: dict[str, str]) -> None:
    found = chats(row)
    named = [chat.title for chat, _messages in found.values() if chat.metadata.get("title_from") == "custom"]
    assert row["title"] in ("", *(" ".join(title.split()) for title in named[:1]))
    times = [
        m.created_at for _chat, messages in found.values() for m in messages if m.created_at and m.role != "system"
    ]
    first, last = moment(row["first_ts"]), moment(row["last_ts"])
    if first and last:
        created = [chat.created_at for chat, _messages in found.values() if chat.created_at]
        begun = (min(times), min(created))  # the first message of some is one that is not shown, as old as the chat
        assert any(abs((time - first).total_seconds()) < 0.001 for time in begun)
        assert abs((max(times) - last).total_seconds()) < 0.001


@needs_samples
@each
def test_it_is_recognised(row: dict[str, str]) -> None:
    known = recognise(SAMPLES / row["path"])
    assert known is not None
    assert known.name == NAMES[row["format"]]


@needs_samples
def test_nothing_else_is_taken_for_an_export() -> None:
    for path in SAMPLES.rglob("*.*"):
        if path.is_file() and Path(path).relative_to(SAMPLES).parts[0] not in NAMES:
            known = recognise(path, named=False)
            assert known is None or known.name not in (*NAMES.values(), "lm-studio", "transcript"), path
