"""Every option of the config file, declared once: the reader, the check, the settings screen, the docs and the JSON schema
come from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from chattui.config.target import mistaken_address
from chattui.domain.errors import ConfigError

Value = str | int | bool | tuple[str, ...] | dict[str, Any] | None
"""A value as the program has it: a list of texts is a tuple. None, as a default: what holds for all of its kind."""

DEFAULT_LINGER = 600.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Takes(StrEnum):
    """What may stand behind the equals sign."""

    TEXT = "text in quotes"
    TIME = "text in quotes or a whole number"
    NUMBER = "a whole number"
    FLAG = "true or false"
    CHOICE = "one of its choices"
    TEXTS = 'a list of texts, as ["~/one", "~/two"]'
    TABLE = "a table, as { temperature = 0.2 }"


class Applies(StrEnum):
    """When a change is felt."""

    AT_ONCE = "at once"
    NEXT_LOOK = "when histories are next looked at"
    NEXT_START = "when chattui is next started"


class Guards(StrEnum):
    """What must not go on by guessing when there is a mistake in a table."""

    NOTHING = ""
    DATABASE = "database"
    IMPORT = "import"


class Option(NamedTuple):  # the app waits for this module before its first paint: a dataclass takes three times as long
    """One key of a table. ``variable`` is the environment variable that wins over the file, ``example`` a line of TOML. A
    ``secret`` is not shown, or not all of it. ``check`` says what is wrong with a value of the right kind ("" for nothing), to
    go behind the option's name; ``told_by`` makes one of a function that raises ConfigError."""

    table: str
    key: str
    takes: Takes
    default: Value
    help: str
    applies: Applies = Applies.AT_ONCE
    choices: tuple[str, ...] = ()
    variable: str = ""
    example: str = ""
    secret: bool = False
    check: Callable[[Any], str] | None = None
    pattern: str = ""  # the same as a regular expression, for the JSON schema

    @property
    def name(self) -> str:
        """The name as sentences have it: ``server.linger``."""
        return f"{self.table}.{self.key}"


class TableOf(NamedTuple):
    """A table of the file. ``free`` says of which kind its keys are where they are not all known beforehand."""

    name: str
    help: str
    guards: Guards = Guards.NOTHING
    free: str = ""


def told_by(parse: Callable[[Any, str], object]) -> Callable[[Any], str]:
    """A check made of a function that takes a value and its name, and raises ConfigError with a sentence that begins so."""

    def check(value: Any) -> str:
        try:
            parse(value, "")
        except ConfigError as error:
            return str(error).strip().rstrip(".")
        return ""

    return check


def odd_path(value: Iterable[str]) -> str:
    """What is wrong with a list of whole paths."""
    for place in value:
        if not place.startswith(("/", "~")) and not Path(place).is_absolute():
            return f"must hold whole paths, from / or ~: '{place}' is not one"
    return ""


def seconds(value: object) -> object:
    """Seconds from 0, 600, "600", "90s", "10m", "2h", "1d"; ``None`` from "forever"; ``NotImplemented`` for no time."""
    text = str(value).strip().lower()
    if text == "forever":
        return None
    number, unit = (text[:-1], _UNITS[text[-1]]) if text and text[-1] in _UNITS else (text, 1)
    return float(int(number) * unit) if number.isascii() and number.isdigit() else NotImplemented


def odd_linger(value: object) -> str:
    """What is wrong with a time that may be forever."""
    if seconds(value) is NotImplemented:
        return f"is '{value}': give seconds, a time such as 10m or 2h, or forever"
    return ""


def odd_interval(value: object) -> str:
    """What is wrong with a time between backups."""
    found = seconds(value) if value != "" else 0.0
    if not isinstance(found, float):
        return f"is '{value}': give seconds or a time such as 12h or 1d"
    return ""


def odd_count(value: int) -> str:
    """What is wrong with how many are kept."""
    return f"is {value}: give how many are to be kept, 0 or more" if value < 0 else ""


def odd_age(value: object) -> str:
    """What is wrong with a number of days that may be never."""
    from chattui.config.upkeep import parse_days

    return told_by(parse_days)(value)


def odd_minutes(value: object) -> str:
    """What is wrong with a time between snapshots."""
    from chattui.config.upkeep import parse_minutes

    return told_by(parse_minutes)(value)


def odd_upkeep_interval(value: object) -> str:
    """What is wrong with how often something is done."""
    from chattui.config.upkeep import parse_interval

    return told_by(parse_interval)(value)


def odd_wait(value: object) -> str:
    """What is wrong with a time that is waited for."""
    from chattui.config.pool import parse_wait

    return told_by(parse_wait)(value)


