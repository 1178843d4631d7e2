"""Which value of an option holds, and who says so."""

from __future__ import annotations

from collections.abc import Mapping

from chattui.config.options import Option, Value
from chattui.config.settings import Settings
from chattui.config.target import DatabaseTarget


def wins_over_file(option: Option, settings: Settings, env: Mapping[str, str]) -> str:
    """The variable or argument that wins over the config file; "" when none does."""
    if option.name == "database.url":
        told = settings.database.origin
        return "" if told in ("the default", f"the config file {settings.config_file}") else told
    return next((name for name in option.variable.split(", ") if env.get(name)), "")


def origin_of(option: Option, settings: Settings, env: Mapping[str, str]) -> str:
    """Who says what holds: a variable, an argument, "the config file" or "the default"."""
    instead = wins_over_file(option, settings, env)
    return instead or ("the config file" if option.name in settings.values else "the default")


def value_of(option: Option, settings: Settings) -> Value:
    """What holds, without any password."""
    match option.name:
        case "database.url":
            return "embedded" if settings.database.kind == "embedded" else settings.database.redacted()
        case "server.linger":
            return "forever" if settings.linger is None else f"{settings.linger:.0f}s"
        case "server.binaries":
            return str(settings.pg_bin or "")
        case "start.picture":
            return settings.picture
        case "log.level":
            return settings.log_level
    return concealed(option, settings.values.get(option.name, option.default))


def concealed(option: Option, value: Value) -> Value:
    """The value as it may be shown: an address without its password, another secret not at all."""
    if not option.secret or not value or not isinstance(value, str):
        return value
    if option.name == "database.url":
        return value if value == option.default else DatabaseTarget("url", value, "").redacted()
    return "•" * 8
