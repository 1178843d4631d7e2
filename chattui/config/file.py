"""The optional TOML config file: read, held against what may be there, each mistake named with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from chattui.config.agents import DEFAULT_PATIENCE, AgentSettings
from chattui.config.options import (
    AGENT_OPTIONS,
    SOURCE_OPTIONS,
    TABLES,
    THEME_COLOURS,
    Guards,
    Option,
    TableOf,
    Takes,
    Value,
    mistake,
    options_of,
    seconds,
    suggestion,
    table,
)
from chattui.config.rules import Rules, SourceRule
from chattui.domain.errors import ConfigError

_ALL = (Guards.DATABASE, Guards.IMPORT)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Problem(NamedTuple):
    """A mistake, as a sentence that names file, line and what to do. ``guards`` says what may not go on because of it."""

    sentence: str
    line: int = 0
    guards: Guards = Guards.NOTHING


class ConfigFile(NamedTuple):
    """What the file says, and what is wrong with it. ``values`` are by the options' names and hold only what is right."""

    values: Mapping[str, Value] = _NOTHING
    rules: Rules = Rules()
    keys: Mapping[str, str] = _NOTHING
    themes: Mapping[str, Mapping[str, str | bool]] = _NOTHING
    problems: tuple[Problem, ...] = ()
    agents: tuple[AgentSettings, ...] = ()

    def table(self, name: str) -> dict[str, Any]:
        """What the file says in one table, by its keys."""
        start = f"{name}."
        return {key.removeprefix(start): value for key, value in self.values.items() if key.startswith(start)}

    def insist(self, *guards: Guards) -> ConfigFile:
        """Raise ConfigError for the first mistake that must not be passed over for the sake of these; else the file."""
        for problem in self.problems:
            if problem.guards in guards:
                raise ConfigError(problem.sentence)
        return self


def read_config_file(path: Path, *, required: bool, lenient: bool = False) -> ConfigFile:
    """Read ``path``. A missing file is an empty one unless ``required``.

    Raises ConfigError for a file that cannot be read, and, unless ``lenient``, for a mistake after which it would be a guess
    which database is meant or what is to be left out. Every other mistake is in ``problems``, and the default holds.
    """
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
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"The config file {path} is not UTF-8 text.") from error
    found = look_through(text, path)
    return found if lenient else found.insist(*_ALL)


def parse_config(text: str, path: Path) -> ConfigFile:
    """What a text says that stands, or is to stand, at ``path``. Raises ConfigError as ``read_config_file`` does."""
    return look_through(text, path).insist(*_ALL)


def look_through(text: str, path: Path) -> ConfigFile:
    """What a text says, and every mistake in it. Raises nothing."""
    from chattui.config.salvage import salvaged

    tables, broken = salvaged(text)
    reader = _Reader(text, path)
    for line, name, reason in broken:
        reader.note(f"The config file {path} is not valid TOML: {reason}.", line, _guard_of(name))
    values: dict[str, Value] = {}
    free: dict[str, dict[str, object]] = {}
    for name, content in tables.items():
        known = table(name)
        if known is None:
            names = [one.name for one in TABLES]
            meant = suggestion(name, names)
            reader.fail(f"has an unknown key '{name}': known are {', '.join(names)}{meant}", _guard_of(name), name)
        elif not isinstance(content, dict):
            reader.fail(f"'{name}' is a table: write [{name}] on a line of its own", known.guards, name)
        else:
            options = options_of(name)
            named = [option.key for option in options]
            own = {key: value for key, value in content.items() if not known.free or key in named}
            values |= reader.check(name, own, options, known.guards)
            free[name] = {key: value for key, value in content.items() if key not in own}
    rules = Rules(
        reader.sources(free.get("sources", {})),
        _texts(values.get("projects.exclude")),
        values.get("sources.keep-raw") is not False,
    )
    keys = reader.keys(free.get("keys", {}))
    themes = reader.themes(free.get("themes", {}))
    agents = reader.agents(free.get("agents", {}))
    return ConfigFile(values, rules, keys, themes, tuple(sorted(reader.problems, key=lambda p: p.line)), agents)


def line_of(lines: Sequence[str], table: str, key: str = "") -> int:
    """In which of these lines a table begins, or a key in it stands; 0 when it is written in another way."""
    import re

    inside = ""
    for number, text in enumerate(lines, 1):
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