def odd_pool_count(value: object) -> str:
    """What is wrong with a number of connections."""
    from chattui.config.pool import parse_count

    return told_by(parse_count)(value)


_AGE = r"^\s*([1-9][0-9]*[dwmyDWMY]?|[Nn][Ee][Vv][Ee][Rr])\s*$"
_WAIT = r"^\s*[1-9][0-9]*(ms|MS|[smhSMH])?\s*$"

TABLES: tuple[TableOf, ...] = (
    TableOf("appearance", "What the app looks like."),
    TableOf("keys", "Other keys for what the app does, by the ids of docs/keys.md.", free="the id of a command"),
    TableOf("themes", "Themes of your own, each in a table [themes.NAME].", free="the name of a theme"),
    TableOf("start", "How the app begins."),
    TableOf("database", "Which PostgreSQL holds the chats.", Guards.DATABASE),
    TableOf("server", "The embedded PostgreSQL."),
    TableOf("upkeep", "What chattui db upkeep does, and the embedded server's watcher by itself."),
    TableOf("snapshots", "Snapshots of chats: when they are taken, and how long those without a name are kept."),
    TableOf("backup", "Backups: which are kept, and when the embedded PostgreSQL is backed up by itself."),
    TableOf("sources", "One table [sources.NAME] for each source.", Guards.IMPORT, free="the name of a source"),
    TableOf("projects", "Chats of which projects are brought in.", Guards.IMPORT),
    TableOf("models", "Which models reply, and how they are asked: docs/replies.md."),
    TableOf(
        "agents",
        "Agents beside those that are known, each in a table [agents.NAME]: docs/agents.md.",
        free="the name of an agent",
    ),
    TableOf("secrets", "Keys, tokens and passwords, known by their shape.", Guards.IMPORT),
    TableOf("log", "The log file. It never holds the text of a chat."),
)

