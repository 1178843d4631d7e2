"""Another server is reached over TCP, with a password out of a file and TLS: moved there and back, backed up and restored there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from holdings import furnish, state
from program import Program
from servers import Guarded, guarded
from steps import rows

from chattui.store.database import Database


@dataclass(frozen=True, slots=True)
class Remote:
    """A server at the other end of a network: its address for a person there, without the password."""

    server: Guarded
    address: str
    user: str


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """TLS alone where it can be had (PostgreSQL 15), else none; the password is in a file that PGPASSFILE names."""
    with guarded() as server, pytest.MonkeyPatch.context() as patch:
        user = "tess" if server.has_tls else "ann"
        file = tmp_path_factory.mktemp("pass") / "pgpass"
        file.write_text(f"localhost:{server.port}:chattui:{user}:s3cret-{user}\n")
        file.chmod(0o600)
        patch.setenv("PGPASSFILE", str(file))
        tls = f"?sslmode=verify-full&sslrootcert={server.certificates / 'ca.crt'}" if server.has_tls else ""
        yield Remote(server, f"postgresql://{user}@localhost:{server.port}/chattui{tls}", user)


@pytest.fixture
def chattui(tmp_path: Path, conninfo: str) -> Program:
    """The program, which finds the password."""
    (tmp_path / "h").mkdir()
    made = Program(tmp_path / "h", conninfo)
    made.env["PGPASSFILE"] = os.environ["PGPASSFILE"]
    return made


def told(chattui: Program, *verb: str, database: str | None = None) -> dict[str, object]:
    done = chattui("db", *verb, "--json", database=database)
    assert done.code == 0, done.err
    assert "s3cret" not in done.out + done.err
    return json.loads(done.out)  # type: ignore[no-any-return]


def test_everything_moves_over_the_network_and_back_and_is_restored_there(
    remote: Remote, chattui: Program, db: Database, other_db: Database, tmp_path: Path
) -> None:
    furnish(db, messages=400, data=os.urandom(300_000))
    before = state(db.conninfo, owner="chattui")
    moved = told(chattui, "move", "--to", remote.address)
    assert moved["owners"] == [remote.user]
    assert state(remote.server.admin, owner=remote.user) == before
    assert rows(remote.server.admin, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'chattui%'") == [("chattui",)]

    file = tmp_path / "there.chattui"
    saved = told(chattui, "backup", "--to", str(file), database=remote.address)
    assert saved["digests"] == {remote.user: {t: d for t, (_, d) in before.items()}}
    assert told(chattui, "verify", str(file), database=remote.address)["digests"] == saved["digests"]
    assert told(chattui, "reset", "--yes", database=remote.address)["removed"] != {}
    told(chattui, "restore", str(file), database=remote.address)
    assert state(remote.server.admin, owner=remote.user) == before

    back = told(chattui, "move", "--to", other_db.conninfo, database=remote.address)
    assert back["owners"] == ["chattui"]
    assert state(other_db.conninfo, owner="chattui") == before == state(db.conninfo, owner="chattui")


def test_without_the_password_nothing_is_brought_and_that_is_said(
    remote: Remote, chattui: Program, db: Database
) -> None:
    chattui.env["PGPASSFILE"] = "/nowhere"
    done = chattui("db", "move", "--to", remote.address)
    assert done.code == 3
    assert "password" in done.err
