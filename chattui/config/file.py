"""The optional TOML config file: every key it may hold, declared once, and the reader that knows no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chattui.domain.errors import ConfigError

# table -> key -> the types a value may have.
KEYS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "database": {"url": (str,)},
    "server": {"linger": (str, int), "binaries": (str,)},
}
_TYPE_NAMES = {str: "text in quotes", int: "a whole number"}


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What the file says; ``None`` where it is silent or absent."""

    database_url: str | None = None
    linger: str | int | None = None
    binaries: str | None = None


def read_config_file(path: Path, *, required: bool) -> ConfigFile:
    """Parse ``path``. A missing file is an empty one unless ``required``. Raises ConfigError naming file and key."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise ConfigError(f"CHATTUI_CONFIG names {path}, which does not exist.") from None
        return ConfigFile()
    except NotADirectoryError:
        return ConfigFile()
    except OSError as error:
        raise ConfigError(f"The config file {path} cannot be read: {error.strerror}.") from error
    tables = _parse(raw, path)
    for table, content in tables.items():
        if table not in KEYS:
            raise ConfigError(f"The config file {path} has an unknown key '{table}': known are {_names(KEYS)}.")
        if not isinstance(content, dict):
            raise ConfigError(f"In the config file {path}, '{table}' is a table: write [{table}] on a line of its own.")
        for key, value in content.items():
            _check(path, table, key, value)
    database, server = tables.get("database", {}), tables.get("server", {})
    return ConfigFile(database.get("url"), server.get("linger"), server.get("binaries"))


def _parse(raw: bytes, path: Path) -> dict[str, dict[str, str]]:
    import tomllib

    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"The config file {path} is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The config file {path} is not valid TOML: {error}.") from error


def _check(path: Path, table: str, key: str, value: object) -> None:
    types = KEYS[table].get(key)
    if types is None:
        raise ConfigError(
            f"The config file {path} has an unknown key '{table}.{key}': [{table}] knows {_names(KEYS[table])}."
        )
    if isinstance(value, bool) or not isinstance(value, types):
        wanted = " or ".join(_TYPE_NAMES[kind] for kind in types)
        raise ConfigError(f"In the config file {path}, '{table}.{key}' must be {wanted}.")


def _names(keys: Mapping[str, object]) -> str:
    return ", ".join(keys)