OPTIONS: tuple[Option, ...] = (
    Option("appearance", "theme", Takes.TEXT, "textual-dark", "The theme that the app begins with."),
    Option("appearance", "other_theme", Takes.TEXT, "textual-light", "The theme that F8 changes to, and back from."),
    Option(
        "appearance",
        "density",
        Takes.CHOICE,
        "normal",
        "Rows between messages and between chats: compact has none, comfortable has one more in the list.",
        choices=("compact", "normal", "comfortable"),
    ),
    Option(
        "appearance",
        "icons",
        Takes.FLAG,
        True,
        "Symbols such as ★ and ✎, and lines around boxes; without them all of the screen is drawn in plain ASCII.",
    ),
    Option(
        "appearance",
        "dates",
        Takes.CHOICE,
        "words",
        "How days are written: 12 Oct 2026, 2026-10-12, 12.10.2026 or 10/12/2026.",
        choices=("words", "iso", "day-first", "month-first"),
    ),
    Option("appearance", "mouse", Takes.FLAG, True, "Whether the app takes the mouse, or leaves it to the terminal."),
    Option(
        "start",
        "picture",
        Takes.FLAG,
        True,
        "Whether the screen that was left stands in the terminal at once, until the app has its own.",
        Applies.NEXT_START,
        variable="CHATTUI_PICTURE",
    ),
    Option(
        "database",
        "url",
        Takes.TEXT,
        "embedded",
        "The database: a postgresql:// address, pairs as libpq takes them, or embedded.",
        Applies.NEXT_START,
        variable="CHATTUI_DATABASE_URL, DATABASE_URL and PG*",
        example='url = "postgresql://me@db.example.org/chats"',
        secret=True,
        check=mistaken_address,
    ),
    Option(
        "database",
        "pool_min",
        Takes.NUMBER,
        4,
        "Connections that the app keeps open until nothing was asked for ten minutes.",
        Applies.NEXT_START,
        check=odd_pool_count,
    ),
    Option(
        "database",
        "pool_max",
        Takes.NUMBER,
        6,
        "Connections that a program opens at most.",
        Applies.NEXT_START,
        check=odd_pool_count,
    ),
    Option(
        "database",
        "pool_timeout",
        Takes.TIME,
        "10s",
        "How long a free connection is waited for: 500ms, 10s, 2m.",
        Applies.NEXT_START,
        check=odd_wait,
        pattern=_WAIT,
    ),
    Option(
        "database",
        "statement_timeout",
        Takes.TIME,
        "15s",
        "How long a statement may take; one that writes has a minute when this is not set.",
        Applies.NEXT_START,
        check=odd_wait,
        pattern=_WAIT,
    ),
    Option(
        "database",
        "lock_timeout",
        Takes.TIME,
        "10s",
        "How long what another program holds is waited for.",
        Applies.NEXT_START,
        check=odd_wait,
        pattern=_WAIT,
    ),
    Option(
        "database",
        "keepalive",
        Takes.TIME,
        "30s",
        "Silence after which the system asks whether the server is alive.",
        Applies.NEXT_START,
        check=odd_wait,
        pattern=_WAIT,
    ),
    Option(
        "server",
        "linger",
        Takes.TIME,
        "10m",
        "How long the embedded server outlives its last client: 90s, 10m, 2h, 0 or forever.",
        Applies.NEXT_START,
        variable="CHATTUI_LINGER",
        check=odd_linger,
        pattern=r"^\s*([0-9]+[smhdSMHD]?|[Ff][Oo][Rr][Ee][Vv][Ee][Rr])\s*$",
    ),
    Option(
        "server",
        "binaries",
        Takes.TEXT,
        "",
        "A directory with postgres and initdb to use instead of the packaged ones.",
        Applies.NEXT_START,
        variable="CHATTUI_PG_BIN",
        example='binaries = "/usr/lib/postgresql/18/bin"',
    ),
    Option(
        "upkeep",
        "archive_after",
        Takes.TIME,
        "never",
        "Archives chats that nobody opened or wrote to for so long: 180d, 26w, 6m, 1y, never.",
        Applies.NEXT_START,
        check=odd_age,
        pattern=_AGE,
    ),
    Option(
        "upkeep",
        "purge_after",
        Takes.TIME,
        "never",
        "Forgets chats that were deleted so long ago, for good: 30d, 8w, never.",
        Applies.NEXT_START,
        check=odd_age,
        pattern=_AGE,
    ),
    Option(
        "upkeep",
        "keep_logs",
        Takes.TIME,
        "30d",
        "Removes logs that were closed so long ago.",
        Applies.NEXT_START,
        check=odd_age,
        pattern=_AGE,
    ),
    Option(
        "upkeep",
        "every",
        Takes.TIME,
        "1d",
        "How often the watcher does it: 12h, 1d, 1w, never.",
        Applies.NEXT_START,
        check=odd_upkeep_interval,
        pattern=r"^\s*([1-9][0-9]*[hdwHDW]?|[Nn][Ee][Vv][Ee][Rr])\s*$",
    ),
    Option(
        "snapshots",
        "every",
        Takes.TIME,
        "10m",
        "How often a chat that changes is kept as it is: 10m, 90s, 2h, never.",
        check=odd_minutes,
        pattern=r"^\s*([1-9][0-9]*[smhdSMHD]?|[Nn][Ee][Vv][Ee][Rr])\s*$",
    ),
    Option(
        "snapshots",
        "keep_all",
        Takes.TIME,
        "1d",
        "How long all of them are kept: 1d, 2w; never thins none.",
        Applies.NEXT_START,
        check=odd_age,
        pattern=_AGE,
    ),
    Option(
        "snapshots",
        "keep_hourly",
        Takes.TIME,
        "1w",
        "How long the last of each hour is kept after that: 1w, 1m; never gives none up.",
        Applies.NEXT_START,
        check=odd_age,
        pattern=_AGE,
    ),
    Option(
        "snapshots",
        "keep_daily",
        Takes.TIME,
        "1m",
        "How long the last of each day is kept after that: 1m, 1y; never gives none up.",
        Applies.NEXT_START,
        check=odd_age,
        pattern=_AGE,
    ),
    Option(
        "backup",
        "every",
        Takes.TIME,
        "",
        "How often the embedded server is backed up by itself while it runs, as 12h or 1d; empty: never.",
        Applies.NEXT_START,
        example='every = "1d"',
        check=odd_interval,
        pattern=r"^\s*([0-9]+[smhdSMHD]?)?\s*$",
    ),
    Option(
        "backup",
        "directory",
        Takes.TEXT,
        "",
        "Where backups are made, instead of backups in the data directory.",
        example='directory = "/mnt/disk/chats"',
    ),
    *(
        Option("backup", f"keep_{which}", Takes.NUMBER, 0, text, check=odd_count)
        for which, text in (
            ("last", "How many of the last backups are kept. With all four at 0 none is removed."),
            ("daily", "Of how many days the newest backup is kept."),
            ("weekly", "Of how many weeks the newest backup is kept."),
            ("monthly", "Of how many months the newest backup is kept."),
        )
    ),
    Option(
        "backup",
        "recipients",
        Takes.TEXTS,
        (),
        "For whom backups are encrypted: age1… keys, or lines of ssh public keys.",
        example='recipients = ["age1…"]',
    ),
    Option(
        "projects",
        "exclude",
        Takes.TEXTS,
        (),
        "Directories whose chats are never brought in: ** stands for any number of names, * for part of one.",
        Applies.NEXT_LOOK,
        example='exclude = ["~/secret/**"]',
    ),
    Option(
        "models",
        "url",
        Takes.TEXT,
        "",
        "A server that speaks OpenAI's protocol: Ollama, LM Studio, vLLM, llama.cpp. Its first model replies.",
        Applies.NEXT_START,
        example='url = "http://localhost:11434"',
    ),
    Option(
        "models",
        "default",
        Takes.TEXT,
        "",
        "The model that is asked where a chat names none: of the server, or of the llm library.",
        Applies.NEXT_START,
        example='default = "gpt-4o-mini"',
    ),
    Option(
        "models",
        "key_file",
        Takes.TEXT,
        "",
        "The file that holds the server's key.",
        Applies.NEXT_START,
        example='key_file = "~/.config/chattui/key"',
    ),
    Option(
        "models",
        "key_env",
        Takes.TEXT,
        "",
        "The environment variable that holds the server's key.",
        Applies.NEXT_START,
        example='key_env = "OPENROUTER_API_KEY"',
    ),
    Option(
        "models",
        "key",
        Takes.TEXT,
        "",
        "The server's key itself. In a file that others can read it is warned of.",
        Applies.NEXT_START,
        secret=True,
    ),
    Option("models", "system", Takes.TEXT, "", "The system prompt of chats that have none.", Applies.NEXT_START),
    Option(
        "models",
        "options",
        Takes.TABLE,
        {},
        "Options for every model that has them.",
        Applies.NEXT_START,
        example="options = { temperature = 0.2 }",
    ),
    Option(
        "models",
        "quiet",
        Takes.TIME,
        "5m",
        "After how long without a word a model is given up: 90s, 5m; 0 or forever waits on.",
        Applies.NEXT_START,
        check=odd_linger,
        pattern=r"^\s*([0-9]+[smhdSMHD]?|[Ff][Oo][Rr][Ee][Vv][Ee][Rr])\s*$",
    ),
    Option(
        "models",
        "titles",
        Takes.FLAG,
        True,
        "Whether a model is asked for the title of a new chat, once, after its first reply.",
        Applies.NEXT_START,
    ),
    Option(
        "models",
        "title_model",
        Takes.TEXT,
        "",
        "The model that is asked for titles, a cheap one; else the one that replied.",
        Applies.NEXT_START,
        example='title_model = "gpt-4o-mini"',
    ),
    Option(
        "models",
        "notify",
        Takes.CHOICE,
        "bell",
        "How a reply is told of that is not seen: a line and the terminal's bell, a line, or never. Quiet chats tell nothing.",
        choices=("bell", "line", "never"),
    ),
    Option(
        "sources",
        "keep-raw",
        Takes.FLAG,
        True,
        "Whether records that are not understood are kept as their files have them.",
        Applies.NEXT_LOOK,
    ),
    Option(
        "secrets",
        "mask",
        Takes.FLAG,
        True,
        "Whether secrets are hidden until they are asked for: on the screen, by every verb, in exports.",
        Applies.NEXT_START,
    ),
    Option(
        "secrets",
        "at-import",
        Takes.FLAG,
        False,
        "Whether they are replaced before they are stored, which cannot be undone.",
        Applies.NEXT_LOOK,
    ),
    Option(
        "log",
        "level",
        Takes.CHOICE,
        "info",
        "What the log holds: debug adds every statement with its time.",
        Applies.NEXT_START,
        choices=("info", "debug"),
        variable="CHATTUI_LOG",
    ),
)

