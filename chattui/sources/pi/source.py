"""Where Pi keeps its sessions, and how one is read and continued.

A fork is a file of its own that begins with copies of its parent's entries, ids included: it is linked by those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.chunks import read_chunks
from chattui.sources.head import Head
from chattui.sources.pi.transcript import NAME, PiTranscript
from chattui.sources.protocol import Report
from chattui.sources.walk import walk


class Pi:
    """Sessions under ``sessions/--<directory>--/<time>_<id>.jsonl``."""

    name = NAME
    label = "Pi"

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        if sessions := env.get("PI_CODING_AGENT_SESSION_DIR"):
            return (Path(sessions),)
        agent = env.get("PI_CODING_AGENT_DIR")
        return ((Path(agent) if agent else home / ".pi" / "agent") / "sessions",)

    def recognises(self, head: Head) -> bool:
        """By the header, which in the oldest version has no ``version`` but names the model."""
        return any(
            record.get("type") == "session" and "id" in record and ("version" in record or "cwd" in record)
            for record in head.records
        )

    def is_whole(self, path: Path) -> bool:  # noqa: ARG002
        return False

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        return walk(self, root, lambda name, _parents: name.endswith(".jsonl"), report)

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        return read_chunks(path, PiTranscript(path.stem.rpartition("_")[2], state), offset, line)

    def titles(self, root: Path) -> Mapping[str, str]:  # noqa: ARG002
        """Pi keeps names inside the sessions."""
        return {}

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return ("pi", "--session", source_id)
