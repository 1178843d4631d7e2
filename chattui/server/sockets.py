"""The private directory of the server's socket: which one, and whether it really is private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from chattui.domain.errors import ServerError
from chattui.server.places import SOCKET_NAME, Places

# A socket's address holds 107 bytes on Linux and 103 on macOS; Postgres also needs the lock file beside it.
MAX_SOCKET_PATH = 100


def usual_socket_dir(places: Places) -> Path:
    """Where the next server's socket will lie; nothing is made.

    Beside the data; where that path is too long, in the user's runtime directory or else in /tmp.
    """
    beside = places.root / "s"
    if fits(beside):
        return beside
    name = _short_name(places)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir() and fits(Path(runtime) / f"chattui-{name}"):
        return Path(runtime) / f"chattui-{name}"
    return Path(f"/tmp/chattui-{os.geteuid()}") / name  # noqa: S108 - checked to be ours before it is used


def choose_socket_dir(places: Places) -> Path:
    """``usual_socket_dir``, made if missing, mode 0700. Raises ServerError when others own it or may enter it."""
    directory = usual_socket_dir(places)
    if directory.parent.name == f"chattui-{os.geteuid()}":
        _make_private(directory.parent)
    return _make_private(directory)


def fits(directory: Path) -> bool:
    """Whether a socket and its lock file in ``directory`` stay within what the kernel takes."""
    return len(os.fsencode(directory / f"{SOCKET_NAME}.lock")) <= MAX_SOCKET_PATH


def why_not_private(directory: Path, *allowed: int) -> str | None:
    """What is wrong with ``directory`` as a place for a socket that asks for no password; ``None`` when it is private.

    Its owner has to be us or one of the user ids ``allowed``.
    """
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return "does not exist"
    if not stat.S_ISDIR(found.st_mode):
        return "is not a directory"
    if found.st_uid not in {os.geteuid(), *allowed}:
        return f"belongs to another user (id {found.st_uid})"
    if found.st_mode & 0o077:
        return "is open to other users"
    return None


def give_to_owner(path: Path) -> None:
    """As root in somebody's directory: what we made belongs to that somebody, who has to be able to use it."""
    if os.geteuid() != 0:
        return
    owner = path.parent.stat()
    if owner.st_uid != path.lstat().st_uid:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _make_private(directory: Path) -> Path:
    try:
        directory.mkdir(mode=0o700)
        if directory.name == "s":
            give_to_owner(directory)
    except FileExistsError:
        pass
    if wrong := why_not_private(directory, _owner_of(directory.parent)):
        raise ServerError(
            f"The database's socket directory {directory} {wrong}. Remove it, or set its owner and "
            "mode 0700, and start again."
        )
    return directory


def _owner_of(directory: Path) -> int:
    """Root accepts the directory's owner, everybody else only themselves."""
    return directory.stat().st_uid if os.geteuid() == 0 else os.geteuid()


def _short_name(places: Places) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(os.path.realpath(places.pgdata))).hexdigest()[:12]
