"""Sources as the screen of them needs them: read, and switched on and off, off the UI's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.config import Settings
    from chattui.store.database import Database

_LINES_OF_A_FILE = 5


class Sources:
    """Answers are messages, but for faults, whose lines go to whoever asked."""

    def __init__(
        self, helpers: Worker, db: Callable[[], Database], post: Callable[[Message], None], settings: Settings
    ) -> None:
        self._helpers = helpers
        self._database = db
        self._post = post
        self._settings = settings

    def read(self) -> None:
        """How it stands with each source."""
        self._helpers.submit(self._read)

    def _read(self) -> None:
        import os
        from pathlib import Path

        from chattui.sync.overview import overview
        from chattui.tui.watch_messages import SourcesRead

        found = overview(self._database(), self._settings.config_file, os.environ, Path.home())
        self._post(SourcesRead(found))

    def switch(self, name: str, enabled: bool) -> None:
        """Switch a source on or off, in the configuration; answered by how it stands then."""

        def job() -> None:
            from chattui.config.switches import switch_source

            try:
                switch_source(self._settings.config_file, name, enabled)
            finally:  # what is shown is what there is, also when it could not be written
                self._read()

        self._helpers.submit(job)

    def read_faults(self, answer: Callable[[list[str]], None], source: str | None = None) -> None:
        """Files that could not be read, as lines for a person; ``answer`` is called on the helper thread."""

        def job() -> None:
            from chattui.store import imports

            lines = []
            for fault in imports.faults(self._database(), source=source):
                lines.append(f"{fault.path}: {fault.error or fault.outcome}")
                lines += [f"    line {number}: {reason}" for number, reason in fault.problems[:_LINES_OF_A_FILE]]
                if fault.problem_count > min(_LINES_OF_A_FILE, len(fault.problems)):
                    lines.append(f"    … {fault.problem_count} records in all")
            answer(lines)

        self._helpers.submit(job)
