"""From one major version of PostgreSQL to the next: a new cluster beside the old one, which is kept until that is confirmed.

``pg_upgrade`` copies the files. Where it cannot, because data is compressed in a way that the new programs do not know, a
backup is restored into a new cluster instead. Both end with two renames under the start lock; between them ``clear_leftovers``
goes back. See https://www.postgresql.org/docs/current/pgupgrade.html.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chattui.domain.errors import ServerError
from chattui.server.binaries import Binaries, find_binaries, own_copies, shared_copy
from chattui.server.cluster import clear_leftovers, cluster_major, kept_before, make_bare, sync_directory, write_conf
from chattui.server.faults import from_os_error
from chattui.server.locks import FileLock
from chattui.server.look import disk_usage
from chattui.server.places import USER, Places
from chattui.server.programs import child_environment, run
from chattui.server.root import identity_for
from chattui.server.sockets import choose_socket_dir

log = logging.getLogger("chattui.server")

_SYSTEM = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
)
_SPARE = 256 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """From which programs to which; ``size`` bytes are on disk now, and as many more are needed."""

    old: Binaries
    new: Binaries
    size: int


def plan(places: Places, pg_bin: Path | None, old_bin: Path | None) -> Plan | None:
    """What is to be done; None when there is nothing to do. Raises ServerError when the old programs or the space are missing."""
    major = cluster_major(places)
    new = find_binaries(places, pg_bin)
    if major is None or major == new.major:
        return None
    if major > new.major:
        raise ServerError(
            f"The database was made by PostgreSQL {major}, and these programs are {new.version}: there is no way back to an older "
            "version but a backup. Update chattui, or unset CHATTUI_PG_BIN."
        )
    size = disk_usage(places.pgdata)
    free = shutil.disk_usage(places.root).free
    if free < 2 * size + _SPARE:
        raise ServerError(
            f"An upgrade needs about {2 * size / 1e9:.1f} GB beside the {size / 1e9:.1f} GB that the database has now, for a "
            f"backup and for the new files, and {free / 1e9:.1f} GB are free in {places.root}. Free some space and try again."
        )
    return Plan(_old_programs(places, major, old_bin), new, size)


def knows_lz4(binaries: Binaries) -> bool:
    """Whether these programs can read what others compressed with lz4."""
    try:
        said = subprocess.run(
            [binaries.program("pg_config"), "--configure"],
            capture_output=True, text=True, check=False, env=child_environment(),
        ).stdout  # fmt: skip
    except OSError:
        return False
    return "--with-lz4" in said


def upgrade_files(places: Places, planned: Plan, notify: Callable[[str], None]) -> Path:
    """Let pg_upgrade copy the cluster, and put the copy in its place; where the old one is kept. Raises ServerError."""
    with _stopped(places) as lock:
        identity = identity_for(places)
        old, new = (
            b if identity.reaches(b.program("postgres")) else shared_copy(b) for b in (planned.old, planned.new)
        )
        write_conf(places)
        make_bare(places, new, identity, lock.fd)
        notify(f"Copying the database to PostgreSQL {new.major} …")
        command = [*identity.prefix, new.program("pg_upgrade"), "-b", str(old.bin), "-B", str(new.bin)]
        command += [
            "-d",
            str(places.pgdata),
            "-D",
            str(places.pgdata_new),
            "-U",
            USER,
            "-s",
            str(choose_socket_dir(places)),
        ]
        done = run(command, pass_fds=(lock.fd,), cwd=str(places.root))
        for script in ("delete_old_cluster.sh", "update_extensions.sql", "analyze_new_cluster.sh"):
            (places.root / script).unlink(missing_ok=True)
        if done.returncode:
            raise _why(places, done.stdout)
        return _exchange(places, planned.old.major)


def take_cluster(places: Places, made: Places, old_major: int) -> Path:
    """Put the stopped cluster of ``made`` in the place of this one; where the old one is kept. Raises ServerError."""
    with _stopped(places):
        try:
            made.pgdata.rename(places.pgdata_new)
        except OSError as error:
            raise from_os_error(error, f"Taking the new database to {places.root}") from error
        return _exchange(places, old_major)


def go_back(places: Places) -> int:
    """Return to the cluster from before the upgrade; its major version. Raises ServerError when there is none."""
    with _stopped(places):
        before = kept_before(places)
        if before is None:
            raise ServerError("There is no database from before an upgrade: nothing to go back to.")
        try:
            places.pgdata.rename(places.pgdata_leaving)
            before.rename(places.pgdata)
            sync_directory(places.root)
            clear_leftovers(places)
        except OSError as error:
            raise from_os_error(error, f"Going back to {before}") from error
        return cluster_major(places) or 0


def kept_major(places: Places) -> int:
    """The major version of the cluster from before the upgrade; 0 where there is none."""
    before = kept_before(places)
    try:
        return int((before / "PG_VERSION").read_text()) if before is not None else 0
    except (OSError, ValueError):
        return 0


def confirm(places: Places) -> int:
    """Remove the cluster from before the upgrade; how many bytes that were. 0 where there is none."""
    before = kept_before(places)
    if before is None:
        return 0
    size = disk_usage(before)
    try:
        before.rename(places.pgdata_leaving)
        shutil.rmtree(places.pgdata_leaving)
    except OSError as error:
        raise from_os_error(error, f"Removing {before}") from error
    return size


def _exchange(places: Places, old_major: int) -> Path:
    """The new cluster gets the old one's name. What falls between the two renames is undone at the next start."""
    before = places.pgdata_before(old_major)
    try:
        if before.exists():
            before.rename(places.pgdata_leaving)
            shutil.rmtree(places.pgdata_leaving)
        places.pgdata.rename(before)
        places.pgdata_new.rename(places.pgdata)
        sync_directory(places.root)
    except OSError as error:
        clear_leftovers(places)
        raise from_os_error(error, f"Putting the new database in {places.root}") from error
    log.info("upgraded from PostgreSQL %s; the old cluster is kept in %s", old_major, before)
    return before


