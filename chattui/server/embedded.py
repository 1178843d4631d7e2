"""Make sure that the embedded server runs: one starter at a time, whatever crashed before; it outlives the terminal."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chattui.domain.errors import ServerError
from chattui.server import cluster, linger
from chattui.server.binaries import Binaries, find_binaries, remove_older, shared_copy
from chattui.server.children import children, reap_children
from chattui.server.faults import from_os_error, from_output
from chattui.server.filesystems import refuse_unsafe
from chattui.server.locks import FileLock
from chattui.server.places import PORT, SOCKET_NAME, Places
from chattui.server.programs import child_environment
from chattui.server.root import Identity, identity_for
from chattui.server.running import PidFile, answers, find_running, mark_used, read_pid_file
from chattui.server.sockets import choose_socket_dir, why_not_private

log = logging.getLogger("chattui.server")

Notify = Callable[[str], None]

_POLL = 0.005
_STARTER_PATIENCE = 300.0  # another process is starting it: making a cluster on a slow disk, or crash recovery
_RECOVERY_PATIENCE = 1800.0  # the server works through its log after a crash; it is alive and says so
_LEFTOVER_PATIENCE = 5.0  # backends without a postmaster get this long to obey
_STRANGER_PATIENCE = 10.0  # somebody holds the data whom we cannot see: another container


@dataclass(frozen=True, slots=True)
class Started:
    """What had to be done: ``started`` now or found running, and whether the cluster was made for it."""

    server: PidFile
    started: bool
    initialised: bool


def ensure(
    places: Places,
    pg_bin: Path | None,
    linger_seconds: float | None,
    notify: Notify,
    backup_every: float | None = None,
) -> Started:
    """Return a server that accepts connections, starting it if need be. Raises ServerError."""
    doing = f"Starting the database in {places.root}"
    try:
        places.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        places.root.mkdir(exist_ok=True, mode=0o700)
        refuse_unsafe(places.root)
        lock = FileLock(places.start_lock)
    except OSError as error:
        raise from_os_error(error, doing) from error
    notify = _without_repeats(notify)
    try:
        with lock:
            if running := _become_starter(places, lock, notify):
                return Started(running, started=False, initialised=False)
            mark_used(places, linger_seconds)
            places.stopping.unlink(missing_ok=True)
            started = _start(places, pg_bin, lock, notify)
            linger.ensure_watcher(places, pg_bin, linger_seconds, backup_every)
            return started
    except OSError as error:
        raise from_os_error(error, doing) from error


def _become_starter(places: Places, lock: FileLock, notify: Notify) -> PidFile | None:
    """Take the start lock, or return the server that somebody else has started meanwhile."""
    until = time.monotonic() + _STARTER_PATIENCE
    while not lock.acquire():
        if (running := find_running(places)) and not places.stopping.exists():
            return running
        if time.monotonic() > until:
            raise ServerError(
                f"Another process (pid {lock.read_pid()}) has been starting or stopping the database in {places.root} "
                f"for {_STARTER_PATIENCE:.0f} seconds. Look at {places.log}, or end that process."
            )
        if time.monotonic() > until - _STARTER_PATIENCE + 1:
            notify("Waiting for another chattui that is starting the database…")
        time.sleep(_POLL)
    lock.write_pid()
    return None


def _start(places: Places, pg_bin: Path | None, lock: FileLock, notify: Notify) -> Started:
    """Under the start lock: the running server, or a new one."""
    reap_children()
    if running := find_running(places):
        return Started(running, started=False, initialised=False)
    with FileLock(places.alive_lock) as alive:
        if running := _settle(places, alive, notify):
            return Started(running, started=False, initialised=False)
        first = not (places.pgdata / "PG_VERSION").exists()
        notify("Setting up the database for the first time…" if first else "Starting the database…")
        binaries = find_binaries(places, pg_bin)
        remove_older(places)
        socket_dir = choose_socket_dir(places)
        identity = identity_for(places)
        if not identity.reaches(binaries.program("postgres")):
            binaries = shared_copy(binaries)
        initialised = cluster.ensure_cluster(places, binaries, identity, lock.fd)
        cluster.write_conf(places)
        cluster.rotate_log(places)
        server = _spawn(places, binaries, identity, socket_dir=socket_dir, alive_fd=alive.fd, notify=notify)
    return Started(server, started=True, initialised=initialised)


def _settle(places: Places, alive: FileLock, notify: Notify) -> PidFile | None:
    """Get ``alive``, or a server that is ready: wait while one starts or stops, and end what a crash has left."""
    begin = time.monotonic()
    asked_to_stop = False
    while not alive.acquire() or _hand_started(places):
        reap_children()
        if running := find_running(places):
            return running
        found = read_pid_file(places)
        waited = time.monotonic() - begin
        if found is not None and _is_ours(found.pid, places):
            if found.accepts and not found.socket.exists() and not asked_to_stop:
                log.warning("the server (pid %s) has lost its socket %s: restarting it", found.pid, found.socket)
                os.kill(found.pid, signal.SIGINT)
                asked_to_stop = True
            elif found.accepts and waited > _LEFTOVER_PATIENCE:
                why = why_not_private(found.socket_dir, places.root.stat().st_uid) or "does not answer"
                raise _stuck(
                    places, f"The server (pid {found.pid}) runs, but its socket directory {found.socket_dir} {why}"
                )
            if waited > _RECOVERY_PATIENCE:
                raise _stuck(
                    places, f"The server (pid {found.pid}) has been {found.state} for {waited / 60:.0f} minutes"
                )
            if waited > 1:
                notify("Waiting for the database to recover after a crash…")
        elif left := _backends(places):
            from chattui.server.processes import end_backends

            end_backends(left, signal.SIGQUIT if waited < _LEFTOVER_PATIENCE else signal.SIGKILL)
            if waited > 2 * _LEFTOVER_PATIENCE:
                raise _stuck(places, f"Processes {left} of a crashed server do not end")
        elif waited > _STRANGER_PATIENCE:
            raise _stuck(places, "Another process, perhaps in another container, uses it and cannot be reached")
        elif waited > 1:
            notify("Waiting for another process that uses the database…")
        time.sleep(0.02)
    _remove_stale(places)
    return None


def _hand_started(places: Places) -> bool:
    """With ``alive`` in hand: does a server that we did not start (pg_ctl) or its remains still use the data?"""
    if not places.pid_file.exists():
        return False  # the usual case, and no list of processes is read for it
    found = read_pid_file(places)
    return (found is not None and _is_ours(found.pid, places)) or bool(_backends(places))


def _remove_stale(places: Places) -> None:
    """With nobody alive: remove the pid file, the socket and its lock, over which Postgres would stumble."""
    found = read_pid_file(places)
    stale = [places.pid_file]
    if found is not None:
        stale += [found.socket, found.socket.with_name(f"{found.socket.name}.lock")]
    for path in stale:
        try:
            path.unlink()
            log.warning("removed %s of a server that is gone", path)
        except FileNotFoundError:
            continue


def _spawn(
    places: Places, binaries: Binaries, identity: Identity, *, socket_dir: Path, alive_fd: int, notify: Notify
) -> PidFile:
    """Start postgres in a session of its own, which no closed terminal or ^C reaches, and wait until it is ready."""
    for stale in (socket_dir / SOCKET_NAME, socket_dir / f"{SOCKET_NAME}.lock"):
        stale.unlink(missing_ok=True)
    command = [*identity.prefix, binaries.program("postgres"), "-D", str(places.pgdata), "-k", str(socket_dir)]
    command += ["-p", str(PORT), "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]
    with places.log.open("ab") as out:
        written = out.tell()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            env=child_environment(),
            umask=0o077,
            start_new_session=True,
            pass_fds=(alive_fd,),
        )
    children.append(child)
    begin = time.monotonic()
    while (waited := time.monotonic() - begin) < _RECOVERY_PATIENCE:
        found = read_pid_file(places)
        if found is not None and found.pid == child.pid and found.accepts and answers(found, places):
            log.info("started PostgreSQL %s, pid %s, in %.0f ms", binaries.version, child.pid, waited * 1000)
            return found
        if child.poll() is not None:
            children.remove(child)
            with places.log.open("rb") as said:
                said.seek(written)
                raise from_output(said.read().decode(errors="replace"), "Starting the database", places.log)
        if waited > 1:
            notify("The database is recovering after a crash…")
        time.sleep(_POLL)
    raise _stuck(places, f"The server (pid {child.pid}) did not get ready")


def _without_repeats(notify: Notify) -> Notify:
    """Passes on a sentence only when it differs from the last one, so that it can be said in every round of a wait."""
    last = ""

    def say(sentence: str) -> None:
        nonlocal last
        if sentence != last:
            last = sentence
            notify(sentence)

    return say


def _is_ours(pid: int, places: Places) -> bool:
    from chattui.server.processes import is_postmaster_of

    return is_postmaster_of(pid, places.pgdata)


def _backends(places: Places) -> list[int]:
    from chattui.server.processes import backends_of

    return backends_of(places.pgdata)


def _stuck(places: Places, what: str) -> ServerError:
    return ServerError(f"The database in {places.pgdata} cannot be started. {what}. Look at {places.log}.")
