"""The database cluster on disk: made complete and synced or not at all, version checked, configured."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path

from chattui.domain.errors import ServerError
from chattui.server.binaries import Binaries, own_copies
from chattui.server.faults import from_os_error, from_output
from chattui.server.places import DATABASE, USER, Places
from chattui.server.programs import run
from chattui.server.root import Identity

log = logging.getLogger("chattui.server")

_MB = 1024 * 1024
_LOG_LIMIT = 5 * _MB


def ensure_cluster(places: Places, binaries: Binaries, identity: Identity, lock_fd: int) -> bool:
    """Make the cluster if there is none; True when it was made now. Raises ServerError, also for another major version.

    Call under the start lock: ``lock_fd`` is handed to the children, so that it stays locked until they have ended
    even if this process is killed.
    """
    clear_leftovers(places)
    found = cluster_major(places)
    if found is None:
        if places.pgdata.exists() and any(places.pgdata.iterdir()):
            raise ServerError(
                f"{places.pgdata} holds files but no database (PG_VERSION is missing). "
                "Move it away or restore a backup."
            )
        try:
            _make(places, binaries, identity, lock_fd)
        except BaseException:
            shutil.rmtree(places.pgdata_new, ignore_errors=True)
            raise
        return True
    if found != binaries.major:
        raise ServerError(_other_version(places, binaries, found))
    return False


def cluster_major(places: Places) -> int | None:
    """The major version that made the cluster, or ``None`` when there is no cluster."""
    try:
        return int((places.pgdata / "PG_VERSION").read_text().split(".")[0])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        raise ServerError(
            f"{places.pgdata / 'PG_VERSION'} is damaged. Restore a backup, or move the directory away."
        ) from None
    except OSError as error:
        raise from_os_error(error, "Reading the database's version") from error


def clear_leftovers(places: Places) -> None:
    """Remove what an interrupted first start left, and go back to the old cluster where an upgrade ended between two names."""
    before = kept_before(places)
    if before is not None and not places.pgdata.exists():
        log.warning("an upgrade was ended: going back to %s", before)
        try:
            before.rename(places.pgdata)
        except OSError as error:
            raise from_os_error(error, f"Going back to {before}") from error
    for unfinished in (places.pgdata_new, places.pgdata_leaving):
        if unfinished.exists() or unfinished.is_symlink():
            log.warning("removing the unfinished %s", unfinished)
            try:
                shutil.rmtree(unfinished)
            except OSError as error:
                raise from_os_error(error, f"Removing the unfinished {unfinished}") from error


def kept_before(places: Places) -> Path | None:
    """The cluster as it was before the last upgrade, if it is still there."""
    found = sorted(places.root.glob("data.before-*"))
    return found[-1] if found else None


def write_conf(places: Places) -> None:
    """Write our settings for this machine; ALTER SYSTEM wins over them."""
    text = "# Written by chattui before each start. Use ALTER SYSTEM to change a setting for good.\n"
    text += "".join(f"{name} = {value}\n" for name, value in server_settings(memory_bytes()).items())
    try:
        if not places.conf.exists() or places.conf.read_text() != text:
            unfinished = places.conf.with_suffix(".new")
            unfinished.write_text(text)
            unfinished.replace(places.conf)
    except OSError as error:
        raise from_os_error(error, f"Writing {places.conf}") from error


def server_settings(memory: int) -> dict[str, str]:
    """Settings for a machine with ``memory`` bytes. Statements and rows stay out of the log: they hold chats."""
    buffers = max(32, min(memory // _MB // 4, 512))
    maintenance = 64 if memory < 2048 * _MB else 256 if memory < 16384 * _MB else 1024
    return {
        "max_connections": "50",
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{max(128, memory // _MB // 2)}MB",
        "maintenance_work_mem": f"{maintenance}MB",
        "max_parallel_maintenance_workers": "2",
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_compression": "pglz",
        "max_wal_size": "2GB",
        "autovacuum": "on",
        "logging_collector": "off",
        "log_checkpoints": "off",
        "log_timezone": "'UTC'",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }


def memory_bytes() -> int:
    """Memory that this process may count on: the machine's, or less where a control group says so."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def rotate_log(places: Places) -> None:
    """Before a start: a log that has grown large becomes server.log.1."""
    try:
        if places.log.stat().st_size > _LOG_LIMIT:
            places.log.replace(places.log.with_suffix(".log.1"))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise from_os_error(error, f"Rotating {places.log}") from error


