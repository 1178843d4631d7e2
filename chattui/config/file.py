"""The optional TOML config file: every key it may hold, declared once, and the reader that knows no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from chattui.config.models import MODEL_KEYS
from chattui.config.rules import Rules, SourceRule
from chattui.domain.errors import ConfigError

# table -> key -> the types a value may have.
KEYS: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "database": {"url": (str,)},
    "server": {"linger": (str, int), "binaries": (str,)},
    "models": MODEL_KEYS,
    "projects": {"exclude": (list,)},
    "sources": {},
}
SOURCE_KEYS: Mapping[str, tuple[type, ...]] = {"enabled": (bool,), "exclude": (list,), "paths": (list,)}
"""What is set for one source, in a table of its own: [sources.codex]."""
_TYPE_NAMES = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: 'a list of texts, as ["~/one", "~/two"]',
    dict: "a table, as { temperature = 0.2 }",
}


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What the file says; ``None`` where it is silent or absent."""

    database_url: str | None = None
    linger: str | int | None = None
    binaries: str | None = None
    rules: Rules = field(default_factory=Rules)
    models: dict[str, Any] = field(default_factory=dict)


def read_config_file(path: Path, *, required: bool) -> ConfigFile:
    """Parse ``path``. A missing file is an empty one unless ``required``. Raises ConfigError naming file, line and key."""
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
    try:
        return parse_config(raw.decode(), path)
    except UnicodeDecodeError as error:
        raise ConfigError(f"The config file {path} is not UTF-8 text.") from error


def parse_config(text: str, path: Path) -> ConfigFile:
    """What a text says that stands, or is to stand, at ``path``. Raises ConfigError."""
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The config file {path} is not valid TOML: {error}.") from error
    reader = _Reader(text, path)
    for table, content in tables.items():
        if table not in KEYS:
            reader.fail(f"has an unknown key '{table}': known are {_names(KEYS)}", table)
        if not isinstance(content, dict):
            reader.fail(f"'{table}' is a table: write [{table}] on a line of its own", table)
        if table != "sources":
            reader.check(table, content, KEYS[table])
    rules = Rules(reader.sources(tables.get("sources", {})), tuple(tables.get("projects", {}).get("exclude", ())))
    database, server = tables.get("database", {}), tables.get("server", {})
    return ConfigFile(
        database.get("url"), server.get("linger"), server.get("binaries"), rules, dict(tables.get("models", {}))
    )


class _Reader:
    """Holds what was parsed against what may be there, and knows in which line it stands."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines = text.splitlines()
        self._path = path

    def fail(self, what: str, table: str, key: str = "") -> NoReturn:
        """Raise ConfigError; the sentence names the line, where it can be found."""
        line = self.line(table, key)
        where = f"the config file {self._path}" + (f", line {line}," if line else "")
        if what.startswith("has "):
            raise ConfigError(f"T{where[1:]} {what}.")
        raise ConfigError(f"In {where.rstrip(',')}, {what}.")

    def line(self, table: str, key: str = "") -> int:
        """The line of a table, or of a key in it; 0 when it is written in another way."""
        import re

        inside = ""
        for number, text in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[+\s*([^\]#]+?)\s*\]", text):
                inside = re.sub(r"[\"'\s]", "", header[1])
                if not key and (inside == table or inside.startswith(f"{table}.")):
                    return number
            elif inside == table:
                if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", text):
                    return number
            elif not inside and re.match(rf"\s*{re.escape(table)}\s*[.=]", text):
                return number
        return 0

    def check(self, table: str, content: Mapping[str, object], known: Mapping[str, tuple[type, ...]]) -> None:
        """Every key is known and has a value of its type."""
        for key, value in content.items():
            types = known.get(key)
            if types is None:
                self.fail(f"has an unknown key '{table}.{key}': [{table}] knows {_names(known)}", table, key)
            elif not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                wanted = " or ".join(_TYPE_NAMES[kind] for kind in types)
                self.fail(f"'{table}.{key}' must be {wanted}", table, key)
            elif isinstance(value, list) and not all(isinstance(one, str) and one.strip() for one in value):
                self.fail(f"'{table}.{key}' must be {_TYPE_NAMES[list]}", table, key)

    def sources(self, tables: Mapping[str, object]) -> dict[str, SourceRule]:
        """The rules of each source that is named."""
        rules: dict[str, SourceRule] = {}
        for name, content in tables.items():
            table = f"sources.{name}"
            if not isinstance(content, dict):
                self.fail(f"'{table}' is a table: write [{table}] on a line of its own", "sources", name)
            self.check(table, content, SOURCE_KEYS)
            for place in content.get("paths", ()):
                if not place.startswith(("/", "~")) and not Path(place).is_absolute():
                    self.fail(
                        f"'{table}.paths' must hold whole paths, from / or ~: '{place}' is not one", table, "paths"
                    )
            rules[name] = SourceRule(
                enabled=content.get("enabled", True),
                exclude=tuple(content.get("exclude", ())),
                paths=tuple(content.get("paths", ())),
                line=self.line(table),
            )
        return rules


def _names(keys: Mapping[str, object]) -> str:
    return ", ".join(keys)
