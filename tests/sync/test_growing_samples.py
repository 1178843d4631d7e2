"""Published histories of which several states are known: read on from state to state, they are as if read once."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

import pytest
from homes import EMPTIED, MACHINE, held
from steps import rows

from chattui.sources.registry import source
from chattui.sources.walk import history_file
from chattui.store.database import Database
from chattui.sync.engine import Sync

SAMPLES = Path(os.environ.get("CHATTUI_SAMPLES") or Path(__file__).resolve().parents[3] / "shared" / "samples")
STATES = re.compile(r"(?P<series>.*/(?:series-[0-9a-f]+|afi-core))/(?P<nth>\d+)/(?P<rest>.*)")


def series() -> dict[str, list[tuple[int, str, Path]]]:
    """The states of each history in order: number, name below the folder of the state, file."""
    found: dict[str, list[tuple[int, str, Path]]] = defaultdict(list)
    for path in sorted(SAMPLES.rglob("*")) if SAMPLES.is_dir() else []:
        known = STATES.fullmatch(str(path.relative_to(SAMPLES)))
        if known and path.is_file() and path.suffix in (".jsonl", ".json", ".md"):
            found[known["series"]].append((int(known["nth"]), known["rest"], path))
    return {name: sorted(states) for name, states in found.items() if len(states) > 1}


SERIES = series()


def take(db: Database, known: str, path: Path) -> None:
    sync = Sync(db, [], machine=MACHINE)
    one = source(known)
    report = sync.run_work(sync.compare([(one, history_file(one, path, path.stat()))]), index=False)
    assert not report.faults


@pytest.mark.skipif(not SERIES, reason="the samples are not here")
@pytest.mark.parametrize("name", SERIES)
def test_every_state_read_on_is_the_state_read_once(
    name: str, tmp_path: Path, db: Database, other_db: Database
) -> None:
    for step, (_nth, rest, sample) in enumerate(SERIES[name]):
        path = tmp_path / (rest if "/" in rest else f"state/{rest}")
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = sample.read_bytes()
        if path.exists() and raw.startswith(path.read_bytes()):
            with path.open("ab") as file:  # as its tool does
                file.write(raw[path.stat().st_size :])
        else:
            path.write_bytes(raw)
        os.utime(path, (1_772_000_000 + step, 1_772_000_000 + step))
        take(db, name.partition("/")[0], path)
        rows(other_db, EMPTIED)
        take(other_db, name.partition("/")[0], path)
        there, wanted = held(db), held(other_db)
        for part in ("chats", "messages", "calls", "files"):
            assert there[part] == wanted[part], f"{part} at state {step + 1}"
