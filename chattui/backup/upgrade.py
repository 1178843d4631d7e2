"""The embedded server brought to the next PostgreSQL: backed up first, compared afterwards, and undone when anything differs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from chattui.backup.places import backups_in
from chattui.backup.run import Wanted, backup, restore
from chattui.backup.sealing import Keys
from chattui.config import Settings
from chattui.config.options import Value
from chattui.domain.backup import Manifest, Tell, Written
from chattui.domain.errors import BackupError, ChattuiError, ServerError
from chattui.server.api import open_database, stop
from chattui.server.places import Places
from chattui.server.upgrade import Plan, go_back, kept_major, knows_lz4, take_cluster, upgrade_files
from chattui.store.connection import connect
from chattui.store.content import digests, holding, owners_of
from chattui.store.failures import translate


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: ``kept`` is the old cluster, ``saved`` the backup that was made first (None: it was empty)."""

    old: str
    new: str
    how: str
    kept: Path
    saved: Written | None


def upgrade(settings: Settings, planned: Plan, notify: Callable[[str], None], tell: Tell | None = None) -> Upgraded:
    """Do what ``server.upgrade.plan`` has said. Raises ``ServerError``, ``BackupError``; then the database is as it was."""
    places = Places(settings.data_dir)
    old = settings._replace(pg_bin=planned.old.bin)
    opened = open_database(old, notify)
    has_lz4 = _has_lz4(opened.conninfo)
    saved: Written | None = None
    try:
        notify("Backing up first …")
        saved = backup(opened.conninfo, Wanted(settings.data_dir / "backups", is_directory=True, all_owners=True), tell)
    except BackupError:
        if _has_tables(opened.conninfo):
            raise
    finally:
        stop(old)
    if has_lz4 and not knows_lz4(planned.new) and saved is not None:
        notify(f"Its texts are compressed with lz4, which PostgreSQL {planned.new.major} here does not know.")
        kept, how = _by_restore(settings, planned, saved, notify, tell), "restored"
    else:
        try:
            kept, how = upgrade_files(places, planned, notify), "pg_upgrade"
        except ServerError as error:
            if saved is None:
                raise
            notify(str(error))
            kept, how = _by_restore(settings, planned, saved, notify, tell), "restored"
    try:
        conninfo = open_database(settings, notify).conninfo
        if saved is not None:
            notify("Comparing every row …")
            _compare(conninfo, saved.manifest)
        _analyze(conninfo)
    except ChattuiError as error:
        go_back(places)
        raise BackupError(
            f"The upgraded database did not hold what the old one held, and was given up: the old one is back. {error}"
        ) from error
    return Upgraded(planned.old.version, planned.new.version, how, kept, saved)


def written_since(settings: Settings) -> str:
    """What going back would lose, in numbers where the database still answers and the backup from before is there."""
    try:
        with connect(open_database(settings).conninfo, autocommit=True) as conn:
            there = holding(conn, owners_of(conn))
        now = f"The database holds {there.chats:,} chats with {there.messages:,} messages"
    except (ChattuiError, psycopg.Error):
        return "What was written since the upgrade is lost."
    major = str(kept_major(Places(settings.data_dir)))
    for each in backups_in(settings.data_dir / "backups"):
        if each.manifest is not None and each.manifest.head.server_version.split(".")[0] == major:
            before = f"{each.manifest.rows('chats'):,} with {each.manifest.rows('messages'):,}"
            return f"{now} now, and {before} before the upgrade. What was written since is lost."
    return f"{now}. What was written since the upgrade is lost."


def _without_backups(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if not name.startswith("backup.")}


def _by_restore(
    settings: Settings, planned: Plan, saved: Written, notify: Callable[[str], None], tell: Tell | None
) -> Path:
    """A new cluster in a directory of its own, filled from the backup."""
    aside = settings.data_dir / "upgrade"
    shutil.rmtree(aside, ignore_errors=True)
    made = settings._replace(data_dir=aside, linger=None, values=_without_backups(settings.values))
    try:
        notify("Restoring the backup into a new database …")
        conninfo = open_database(made, notify).conninfo
        restore(conninfo, saved.path, Keys(), owner=_only(saved.manifest), tell=tell)
        stop(made)
        return take_cluster(Places(settings.data_dir), Places(aside), planned.old.major)
    finally:
        stop(made)
        shutil.rmtree(aside, ignore_errors=True)


def _only(manifest: Manifest) -> str | None:
    owners = manifest.head.owners
    return owners[0] if len(owners) == 1 else None


def _compare(conninfo: str, manifest: Manifest) -> None:
    with connect(conninfo, autocommit=True) as conn:
        try:
            with conn.transaction():
                from chattui.store.content import TEXT_FORMS

                conn.execute(TEXT_FORMS)
                conn.execute("SET LOCAL statement_timeout = 0")
                for table, columns in manifest.head.tables.items():
                    found = digests(conn, table, columns, manifest.head.owners)
                    for section in manifest.sections:
                        if section.table == table and found[section.owner].hex() != section.digest:
                            raise BackupError(f"{table} differs.")
        except psycopg.Error as error:
            raise translate(error) from error


def _analyze(conninfo: str) -> None:
    with connect(conninfo, autocommit=True) as conn:
        try:
            conn.execute("SET statement_timeout = 0")
            conn.execute("ANALYZE")
        except psycopg.Error as error:
            raise translate(error) from error


def _has_lz4(conninfo: str) -> bool:
    with connect(conninfo, autocommit=True) as conn:
        row = conn.execute(
            "SELECT EXISTS (SELECT FROM pg_attribute WHERE attcompression = 'l' AND attrelid >= 16384) "
            "OR current_setting('default_toast_compression') = 'lz4'"
        ).fetchone()
    return row is not None and bool(row[0])


def _has_tables(conninfo: str) -> bool:
    with connect(conninfo, autocommit=True) as conn:
        row = conn.execute(
            "SELECT to_regclass('chattui.chats') IS NOT NULL AND EXISTS (SELECT FROM pg_class)"
        ).fetchone()
        if row is None or not row[0]:
            return False
        found = conn.execute("SELECT EXISTS (SELECT FROM chattui.chats)").fetchone()
    return found is not None and bool(found[0])
