"""``chattui export``: what goes where, what is refused, and what is reported."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from program import Program
from steps import NOON, begin, fill

from chattui.store import chats
from chattui.store.database import Database


def names(place: Path) -> list[str]:
    return sorted(p.name for p in place.iterdir())


@pytest.mark.parametrize("where", [[], ["--to", "-"]])
def test_one_chat_goes_to_standard_output(chattui: Program, db: Database, where: list[str]) -> None:
    chat = begin(db, "Größe \x1b[31m", title="A title")
    done = chattui("export", str(chat), *where)
    assert done.code == 0
    assert done.out.startswith("# A title\n\nchattui · 1 messages\n\n## You · ")
    assert "Größe ␛\\[31m" in done.out or "Größe ␛[31m" in done.out
    assert json.loads(chattui("export", str(chat), "--format", "json", *where).out)["messages"][0]["content"] == (
        "Größe \x1b[31m"
    )


def test_files_are_written_reported_and_not_overwritten(chattui: Program, db: Database, tmp_path: Path) -> None:
    first, second = begin(db, "one", title="../../First"), begin(db, "two", title="Second")
    deleted = begin(db, "three")
    chats.delete(db, deleted)
    place = tmp_path / "out"
    done = chattui("export", "--all", "--to", str(place), "--json")
    assert done.code == 0
    document = done.json
    assert set(document) == {"format", "directory", "written", "failed"}
    assert [w["chat_id"] for w in document["written"]] == [first, second]
    assert set(document["written"][0]) == {"chat_id", "title", "path", "messages", "bytes"}
    assert [Path(w["path"]).stat().st_size for w in document["written"]] == [w["bytes"] for w in document["written"]]
    made = names(place)
    assert [n[11:] for n in made] == [f"first-{first}.md", f"second-{second}.md"]
    (place / made[0]).write_text("mine")
    again = chattui("export", str(first), "--to", str(place))
    assert (again.code, again.out) == (1, "")
    assert "is there already" in again.err
    assert "--force" in again.err
    assert (place / made[0]).read_text() == "mine"
    forced = chattui("export", str(first), "--to", str(place), "--force")
    assert (forced.code, forced.out.strip()) == (0, str(place / made[0]))
    assert (place / made[0]).read_text().startswith("# ")
    assert names(place) == made


def test_what_was_exported_is_imported(chattui: Program, db: Database, other_db: Database, tmp_path: Path) -> None:
    chat = begin(db, "one", "two", title="Mine", tags=["t"])
    assert chattui("export", str(chat), "--format", "json", "--to", str(tmp_path / "out")).code == 0
    report = chattui("import", str(tmp_path / "out"), "--json", database=other_db.conninfo)
    assert (report.code, report.json["messages"], report.json["problems"]) == (0, 2, 0)
    shown = [chattui("show", "1", "--json", database=d.conninfo).json for d in (db, other_db)]
    assert shown[0] == shown[1]


def test_search_chooses_chats_with_a_hit(chattui: Program, db: Database, tmp_path: Path) -> None:
    wanted = begin(db, "a needle here", "and a needle there", title="a")
    begin(db, "only hay", title="b")
    done = chattui("export", "--search", "needle", "--to", str(tmp_path / "out"), "--json")
    assert [w["chat_id"] for w in done.json["written"]] == [wanted]
    none = chattui("export", "--search", "nowhere", "--to", str(tmp_path / "none"))
    assert (none.code, none.out, names(tmp_path / "none")) == (0, "", [])
    assert "0 of 0" in none.err


@pytest.mark.parametrize(
    ("selection", "expected"), [("2-3", "bc"), ("3-", "cd"), ("-2", "ab"), ("2", "b"), ("3-99", "cd")]
)
def test_messages_can_be_selected(chattui: Program, db: Database, selection: str, expected: str) -> None:
    chat = begin(db, *"abcd")
    out = chattui("export", str(chat), "--format", "json", "--messages", selection).out
    assert "".join(m["content"] for m in json.loads(out)["messages"]) == expected


def test_a_part_is_a_file_of_its_own_beside_the_whole_chat(chattui: Program, db: Database, tmp_path: Path) -> None:
    chat = begin(db, *"abcd", title="t")
    for selection in ([], ["--messages", "3-"]):
        assert chattui("export", str(chat), "--to", str(tmp_path / "out"), *selection).code == 0
    part, whole = names(tmp_path / "out")
    assert part == whole.replace(".md", "-messages-3-4.md")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "one of the three"),
        (["1", "--all"], 2, "one of the three"),
        (["--all"], 2, "need a directory"),
        (["1", "1"], 2, "need a directory"),
        (["1", "--json"], 2, "--to DIR"),
        (["1", "--format", "pdf"], 2, "pdf"),
        (["--all", "--to", "x", "--messages", "1"], 2, "from one chat"),
        (["1", "--messages", "x"], 2, "no selection"),
        (["1", "--messages", "-"], 2, "no selection"),
        (["1", "--messages", "3-2"], 2, "selects nothing"),
        (["1", "--messages", "0"], 2, "selects nothing"),
        (["1", "--messages", "9-"], 1, "has 1 messages"),
        (["4711"], 4, "there is no chat"),
        (["1", "--to", "/proc/nowhere"], 1, "cannot be used as a directory"),
        (["1", "--to", "/sys/kernel"], 1, "cannot be written"),
    ],
)
def test_wrong_use_is_one_sentence(chattui: Program, db: Database, arguments: list[str], code: int, words: str) -> None:
    begin(db, "one")
    done = chattui("export", *arguments)
    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_closed_pipe_is_no_error(chattui: Program, db: Database) -> None:
    chat = begin(db)
    fill(db, chat, [(f"line {n} " + "x" * 200, NOON) for n in range(3_000)])
    process = subprocess.Popen(
        chattui.command("export", str(chat)), env=chattui.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0


def test_secrets_are_hidden_unless_they_are_asked_for(chattui: Program, db: Database) -> None:
    key = "ghp" + "_" + "a1B2" * 9
    chat = str(begin(db, f"use {key}", title=key))
    verbs = [["export", chat], ["show", chat], ["export", chat, "--format", "json"], ["show", chat, "--json"]]
    for verb in (*verbs, ["search", "use"], ["search", "use", "--json"], ["list"], ["list", "--json"]):
        assert key[:12] not in chattui(*verb).out  # a line of the list may end within the key
        assert key[:12] in chattui(*verb, "--reveal").out
