"""How many connections, and how long each may be waited for: what the config file says of it under [database]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chattui.domain.errors import ConfigError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Limits of a program's connections. Times are seconds.

    ``pool_min`` are kept open, ``pool_max`` are opened at most, ``pool_timeout`` is how long a free one is waited for.
    ``statement_timeout`` and ``lock_timeout`` are how long a statement may take, or wait for another's lock; None: what is
    usual for it. ``keepalive`` is how long a silent connection is trusted before the system asks whether it is alive.
    """

    pool_min: int | None = None
    pool_max: int | None = None
    pool_timeout: float = 10.0
    statement_timeout: float | None = None
    lock_timeout: float | None = None
    keepalive: float = 30.0


def pool_limits(table: Mapping[str, object], origin: str) -> PoolLimits:
    """The limits of a table [database]. Raises ConfigError."""
    usual = PoolLimits()
    times = {
        name: parse_wait(table[name], f"database.{name} in {origin}") if name in table else getattr(usual, name)
        for name in ("pool_timeout", "statement_timeout", "lock_timeout", "keepalive")
    }
    counts = {
        name: parse_count(table[name], f"database.{name} in {origin}") if name in table else None
        for name in ("pool_min", "pool_max")
    }
    least, most = counts["pool_min"], counts["pool_max"]
    if least is not None and most is not None and least > most:
        raise ConfigError(f"database.pool_min in {origin} is {least}, more than database.pool_max, which is {most}.")
    return PoolLimits(pool_min=least, pool_max=most, **times)


def parse_count(value: object, origin: str) -> int:
    """A number of connections. Raises ConfigError."""
    if not isinstance(value, int) or not 1 <= value <= 1000:
        raise ConfigError(f"{origin} is {value}: give a number from 1 to 1000.")
    return value


def parse_wait(value: object, origin: str) -> float:
    """Seconds from 10, "500ms", "30s", "2m", "1h". Raises ConfigError."""
    text = str(value).strip().lower()
    unit = next((u for u in ("ms", "s", "m", "h") if text.endswith(u)), "")
    number = text.removesuffix(unit)
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise ConfigError(f"{origin} is '{value}': give seconds, or a time such as 500ms, 30s, 2m.")
    return int(number) * _UNITS[unit or "s"]
