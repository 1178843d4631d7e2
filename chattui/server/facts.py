"""What is known of a server, as values: one that was opened, and one that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, LiteralString


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """A database that is there to connect to.

    ``started`` and ``initialised`` say what this call had to do; ``data_dir`` is ``None`` for a
    server of somebody else's.
    """

    conninfo: str
    kind: Literal["embedded", "url"]
    started: bool
    initialised: bool
    data_dir: Path | None


@dataclass(frozen=True, slots=True)
class Beside:
    """A further question while a server is looked at: one SELECT of one text, asked where ``table`` is there.

    ``otherwise`` is asked where it is not, as in an older schema.
    """

    table: str
    statement: LiteralString
    otherwise: Beside | None = None


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How the server is. What is not known is ``None``; ``size`` is bytes on disk, ``uptime`` seconds.

    ``said`` is the answer to what was asked beside, None where that could not be answered.
    """

    kind: Literal["embedded", "url"]
    running: bool
    target: str
    pid: int | None = None
    version: str | None = None
    data_dir: Path | None = None
    socket_dir: Path | None = None
    log: Path | None = None
    size: int | None = None
    uptime: float | None = None
    clients: int | None = None
    said: str | None = None