def make_bare(places: Places, binaries: Binaries, identity: Identity, lock_fd: int) -> None:
    """A cluster in ``pgdata_new`` with our settings, without a database of ours, not synced. Raises ServerError."""
    new = str(places.pgdata_new)
    doing = f"Making the database in {places.root}"
    command = [*identity.prefix, binaries.program("initdb"), "-D", new, "-U", USER, *_initdb_options(binaries.major)]
    _checked(command, doing, lock_fd)
    try:
        with (places.pgdata_new / "postgresql.conf").open("a") as conf:
            conf.write("\n# chattui's settings for this machine, written before each start\n")
            conf.write("include_if_exists = '../chattui.conf'\n")
    except OSError as error:
        raise from_os_error(error, doing) from error


def sync_directory(directory: Path) -> None:
    """Make names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _make(places: Places, binaries: Binaries, identity: Identity, lock_fd: int) -> None:
    new = str(places.pgdata_new)
    doing = f"Making the database in {places.root}"
    make_bare(places, binaries, identity, lock_fd)
    # Our database is made in single-user mode, before anybody can see the cluster: there is no moment without it.
    # Syncing is off only until here (-F); the next step syncs every file.
    single = [
        *identity.prefix,
        binaries.program("postgres"),
        "--single",
        "-F",
        "-D",
        new,
        "-c",
        "log_min_messages=warning",
    ]
    said = _checked([*single, "-c", "exit_on_error=on", "postgres"], doing, lock_fd, f'CREATE DATABASE "{DATABASE}"\n')
    if "ERROR:" in said:
        raise from_output(said, doing)
    _checked([*identity.prefix, binaries.program("initdb"), "-D", new, "--sync-only"], doing, lock_fd)
    try:
        places.pgdata_new.rename(places.pgdata)
        sync_directory(places.root)
    except OSError as error:
        raise from_os_error(error, doing) from error
    log.info("made a PostgreSQL %s cluster in %s", binaries.version, places.pgdata)


def _checked(command: list[str], doing: str, lock_fd: int, stdin: str = "") -> str:
    try:
        done = run(command, stdin=stdin, pass_fds=(lock_fd,))
    except OSError as error:
        raise from_os_error(error, doing) from error
    if done.returncode:
        raise from_output(done.stdout, doing)
    return done.stdout


def _initdb_options(major: int) -> list[str]:
    """Unicode rules that do not depend on the system's libraries (from 17 on), and no way in but the private socket."""
    options = [
        "-E",
        "UTF8",
        "--auth-local=trust",
        "--auth-host=reject",
        "--data-checksums",
        "--no-sync",
        "--no-instructions",
    ]
    if sys.platform == "darwin":  # whose C library may not know C.UTF-8
        locale = ["--locale=C", "--lc-ctype=en_US.UTF-8"]
    else:
        locale = ["--locale=C.UTF-8"]
    if major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options + locale


def _other_version(places: Places, binaries: Binaries, found: int) -> str:
    fitting = [str(copy.bin) for copy in own_copies(places) if copy.major == found]
    where = fitting[-1] if fitting else f"the bin directory of a PostgreSQL {found}"
    return (
        f"The database in {places.pgdata} was made by PostgreSQL {found}, and these binaries are PostgreSQL "
        f"{binaries.version}. `chattui db upgrade` brings it to {binaries.major}; or set CHATTUI_PG_BIN to {where} to go on "
        f"with {found}."
    )
