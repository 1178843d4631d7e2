"""Published databases are read with the counts that were made independently of this program."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
from test_containers import Read, chats

from chattui.domain.history import NewMessage
from chattui.sources.content import moment
from chattui.sources.protocol import with_containers
from chattui.sources.registry import recognise, source

SAMPLES = Path(os.environ.get("CHATTUI_SAMPLES") or Path(__file__).resolve().parents[3] / "shared" / "samples")
READ = ("opencode", "crush", "llm", "elia", "oterm", "cursor")


def rows() -> list[dict[str, str]]:
    table = SAMPLES / "TRUTH.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        row for row in found if row["format"] in READ and (row["format"] != "cursor" or row["path"].endswith(".db"))
    ]


ROWS = rows()
needs_samples = pytest.mark.skipif(not ROWS, reason="the samples are not here")
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['path']} {row['session_id']}".strip())

EXPLAINED: dict[str, tuple[int, int, int]] = {
    # its publisher wrote REDACTED in place of ids: three answers have the same, and are taken for one
    "opencode/nimbus/series-336ebe11/2/export.json ses_336ebe11bffePlPIwBobiYzDoC": (8, 12, 229),
}
"""Prompts, answers and calls where the counts were made otherwise, and why."""


def read(row: dict[str, str], tmp_path: Path) -> dict[str, Read]:
    """The chats of a sample; a database is read where nothing can be written, as another program's is."""
    path = SAMPLES / row["path"]
    asked = with_containers(source(row["format"]))
    assert asked is not None
    if not asked.is_container(path):
        found = list(asked.read(path))
        return {found[-1].chat.source_id: Read(found[-1].chat, [m for chunk in found for m in chunk.messages])}
    copied = tmp_path / path.parent.name / path.name
    copied.parent.mkdir()
    for end in ("", "-wal", "-shm"):
        if Path(f"{path}{end}").exists():
            shutil.copy(f"{path}{end}", f"{copied}{end}")
    before = {one.name: one.read_bytes() for one in copied.parent.iterdir()}
    known = recognise(copied)
    assert known is not None
    assert known.name == row["format"]
    found_chats = chats(asked.read_chats(copied, {}))
    assert {one.name: one.read_bytes() for one in copied.parent.iterdir()} == before
    return found_chats


def counts(messages: Iterable[NewMessage]) -> tuple[int, int, int]:
    """Prompts, answers by reply, and calls."""
    said = list(messages)
    prompts = {m.source_id for m in said if m.role == "user" and m.kind == "text"}
    answers = {m.reply_id or m.source_id for m in said if m.role == "assistant" and m.kind == "text"}
    return len(prompts), len(answers), sum(m.kind == "tool_call" for m in said)


@needs_samples
@each
def test_counts_titles_and_times(row: dict[str, str], tmp_path: Path) -> None:
    found = read(row, tmp_path)
    if row["session_id"]:
        found = {row["session_id"]: found[row["session_id"]]}
    told = [one for one in found.values() if one.messages]
    messages = [message for one in told for message in one.messages]
    asked, answered, called = counts(messages)
    expected = tuple(int(row[name] or 0) for name in ("user", "assistant", "tool_calls"))
    assert (asked, answered, called) == EXPLAINED.get(f"{row['path']} {row['session_id']}".strip(), expected)
    if row["title"]:
        assert row["title"][:100] in [one.chat.title[:100] for one in told or found.values()]
    first, last = moment(row["first_ts"]), moment(row["last_ts"])
    times = [m.created_at for m in messages if m.created_at and m.role == "user"]
    if first and told:
        assert min([one.chat.created_at for one in told if one.chat.created_at] or times) == first
    if last and times:
        assert max(times) <= last
    for one in found.values():
        met: set[str] = set()
        for message in one.messages:
            assert message.source_id not in met
            assert message.parent_id is None or message.parent_id in met
            met.add(message.source_id)
