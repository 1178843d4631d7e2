"""The file of a backup: whole or not there, opened by its key alone, never taken when it is damaged; how many are kept."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from holdings import furnish, state
from program import Program
from steps import begin, rows

from chattui.backup.places import Keep, Kept, backups_in, surplus, whole_file
from chattui.backup.run import Wanted, backup, check_file, restore
from chattui.backup.sealing import Keys, Seal
from chattui.domain.errors import BackupError, ConfigError
from chattui.store.database import Database

NO_KEYS = Keys()


@pytest.fixture
def saved(db: Database, tmp_path: Path) -> Path:
    furnish(db)
    return backup(db.conninfo, Wanted(tmp_path / "all.chattui", is_directory=False)).path


def test_a_damaged_or_cut_off_or_foreign_file_is_one_sentence_and_changes_nothing(
    other_db: Database, saved: Path, tmp_path: Path
) -> None:
    begin(other_db, "mine")
    before = state(other_db.conninfo)
    whole = saved.read_bytes()
    head_end = whole.index(b"data/0000")
    broken = tmp_path / "broken.chattui"
    wrong: list[tuple[str, bytes]] = [
        ("is not a backup", b""),
        ("is not a backup", b"PGDMP" + os.urandom(4000)),
        ("is not a backup", whole[:300]),
        ("cut off", whole[: head_end + 100]),
        ("cut off", whole[: len(whole) // 2]),
        ("cut off", whole[: whole.rindex(b"manifest.json\0")]),
        ("written by a newer chattui", whole.replace(b'"format": 1', b'"format": 7')),
    ]
    for at in range(head_end + 600, len(whole) - 12_000, len(whole) // 5):
        wrong.append(("damaged|differs", whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]))
    for sentence, content in wrong:
        broken.write_bytes(content)
        if content[head_end:] and _same_members(content, whole):
            continue  # the bit was one of padding
        for attempt in (
            lambda: restore(other_db.conninfo, broken, NO_KEYS, replace=True),
            lambda: check_file(broken, NO_KEYS),
        ):
            with pytest.raises(BackupError, match=sentence) as told:
                attempt()
            assert "Traceback" not in str(told.value)
    assert state(other_db.conninfo) == before
    check_file(saved, NO_KEYS)


def _same_members(one: bytes, other: bytes) -> bool:
    def members(content: bytes) -> list[tuple[str, bytes]]:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            return [(m.name, tar.extractfile(m).read()) for m in tar]  # type: ignore[union-attr]

    try:
        return members(one) == members(other)
    except tarfile.TarError:
        return False


def test_a_file_that_says_another_count_than_it_holds_is_not_believed(
    saved: Path, tmp_path: Path, other_db: Database
) -> None:
    lying = tmp_path / "lying.chattui"
    with tarfile.open(saved) as source, tarfile.open(lying, "w", format=tarfile.PAX_FORMAT) as target:
        for member in source:
            content = source.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "manifest.json":
                document = json.loads(content)
                next(s for s in document["sections"] if s["table"] == "marks")["digest"] = "0" * 64
                content = json.dumps(document).encode()
                member.size = len(content)
            target.addfile(member, io.BytesIO(content))
    for attempt in (lambda: restore(other_db.conninfo, lying, NO_KEYS), lambda: check_file(lying, NO_KEYS)):
        with pytest.raises(BackupError, match="marks"):
            attempt()
    assert rows(other_db, "SELECT 1 FROM chattui.chats") == []


def test_encrypted_for_a_passphrase_or_a_key_and_opened_by_nothing_else(
    db: Database, other_db: Database, tmp_path: Path
) -> None:
    furnish(db)
    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    for name, identity in (("mine", mine), ("other", other)):
        (tmp_path / name).write_text(f"# made by a test\n{identity}\n")
    sealed = backup(db.conninfo, Wanted(tmp_path / "k.chattui", False, seal=Seal((str(mine.to_public()),)))).path
    secret = backup(db.conninfo, Wanted(tmp_path / "p.chattui", False, seal=Seal(passphrase="grüne Wiese"))).path
    for path in (sealed, secret):
        assert b"os.path" not in path.read_bytes()
        assert b"head.json" not in path.read_bytes()
    assert sealed.read_bytes().startswith(b"age-encryption.org/v1\n")  # any age opens it
    good, bad = Keys((tmp_path / "mine",)), Keys((tmp_path / "other",))
    with pytest.raises(BackupError, match="encrypted for another key"):
        restore(other_db.conninfo, sealed, bad)
    with pytest.raises(BackupError, match="--identity"):
        restore(other_db.conninfo, sealed, NO_KEYS)
    with pytest.raises(BackupError, match="passphrase is not the one"):
        restore(other_db.conninfo, secret, Keys(ask=lambda: "falsch"))
    with pytest.raises(BackupError, match="--passphrase-file"):
        restore(other_db.conninfo, secret, NO_KEYS)
    with pytest.raises(ConfigError, match="A recipient is written as"):
        backup(db.conninfo, Wanted(tmp_path / "no.chattui", False, seal=Seal(("age1nonsense",))))
    assert not (tmp_path / "no.chattui").exists()
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "b.chattui").write_bytes(content)
    with pytest.raises(BackupError, match="damaged or was cut off"):
        restore(other_db.conninfo, tmp_path / "b.chattui", good)
    restore(other_db.conninfo, sealed, good)
    assert state(other_db.conninfo) == state(db.conninfo)
    restore(other_db.conninfo, secret, Keys(ask=lambda: "grüne Wiese"), replace=True)
    assert state(other_db.conninfo) == state(db.conninfo)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_full_disk_is_one_sentence_and_leaves_no_file(chattui: Program, db: Database, sealed: bool) -> None:
    furnish(db, data=os.urandom(400_000))
    seal = ("--recipient", str(pyrage.x25519.Identity.generate().to_public())) if sealed else ()
    to = chattui.home / "out"
    done = subprocess.run(
        chattui.command("db", "backup", "--to", f"{to}/", *seal),
        env=chattui.env, cwd=chattui.home, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        done.stderr
        == f"chattui: The backup was not written: the disk is full ({to}). Free some space, or choose another place with --to.\n"
    )
    assert list(to.iterdir()) == []


def test_a_name_is_never_written_over_and_what_a_killed_one_left_is_removed(tmp_path: Path) -> None:
    there = tmp_path / "a.chattui"
    there.write_bytes(b"precious")
    with pytest.raises(BackupError, match="is there already"), whole_file(there):
        pass
    left = tmp_path / ".chattui-1-abc.partial"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    with whole_file(tmp_path / "b.chattui") as file:
        file.write(b"x")
        (tmp_path / "c.chattui").write_bytes(b"")
        assert not (tmp_path / "b.chattui").exists()
    assert not left.exists()
    assert (tmp_path / "b.chattui").stat().st_mode & 0o777 == 0o600
    with pytest.raises(BackupError, match="is there already"), whole_file(tmp_path / "d.chattui") as file:
        (tmp_path / "d.chattui").write_bytes(b"another program was quicker")
    assert (tmp_path / "d.chattui").read_bytes() == b"another program was quicker"
    assert there.read_bytes() == b"precious"
    assert not list(tmp_path.glob(".*"))


def test_a_name_that_is_taken_meanwhile_is_left_to_the_other(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    with whole_file(first, another=lambda: second) as file:
        file.write(b"mine")
        first.write_bytes(b"another's")
    assert (first.read_bytes(), second.read_bytes()) == (b"another's", b"mine")


def test_two_backups_of_one_second_are_two_files_and_are_listed(chattui: Program, db: Database) -> None:
    begin(db, "x", "y")
    commands = [
        subprocess.Popen(chattui.command("db", "backup", "--json"), env=chattui.env, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    made = [json.loads(c.communicate(timeout=60)[0]) for c in commands]
    assert len({m["path"] for m in made}) == 2
    assert made[0]["digests"] == made[1]["digests"]
    listed = chattui("db", "backups", "--json").json
    assert {b["path"] for b in listed["backups"]} == {m["path"] for m in made}
    assert [(b["messages"], b["whole"], b["encrypted"]) for b in listed["backups"]] == [(2, True, False)] * 2


def test_so_many_days_weeks_and_months_are_kept_of_each_series() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
    found = [
        Kept(Path(f"{n}"), series, noon - timedelta(hours=6 * n), 1, True, None)
        for n in range(400)
        for series in ("ann-1", "bob-1")
    ]
    gone = {k.path.name for k in surplus(found, Keep(daily=3, weekly=2, monthly=2), "ann-1")}
    kept = [found[0].made_at - timedelta(hours=6 * n) for n in range(400) if str(n) not in gone]
    # the newest of three days, of the week before, and of October
    assert [f"{k:%m-%d %H}" for k in kept] == ["11-23 12", "11-22 18", "11-21 18", "10-31 18"]
    assert all(k.series == "ann-1" for k in surplus(found, Keep(daily=3), "ann-1"))
    assert [k.path.name for k in surplus(found[:8], Keep(last=2), "bob-1")] == ["2", "3"]
    assert len(surplus(found[:8], Keep(), "ann-1")) == 3  # the newest always stays
    damaged = [replace(found[0], path=Path("damaged"), made_at=noon + timedelta(hours=1), encrypted=False)]
    assert surplus(damaged + found[:1], Keep(last=1), "ann-1") == [], "a damaged one takes no other's place"


def test_retention_removes_only_what_is_of_the_same_database_and_person(db: Database, tmp_path: Path) -> None:
    begin(db, "x")
    first = backup(db.conninfo, Wanted(tmp_path, is_directory=True)).path
    old = first.with_name(first.name.replace("-2026", "-2025"))
    first.rename(old)
    strangers = tmp_path / "chattui-ann-000000-20250101T000000Z.chattui"
    own_name = tmp_path / "before-the-move.chattui"
    for path in (strangers, own_name):
        path.write_bytes(old.read_bytes())
    done = backup(db.conninfo, Wanted(tmp_path, is_directory=True, keep=Keep(daily=1)))
    assert done.removed == (old,)
    assert {k.path for k in backups_in(tmp_path)} == {done.path, strangers, own_name}
