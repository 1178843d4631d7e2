"""What the embedded server's watcher starts now and then: upkeep, when it is due. ``python -m chattui.cli.scheduled DATA_DIR``."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.config import Settings, load_settings
from chattui.config.log import remove_old_logs, start_log
from chattui.domain.errors import ChattuiError

if TYPE_CHECKING:
    from chattui.domain.upkeep import Kept

log = logging.getLogger("chattui.cli")


def run(data_dir: Path) -> list[Kept]:
    """Do the upkeep of the server that keeps its data there, if it runs and it is time; what was done. Starts no server."""
    from chattui.server import conninfo, ping_socket
    from chattui.store.database import Database
    from chattui.store.keeping import keep, last_run

    settings = load_settings(os.environ, database="embedded", data_dir=data_dir)
    start_log(settings)
    if settings.upkeep.every is None or not ping_socket(settings):
        return []
    db = Database(conninfo(settings), pool_size=1, limits=settings.pool)
    try:
        last = last_run(db)
        if last is not None and (datetime.now(UTC) - last).total_seconds() < settings.upkeep.every:
            return []
        done = keep(db, settings.upkeep)
    finally:
        db.close()
    _tell(settings, done)
    return done


def _tell(settings: Settings, done: list[Kept]) -> None:
    removed = [] if settings.upkeep.keep_logs is None else remove_old_logs(settings, settings.upkeep.keep_logs)
    said = [f"{step.done} {step.things}" + (f" ({step.fault})" if step.fault else "") for step in done]
    log.info("scheduled upkeep: %s, %d old logs removed", ", ".join(said), len(removed))


def main(arguments: list[str]) -> None:
    """Run; whatever goes wrong is in the log, and tried again when it is next due."""
    os.nice(19)
    try:
        run(Path(arguments[0]))
    except ChattuiError as error:
        log.info("scheduled upkeep: %s", error)
    except Exception:
        log.exception("scheduled upkeep failed")


if __name__ == "__main__":
    main(sys.argv[1:])
