"""What the config file says of upkeep, with times such as 30d."""

from __future__ import annotations

from collections.abc import Mapping

from chattui.domain.errors import ConfigError
from chattui.domain.upkeep import Thinning, UpkeepRules

_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_SECONDS = {"h": 3600, "d": 86400, "w": 604800}


def upkeep_rules(table: Mapping[str, object], origin: str) -> UpkeepRules:
    """The rules of a table [upkeep]; what it does not name is as by default. Raises ConfigError."""
    usual = UpkeepRules()
    days: dict[str, int | None] = {
        name: parse_days(table[name], f"upkeep.{name} in {origin}") if name in table else getattr(usual, name)
        for name in ("archive_after", "purge_after", "keep_logs")
    }
    every = parse_interval(table["every"], f"upkeep.every in {origin}") if "every" in table else usual.every
    return UpkeepRules(days["archive_after"], days["purge_after"], days["keep_logs"], every)


def thinning(table: Mapping[str, object], origin: str) -> Thinning:
    """What a table [snapshots] says of those that are kept. Raises ConfigError."""
    names = ("keep_all", "keep_hourly", "keep_daily")
    return Thinning(**{n: parse_days(table[n], f"snapshots.{n} in {origin}") for n in names if n in table})


def parse_minutes(value: object, origin: str) -> float | None:
    """Seconds from 10, "10m" (minutes both), "90s", "2h"; None from "never". Raises ConfigError."""
    return _parse(value, {"s": 1, "m": 60, "h": 3600, "d": 86400}, "m", origin, "10m, 90s, 2h")


def parse_days(value: object, origin: str) -> int | None:
    """Days from 90, "90d", "12w", "6m" (of 30 days), "1y"; None from "never". Raises ConfigError."""
    return _parse(value, _DAYS, "d", origin, "90d, 12w, 6m, 1y")


def parse_interval(value: object, origin: str) -> int | None:
    """Seconds from "12h", "1d", "1w"; None from "never". Raises ConfigError."""
    return _parse(value, _SECONDS, "d", origin, "12h, 1d, 1w")


def _parse(value: object, units: Mapping[str, int], usual: str, origin: str, examples: str) -> int | None:
    text = str(value).strip().lower()
    if text == "never":
        return None
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, usual)
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise ConfigError(f"{origin} is '{value}': give a time such as {examples}, or never.")
    return int(number) * units[unit]
