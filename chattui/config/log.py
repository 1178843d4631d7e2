"""The log: one file in the user's log directory, made when there is something to write."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chattui.config.settings import Settings

_LAYOUT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class LogFile(logging.Handler):
    """Opens a rotating file (2 MB, three old ones) with the first record. Where it cannot be written, nothing is logged."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._directory = settings.log_dir
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if self._file is None:
            self._file = self._open()
        self._file.handle(record)

    def _open(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._directory / "chattui.log"
            file = RotatingFileHandler(
                path, maxBytes=2 << 20, backupCount=3, encoding="utf-8", errors="backslashreplace"
            )
        except OSError:
            return logging.NullHandler()
        file.setFormatter(self.formatter)
        return file


def start_log(settings: Settings, *, verbose: bool = False) -> None:
    """Begin to log. ``verbose`` or the level ``debug`` adds debug lines; ``verbose`` shows them on standard error too."""
    root = logging.getLogger("chattui")
    if root.handlers:
        return
    root.setLevel(logging.DEBUG if verbose or settings.log_level == "debug" else logging.INFO)
    handlers: list[logging.Handler] = [LogFile(settings)]
    if verbose:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_LAYOUT))
        root.addHandler(handler)
