"""History files are found without opening them, and known by their first records."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from histories import SESSION, THREAD, Claude, Rollout, write

from chattui.domain.errors import SourceError
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.codex import Codex
from chattui.sources.registry import OWN, all_sources, recognise, source


def found(tool: ClaudeCode | Codex, root: Path) -> set[str]:
    return {file.path.relative_to(root).as_posix() for file in tool.discover(root, lambda path, why: pytest.fail(why))}


def test_claude_sessions_and_subagents_are_found_and_nothing_else(tmp_path: Path) -> None:
    wanted = {
        f"projects/-work/{SESSION}.jsonl",
        "projects/-work/agent-old.jsonl",
        f"projects/-work/{SESSION}/subagents/agent-a.jsonl",
        f"projects/-work/{SESSION}/subagents/workflows/w/agent-b.jsonl",
    }
    unwanted = {
        "history.jsonl",
        f"projects/-work/{SESSION}/tool-results/x.jsonl",
        f"projects/-work/{SESSION}/subagents/agent-a.meta.json",
        f"projects/-work/{SESSION}/subagents/workflows/w/journal.jsonl",
        "projects/-work/notes.md",
        "todos/x.jsonl",
    }
    for name in wanted | unwanted:
        write(tmp_path / name, b"{}\n")
    assert found(ClaudeCode(), tmp_path) == wanted
    assert {f"projects/{name}" for name in found(ClaudeCode(), tmp_path / "projects")} == wanted


def test_codex_rollouts_are_found_and_a_plain_one_wins_over_its_compressed_twin(tmp_path: Path) -> None:
    day = "sessions/2026/03/01"
    wanted = {f"{day}/rollout-a.jsonl", f"{day}/rollout-b.jsonl.zst", "archived_sessions/rollout-c.jsonl"}
    for name in wanted | {f"{day}/rollout-a.jsonl.zst", "history.jsonl", "session_index.jsonl", f"{day}/x.jsonl"}:
        write(tmp_path / name, b"{}\n")
    assert found(Codex(), tmp_path) == wanted


def test_a_found_file_carries_what_tells_it_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "projects" / "-w" / f"{SESSION}.jsonl", b"{}\n")
    [file] = ClaudeCode().discover(tmp_path, lambda path, why: None)
    about = path.stat()
    assert (file.source, file.path, file.size, file.mtime_ns) == ("claude-code", path, 3, about.st_mtime_ns)
    assert (file.inode, file.device) == (about.st_ino, about.st_dev)


def test_missing_and_unreadable_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "projects" / "a" / "x.jsonl", b"{}\n")
    (tmp_path / "projects" / "b").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    reported: list[tuple[Path, str]] = []
    files = list(ClaudeCode().discover(tmp_path, lambda path, why: reported.append((path, why))))
    assert len(files) == 1
    assert reported == [(tmp_path / "projects" / "b", "Permission denied")]
    assert not list(ClaudeCode().discover(tmp_path / "nowhere", lambda path, why: pytest.fail(why)))


def test_links_to_folders_pipes_and_folders_named_like_files_are_passed_over(tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    write(projects / "a" / "x.jsonl", b"{}\n")
    (projects / "a" / "loop").symlink_to(projects)
    (projects / "a" / "folder.jsonl").mkdir()
    (projects / "a" / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    os.mkfifo(projects / "a" / "pipe.jsonl")
    assert found(ClaudeCode(), tmp_path) == {"projects/a/x.jsonl"}


def test_two_thousand_files_are_found_quickly(tmp_path: Path) -> None:
    for n in range(2000):
        folder = tmp_path / "projects" / f"p{n % 40}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.jsonl").touch()
    fastest = 1.0
    for _try in range(5):
        started = time.process_time()
        assert len(found(ClaudeCode(), tmp_path)) == 2000
        fastest = min(fastest, time.process_time() - started)
    assert fastest < 0.1


def test_roots_follow_the_environment(tmp_path: Path) -> None:
    assert ClaudeCode().roots({}, tmp_path) == (tmp_path / ".claude" / "projects",)
    assert ClaudeCode().roots({"CLAUDE_CONFIG_DIR": "/c"}, tmp_path) == (Path("/c/projects"),)
    assert Codex().roots({}, tmp_path) == (tmp_path / ".codex",)
    assert Codex().roots({"CODEX_HOME": "/x"}, tmp_path) == (Path("/x"),)


def test_sources_by_name() -> None:
    assert [one.name for one in all_sources()] == list(OWN)
    assert source("codex").label == "Codex"
    with pytest.raises(SourceError, match="claude-code, codex"):
        source("abacus")


def test_files_are_recognised_by_their_first_records(tmp_path: Path) -> None:
    session, rollout = Claude(), Rollout()
    session.user("go")
    cases: list[tuple[bytes | list[dict[str, object]], str | None]] = [
        (session.records, "claude-code"),
        ([{"type": "summary", "summary": "s", "leafUuid": "x"}], "claude-code"),
        ([{"type": "file-history-snapshot", "messageId": "x"}, *session.records], "claude-code"),
        (b"broken\n42\n" + b'{"type":"user","uuid":"u","message":{}}', "claude-code"),
        (rollout.records, "codex"),
        ([{"id": THREAD, "timestamp": "2025-06-01T10:00:00Z", "instructions": None}], "codex"),
        ([{"type": "session", "version": 3, "id": "x"}], "pi"),
        ([{"type": "session", "id": "x", "cwd": "/w"}], "pi"),
        ([{"type": "session", "version": 3}], None),
        ([{"type": "session.start", "data": {}}], "copilot-cli"),
        ([{"type": "session.start"}], None),
        ([{"sessionId": "x", "projectHash": "y"}], "gemini-cli"),
        ([{"display": "go", "project": "/w", "timestamp": 1, "sessionId": "x"}], None),
        ([{"session_id": "x", "ts": 1, "text": "go"}], None),
        ([{"role": "user", "message": {"content": []}}], "cursor"),
        ([{"role": "user", "content": "go"}], None),
        ([{"type": ["user"], "uuid": "x"}], None),
        (b"", None),
        (b"\x00\xff" * 1000, None),
    ]
    for n, (content, expected) in enumerate(cases):
        known = recognise(write(tmp_path / f"{n}.jsonl", content))
        assert (known.name if known else None) == expected, content
    os.mkfifo(tmp_path / "pipe.json")
    assert recognise(tmp_path / "pipe.json") is None
    assert recognise(tmp_path / "missing") is None
    assert recognise(tmp_path) is None
