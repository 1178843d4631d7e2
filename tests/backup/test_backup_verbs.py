"""The verbs as a person types them: what they ask, say and print, for each kind of server."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from datetime import datetime
from pathlib import Path

import psycopg
from holdings import furnish, state
from program import Program
from steps import begin, people, rows, value

from chattui.store.database import Database


def test_a_backup_is_made_listed_verified_and_restored(
    chattui: Program, db: Database, other_db: Database, tmp_path: Path
) -> None:
    furnish(db)
    made = chattui("db", "backup", "--to", "mine.chattui", "--json").json
    assert (made["messages"], made["files"], made["encrypted"], made["removed"]) == (61, 1, False, [])
    assert chattui("db", "backup", "--to", "mine.chattui").code == 1  # it is there already
    recorded = value(db, "SELECT max(finished_at) FROM chattui.upkeep_runs WHERE kind = 'backup'")
    assert datetime.fromisoformat(chattui("db", "status", "--json").json["last_backup"]) == recorded
    assert f"backed up  {recorded:%Y-%m-%d %H:%M}" in chattui("db", "status").out
    for options in ((), ("--quick",)):
        told = chattui("db", "verify", "mine.chattui", "--json", *options).json
        assert (told["ok"], told["restored"], told["digests"]) == (True, not options, made["digests"])
    assert rows(db, "SELECT datname FROM pg_database WHERE datname LIKE 'chattui_scratch%'") == []
    there = Program(chattui.home, other_db.conninfo)
    done = there("db", "restore", "mine.chattui")
    assert done.code == 0
    assert done.out.startswith("Restored 3 chats, 61 messages, 1 attachments for chattui in ")
    assert state(other_db.conninfo) == state(db.conninfo)
    lines = [
        json.loads(line)
        for line in there("db", "restore", "mine.chattui", "--replace", "--yes", "--progress").out.splitlines()
    ]
    assert {"step", "share", "rate", "remaining"} == set(lines[0])
    assert lines[-1]["replaced"]["messages"] == 61


def test_what_is_lost_is_named_and_asked_for(chattui: Program, db: Database) -> None:
    begin(db, "one", "two", title="t")
    chattui("db", "backup", "--to", "x.chattui")
    lost = "1 chats with 2 messages and 0 attachments of chattui"
    for arguments in (("db", "reset"), ("db", "restore", "x.chattui", "--replace")):
        done = chattui(*arguments)
        assert done.code == 2
        assert lost in done.err
        assert "--yes" in done.err
    assert answer(chattui, b"n\n", "db", "reset") == 1
    assert value(db, "SELECT count(*) FROM chattui.messages") == 2
    assert answer(chattui, b"y\n", "db", "reset") == 0
    assert value(db, "SELECT count(*) FROM chattui.chats") == 0
    assert chattui("db", "reset", "--json").json["removed"]["chats"] == 0  # nothing to ask for


def answer(chattui: Program, keys: bytes, *arguments: str) -> int:
    """The exit code of a verb that is answered on a terminal."""
    ours, theirs = pty.openpty()
    os.write(ours, keys)
    process = subprocess.Popen(
        chattui.command(*arguments), env=chattui.env, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE
    )
    _, said = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    assert b"Go on?" in said
    return process.returncode


def test_a_person_among_others_resets_only_what_is_theirs(server: str, conninfo: str, chattui: Program) -> None:
    with people(server, conninfo, "ann", "bob") as (ann, bob):
        for who in (ann, bob):
            person = Database(who)
            furnish(person)
            person.close()
        name = psycopg.conninfo.conninfo_to_dict(bob)["user"]
        before = state(conninfo, owner=name)
        assert chattui("db", "reset", "--yes", "--all-owners", database=ann).code == 1
        assert chattui("db", "reset", "--yes", "--json", database=ann).json["removed"]["messages"] == 61
        assert state(conninfo, owner=name) == before
        assert value(conninfo, "SELECT count(DISTINCT owner) FROM chattui.chats") == 1
        assert chattui("db", "reset", "--yes").code == 0  # of the tables' owner, who has nothing: the others stay
        assert state(conninfo, owner=name) == before
        assert chattui("db", "reset", "--yes", "--all-owners", "--json").json["removed"]["owners"] == [name]


def test_a_move_says_what_is_left_to_do(chattui: Program, db: Database, empty_database: str) -> None:
    begin(db, "x")
    done = chattui("db", "move", "--to", empty_database)
    assert done.code == 0
    assert "Moved 1 chats, 1 messages" in done.out
    assert "is as it was. To use the new one: CHATTUI_DATABASE_URL" in done.out
    assert chattui("db", "move", "--to", db.conninfo).err.startswith(
        "chattui: That is the database that it would be moved from"
    )
    assert chattui("db", "move", "--to", empty_database, "--discard").out == "There is nothing of a move there.\n"


def test_what_only_an_embedded_server_has_is_one_sentence_elsewhere(chattui: Program) -> None:
    for verb, sentence in (
        ("logs", "docker compose logs"),
        ("upgrade", "whoever runs it upgrades it"),
        ("restart", "chattui did not start it"),
    ):
        done = chattui("db", verb)
        assert (done.code, done.out) == (3, "")
        assert sentence in done.err


def test_a_scheduled_backup_is_only_made_when_the_config_file_says_so_and_it_is_time(
    chattui: Program, db: Database
) -> None:
    begin(db, "x")
    config = chattui.home / "c" / "config"
    assert chattui("db", "backup", "--scheduled", "--json").json == {"path": None}
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'[backup]\nevery = "1d"\nkeep_daily = 2\ndirectory = "{chattui.home}/kept"\n')
    (chattui.home / "c" / "data" / "server").mkdir(parents=True)
    made = chattui("db", "backup", "--scheduled", "--json").json["path"]
    assert Path(made).parent == chattui.home / "kept"
    assert chattui("db", "backup", "--scheduled", "--json").json == {"path": None}
    (config / "config.toml").write_text("[backup]\nkeep_daily = -1\n")
    assert "backup.keep_daily" in chattui("db", "backups").err