class _Reader:
    """Holds what was parsed against what may be there, and knows in which line it stands."""

    def __init__(self, text: str, path: Path) -> None:
        self._lines = text.splitlines()
        self._path = path
        self.problems: list[Problem] = []

    def note(self, sentence: str, line: int, guards: Guards) -> None:
        """A mistake."""
        self.problems.append(Problem(sentence, line, guards))

    def fail(self, what: str, guards: Guards, table: str, key: str = "") -> None:
        """A mistake in a table or a key of it; the sentence names the line, where it can be found."""
        line = self.line(table, key)
        where = f"the config file {self._path}" + (f", line {line}," if line else "")
        if what.startswith("has "):
            self.note(f"T{where[1:]} {what}.", line, guards)
        else:
            self.note(f"In {where.rstrip(',')}, {what}.", line, guards)

    def line(self, table: str, key: str = "") -> int:
        """The line of a table, or of a key in it; 0 when it is written in another way."""
        return line_of(self._lines, table, key)

    def check(
        self, table: str, content: Mapping[str, object], known: tuple[Option, ...], guards: Guards
    ) -> dict[str, Value]:
        """What is right in a table, by the options' names; every other key is a mistake."""
        right: dict[str, Value] = {}
        names = [option.key for option in known]
        for key, value in content.items():
            option = next((one for one in known if one.key == key), None)
            if option is None:
                meant = suggestion(key, names)
                what = f"has an unknown key '{table}.{key}': [{table}] knows {', '.join(names)}{meant}"
                self.fail(what, guards, table, key)
            elif wrong := mistake(option, value):
                self.fail(f"'{table}.{key}' {wrong}", guards, table, key)
            else:
                right[f"{table}.{key}"] = tuple(value) if isinstance(value, list) else value  # type: ignore[assignment]
        return right

    def sources(self, tables: Mapping[str, object]) -> dict[str, SourceRule]:
        """The rules of each source that is named."""
        rules: dict[str, SourceRule] = {}
        for name, content in tables.items():
            table = f"sources.{name}"
            if not isinstance(content, dict):
                what = f"'{table}' is a table: write [{table}] on a line of its own"
                self.fail(what, Guards.IMPORT, "sources", name)
                continue
            found = self.check(table, content, SOURCE_OPTIONS, Guards.IMPORT)
            rules[name] = SourceRule(
                enabled=bool(found.get(f"{table}.enabled", True)),
                exclude=_texts(found.get(f"{table}.exclude")),
                paths=_texts(found.get(f"{table}.paths")),
                keep_raw=None if (kept := found.get(f"{table}.keep-raw")) is None else bool(kept),
                line=self.line(table),
            )
        return rules

    def agents(self, tables: Mapping[str, object]) -> tuple[AgentSettings, ...]:
        """The agents that have a command."""
        found: list[AgentSettings] = []
        for name, content in tables.items():
            table = f"agents.{name}"
            if not isinstance(content, dict):
                self.fail(f"'{table}' is a table: write [{table}] on a line of its own", Guards.NOTHING, "agents", name)
                continue
            right = self.check(table, content, AGENT_OPTIONS, Guards.NOTHING)
            command = _texts(right.get(f"{table}.command"))
            if not command:
                self.fail(f"the agent '{name}' needs a command: command = [\"my-agent\"]", Guards.NOTHING, table)
                continue
            patience = seconds(right.get(f"{table}.patience", int(DEFAULT_PATIENCE))) or float("inf")
            label, acp = str(right.get(f"{table}.label", "")), bool(right.get(f"{table}.acp"))
            found.append(
                AgentSettings(name, command, label, acp, patience if isinstance(patience, float) else DEFAULT_PATIENCE)
            )
        return tuple(found)

    def keys(self, content: Mapping[str, object]) -> dict[str, str]:
        """Keys by the id of what they do: ``"app.new" = "ctrl+g"``, also as ``app.new = "ctrl+g"``."""
        found: dict[str, str] = {}
        for name, value in content.items():
            inner = value.items() if isinstance(value, dict) else [("", value)]
            for key, keys in inner:
                known = f"{name}.{key}" if key else name
                if isinstance(keys, str):
                    found[known] = keys
                else:
                    self.fail(f"'keys.{known}' must be {Takes.TEXT.value}", Guards.NOTHING, "keys", known)
        return found

    def themes(self, content: Mapping[str, object]) -> dict[str, Mapping[str, str | bool]]:
        """The themes that have a colour to begin with."""
        found: dict[str, Mapping[str, str | bool]] = {}
        for name, theme in content.items():
            table = f"themes.{name}"
            if not isinstance(theme, dict):
                self.fail(f"'{table}' is a table: write [{table}] on a line of its own", Guards.NOTHING, "themes", name)
                continue
            right = {key: value for key, value in theme.items() if self._is_of_theme(table, key, value)}
            if "primary" in right:
                found[name] = right
            else:
                self.fail(f"the theme '{name}' needs a colour: primary = \"#3b82f6\"", Guards.NOTHING, table)
        return found

    def _is_of_theme(self, table: str, key: str, value: object) -> bool:
        known = [*THEME_COLOURS, "dark"]
        if key not in known:
            what = f"has an unknown key '{table}.{key}': a theme knows {', '.join(known)}{suggestion(key, known)}"
        elif key == "dark" and not isinstance(value, bool):
            what = f"'{table}.dark' must be true or false"
        elif key != "dark" and not (isinstance(value, str) and value.strip()):
            what = f"'{table}.{key}' must be a colour, as \"#3b82f6\""
        else:
            return True
        self.fail(what, Guards.NOTHING, table, key)
        return False


def _guard_of(name: str) -> Guards:
    """What a table guards; one that nobody knows might be meant for the one it is most like."""
    from difflib import get_close_matches

    if not name:
        return Guards.DATABASE
    near = get_close_matches(name, [one.name for one in TABLES], 1)
    meant: TableOf | None = table(near[0]) if near else None
    return meant.guards if meant is not None else Guards.NOTHING


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