@contextmanager
def _stopped(places: Places) -> Iterator[FileLock]:
    """Nobody starts the server, and none runs. Whatever is unfinished afterwards is removed."""
    from chattui.server.stop import stop_under_lock  # here: the package's ``stop`` is a function until this is imported

    with FileLock(places.start_lock) as lock:
        if not lock.acquire():
            raise ServerError(
                f"Another process (pid {lock.read_pid()}) is starting or stopping the database. Try again in a moment."
            )
        lock.write_pid()
        places.stopping.touch()
        try:
            stop_under_lock(places)
            clear_leftovers(places)
            yield lock
        finally:
            places.stopping.unlink(missing_ok=True)
            clear_leftovers(places)


def _old_programs(places: Places, major: int, old_bin: Path | None) -> Binaries:
    if old_bin is not None:
        found = find_binaries(places, old_bin)
        if found.major != major:
            raise ServerError(
                f"{old_bin} is PostgreSQL {found.version}, and the database was made by {major}: name its programs."
            )
        return found
    if copies := [copy for copy in own_copies(places) if copy.major == major]:
        return copies[-1]
    for pattern in _SYSTEM:
        directory = Path(pattern.format(major))
        if (directory / "postgres").exists():
            return find_binaries(places, directory)
    raise ServerError(
        f"The programs of PostgreSQL {major}, which made the database, are not here any more. Install them and name their "
        "directory with --old-bin."
    )


def _why(places: Places, said: str) -> ServerError:
    """What pg_upgrade was not content with: the step that it failed at. Its own logs, which name no chat, go to ours."""
    for found in sorted(places.pgdata_new.glob("pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log")):
        try:
            log.error("%s:\n%s", found.name, "\n".join(found.read_text(errors="replace").splitlines()[-15:]))
        except OSError:
            continue
    step = re.search(r"^(\S.*?\S)\s+(?:fatal\s*$|\*failure\*)", said, re.M)
    what = f" ({step[1]})" if step else ""
    return ServerError(f"pg_upgrade could not do it{what}. The database is as it was; the log has the details.")
