"""Files that do harm or are not what they seem: refused or waited for, with a sentence, and everything else comes in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard
from export_makers import Gpt, packed, put
from histories import SESSION, THREAD, jsonl
from homes import Home, conversation, later, rollout
from steps import value

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk
from chattui.sources import lines
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.codex import Codex
from chattui.sources.registry import all_sources, recognise, source
from chattui.sources.regular import open_regular, read_regular
from chattui.sync.choose import history_in
from chattui.sync.engine import Sync

OTHER = f"{SESSION[:-4]}beef"


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """What waits for a pipe or reads a device for ever is stopped."""

    def late(*_args: object) -> None:
        raise AssertionError("it did not end")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
@pytest.mark.parametrize("known", all_sources(), ids=lambda one: one.name)
def test_what_is_no_regular_file_is_refused_by_every_source(known: Any, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/zero")
    with pytest.raises(SourceError) as caught:
        list(known.read(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_a_person_names_is_told_not_to_be_a_history(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero")
    if kind == "pipe":
        path = tmp_path / "a.zip"
        os.mkfifo(path)
    assert recognise(path) is None
    with pytest.raises(SourceError, match="is not a regular file"):
        history_in([path], all_sources())


SIDE_FILES: dict[str, tuple[str, str]] = {
    "claude-code": ("projects/p/s/subagents/agent-a.jsonl", "projects/p/s/subagents/agent-a.meta.json"),
    "copilot-cli": ("session-state/s/events.jsonl", "session-state/s/workspace.yaml"),
    "gemini-cli": (".gemini/tmp/p/chats/session-a.jsonl", ".gemini/projects.json"),
    "continue": ("sessions/s.json", "sessions/sessions.json"),
    "vscode-chat": ("w/chatSessions/s.json", "w/workspace.json"),
}
RECORDS: dict[str, list[dict[str, Any]]] = {
    "claude-code": conversation().records,
    "copilot-cli": [{"type": "user.message", "id": "e1", "data": {"content": "hello"}}],
    "gemini-cli": [{"sessionId": "g", "projectHash": "f"}, {"id": "1", "type": "user", "content": "hello"}],
    "continue": [{"sessionId": "s", "history": [{"message": {"role": "user", "content": "hello"}}]}],
    "vscode-chat": [{"version": 3, "sessionId": "s", "requests": [{"requestId": "r", "message": {"text": "hello"}}]}],
}


@pytest.mark.parametrize("name", SIDE_FILES)
def test_a_pipe_in_the_place_of_a_file_that_tells_more_is_not_waited_for(name: str, tmp_path: Path) -> None:
    main, beside = (tmp_path / place for place in SIDE_FILES[name])
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_bytes(jsonl(RECORDS[name]))
    os.utime(main, (1, 1))
    os.mkfifo(beside)
    assert any(chunk.messages for chunk in source(name).read(main))


def test_a_regular_file_is_opened_and_what_takes_its_place_is_not(tmp_path: Path) -> None:
    path = put(tmp_path / "a", b"boat")
    assert read_regular(path) == b"boat"
    assert read_regular(path, 2) == b"bo"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(path)


def test_links_that_lead_out_of_the_tree_are_told_and_not_followed(home: Home, tmp_path: Path) -> None:
    inside = home.claude(conversation())
    (inside.parent / "again.jsonl").symlink_to(inside)
    secret = put(tmp_path / "elsewhere" / "secret.jsonl", jsonl(conversation(OTHER).records))
    link = inside.parent / f"{OTHER}.jsonl"
    link.symlink_to(secret)
    report = home.sync()
    assert [(fault.path, fault.reason) for fault in report.faults] == [
        (
            str(link),
            "a link that leads out of the folder: it is not followed. Name the file itself to import it",
        )
    ]
    assert value(home.db, "SELECT count(*) FROM chattui.chats WHERE source_id = %s", OTHER) == 0
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 1
    [(_source, file)] = history_in([inside.parent], all_sources())[:1]
    assert file.path != link
    assert all(one.path != link for _known, one in history_in([inside.parent], all_sources()))
    assert [one.path for _known, one in history_in([secret], all_sources())] == [secret]


def test_a_tree_that_is_a_link_itself_is_read(home: Home, tmp_path: Path) -> None:
    home.claude(conversation())
    real = tmp_path / "disk" / "claude"
    real.parent.mkdir()
    (home.path / ".claude").rename(real)
    (home.path / ".claude").symlink_to(real)
    assert home.sync().faults == ()
    assert home.texts()[-1] == "answer 3"


def test_a_packed_rollout_that_is_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SMALL", 1 << 20)
    raw = jsonl(rollout(3).records)
    bomb = zstandard.ZstdCompressor().compress(raw + b"\n" * (64 << 20))
    path = put(tmp_path / f"rollout-2026-03-01T11-00-00-{THREAD}.jsonl.zst", bomb)
    found = list(Codex().read(path))
    assert sum(len(chunk.messages) for chunk in found) > 5
    [problem] = [problem for chunk in found for problem in chunk.problems]
    assert "as a bomb does" in problem.reason
    assert found[-1].offset < 1 << 26


def test_files_of_other_users_are_told_and_the_others_come_in(home: Home) -> None:
    """As somebody who may not read one of them, which root may."""
    home.claude(conversation())
    closed = home.claude(conversation(OTHER), OTHER, project="-closed")
    closed.chmod(0)
    script = (
        "import os, sys, json\nfrom pathlib import Path\n"
        "from chattui.sources.registry import all_sources\nfrom chattui.sources.claude_code import ClaudeCode\n"
        "from chattui.domain.errors import SourceError\n"
        "all_sources()\n"
        "os.geteuid() or os.setuid(65534)\n"
        "told = []\n"
        "for file in ClaudeCode().discover(Path(sys.argv[1]), lambda path, why: told.append(why)):\n"
        "    try:\n        told.append(sum(len(c.messages) for c in ClaudeCode().read(file.path)))\n"
        "    except SourceError as error:\n        told.append(str(error))\n"
        "print(json.dumps(told))"
    )
    for folder in (*home.path.parents, home.path, home.path / ".claude", closed.parent.parent, closed.parent):
        if folder.is_relative_to("/tmp/pytest-of-root") and os.geteuid() == 0:
            folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", script, str(home.path / ".claude" / "projects")],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert 15 in told
    assert f"Cannot read {closed}: Permission denied." in told


class Replacing(ClaudeCode):
    """Another program puts another file in the place of the one that is read."""

    def __init__(self, fresh: bytes) -> None:
        super().__init__()
        self.fresh = fresh

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        for chunk in super().read(path, offset=offset, line=line, state=state):
            made = path.with_suffix(".new")
            made.write_bytes(self.fresh)
            os.utime(made, (1_772_000_000, 1_772_000_000))
            made.replace(path)
            yield chunk


def test_a_file_that_is_replaced_while_it_is_read_is_read_anew(home: Home) -> None:
    """The new one is longer, and begins and ends otherwise: what was read of the old one is not taken for its beginning."""
    path = home.claude(conversation(turns=2))
    fresh = conversation(turns=6)
    fresh.records[0]["message"]["content"] = "another question"
    raw = jsonl(fresh.records)
    sync = Sync(home.db, [Replacing(raw)], machine="boat")
    sync.run({}, home.path)
    assert home.texts()[0] == "question 1"
    home.sync()
    assert home.texts() == [m.content for chunk in ClaudeCode().read(path) for m in chunk.messages]
    assert home.texts()[0] == "another question"
    assert home.sync().read == 0


def test_a_file_that_is_replaced_before_it_is_read_on_waits(home: Home) -> None:
    path = home.claude(conversation(turns=2))
    home.sync()
    with path.open("ab") as file:
        file.write(jsonl(conversation(turns=3).records)[path.stat().st_size :])
    later(path)
    sync = Sync(home.db, [ClaudeCode()], machine="boat")
    found = [(ClaudeCode(), one) for one in ClaudeCode().discover(home.path / ".claude", lambda *_: None)]
    work = sync.compare(found)
    made = path.with_suffix(".new")
    made.write_bytes(jsonl(conversation(turns=5).records)[200:])
    made.replace(path)
    [fault] = sync.run_work(work).faults
    assert fault.reason == f"{path} was replaced while it was looked at. It is read the next time."
    home.sync()
    assert home.texts() == [m.content for chunk in ClaudeCode().read(path) for m in chunk.messages]


def test_a_number_of_many_digits_in_an_export_does_not_end_the_program(tmp_path: Path) -> None:
    """ijson's fast parser does not look whether Python could make a number: the process ended without a word."""
    made = [Gpt(n) for n in range(1, 4)]
    for one in made:
        one.say("user", f"hello {'7' * 700}")
        one.say("assistant", "hi")
    records = [one.record() for one in made]
    script = (
        "import sys\nfrom pathlib import Path\nfrom chattui.sources.registry import recognise\n"
        "from chattui.domain.errors import SourceError\n"
        "path = Path(sys.argv[1])\nknown = recognise(path)\nchats = 0\n"
        "try:\n    for chunk in known.read_chats(path, {}):\n        chats += chunk.version is not None\n"
        "except SourceError as error:\n    print(chats, error)\nelse:\n    print(chats, 'all')"
    )
    whole = json.dumps(records).encode()
    for name, content in (
        ("whole.json", whole),
        ("long.json", whole.replace(b'"title": "Boats 3"', b'"title": ' + b"9" * 5000)),
        ("long.zip", packed({"conversations.json": whole.replace(b'"title": "Boats 3"', b'"title": ' + b"9" * 5000)})),
    ):
        path = put(tmp_path / name, content)
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if name == "whole.json":
            assert done.stdout == "3 all\n"
        else:
            assert done.stdout.startswith("2 ")
            assert str(path) in done.stdout


def test_a_fault_behind_chats_that_were_read_is_remembered(home: Home, tmp_path: Path) -> None:
    """Chats and the damage behind them are stored in one batch: it was forgotten that there is some."""
    made = [Gpt(n) for n in range(1, 4)]
    for one in made:
        one.say("user", "hello")
    whole = json.dumps([one.record() for one in made]).encode()
    path = put(tmp_path / "conversations.json", whole[: whole.index(b"Boats 3")])
    sync = Sync(home.db, all_sources(), machine="boat")
    found = history_in([path], all_sources())
    assert len(sync.run_work(sync.compare(found)).faults) == 1
    outcome = "SELECT outcome::text || ' ' || error FROM chattui.imports"
    assert value(home.db, outcome).startswith(f"partial {path} is not a history file, or is damaged")
    assert "hello" not in value(home.db, outcome), "text of a chat in an error, and so in the log"
    put(path, whole)
    later(path)
    sync.run_work(sync.compare(history_in([path], all_sources())))
    assert value(home.db, "SELECT outcome::text FROM chattui.imports") == "complete"
