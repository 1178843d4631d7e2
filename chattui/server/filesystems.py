"""File systems on which a database must not live: network homes, and Windows drives seen from WSL."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from chattui.domain.errors import ServerError

_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afpfs",
        "webdav",
        "afs",
        "fuse.sshfs",
        "fuse.rclone",
        "vboxsf",
        "fuse.vmhgfs-fuse",
    }
)


def refuse_unsafe(directory: Path, mountinfo: str | None = None) -> None:
    """Raises ServerError when ``directory`` lies on a file system without the locks and syncs that a database needs.

    ``mountinfo`` is the text of /proc/self/mountinfo, read from there when not given. Other systems than Linux have no
    such file; their network mounts are not recognised yet.
    """
    if mountinfo is None:
        if sys.platform != "linux":
            return
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
        except OSError:
            return
    kind = _kind_of(directory, mountinfo)
    if kind == "drvfs":
        raise ServerError(
            f"{directory} is on a Windows drive, where a Linux database is not safe. Keep it in the Linux file system, "
            "for example with CHATTUI_HOME=~/.local/share/chattui."
        )
    if kind in _NETWORK:
        raise ServerError(
            f"{directory} is on a network file system ({kind}), where a database is not safe. Choose a local directory "
            "with CHATTUI_HOME, or set CHATTUI_DATABASE_URL to a PostgreSQL server."
        )


def _kind_of(directory: Path, mountinfo: str) -> str:
    """The type of the file system on which ``directory`` lies, or would lie; "drvfs" for Windows drives under WSL."""
    path = str(directory.resolve())
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        # 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue   (proc_pid_mountinfo(5))
        left, _, right = line.partition(" - ")
        fields, after = left.split(), right.split()
        if len(fields) < 5 or not after:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best = len(point)
            kind = "drvfs" if after[0] == "drvfs" or (after[0] == "9p" and "drvfs" in right) else after[0]
    return kind
