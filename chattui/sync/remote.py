"""Histories of other machines and containers: fetched by ssh or given as a stream, only read there, gone here afterwards."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path, PosixPath
from shutil import rmtree
from typing import IO, Final

from chattui.domain.errors import ConfigError, SourceError
from chattui.domain.history import HistoryFile
from chattui.domain.visible import visible_line
from chattui.sources.protocol import Source
from chattui.sync.choose import history_in
from chattui.sync.looking import look
from chattui.sync.progress import FileFault
from chattui.sync.unpack import Tell, unpack

_URL: Final = re.compile(
    r"ssh:/{1,2}(?:(?P<user>[A-Za-z0-9_][\w.-]*)@)?(?P<host>[A-Za-z0-9_][\w.-]*|\[[0-9a-fA-F:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)?",
    re.ASCII | re.DOTALL,
)
_PARTS: Final = {
    ".codex": ("sessions", "archived_sessions", "session_index.jsonl"),
    ".gemini/tmp": ("", "../projects.json"),
}
"""Of some usual places only these are fetched: beside the history there is what logs a person in."""

_FORGOTTEN: Final = 86_400
"""Seconds after which a directory is one that a program could not remove any more."""

_COMPLAINT: Final = 4_000
_PADDING: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Host:
    """Where ``ssh://[user@]host[:port][/path]`` leads. ``path`` "" means the usual places in the person's home there."""

    name: str
    user: str = ""
    port: int | None = None
    path: str = ""

    def command(self, places: Sequence[str]) -> list[str]:
        """The ssh that answers with the home directory on a line, and then with a tar of ``places``.

        The other side's shell gets one line, in which every place is quoted and none can be an option.
        """
        tar = shlex.join(["tar", "-cf", "-", *places])
        who = f"{self.user}@{self.name}" if self.user else self.name
        port = ["-p", str(self.port)] if self.port is not None else []
        return ["ssh", "-T", "-C", *port, "--", who, f"pwd && {tar}"]


def host_of(text: str) -> Host | None:
    """The host that an argument names; None for what does not begin as an address. Raises ``ConfigError`` for a bad one."""
    if not text.startswith("ssh:/"):
        return None
    found = _URL.fullmatch(text)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or "\0" in text or (port is not None and not 0 < port < 65_536):
        raise ConfigError(f"{visible_line(text)!r} is no address of a host: write ssh://[user@]host[:port][/path].")
    path = found["path"] or ""
    return Host(found["host"].strip("[]"), found["user"] or "", port, "" if path == "/" else path)


class RemotePath(PosixPath):
    """A file that was fetched, which is remembered by the path that it has on its own machine."""

    known_as: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came from a machine: its history files, newest first, and the directory in which it lies here meanwhile."""

    machine: str
    found: Sequence[tuple[Source, HistoryFile]]
    faults: Sequence[FileFault]
    directory: Path
    base: str

    def named(self, fault: FileFault) -> FileFault:
        """A fault, with paths as they are on the machine."""
        here = f"{self.directory}/"
        return FileFault(fault.path.replace(here, self.base), fault.reason.replace(here, self.base))

    @property
    def sources(self) -> list[Source]:
        """The sources that something came of."""
        return list({source.name: source for source, _ in self.found}.values())


def usual_places(sources: Sequence[Source]) -> list[str]:
    """Where the sources' tools keep their histories, as paths in a home directory."""
    home = Path("/home/of/a/person")
    found: dict[str, None] = {}
    for source in sources:
        for root in source.roots({}, home):
            if root.is_relative_to(home):
                place = root.relative_to(home).as_posix()
                for part in _PARTS.get(place, ("",)):
                    found[os.path.normpath(f"./{place}/{part}")] = None
    return [f"./{place}" for place in found]


