"""The config file as the screen of settings needs it: changed and read again, off the UI's thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.config import Settings
    from chattui.config.file import ConfigFile
    from chattui.config.options import Value


class SettingsRead(Message):
    """What the config file says now."""

    def __init__(self, configured: ConfigFile) -> None:
        self.configured = configured
        super().__init__()


class Options:
    """Each request is answered by what the file says then, also when it could not be changed."""

    def __init__(self, helpers: Worker, post: Callable[[Message], None], settings: Settings) -> None:
        self._helpers = helpers
        self._post = post
        self._path = settings.config_file

    def read(self) -> None:
        """Read the file."""
        self._helpers.submit(self._read)

    def write(self, table: str, key: str, value: Value) -> None:
        """Set an option."""

        def job() -> None:
            from chattui.config.writing import write_option

            try:
                write_option(self._path, table, key, value)
            finally:
                self._read()

        self._helpers.submit(job)

    def reset(self, table: str, key: str) -> None:
        """Let the default hold again."""

        def job() -> None:
            from chattui.config.writing import reset_option

            try:
                reset_option(self._path, table, key)
            finally:
                self._read()

        self._helpers.submit(job)

    def _read(self) -> None:
        from chattui.config.file import read_config_file

        self._post(SettingsRead(read_config_file(self._path, required=False, lenient=True)))
