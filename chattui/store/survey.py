"""The state of a database and what to say of it, for `db stats` and the screen of the app."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime

from chattui.config import Settings
from chattui.config.log import slow_statements
from chattui.domain.state import Check, DatabaseState, SlowStatement
from chattui.store.advice import advise
from chattui.store.migration_files import latest_version
from chattui.store.stats import state as read_state

_SLOW = 10


def survey(settings: Settings, conninfo: str) -> tuple[DatabaseState, list[Check]]:
    """Read it all. Where the server keeps no record of statements, our own log tells of slow ones. Raises ``DatabaseError``."""
    state = read_state(conninfo)
    if state.slow_from == "log":
        state = replace(state, slow=_logged(settings))
    free = None
    if settings.database.kind == "embedded":
        free = shutil.disk_usage(settings.data_dir).free
        made = [at for at in (state.last_backup, _scheduled_backup(settings)) if at is not None]
        state = replace(state, last_backup=max(made, default=None))
    return state, advise(state, latest=latest_version(), now=datetime.now(UTC), free_bytes=free)


def _logged(settings: Settings) -> tuple[SlowStatement, ...]:
    times: dict[str, list[float]] = {}
    for text, took in slow_statements(settings):
        times.setdefault(text, []).append(took)
    found = [SlowStatement(text, len(all_), sum(all_) / len(all_), max(all_)) for text, all_ in times.items()]
    return tuple(sorted(found, key=lambda s: -s.mean_ms)[:_SLOW])


def _scheduled_backup(settings: Settings) -> datetime | None:
    """When the embedded server's watcher made a backup last."""
    try:
        return datetime.fromtimestamp((settings.data_dir / "server" / "backed-up").stat().st_mtime, UTC)
    except OSError:
        return None
