"""Hostile text, wrong addresses, passwords, and the embedded server from the command line."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from program import Program
from steps import begin, rows

from chattui.store.database import Database

HOSTILE = "\x1b]0;owned\x07\x1b[2J \x9b31m \u202egnp.exe\u2066 \x00 \r over [bold red]markup[/] \U000e0041 \u2028end"


@pytest.mark.parametrize(
    "verb", [["show", "1"], ["list"], ["search", "needle"], ["search", "needle", "--json"], ["show", "1", "--json"]]
)
def test_hostile_text_is_shown_and_never_obeyed(chattui: Program, db: Database, verb: list[str]) -> None:
    begin(db, f"needle {HOSTILE}", title=f"needle {HOSTILE}", project=f"/p/{HOSTILE}")
    done = chattui(*verb)
    assert done.code == 0
    for character in "\x1b\x07\x9b\u202e\u2066\x00\r\u2028\U000e0041":
        assert character not in done.out
    if verb != ["list"]:  # which cuts a long title
        assert "[bold red]markup[/]" in done.out
    if "--json" not in verb:
        assert "␛" in done.out


def test_hostile_text_comes_back_whole_from_json(chattui: Program, db: Database) -> None:
    begin(db, HOSTILE)
    [message] = chattui("show", "1", "--json").json["messages"]
    assert message["content"] == HOSTILE.replace("\x00", "␀")


def test_backticks_in_a_tool_result_do_not_end_its_fence(chattui: Program, db: Database) -> None:
    chat = begin(db, "x")
    rows(
        db,
        "INSERT INTO chattui.messages (chat_id, seq, role, kind, content_type, content) "
        "VALUES (%s, 2, 'tool', 'tool_result', 'text', %s)",
        chat,
        "```\n````\n# not a heading",
    )
    assert "\n`````\n```\n````\n# not a heading\n`````\n" in chattui("show", str(chat)).out


ADDRESSES = {
    "postgresql://ann:sesame@127.0.0.1:1/x": (3, "No database server answers"),
    "postgresql://ann:sesame@nowhere.invalid/x": (3, "cannot be found"),
    "host=/nowhere password=sesame": (3, "No database server answers"),
    "mysql://ann:sesame@h/x": (2, "needs PostgreSQL"),
    "sesame nonsense": (2, "not a database address"),
    "host=x password=sesame nonsense": (3, "cannot be understood"),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_wrong_address_is_one_sentence_without_the_password(chattui: Program, address: str) -> None:
    code, sentence = ADDRESSES[address]
    done = chattui("list", database=address)
    assert (done.code, done.out) == (code, "")
    assert sentence in done.err
    assert len(done.err.splitlines()) == 1
    assert "sesame" not in done.err + chattui.log()


def test_a_database_that_is_not_there_is_one_sentence(chattui: Program, server: str) -> None:
    done = chattui("list", database=psycopg.conninfo.make_conninfo(server, dbname="nowhere"))
    assert done.code == 3
    assert "no such database" in done.err
    assert len(done.err.splitlines()) == 1


def test_a_newer_database_is_one_sentence(chattui: Program) -> None:
    rows(chattui.conninfo, "INSERT INTO chattui.schema_versions (version, name) VALUES (999, 'future')")
    done = chattui("list")
    assert (done.code, done.out) == (1, "")
    assert "Update chattui" in done.err
    assert "Traceback" not in done.err


def test_neither_output_nor_log_holds_a_password_or_a_chat(chattui: Program, db: Database) -> None:
    address = psycopg.conninfo.make_conninfo(chattui.conninfo, password="sesame")
    said = [
        chattui("--verbose", "new", "the zyxquartz secret", database=address),
        chattui("--verbose", "search", "nothing of the kind", database=address),
        chattui("db", "url", database=address),
        chattui("db", "url", "--json", database=address),
        chattui("db", "status", database=address),
        chattui("db", "status", "--json", database=address),
        chattui("db", "stop", database=address),
    ]
    assert "sesame" not in "".join(d.out + d.err for d in said) + chattui.log()
    assert "INSERT INTO chattui.messages" in chattui.log()
    assert "zyxquartz" not in chattui.log() + said[0].err
    assert said[-1].code == 3
    assert "did not start it" in said[-1].err


def test_status_of_a_server_of_somebody_elses(chattui: Program, db: Database) -> None:
    begin(db, "one")
    document = chattui("db", "status", "--json").json
    assert (document["kind"], document["running"], document["chats"], document["messages"]) == ("url", True, 1, 1)
    assert document["index_ready"] is True


@pytest.fixture
def embedded() -> Iterator[Program]:
    """A program with no database of its own yet, in a directory short enough for a socket."""
    home = Path(tempfile.mkdtemp(prefix="ct-", dir="/tmp"))
    program = Program(home, "")
    program.env["CHATTUI_LINGER"] = "forever"
    yield program
    program.bare("db", "stop")
    shutil.rmtree(home, ignore_errors=True)


def test_the_embedded_server_from_first_start_to_stop(embedded: Program) -> None:
    down = embedded.bare("db", "status", "--json")
    assert (down.code, down.json["running"]) == (3, False)
    assert embedded.bare("db", "stop", "--json").json == {"stopped": False}
    up = embedded.bare("db", "start", "--json")
    assert (up.code, set(up.json)) == (0, {"started", "kind", "schema_version"})
    assert (up.json["started"], up.json["kind"]) == (True, "embedded")
    assert embedded.bare("db", "start", "--json").json["started"] is False
    status = embedded.bare("db", "status", "--json")
    keys = {
        "kind",
        "running",
        "target",
        "version",
        "pid",
        "data_dir",
        "log",
        "bytes_on_disk",
        "uptime_seconds",
        "clients",
    }
    assert set(status.json) == keys | {"schema_version", "index_ready", "chats", "messages", "text_bytes"} | {
        *("archived", "deleted", "last_sync", "last_backup", "read_only")
    }
    url = embedded.bare("db", "url").out.strip()
    assert rows(url, "SELECT max(version) FROM chattui.schema_versions") == [(up.json["schema_version"],)]
    assert json.loads(embedded.bare("db", "url", "--json").out) == {"url": url}
    shell = embedded.bare("db", "shell", PGOPTIONS="")
    assert shell.code == 0
    assert embedded.bare("new", "hello").code == 0
    stopped = embedded.bare("db", "stop", "--json")
    assert (stopped.code, stopped.json) == (0, {"stopped": True})
    assert embedded.bare("list", "--json").json["chats"][0]["title"] == "hello"
