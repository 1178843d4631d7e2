"""Writing the config file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chattui.domain.errors import ConfigError


def replace_file(target: Path, text: str, path: Path) -> None:
    """Put ``text`` in the place of the file ``target``, which is made where there is none; ``path`` is its name for people.

    Raises ConfigError when it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        handle, made = tempfile.mkstemp(dir=target.parent, prefix=".config-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(made).chmod(mode)
            Path(made).replace(target)
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be written: {error.strerror or error}.") from error