@contextmanager
def over_ssh(host: Host, sources: Sequence[Source], folder: Path, tell: Tell = lambda _: None) -> Iterator[Fetched]:
    """The histories of a host while they are needed. Only read there; ``folder`` is where they lie here.

    Raises ``SourceError`` when it cannot be reached, or has none.
    """
    places = (
        [host.path if not host.path.startswith("/~/") else f".{host.path[2:]}"] if host.path else usual_places(sources)
    )
    with _private(folder) as directory, tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                host.command(places), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
        except OSError as error:
            raise SourceError(f"ssh cannot be started: {error.strerror}. It is what reads {host.name}.") from error
        assert process.stdout is not None
        came, wrong = 0, None
        try:
            home = process.stdout.readline(4_096).decode("utf-8", "surrogateescape").rstrip("\r\n")
            if home.startswith("/"):
                came = unpack(process.stdout, directory, tell)
                process.stdout.read(_PADDING)  # or tar would end by a closed pipe
        except SourceError as error:
            wrong = error
        finally:
            process.stdout.close()
            if wrong is not None:
                process.terminate()
            code = process.wait()
        if not came:
            raise SourceError(_why_nothing(host, code, complaints, home, wrong))
        if wrong is not None:
            raise wrong
        if code not in (0, 1, 2):  # 1 and 2 are tar's, where a place is missing or a file was being written
            raise SourceError(f"{host.name} was left before all had come: {_complaint(complaints, code)}")
        base = "/" if host.path and not host.path.startswith("/~/") else f"{home.rstrip('/')}/"
        yield _fetched(host.name, directory, base, sources, usual=not host.path)


@contextmanager
def from_stream(
    stream: IO[bytes], machine: str, sources: Sequence[Source], folder: Path, tell: Tell = lambda _: None
) -> Iterator[Fetched]:
    """The histories in a tar that comes through a pipe, from a home directory or any other. Raises ``SourceError``."""
    with _private(folder) as directory:
        if not unpack(stream, directory, tell):
            raise SourceError("No files came on standard input.")
        fetched = _fetched(machine, directory, "", sources, usual=True)
        if not fetched.found:
            try:
                fetched = _fetched(machine, directory, "", sources, usual=False)
            except SourceError as error:
                raise SourceError(str(error).replace(str(directory), "What came on standard input")) from None
        yield fetched


def _fetched(machine: str, directory: Path, base: str, sources: Sequence[Source], *, usual: bool) -> Fetched:
    if usual:
        looked = look(sources, {}, directory)
        found, faults = list(looked.found), tuple(looked.faults)
    else:
        found, faults = history_in([directory], sources), ()
    return Fetched(machine, [(s, _remembered(f, machine, directory, base)) for s, f in found], faults, directory, base)


def _remembered(file: HistoryFile, machine: str, directory: Path, base: str) -> HistoryFile:
    """The file with the path of its own machine, and with what tells files apart there instead of here."""
    path = RemotePath(file.path)
    path.known_as = f"{base}{file.path.relative_to(directory).as_posix()}"
    digest = blake2b(os.fsencode(f"{machine}\0{path.known_as}"), digest_size=16).digest()
    inode, device = (int.from_bytes(part, "big") >> 1 for part in (digest[:8], digest[8:]))
    return replace(file, path=path, inode=inode, device=device)


@contextmanager
def _private(folder: Path) -> Iterator[Path]:
    """A new directory for this person alone, removed with all that is in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        for left in folder.iterdir():
            with suppress(OSError):
                if time.time() - left.lstat().st_mtime > _FORGOTTEN:
                    rmtree(left)
        directory = Path(tempfile.mkdtemp(dir=folder))
    except OSError as error:
        raise SourceError(f"{folder} cannot be used as a directory: {error.strerror}.") from error
    try:
        yield directory
    finally:
        rmtree(directory, ignore_errors=True)


def _why_nothing(host: Host, code: int, complaints: IO[bytes], home: str, wrong: SourceError | None) -> str:
    if code == 255:
        return f"{host.name} cannot be reached: {_complaint(complaints, code)}"
    if not home.startswith("/"):
        said = visible_line(home)[:80] or _complaint(complaints, code)
        return f"{host.name} did not answer as a shell does: {said}"
    if host.path:
        return f"{host.name} has nothing to read at {visible_line(host.path)}: {_complaint(complaints, code)}"
    if wrong is not None and code == 0:
        return str(wrong)
    return f"{host.name} has no history in the usual places. Name another one: ssh://{host.name}/path."


def _complaint(complaints: IO[bytes], code: int) -> str:
    """The last thing that ssh or tar has said, as a sentence."""
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, complaints.tell() - _COMPLAINT))
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return (visible_line(lines[-1])[:300].rstrip(".") if lines else f"it ended with code {code}") + "."
