"""Where everything of one embedded server lies: pure paths, nothing is created or looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

USER = "chattui"
DATABASE = "chattui"
PORT = 5432  # only part of the socket's name; no TCP port is opened
SOCKET_NAME = f".s.PGSQL.{PORT}"


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one server. All but the binaries lie in ``root``, a directory that only its user can enter."""

    data_dir: Path

    @property
    def root(self) -> Path:
        """The directory of the server's own files."""
        return self.data_dir / "server"

    @property
    def pgdata(self) -> Path:
        """PGDATA: exists only as a complete cluster."""
        return self.root / "data"

    @property
    def pgdata_new(self) -> Path:
        """Where a cluster is made before it is renamed to ``pgdata``; whatever lies here is unfinished."""
        return self.root / "data.new"

    @property
    def pgdata_leaving(self) -> Path:
        """A cluster that is being removed: whatever lies here is nobody's any more."""
        return self.root / "data.gone"

    def pgdata_before(self, major: int) -> Path:
        """The cluster as it was before an upgrade from ``major``, kept until the upgrade is confirmed."""
        return self.root / f"data.before-{major}"

    @property
    def conf(self) -> Path:
        """Our settings, included by postgresql.conf and written anew before each start."""
        return self.root / "chattui.conf"

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.root / "server.log"

    @property
    def pid_file(self) -> Path:
        """Postgres' own record: pid, directory, start time, port, socket directory, …, state."""
        return self.pgdata / "postmaster.pid"

    @property
    def start_lock(self) -> Path:
        """Locked while someone starts, stops or makes the cluster."""
        return self.root / "start.lock"

    @property
    def alive_lock(self) -> Path:
        """Locked as long as any process of the server lives: the server's processes inherit the lock."""
        return self.root / "alive.lock"

    @property
    def watcher_lock(self) -> Path:
        """Locked by the one process that stops an idle server."""
        return self.root / "watcher.lock"

    @property
    def used(self) -> Path:
        """Its modification time is when somebody last opened the database, its text how long to linger."""
        return self.root / "used"

    @property
    def stopping(self) -> Path:
        """Exists while the server is being stopped, so that nobody takes it for a running one."""
        return self.root / "stopping"

    @property
    def backed_up(self) -> Path:
        """Its modification time is when the schedule last made a backup."""
        return self.root / "backed-up"

    @property
    def own_binaries(self) -> Path:
        """Copies of the packaged binaries, one directory a version."""
        return self.data_dir / "pg"
