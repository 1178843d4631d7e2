"""The migrations as files: numbered SQL, found without importing a driver."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = r"(\d{4})_([a-z0-9_]+)\.sql"
DOWN = "down"
"""The directory beside the migrations that holds the ways back, each named as its migration."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of ``schema/``. Its last statement records its own version."""

    version: int
    name: str
    path: Path

    @property
    def way_back(self) -> Path | None:
        """The file that undoes it, where there is one."""
        path = self.path.parent / DOWN / self.path.name
        return path if path.exists() else None


def schema_directory() -> Path:
    """``schema/``: inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "schema"
    return inside if inside.is_dir() else package.parent / "schema"


def available(directory: Path | None = None) -> tuple[Migration, ...]:
    """Every migration, in order."""
    found = []
    for path in (directory or schema_directory()).iterdir():
        if match := re.fullmatch(_NAME, path.name):
            found.append(Migration(int(match[1]), match[2], path))
    return tuple(sorted(found, key=lambda m: m.version))


def latest_version() -> int:
    """The version that this program needs."""
    return available()[-1].version
