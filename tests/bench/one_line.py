"""One line more at the end of a session, again and again: prints [{wall_ms, cpu_ms, server_cpu_ms}, …] as JSON.

As the app and ``chattui watch`` do it: a path that has changed is looked at, and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from chattui.config import load_settings
from chattui.server import open_database, status
from chattui.sources.claude_code import ClaudeCode
from chattui.store.database import Database
from chattui.sync.at_paths import at_paths
from chattui.sync.engine import Sync
from tests.bench.machine import family, process_ms


def main(path: Path, runs: int) -> None:
    """Add a line and bring it in, so often."""
    settings = load_settings(os.environ)
    db = Database(open_database(settings).conninfo)
    server = status(settings).pid or 0
    sync = Sync(db, [ClaudeCode()])
    places = [(ClaudeCode(), root) for root in ClaudeCode().roots(os.environ, Path.home())]
    told = []
    last = json.loads(path.read_bytes().rstrip().rpartition(b"\n")[2])
    for n in range(runs + 2):
        this = f"00000000-0000-4000-8000-ffff{n:08x}"
        last |= {
            "uuid": this,
            "parentUuid": last["uuid"],
            "type": "user",
            "message": {"role": "user", "content": f"more {n}"},
        }
        with path.open("ab") as file:
            file.write(json.dumps(last).encode() + b"\n")
        before = sum(map(process_ms, family([server])))
        wall, cpu = time.perf_counter(), time.process_time()
        found = list(at_paths(places, [str(path)], lambda *_: None).values())
        report = sync.run_work(sync.compare(found, few=True), index=False)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if report.messages != 1:
            raise SystemExit(f"one line brought {report.messages} messages")
        if n >= 2:  # the first ones import what is needed and plan what is asked
            spent = sum(map(process_ms, family([server]))) - before
            told.append({"wall_ms": wall * 1e3, "cpu_ms": cpu * 1e3, "server_cpu_ms": spent})
    db.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
