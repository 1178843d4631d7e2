"""One sync in this process, measured without the program's start: prints {wall_ms, cpu_ms, server_cpu_ms} as JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from chattui.config import load_settings
from chattui.server import open_database, status
from chattui.sources.registry import all_sources
from chattui.store.database import Database
from chattui.sync.engine import Sync
from tests.bench.machine import family, process_ms


def main() -> None:
    """Measure ``Sync.run`` once, as the first of this process."""
    settings = load_settings(os.environ)
    db = Database(open_database(settings).conninfo)
    with db.raw() as conn, conn.transaction():
        conn.execute("SELECT 1")
    server = [pid for pid in family([status(settings).pid or 0]) if pid]
    server_before = sum(process_ms(pid) for pid in server)
    wall, cpu = time.perf_counter(), time.process_time()
    report = Sync(db, all_sources()).run(os.environ, Path.home())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    server_cpu = sum(process_ms(pid) for pid in server) - server_before
    db.close()
    if report.read or report.messages:
        raise SystemExit(f"something was new: {report}")
    print(json.dumps({"wall_ms": wall * 1e3, "cpu_ms": cpu * 1e3, "server_cpu_ms": server_cpu}))


if __name__ == "__main__":
    main()
