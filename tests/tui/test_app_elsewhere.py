"""What other programs do: other terminals, and the import that runs beside the app."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from app_driver import AppMaker, part, running, screen_text, seen_in, until, until_seen
from made_chats import write_session

from chattui import samples as sample_chats
from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.sync.progress import Phase, Progress
from chattui.tui.data.background_sync import BackgroundSync
from chattui.tui.messages import SyncEnded, SyncMoved


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for the import that the app starts."""
    place = tmp_path / "home"
    place.mkdir()
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("CHATTUI_HOME", str(tmp_path / "chattui"))
    return place


async def test_a_message_added_elsewhere_appears_by_itself(samples: str, app_on: AppMaker, store: Database) -> None:
    newest = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        messages.append(store, newest.id, "said in another terminal", key="k")
        await until(pilot, lambda: "said in another terminal" in part(app.main.pane)[-1])
        assert str(newest.message_count + 1) in part(app.main.title_bar)[0]


async def test_chats_made_renamed_and_deleted_elsewhere_show_in_the_list(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        made = chats.create(store)
        messages.append(store, made.id, "Made elsewhere", key="k")
        await until(pilot, lambda: "Made elsewhere" in seen_in(app.main.sidebar.recents))
        chats.rename(store, made.id, "Another name")
        await until(pilot, lambda: "Another name" in seen_in(app.main.sidebar.recents))
        chats.delete(store, made.id)
        await until(pilot, lambda: "Another name" not in seen_in(app.main.sidebar.recents))
        assert "Pool exhausted at midnight" in part(app.main.title_bar)[0], "what is read stays"


def test_the_import_runs_in_a_process_of_its_own_and_tells_how_it_goes(conninfo: str, home: Path, db: Database) -> None:
    sample_chats.copy_to(home, sample_chats.BASE)
    told: list[object] = []
    sync = BackgroundSync(told.append, conninfo)
    assert sync.start()
    process = sync._process
    assert process is not None
    assert process.pid != os.getpid()
    assert not sync.start(), "one at a time"
    process.wait(60)
    for _ in range(200):
        if told and isinstance(told[-1], SyncEnded):
            break
        import time

        time.sleep(0.05)
    phases = [each.progress.phase for each in told if isinstance(each, SyncMoved)]
    assert {Phase.READING, Phase.INDEXING} <= set(phases)
    end = told[-1]
    assert isinstance(end, SyncEnded)
    assert (end.messages, end.faults, end.sentence) == (sum(r.message_count for r in _all(db)), 0, "")


def _all(db: Database) -> list[chats.ChatRow]:
    rows = chats.recents(db)
    return rows + [child for row in rows for child in chats.children(db, row.id)]


async def test_what_the_import_finds_appears_and_the_newest_is_opened(
    conninfo: str, home: Path, app_on: AppMaker
) -> None:
    sample_chats.copy_to(home, sample_chats.BASE)
    app = app_on(conninfo, imports=True)
    async with running(app) as pilot:
        await until_seen(pilot, "Pool exhausted at midnight", "CSS grid for settings")
        await until(pilot, lambda: part(app.main.title_bar)[0].strip())
        await until(pilot, lambda: not app.main.sidebar._status.display, "the end of it")
        assert "No chats yet" not in screen_text(app)


async def test_the_progress_is_shown_at_the_foot_of_the_list(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app._tell(SyncMoved(Progress(Phase.READING, 2_000, 350, 10, 5, 12_345, 8_000.0, 61.0)))
        await until_seen(pilot, "Importing 12,345 messages", "350 of 2,000 files", "8,000/s", "s left")
        app._tell(SyncMoved(Progress(Phase.INDEXING, indexed=0.4)))
        await until_seen(pilot, "Building the search index", "40%")
        app._tell(SyncEnded(12_345, 0))
        await until(pilot, lambda: "search index" not in screen_text(app))


async def test_files_that_could_not_be_read_are_told_and_f7_names_file_and_line(
    conninfo: str, home: Path, app_on: AppMaker
) -> None:
    path = write_session(home, ["one", "two", "three"], title="Half broken")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"type": "user", "message": {"role": "us\n{}\n')
    app = app_on(conninfo, imports=True)
    async with running(app) as pilot:
        await until_seen(pilot, "F7")
        await until(pilot, lambda: "one" in seen_in(app.main.pane), "the rest of the file")
        await pilot.press("f7")
        await until_seen(pilot, "Files with problems", path.name[:20], "line 5:")
        await pilot.press("escape")
        assert app.screen is app.main


async def test_ctrl_r_brings_in_what_is_new(conninfo: str, home: Path, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "No chats yet")
        write_session(home, ["hello there"], title="Brought in by hand")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Brought in by hand" in seen_in(app.main.sidebar.recents))
