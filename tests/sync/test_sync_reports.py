"""What a sync tells: what could not be read and where, how far it is, and how the search index stands."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from histories import SESSION, jsonl
from homes import MACHINE, Home, add, conversation, later, rollout
from steps import rows, value

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.registry import all_sources
from chattui.store import chats, imports, search, search_index
from chattui.sync.choose import history_in
from chattui.sync.engine import Sync
from chattui.sync.progress import Phase

OTHER = "5e551011-0000-4000-8000-00000000beef"


def test_a_broken_line_is_named_and_costs_nothing_else(home: Home) -> None:
    lines = jsonl(conversation().records).splitlines(keepends=True)
    path = home.claude(b"".join([*lines[:4], b'{"type": "user", "uuid": broken\n', *lines[4:]]))
    report = home.sync()
    assert report.problems == 1
    assert home.texts()[-1] == "answer 3"
    [fault] = imports.faults(home.db)
    assert (fault.path, fault.source, fault.outcome, fault.problem_count) == (str(path), "claude-code", "partial", 1)
    assert fault.problems[0][0] == 5
    assert home.sync().read == 0


def test_broken_lines_that_come_later_are_counted_from_the_start_of_the_file(home: Home) -> None:
    path = home.claude(conversation())
    home.sync()
    total = len(conversation().records)
    add(path, b"not json\n" + jsonl(conversation(turns=4).records[15:]) + b"neither\n")
    home.sync()
    [fault] = imports.faults(home.db)
    assert [line for line, _ in fault.problems] == [total + 1, total + 7]
    assert home.texts()[-1] == "answer 4"


def test_only_the_first_problems_of_a_file_are_kept_but_all_are_counted(home: Home) -> None:
    home.claude(jsonl(conversation().records) + b"broken\n" * 50)
    assert home.sync().problems == 50
    [fault] = imports.faults(home.db)
    assert (len(fault.problems), fault.problem_count) == (imports.PROBLEMS_KEPT, 50)


def test_a_file_that_is_repaired_is_no_fault_any_more(home: Home) -> None:
    path = home.claude(jsonl(conversation().records[:5]) + b"broken\n")
    home.sync()
    path.write_bytes(jsonl(conversation().records))
    later(path)
    home.sync()
    assert imports.faults(home.db) == []


def test_a_file_of_another_format_is_a_fault_and_the_others_come_in(home: Home) -> None:
    bad = home.claude(b"this is no history\nat all\n", OTHER)
    home.claude(conversation())
    report = home.sync()
    assert [(f.path, bool(f.reason)) for f in report.faults] == [(str(bad), True)]
    assert home.texts()[-1] == "answer 3"
    [fault] = imports.faults(home.db)
    assert (fault.path, fault.outcome) == (str(bad), "failed")
    assert fault.error
    assert home.sync().read == 0


def test_a_directory_that_cannot_be_read_is_reported_and_costs_nothing_else(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.claude(conversation())
    locked = home.claude(conversation(OTHER), OTHER, project="-locked").parent
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = home.sync()
    assert [(f.path, f.reason) for f in report.faults] == [(str(locked), "Permission denied")]
    assert home.texts()[-1] == "answer 3"


def test_a_link_that_leads_nowhere_costs_nothing(home: Home) -> None:
    path = home.claude(conversation())
    path.with_name(f"{OTHER}.jsonl").symlink_to(home.path / "nowhere.jsonl")
    report = home.sync()
    assert home.texts()[-1] == "answer 3"
    assert report.messages == len(home.texts())


class Failing(ClaudeCode):
    """A disk that fails after the first chunk of a file."""

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        if offset == 0:
            yield next(super().read(path, offset=offset, line=line, state=state))
        raise SourceError("The disk failed.")


def test_a_file_that_fails_half_way_keeps_what_was_read_and_is_a_fault(home: Home) -> None:
    path = home.claude(conversation(turns=400))
    report = Sync(home.db, [Failing()], machine=MACHINE).run({}, home.path)
    assert [f.reason for f in report.faults] == ["The disk failed."]
    assert 0 < report.messages < 2000
    [fault] = imports.faults(home.db)
    assert (fault.path, fault.error, fault.outcome) == (str(path), "The disk failed.", "partial")
    home.sync()
    assert home.texts()[-1] == "answer 400"
    assert len(home.texts()) == len(set(home.texts()))
    assert imports.faults(home.db) == []


def test_a_sync_that_runs_again_reports_only_what_it_met_this_time(home: Home) -> None:
    bad = home.claude(b"this is no history\n", OTHER)
    sync = Sync(home.db, all_sources(), machine=MACHINE)
    assert len(sync.run({}, home.path).faults) == 1
    bad.unlink()
    home.claude(jsonl(conversation().records) + b"broken\n")
    second = sync.run({}, home.path)
    assert (second.faults, second.problems) == ((), 1)
    assert sync.run({}, home.path).problems == 0


def test_progress_only_rises_and_ends_with_done(home: Home) -> None:
    for number in range(20):
        session = f"{SESSION[:-2]}{number:02}"
        home.claude(conversation(session, turns=60), session)
    home.codex(rollout(50))
    report = home.sync()
    told = home.told
    order = list(Phase)
    assert [order.index(p.phase) for p in told] == sorted(order.index(p.phase) for p in told)
    assert (told[0].phase, told[-1].phase) == (Phase.LOOKING, Phase.DONE)
    for name in ("files_done", "bytes_done", "messages"):
        values = [getattr(p, name) for p in told]
        assert values == sorted(values)
    last = told[-1]
    assert (last.files, last.files_done, last.messages) == (21, 21, report.messages)
    assert last.bytes == last.bytes_done > 0
    assert all(p.bytes_done <= p.bytes for p in told if p.bytes)
    assert all(p.remaining is None or p.remaining >= 0 for p in told)
    assert any(p.rate > 0 for p in told)


def test_the_newest_chats_come_first(home: Home) -> None:
    later(home.claude(conversation()), 4000)
    home.claude(conversation(OTHER, turns=300), OTHER)  # more than the first batch takes, and later in the alphabet
    home.sync()
    assert rows(home.db, "SELECT source_id FROM chattui.chats ORDER BY id") == [(OTHER,), (SESSION,)]


def test_a_bulk_import_sets_the_search_index_aside_and_builds_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "BULK_BYTES", 1000)
    home.claude(conversation(turns=300))
    home.sync(index=False)
    assert not search_index.is_ready(home.db)
    assert search.search(home.db, "answer 299 ").hits[0].source_id == SESSION
    home.sync()
    assert search_index.is_ready(home.db)
    assert Phase.INDEXING in [p.phase for p in home.told]
    assert search.search(home.db, "answer 299 ").hits[0].source_id == SESSION


def test_a_small_import_leaves_the_search_index_in_place(home: Home) -> None:
    home.claude(conversation())
    home.sync(index=False)
    assert search_index.is_ready(home.db)


def test_an_index_that_was_left_half_built_is_repaired(home: Home) -> None:
    home.claude(conversation())
    home.sync()
    rows(home.db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'chattui.messages_search'::regclass")
    assert not search_index.is_ready(home.db)
    home.sync()
    assert search_index.is_ready(home.db)
    assert value(home.db, "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'messages_search%%'") == 1


def test_the_vocabulary_follows_a_large_import(home: Home) -> None:
    home.claude(conversation(turns=500))
    home.sync()
    assert "question" in search.suggest(home.db, "qestion")


def test_files_and_directories_that_a_person_names_are_recognised(home: Home, tmp_path: Path) -> None:
    path = home.claude(conversation())
    rollout_path = home.codex(rollout())
    found = history_in([path, home.path], all_sources())
    assert {(s.name, f.path) for s, f in found} == {("claude-code", path), ("codex", rollout_path)}
    stranger = tmp_path / "notes.txt"
    stranger.write_text("hello")
    with pytest.raises(SourceError, match="not a history that chattui knows"):
        history_in([stranger], all_sources())
    with pytest.raises(SourceError, match=r"cannot be read|not a history"):
        history_in([tmp_path / "nowhere"], all_sources())


def test_summaries_tell_what_each_source_brought(home: Home) -> None:
    home.claude(conversation())
    home.codex(rollout())
    home.sync()
    told = {s.source: (s.machine, s.files, s.chats, s.messages, s.faults) for s in imports.summaries(home.db)}
    found = chats.find(home.db, SESSION)
    assert found is not None
    assert told["claude-code"] == (MACHINE, 1, 1, found.message_count, 0)
    assert told["codex"][:3] == (MACHINE, 1, 1)
