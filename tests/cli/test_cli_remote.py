"""``chattui import ssh://host`` and a tar through a pipe: only read there, one chat whichever way it came."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from histories import SESSION, THREAD, Claude
from homes import Home, add, conversation, rollout
from program import Program
from steps import rows, value

from chattui.store.database import Database

_SSH = """#!/bin/sh
printf '%s\\n' "$*" >> "CALLED"
for last; do :; done
cd "HOME_THERE" && HOME="HOME_THERE" exec sh -c "$last"
"""


@pytest.fixture
def there(tmp_path: Path, db: Database) -> Home:
    """The home on the other machine."""
    (tmp_path / "it's there").mkdir()
    return Home(tmp_path / "it's there", db)


@pytest.fixture
def called(chattui: Program, tmp_path: Path, there: Home) -> Path:
    """An ssh that runs the command here; what it was called with."""
    place = tmp_path / "bin"
    place.mkdir()
    ssh = place / "ssh"
    ssh.write_text(_SSH.replace("CALLED", str(tmp_path / "called")).replace("HOME_THERE", str(there.path)))
    ssh.chmod(0o755)
    chattui.env["PATH"] = f"{place}:{os.environ['PATH']}"
    return tmp_path / "called"


def listing(place: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in place.rglob("*"))


def left_behind(chattui: Program) -> list[Path]:
    return list((chattui.home / "c" / "state" / "fetched").iterdir())


def test_a_host_is_read_and_remembered_by_its_own_paths(chattui: Program, called: Path, there: Home) -> None:
    session = there.claude(conversation())
    there.codex(rollout())
    (there.path / ".codex" / "auth.json").write_text("a login")
    before = listing(there.path)
    done = chattui("import", "ssh://nora@box:22", "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["found"], done.json["read"], done.json["faults"]) == (2, 2, [])
    assert "question 1" in there.texts()
    assert "codex question 1" in there.texts(THREAD)
    assert listing(there.path) == before
    assert called.read_text().startswith(
        "-T -C -p 22 -- nora@box pwd && tar -cf - ./.claude/projects ./.codex/sessions"
    )
    assert rows(there.db, "SELECT DISTINCT machine FROM chattui.imports") == [("box",)]
    assert (str(session),) in rows(there.db, "SELECT path FROM chattui.imports")
    assert left_behind(chattui) == []


def test_what_has_come_is_not_read_again_and_what_grew_is(chattui: Program, called: Path, there: Home) -> None:
    whole = conversation(turns=4)
    session = there.claude(whole.records[:10])
    there.codex(rollout())
    chattui("import", "ssh://box")
    again = chattui("import", "ssh://box", "--json").json
    assert (again["found"], again["unchanged"], again["messages"]) == (2, 2, 0)
    add(session, whole.records[10:])
    grown = chattui("import", "ssh://box", "--json").json
    assert (grown["read"], grown["unchanged"]) == (1, 1)
    assert there.texts()[-1] == "answer 4"
    assert value(there.db, "SELECT count(*) FROM chattui.chats") == 2


def test_what_would_come_is_counted_without_storing_it(chattui: Program, called: Path, there: Home) -> None:
    there.claude(conversation())
    there.codex(rollout())
    told = chattui("import", "ssh://box", "--dry-run", "--json").json
    assert (told["found"], told["unchanged"], told["faults"]) == (2, 0, [])
    assert {one["source"]: (one["new"], one["chats"]) for one in told["sources"]} == {
        "claude-code": (1, 1),
        "codex": (1, 1),
    }
    assert left_behind(chattui) == []
    assert value(there.db, "SELECT count(*) FROM chattui.imports") == 0
    there.codex(rollout(), "b")
    done = chattui("import", "--machine", "box", "-", "--dry-run", stdin=packed(there.path, "."))
    assert "3 files looked at, 0 with nothing to bring. Nothing was imported." in done.out


def test_a_place_may_be_named(chattui: Program, called: Path, there: Home, tmp_path: Path) -> None:
    Home(tmp_path / "srv; touch x", there.db).claude(conversation())
    there.codex(rollout())
    assert chattui("import", f"ssh://box{tmp_path}/srv; touch x").code == 0
    assert rows(there.db, "SELECT source FROM chattui.chats") == [("claude-code",)]
    [(path,)] = rows(there.db, "SELECT path FROM chattui.imports")
    assert path.startswith(f"{tmp_path}/srv; touch x/.claude/")
    assert chattui("import", "ssh://box/~/.codex/sessions", "--machine", "alias").code == 0
    assert ("alias",) in rows(there.db, "SELECT machine FROM chattui.imports")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'Permission denied (publickey).' >&2; exit 255",
            "box cannot be reached: Permission denied (publickey).",
        ),
        ("echo 'Welcome!'; exit 0", "box did not answer as a shell does: Welcome!"),
        ("echo /home/nora; exit 0", "is no whole tar"),
        ("echo /home/nora; tar -cf - ./nothing", "box has no history in the usual places"),
        ("exit 127", "it ended with code 127"),
    ],
)
def test_what_goes_wrong_is_a_sentence(chattui: Program, called: Path, tmp_path: Path, script: str, said: str) -> None:
    (tmp_path / "bin" / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    done = chattui("import", "ssh://box")
    assert done.code == 1
    assert done.err.startswith("chattui: ")
    assert said in done.err
    assert "Traceback" not in done.err
    assert left_behind(chattui) == []


def test_without_ssh_or_with_a_bad_address_it_is_said(chattui: Program, called: Path, tmp_path: Path) -> None:
    bad = chattui("import", "ssh://-oProxyCommand=id")
    assert (bad.code, called.exists()) == (2, False)
    both = chattui("import", "ssh://box", "ssh://other")
    assert both.code == 2
    assert "one machine at a time" in both.err
    (tmp_path / "bin" / "ssh").unlink()
    chattui.env["PATH"] = str(tmp_path / "bin")
    missing = chattui("import", "ssh://box")
    assert missing.code == 1
    assert "ssh cannot be started" in missing.err


def packed(place: Path, *names: str) -> bytes:
    return subprocess.run(["tar", "-cf", "-", *names], cwd=place, capture_output=True, check=True).stdout


def test_a_tar_comes_through_a_pipe(chattui: Program, there: Home) -> None:
    there.claude(conversation())
    stream = packed(there.path, ".claude")
    done = chattui("import", "--machine", "container", "-", "--json", stdin=stream)
    assert (done.code, done.json["read"]) == (0, 1)
    [(machine, path)] = rows(there.db, "SELECT machine, path FROM chattui.imports")
    assert (machine, path) == ("container", f".claude/projects/-work-boat/{SESSION}.jsonl")
    assert chattui("import", "--machine", "container", "-", "--json", stdin=stream).json["unchanged"] == 1
    assert left_behind(chattui) == []


def test_a_tar_of_any_directory_does(chattui: Program, there: Home, tmp_path: Path) -> None:
    there.claude(conversation())
    there.codex(rollout())
    done = chattui("import", "--machine", "c", "-", stdin=packed(tmp_path, "it's there"))
    assert done.code == 0
    assert value(there.db, "SELECT count(*) FROM chattui.chats") == 2


def test_a_session_of_a_host_and_of_a_pipe_is_one_chat(chattui: Program, called: Path, there: Home) -> None:
    whole = conversation(turns=4)
    there.claude(whole.records[:10])
    chattui("import", "--machine", "container", "-", stdin=packed(there.path, ".claude"))
    there.claude(whole)
    chattui("import", "ssh://box")
    assert [t for t in there.texts() if t.startswith("question")] == [f"question {n}" for n in (1, 2, 3, 4)]
    assert value(there.db, "SELECT count(*) FROM chattui.chats") == 1


@pytest.mark.parametrize(
    ("stdin", "said"),
    [(b"", "no whole tar"), (b"{}", "no whole tar"), (None, "holds no history that chattui knows")],
)
def test_a_pipe_without_history_is_said(chattui: Program, tmp_path: Path, stdin: bytes | None, said: str) -> None:
    (tmp_path / "note.txt").write_text("nothing")
    done = chattui("import", "--machine", "c", "-", stdin=packed(tmp_path, "note.txt") if stdin is None else stdin)
    assert done.code == 1
    assert said in done.err
    assert str(tmp_path) not in done.err


def test_a_machine_is_named_only_for_what_comes_from_one(chattui: Program, tmp_path: Path) -> None:
    done = chattui("import", "--machine", "box", str(tmp_path))
    assert done.code == 2
    assert "import --machine NAME -" in done.err


def test_faults_are_told_by_the_paths_of_the_machine(chattui: Program, called: Path, there: Home) -> None:
    there.claude(b"\x00\x01 no history\n" * 50, "5e551011-0000-4000-8000-00000000dead")
    fine = Claude(SESSION)
    fine.user("fine")
    there.claude(fine)
    document = chattui("import", "ssh://box", "--json").json
    assert "fetched" not in str(document["faults"])
    status = chattui("import", "--status").out
    assert "box" in status
    assert str(there.path) in status or not document["faults"]