SOURCE_OPTIONS: tuple[Option, ...] = (
    Option(
        "sources.NAME",
        "enabled",
        Takes.FLAG,
        True,
        "Whether the source is read. F6 switches it too.",
        Applies.NEXT_LOOK,
    ),
    Option(
        "sources.NAME",
        "exclude",
        Takes.TEXTS,
        (),
        "Files and directories of this source that are left out, as in [projects].",
        Applies.NEXT_LOOK,
    ),
    Option(
        "sources.NAME",
        "paths",
        Takes.TEXTS,
        (),
        "Where else its histories are, beside the usual places: whole paths, from / or ~.",
        Applies.NEXT_LOOK,
        example='paths = ["~/work/.claude"]',
        check=odd_path,
    ),
    Option(
        "sources.NAME",
        "keep-raw",
        Takes.FLAG,
        None,
        "As sources.keep-raw, for this source alone.",
        Applies.NEXT_LOOK,
    ),
)
"""What is set for one source, in a table of its own: [sources.codex]."""

AGENT_OPTIONS: tuple[Option, ...] = (
    Option(
        "agents.NAME",
        "command",
        Takes.TEXTS,
        (),
        "The program and its words. For a terminal, {prompt} stands for the first prompt.",
        Applies.NEXT_START,
        example='command = ["my-agent", "--acp"]',
    ),
    Option(
        "agents.NAME",
        "acp",
        Takes.FLAG,
        False,
        "Whether it speaks the Agent Client Protocol: then it is among the models, and works inside the app.",
        Applies.NEXT_START,
        example="acp = true",
    ),
    Option("agents.NAME", "label", Takes.TEXT, "", "What it is called; else its name.", Applies.NEXT_START),
    Option(
        "agents.NAME",
        "patience",
        Takes.TIME,
        "60s",
        "In what time it must have begun a session.",
        Applies.NEXT_START,
        check=odd_linger,
        pattern=r"^\s*([0-9]+[smhdSMHD]?|[Ff][Oo][Rr][Ee][Vv][Ee][Rr])\s*$",
    ),
)
"""What is set for one agent, in a table of its own: [agents.mine]."""

