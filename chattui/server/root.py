"""As whom the server runs: Postgres refuses root, so root starts it in a user namespace, else as another user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from chattui.domain.errors import ServerError
from chattui.server.faults import INSTEAD
from chattui.server.places import Places


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom a program runs: ``prefix`` goes before the command line of initdb and postgres.

    ``other`` is how to try something as that user without any right of root's; empty when the files are our own.
    """

    prefix: tuple[str, ...]
    other: tuple[str, ...] = ()

    def reaches(self, program: str) -> bool:
        """Whether the program can be run. Postgres asks with access(2), which rights of root's do not help."""
        return not self.other or _works((*self.other, "test", "-x", program))


def identity_for(places: Places) -> Identity:
    """Us, unless we are root. Needs ``places.root`` to exist; as root may change who owns it. Raises ServerError."""
    if os.geteuid() != 0:
        return Identity(())
    home = places.root.stat()
    if home.st_uid != 0:
        return _other_user(places, home.st_uid, home.st_gid)
    if prefix := user_namespace():
        return Identity(prefix)
    user = _some_user()
    return _other_user(places, user.pw_uid, user.pw_gid)


def user_namespace() -> tuple[str, ...] | None:
    """The command that makes root an ordinary user in its own eyes, with root's files; ``None`` where it is refused."""
    program = shutil.which("unshare")
    if program is None:
        return None
    user = _some_user()
    prefix = (program, "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")
    return prefix if _works((*prefix, "true")) else None


def _other_user(places: Places, uid: int, gid: int) -> Identity:
    """Run as ``uid``, who gets the server's files. It keeps root's right to pass through directories such as /root."""
    program = shutil.which("setpriv")
    other = (program or "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    prefix = (*other, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    if program is None or not _works((*prefix, "true")):
        raise ServerError(
            "PostgreSQL does not run as root, and this system allows neither a user namespace (unshare) nor another "
            f"user (setpriv). Start chattui as an ordinary user, {INSTEAD}."
        )
    _give(places.root, uid, gid)
    return Identity(prefix, other)


def _some_user() -> pwd.struct_passwd:
    """An ordinary user that the system knows by name, as initdb asks for one: postgres, nobody, or any other."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    for user in pwd.getpwall():
        if user.pw_uid != 0:
            return user
    raise ServerError(f"PostgreSQL does not run as root, and this system has no other user. Create one, {INSTEAD}.")


def _works(command: tuple[str, ...]) -> bool:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def _give(directory: Path, uid: int, gid: int) -> None:
    if directory.stat().st_uid == uid and all(path.lstat().st_uid == uid for path in directory.iterdir()):
        return
    for parent, _, files in os.walk(directory):
        for path in (parent, *(os.path.join(parent, name) for name in files)):  # noqa: PTH118 - walks thousands
            os.chown(path, uid, gid, follow_symlinks=False)
