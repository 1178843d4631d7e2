"""From PostgreSQL 15 to the one that chattui brings along: the same rows, the old files kept, and a way back."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "store"))
sys.path.insert(0, str(Path(__file__).parent.parent / "backup"))

from holdings import furnish, state
from servers import PG15

from chattui.server import open_database, stop
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.startup import prepare

pytestmark = pytest.mark.skipif(not (PG15 / "pg_upgrade").exists(), reason="no binaries of PostgreSQL 15 here")
KILLS = int(os.environ.get("CHATTUI_TEST_KILLS", "1"))  # each takes three seconds


@pytest.fixture(scope="module")
def fifteen(template: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A home of PostgreSQL 15, stopped, and what it holds. Its texts are not compressed with lz4, as no embedded one's are."""
    home = type(template)(Path("/tmp") / f"ct-{os.urandom(4).hex()}", CHATTUI_PG_BIN=str(PG15))
    conninfo = open_database(home.settings).conninfo
    with connect(conninfo, autocommit=True) as conn:
        prepare(conn)
        conn.execute("ALTER TABLE chattui.messages ALTER content SET COMPRESSION pglz")
        # Debian's 15.20 notes something of its own here, at which pg_upgrade to another build ends
        conn.execute("SET allow_system_table_mods = on")
        conn.execute("UPDATE pg_attribute SET attoptions = NULL WHERE attoptions IS NOT NULL")
    db = Database(conninfo)
    furnish(db, messages=500)
    held = state(conninfo)
    db.close()
    stop(home.settings)
    yield home.path, held
    shutil.rmtree(home.path)


@pytest.fixture
def old(fifteen: tuple[Path, dict[str, Any]], make_home: Any) -> Any:
    """A copy of it, with no programs chosen."""
    home = make_home("u", fresh=True)
    shutil.copytree(fifteen[0], home.path)
    return home


def upgrade(home: Any, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*options),
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "chattui", "--database", "embedded", "db", "upgrade", *options]


def environment(home: Any) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "CHATTUI"))}
    return {**kept, **home.env, "HOME": str(home.path)}


def test_an_upgrade_keeps_every_row_and_the_old_files_with_a_way_back(
    old: Any, fifteen: tuple[Path, dict[str, Any]]
) -> None:
    refused = old.opened_elsewhere()
    assert "`chattui db upgrade` brings it to 18" in str(refused["error"])
    done = upgrade(old, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["upgraded"], told["from"].split(".")[0], told["to"].split(".")[0], told["how"]) == (
        True,
        "15",
        "18",
        "pg_upgrade",
    )
    conninfo = open_database(old.settings).conninfo
    assert state(conninfo) == fifteen[1]
    assert str(old.query(conninfo, "SHOW server_version")).startswith("18")
    assert str(old.query(conninfo, "SHOW shared_buffers")) != "128MB"  # our settings for this machine
    assert upgrade(old).stdout == "There is nothing to upgrade.\n"
    assert Path(told["backup"]).exists()
    assert Path(told["kept"]).is_dir()

    asked = upgrade(old, "--undo")
    assert asked.returncode == 2
    assert "holds 3 chats with 501 messages now, and 3 with 501 before the upgrade" in asked.stderr
    assert upgrade(old, "--undo", "--yes").returncode == 0
    with_fifteen = type(old)(old.path, CHATTUI_PG_BIN=str(PG15))
    assert state(open_database(with_fifteen.settings).conninfo) == fifteen[1]
    stop(with_fifteen.settings)


def test_what_is_compressed_with_lz4_comes_by_the_backup(old: Any) -> None:
    with_fifteen = type(old)(old.path, CHATTUI_PG_BIN=str(PG15))
    conninfo = open_database(with_fifteen.settings).conninfo
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("ALTER TABLE chattui.messages ALTER content SET COMPRESSION lz4")
        conn.execute("UPDATE chattui.messages SET content = repeat(content, 200) WHERE seq < 20")
    held = state(conninfo)
    stop(with_fifteen.settings)
    done = upgrade(old, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["how"] == "restored"
    assert state(open_database(old.settings).conninfo) == held
    assert "Removed the old files" in upgrade(old, "--confirm").stdout
    assert not list(old.places.root.glob("data.*"))
    assert state(open_database(old.settings).conninfo) == held


def test_killed_at_any_moment_it_is_the_old_one_or_the_new_one(old: Any, fifteen: tuple[Path, dict[str, Any]]) -> None:
    pristine = old.path.with_name("pristine")
    shutil.copytree(old.path, pristine)
    began = time.perf_counter()
    assert upgrade(old).returncode == 0
    seconds = time.perf_counter() - began
    for _ in range(KILLS):
        stop(old.settings)
        shutil.rmtree(old.path)
        shutil.copytree(pristine, old.path)
        process = subprocess.Popen(
            command(),
            env=environment(old),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(random.uniform(0.3, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        for home in (old, type(old)(old.path, CHATTUI_PG_BIN=str(PG15))):
            opened = home.opened_elsewhere()
            if "conninfo" in opened:
                break
        assert state(str(opened["conninfo"])) == fifteen[1], opened
        stop(home.settings)
        assert not old.places.pgdata_new.exists()


def test_the_watcher_makes_the_scheduled_backup(make_home: Any, eventually: Any) -> None:
    home = make_home("s", CHATTUI_LINGER="forever")
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text('[backup]\nevery = "1s"\nkeep_last = 2\n')
    os.environ["CHATTUI_HOME"] = str(home.path)
    try:
        with connect(open_database(home.settings).conninfo, autocommit=True) as conn:
            prepare(conn)
        directory = home.settings.data_dir / "backups"
        eventually(lambda: directory.is_dir() and list(directory.glob("*.chattui")), 200)
    finally:
        del os.environ["CHATTUI_HOME"]