VARIABLES: tuple[tuple[str, str], ...] = (
    ("CHATTUI_HOME", "One directory for data, config, state and logs, in place of the system's usual ones."),
    ("CHATTUI_CONFIG", "The config file, in place of config.toml in the config directory."),
    ("CHATTUI_DATABASE_URL", "database.url"),
    ("DATABASE_URL", "database.url, where it names a PostgreSQL and CHATTUI_DATABASE_URL is not set."),
    (
        "PGSERVICE, PGHOST, PGHOSTADDR, PGDATABASE",
        "database.url, as libpq has it: the last that are asked before the file.",
    ),
    ("CHATTUI_PICTURE", "start.picture: 0 or 1."),
    ("CHATTUI_LINGER", "server.linger"),
    ("CHATTUI_PG_BIN", "server.binaries"),
    ("CHATTUI_LOG", "log.level"),
    ("NO_COLOR", "Set to anything: the app does without colours."),
    ("VISUAL, EDITOR", "The editor of chattui config edit, and of Ctrl+E while writing."),
    ("LLM_USER_PATH", "Where the llm library keeps its keys and aliases."),
)
"""Environment variables, and the option or the sentence that says what they set. They win over the config file."""

THEME_COLOURS: tuple[str, ...] = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
"""The colours of [themes.NAME]: #rgb, #rrggbb, or a name. Only ``primary`` has to be there."""


def table(name: str) -> TableOf | None:
    """The declaration of a table."""
    return next((one for one in TABLES if one.name == name), None)


def options_of(name: str) -> tuple[Option, ...]:
    """The options of a table."""
    return tuple(option for option in OPTIONS if option.table == name)


def option(name: str) -> Option:
    """The option of this name, as ``server.linger``. Raises KeyError."""
    found = next((one for one in OPTIONS if one.name == name), None)
    if found is None:
        raise KeyError(name)
    return found


def defaults() -> Mapping[str, Value]:
    """Every option's default by its name."""
    return {one.name: one.default for one in OPTIONS}


def mistake(option: Option, value: object) -> str:
    """What is wrong with a value, to go behind the option's name: "must be true or false"; "" when it is right."""
    match option.takes:
        case Takes.FLAG:
            right = isinstance(value, bool)
        case Takes.TEXT:
            right = isinstance(value, str)
        case Takes.NUMBER:
            right = isinstance(value, int) and not isinstance(value, bool)
        case Takes.TIME:
            right = isinstance(value, str | int) and not isinstance(value, bool)
        case Takes.TEXTS:
            right = isinstance(value, list | tuple) and all(isinstance(one, str) and one.strip() for one in value)
        case Takes.TABLE:
            right = isinstance(value, dict)
        case Takes.CHOICE:
            if value not in option.choices:
                return f"must be one of {', '.join(option.choices)}{suggestion(value, option.choices)}"
            right = True
    if not right:
        return f"must be {option.takes.value}"
    return option.check(value) if option.check is not None else ""


def suggestion(word: object, known: tuple[str, ...] | list[str]) -> str:
    """`` (did you mean 'x'?)`` where one of the known words is like this one; else empty."""
    from difflib import get_close_matches

    found = get_close_matches(str(word), known, 1)
    return f" (did you mean '{found[0]}'?)" if found else ""
