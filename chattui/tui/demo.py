"""The demo: sample chats in a throw-away database, which is gone when the app is closed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from chattui.config import DatabaseTarget, Settings
from chattui.domain.errors import ServerError


def run_demo(settings: Settings) -> int:
    """Open the app on the samples; returns the exit code. The user's own database is not touched."""
    from chattui.server import stop

    place = Path(tempfile.mkdtemp(prefix="chattui-demo-"))
    demo = settings._replace(
        data_dir=place / "data",
        state_dir=place / "state",
        database=DatabaseTarget("embedded", None, "the demo"),
        linger=0.0,
    )
    try:
        print("Preparing the sample chats …", file=sys.stderr)
        fill(demo, place / "home", datetime.now().astimezone())
        from chattui.tui.app import Arguments, ChattuiApp

        app = ChattuiApp(demo, Arguments(imports=False))
        app.run(mouse=settings.appearance.mouse)
        return app.return_code or 0
    finally:
        with suppress(ServerError):
            stop(demo)
        shutil.rmtree(place, ignore_errors=True)


def fill(settings: Settings, home: Path, now: datetime) -> None:
    """Start the database of ``settings`` and import the samples, written below ``home`` as if they ended at ``now``."""
    from chattui import samples
    from chattui.server import open_database
    from chattui.sources.registry import all_sources
    from chattui.store.connection import connect
    from chattui.store.database import Database
    from chattui.store.startup import prepare
    from chattui.sync.engine import Sync

    samples.copy_to(home, now)
    opened = open_database(settings)
    with connect(opened.conninfo, autocommit=True) as conn:
        prepare(conn)
    db = Database(opened.conninfo, pool_size=2)
    try:
        Sync(db, all_sources(), machine="demo").run({}, home)
    finally:
        db.close()
