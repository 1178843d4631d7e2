"""Imports in processes of their own, which may be killed at any moment; started as a program, it forks one for each line.

A line of input is JSON: ``{"conninfo", "files": [[source, path], …], "index": bool}``, and is answered with the process id. An
empty line is answered with how that process has ended, when it has: until then its id is nobody else's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from chattui.sources.registry import all_sources, source
from chattui.sources.walk import history_file
from chattui.store import forks, imports, search_index, writer
from chattui.store.database import Database
from chattui.sync import engine

LOADED = (
    forks,
    imports,
    search_index,
    writer,
)  # now, so that what is killed is an import and not the start of a program


def found_in(files: list[list[str]]) -> list[Any]:
    """The files with their sources, as a look through the usual places finds them."""
    return [(source(name), history_file(source(name), Path(path), Path(path).stat())) for name, path in files]


def run(asked: dict[str, Any]) -> None:
    """One import in small batches."""
    engine.FIRST_BATCH, engine.BATCH_MESSAGES = 20, 60
    db = Database(asked["conninfo"])
    sync = engine.Sync(db, all_sources(), machine="boat")
    found = found_in(asked["files"])
    sync.run_work(sync.compare(found), found=len(found), index=asked["index"])
    db.close()


def main() -> None:
    all_sources()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            try:
                run(asked)
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(child, flush=True)
        sys.stdin.readline()
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
