"""The four directories: data, config, state and log, as each system wants them or all under CHATTUI_HOME."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Directories(
    NamedTuple
):  # the app waits for this module before its first paint, and a dataclass takes long to make
    """Absolute paths; none of them needs to exist yet."""

    data: Path
    config: Path
    state: Path
    log: Path


def find_directories(env: Mapping[str, str], *, data_dir: Path | None = None) -> Directories:
    """``data_dir`` (an argument) wins over CHATTUI_HOME, which wins over the system's own places."""
    if home := env.get("CHATTUI_HOME"):
        root = Path(home).expanduser().absolute()
        found = Directories(root / "data", root / "config", root / "state", root / "log")
    else:
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("chattui", appauthor=False)
        found = Directories(dirs.user_data_path, dirs.user_config_path, dirs.user_state_path, dirs.user_log_path)
    if data_dir is None:
        return found
    return Directories(data_dir.expanduser().absolute(), found.config, found.state, found.log)
