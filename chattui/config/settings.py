"""Everything that a person can set from outside, read once at the start and then passed around as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chattui.config.directories import find_directories
from chattui.config.file import read_config_file
from chattui.config.models import DEFAULT_QUIET, ModelSettings
from chattui.config.rules import Rules
from chattui.config.target import DatabaseTarget, resolve_target
from chattui.domain.errors import ConfigError

DEFAULT_LINGER = 600.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one run of the program.

    ``linger`` is how many seconds the embedded server stays up after its last client; ``None`` is for ever.
    ``pg_bin`` is a directory with ``postgres`` and ``initdb`` to use instead of the packaged ones. ``rules`` say which
    histories are taken. ``mask_secrets``: secrets are hidden on the screen until they are asked for. ``models`` are
    those that reply.
    """

    data_dir: Path
    config_dir: Path
    state_dir: Path
    log_dir: Path
    config_file: Path
    database: DatabaseTarget
    linger: float | None = DEFAULT_LINGER
    pg_bin: Path | None = None
    rules: Rules = field(default_factory=Rules)
    mask_secrets: bool = True
    models: ModelSettings = field(default_factory=ModelSettings)

    @property
    def database_name(self) -> str:
        """What drafts and unsent messages are kept by: a database, as this machine knows it. Holds no password."""
        return f"{self.database.kind} {self.database.redacted()} {self.data_dir}"


def load_settings(env: Mapping[str, str], *, database: str | None = None, data_dir: Path | None = None) -> Settings:
    """Settings from arguments, then ``env``, then the config file, then defaults. Raises ConfigError."""
    directories = find_directories(env, data_dir=data_dir)
    named = env.get("CHATTUI_CONFIG")
    config_file = Path(named).expanduser().absolute() if named else directories.config / "config.toml"
    configured = read_config_file(config_file, required=bool(named))
    target = resolve_target(
        env, argument=database, configured=configured.database_url, config_file=f"the config file {config_file}"
    )
    linger: float | None = DEFAULT_LINGER
    if configured.linger is not None:
        linger = parse_linger(configured.linger, f"server.linger in {config_file}")
    if value := env.get("CHATTUI_LINGER"):
        linger = parse_linger(value, "CHATTUI_LINGER")
    binaries = env.get("CHATTUI_PG_BIN") or configured.binaries
    return Settings(
        data_dir=directories.data,
        config_dir=directories.config,
        state_dir=directories.state,
        log_dir=directories.log,
        config_file=config_file,
        database=target,
        linger=linger,
        pg_bin=Path(binaries).expanduser().absolute() if binaries else None,
        rules=configured.rules,
        models=_models(configured.models, config_file),
    )


def _models(table: dict[str, Any], config_file: Path) -> ModelSettings:
    quiet = DEFAULT_QUIET
    if "quiet" in table:
        quiet = parse_linger(table["quiet"], f"models.quiet in {config_file}") or float("inf")
    return ModelSettings(**{**table, "quiet": quiet, "origin": str(config_file)})


def parse_linger(value: str | int, origin: str) -> float | None:
    """Seconds from 0, 600, "600", "90s", "10m", "2h", "1d"; ``None`` from "forever". Raises ConfigError."""
    text = str(value).strip().lower()
    if text == "forever":
        return None
    number, unit = (text[:-1], _UNITS[text[-1]]) if text and text[-1] in _UNITS else (text, 1)
    if not (number.isascii() and number.isdigit()):
        raise ConfigError(f"{origin} is '{value}': give seconds, a time such as 10m or 2h, or forever.")
    return float(int(number) * unit)
