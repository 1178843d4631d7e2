"""[backup] of the config file, as a value: when the embedded server is backed up by itself, where to, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chattui.config.options import Value, options_of, seconds


@dataclass(frozen=True, slots=True)
class BackupRules:
    """``every`` is seconds; None: never. ``recipients`` are for whom every backup is encrypted that says nothing else."""

    every: float | None = None
    directory: Path | None = None
    keep_last: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    recipients: tuple[str, ...] = ()


def backup_rules(values: Mapping[str, Value]) -> BackupRules:
    """What the file says, and the defaults."""
    found: dict[str, Any] = {one.key: values.get(one.name, one.default) for one in options_of("backup")}
    every = seconds(found["every"]) if found["every"] else None
    found["every"] = every if isinstance(every, float) and every > 0 else None
    found["directory"] = Path(found["directory"]).expanduser().absolute() if found["directory"] else None
    return BackupRules(**found)
