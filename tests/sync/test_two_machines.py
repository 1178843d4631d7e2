"""The same session seen from two machines is one chat, and each machine is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from histories import SESSION
from homes import Home, conversation
from steps import rows, value

from chattui.sources.registry import all_sources
from chattui.store import imports
from chattui.store.database import Database
from chattui.sync.engine import Sync


def sync(home: Home, machine: str) -> int:
    return Sync(home.db, all_sources(), machine=machine).run({}, home.path).messages


@pytest.fixture
def second(tmp_path: Path, db: Database) -> Home:
    """The home of the other machine, synced into the same database."""
    return Home(tmp_path / "second", db)


@pytest.mark.parametrize("longer_first", [True, False])
def test_a_session_of_two_machines_is_one_chat(home: Home, second: Home, longer_first: bool) -> None:
    whole = conversation(turns=4)
    first_records, second_records = (whole.records, whole.records[:10])[:: 1 if longer_first else -1]
    home.claude(first_records)
    second.claude(second_records)
    came = sync(home, "laptop")
    more = sync(second, "server")
    assert value(home.db, "SELECT count(*) FROM chattui.chats") == 1
    texts = home.texts()
    assert [t for t in texts if t.startswith(("question", "answer"))] == [
        f"{what} {n}" for n in (1, 2, 3, 4) for what in ("question", "answer")
    ]
    assert came + more == len(texts)
    assert (more == 0) is longer_first
    assert {s.machine: s.files for s in imports.summaries(home.db)} == {"laptop": 1, "server": 1}
    assert [sync(home, "laptop"), sync(second, "server")] == [0, 0]
    assert home.texts() == texts


def test_it_goes_on_from_either_machine(home: Home, second: Home) -> None:
    whole = conversation(turns=6)
    home.claude(whole.records[:10])
    second.claude(whole.records[:10])
    sync(home, "laptop")
    sync(second, "server")
    second.claude(whole.records[:20])
    sync(second, "server")
    home.claude(whole.records)
    sync(home, "laptop")
    texts = home.texts()
    assert [t for t in texts if t.startswith("question")] == [f"question {n}" for n in range(1, 7)]
    found = rows(home.db, "SELECT source_id, message_count FROM chattui.chats")
    assert found == [(SESSION, len(texts))]
