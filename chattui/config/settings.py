"""Everything that a person can set from outside, read once at the start and then passed around as a value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from chattui.config.agents import AgentSettings
from chattui.config.directories import find_directories
from chattui.config.file import ConfigFile, Problem, read_config_file
from chattui.config.options import DEFAULT_LINGER, Guards, Value, option, options_of, seconds
from chattui.config.rules import Rules
from chattui.config.target import DatabaseTarget, resolve_target
from chattui.domain.errors import ConfigError

if TYPE_CHECKING:
    from chattui.config.backups import BackupRules
    from chattui.config.models import ModelSettings
    from chattui.config.pool import PoolLimits
    from chattui.domain.upkeep import UpkeepRules


class Appearance(NamedTuple):
    """What the app looks like: a field for each option of [appearance], which says what it means."""

    theme: str
    other_theme: str
    density: str
    icons: bool
    dates: str
    mouse: bool


def appearance(values: Mapping[str, Value]) -> Appearance:
    """What the app looks like, by what the file says and the defaults."""
    found: dict[str, Any] = {one.key: values.get(one.name, one.default) for one in options_of("appearance")}
    return Appearance(**found)


_NOTHING: Mapping[str, Any] = MappingProxyType({})
_USUAL = appearance(_NOTHING)


class Settings(NamedTuple):
    """What holds for one run of the program.

    ``linger`` is how many seconds the embedded server stays up after its last client; ``None`` is for ever.
    ``pg_bin`` is a directory with ``postgres`` and ``initdb`` to use instead of the packaged ones. ``rules`` say which
    histories are taken. ``mask_secrets``: secrets are hidden wherever they would be shown, printed or exported, until they
    are asked for. ``mask_at_import``: they are replaced before they are stored. ``picture``: the last screen is kept, and
    shown at the next start until there is a new one. ``keys`` are other keys by the ids of their commands, ``themes``
    themes of the person's own. ``values`` is what the file says of options, by their names. ``problems`` are the mistakes
    in the config file. ``undecided`` says why it cannot be known which database is meant; empty where it can. ``agents`` are
    those of the config file.
    """

    data_dir: Path
    config_dir: Path
    state_dir: Path
    log_dir: Path
    config_file: Path
    database: DatabaseTarget
    linger: float | None = DEFAULT_LINGER
    pg_bin: Path | None = None
    rules: Rules = Rules()
    mask_secrets: bool = True
    mask_at_import: bool = False
    picture: bool = True
    log_level: str = "info"
    appearance: Appearance = _USUAL
    keys: Mapping[str, str] = _NOTHING
    themes: Mapping[str, Mapping[str, str | bool]] = _NOTHING
    values: Mapping[str, Value] = _NOTHING
    problems: tuple[Problem, ...] = ()
    undecided: str = ""
    agents: tuple[AgentSettings, ...] = ()

    def __repr__(self) -> str:
        return (
            f"Settings({self.database!r}, data_dir={str(self.data_dir)!r})"  # not the values: a key may be among them
        )

    # The app's first paint waits for none of these.

    @property
    def backup(self) -> BackupRules:
        """When the embedded server is backed up by itself, and what is kept."""
        from chattui.config.backups import backup_rules

        return backup_rules(self.values)

    @property
    def models(self) -> ModelSettings:
        """Those that reply."""
        from chattui.config.models import model_settings

        return model_settings(self.values, self.config_file)

    @property
    def pool(self) -> PoolLimits:
        """How many connections, and how long what may take. Raises ConfigError."""
        from chattui.config.pool import pool_limits

        return pool_limits(self._said("database"), str(self.config_file))

    @property
    def upkeep(self) -> UpkeepRules:
        """What upkeep does. Raises ConfigError."""
        from dataclasses import replace

        from chattui.config.upkeep import thinning, upkeep_rules

        rules = upkeep_rules(self._said("upkeep"), str(self.config_file))
        return replace(rules, snapshots=thinning(self._said("snapshots"), str(self.config_file)))

    @property
    def snapshots_every(self) -> float | None:
        """Seconds between two snapshots that are taken of a chat by themselves; None: none are. Raises ConfigError."""
        from chattui.config.upkeep import parse_minutes

        value = self.values.get("snapshots.every", option("snapshots.every").default)
        return parse_minutes(value, f"snapshots.every in {self.config_file}")

    def _said(self, table: str) -> dict[str, object]:
        """What the config file says in one table."""
        start = f"{table}."
        return {name.removeprefix(start): value for name, value in self.values.items() if name.startswith(start)}

    @property
    def database_name(self) -> str:
        """What drafts and unsent messages are kept by: a database, as this machine knows it. Holds no password."""
        return f"{self.database.kind} {self.database.redacted()} {self.data_dir}"


def load_settings(
    env: Mapping[str, str], *, database: str | None = None, data_dir: Path | None = None, lenient: bool = False
) -> Settings:
    """Settings from arguments, then ``env``, then the config file, then defaults.

    Raises ConfigError. A mistake in the config file is one of ``problems``, and the default holds; where that would be a
    guess, as with the database or with what is left out, it is raised unless ``lenient``.
    """
    directories = find_directories(env, data_dir=data_dir)
    named = env.get("CHATTUI_CONFIG")
    config_file = Path(named).expanduser().absolute() if named else directories.config / "config.toml"
    configured = read_config_file(config_file, required=bool(named), lenient=True)
    values = configured.values
    url = values.get("database.url")
    origin = f"the config file {config_file}"
    target = resolve_target(env, argument=database, configured=str(url) if url else None, config_file=origin)
    undecided = ""
    if target.origin in (origin, "the default"):
        undecided = next((one.sentence for one in configured.problems if one.guards is Guards.DATABASE), "")
    if not lenient:
        configured.insist(Guards.IMPORT)
        if undecided:
            raise ConfigError(undecided)
    linger = seconds(values.get("server.linger", option("server.linger").default))
    assert linger is None or isinstance(linger, float)
    if value := env.get("CHATTUI_LINGER"):
        linger = parse_linger(value, "CHATTUI_LINGER")
    binaries = env.get("CHATTUI_PG_BIN") or values.get("server.binaries")
    return Settings(
        data_dir=directories.data,
        config_dir=directories.config,
        state_dir=directories.state,
        log_dir=directories.log,
        config_file=config_file,
        database=target,
        linger=linger,
        pg_bin=Path(str(binaries)).expanduser().absolute() if binaries else None,
        rules=configured.rules,
        mask_secrets=values.get("secrets.mask") is not False,
        mask_at_import=values.get("secrets.at-import") is True,
        picture=_flag(env, "CHATTUI_PICTURE", values.get("start.picture") is not False),
        log_level=env.get("CHATTUI_LOG") or str(values.get("log.level", "info")),
        appearance=appearance(values),
        keys=configured.keys,
        themes=configured.themes,
        values=values,
        problems=configured.problems,
        undecided=undecided,
        agents=configured.agents,
    )


def taken_up(settings: Settings, configured: ConfigFile) -> Settings:
    """The settings with what the config file says now of all that can change while the program runs."""
    return settings._replace(
        rules=configured.rules,
        appearance=appearance(configured.values),
        keys=configured.keys,
        themes=configured.themes,
        values=configured.values,
        problems=configured.problems,
    )


def _flag(env: Mapping[str, str], name: str, otherwise: bool) -> bool:
    value = env.get(name, "").strip().lower()
    return value not in ("0", "no", "off", "false") if value else otherwise


def parse_linger(value: str | int, origin: str) -> float | None:
    """Seconds from 0, 600, "600", "90s", "10m", "2h", "1d"; ``None`` from "forever". Raises ConfigError."""
    found = seconds(value)
    if found is None or isinstance(found, float):
        return found
    raise ConfigError(f"{origin} is '{value}': give seconds, a time such as 10m or 2h, or forever.")
