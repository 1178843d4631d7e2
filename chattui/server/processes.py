"""Which processes belong to a data directory: how our server is told from a stale pid, a zombie or a stranger."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil


def is_postmaster_of(pid: int, pgdata: Path) -> bool:
    """Whether ``pid`` is a living postgres of ``pgdata``: not a zombie, and not another program that got an old pid."""
    try:
        process = psutil.Process(pid)
        if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return False
        return _is_postgres(process) and _serves(process, pgdata)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return False  # another user's process cannot be the server of a directory of ours


def exists(pid: int) -> bool:
    """Whether ``pid`` still runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False


def backends_of(pgdata: Path) -> list[int]:
    """Living postgres processes whose working directory is ``pgdata``: what a killed postmaster leaves behind."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and _is_postgres(process) and _works_in(process, pgdata):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def end_backends(pids: list[int], how: signal.Signals) -> None:
    """Signal backends without a postmaster. They hold nothing that crash recovery would not restore."""
    for pid in pids:
        try:
            os.kill(pid, how)
        except (ProcessLookupError, PermissionError):
            continue


def _is_postgres(process: psutil.Process) -> bool:
    # A backend overwrites its command line ("postgres: chattui chattui [local] idle"), so its name decides.
    return process.name().startswith(("postgres", "postmaster"))


def _serves(process: psutil.Process, pgdata: Path) -> bool:
    if _works_in(process, pgdata):
        return True
    command = process.cmdline()
    return str(pgdata) in command or f"-D{pgdata}" in command


def _works_in(process: psutil.Process, pgdata: Path) -> bool:
    try:
        return os.path.realpath(process.cwd()) == os.path.realpath(pgdata)
    except psutil.AccessDenied:
        return False
