"""The state of a database and what to say of it, for `db stats` and the screen of the app."""

from __future__ import annotations

import shutil
from contextlib import suppress
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
    made = [at for at in (state.last_backup, _backed_up(settings)) if at is not None]
    state = replace(state, last_backup=max(made, default=None))
    free = None
    if settings.database.kind == "embedded":
        free = shutil.disk_usage(settings.data_dir).free
    return state, advise(state, latest=latest_version(), now=datetime.now(UTC), free_bytes=free)


def _logged(settings: Settings) -> tuple[SlowStatement, ...]:
    times: dict[str, list[float]] = {}
    for text, took in slow_statements(settings):
        times.setdefault(text, []).append(took)
    found = [SlowStatement(text, len(all_), sum(all_) / len(all_), max(all_)) for text, all_ in times.items()]
    return tuple(sorted(found, key=lambda s: -s.mean_ms)[:_SLOW])


def _backed_up(settings: Settings) -> datetime | None:
    """When the newest backup that lies in its usual place was made."""
    directory = settings.backup.directory or settings.data_dir / "backups"
    times = []
    for path in directory.glob("chattui-*.chattui") if directory.is_dir() else ():
        with suppress(OSError):
            times.append(path.stat().st_mtime)
    return datetime.fromtimestamp(max(times), UTC) if times else None
