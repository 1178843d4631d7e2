"""The screen of sources: what came from where, what had problems, and a switch that is written down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, lines, running, screen_text, toasts, until, until_seen
from made_chats import import_all, write_session
from test_app_pictures import USUAL, WIDE, settled

from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.sources_dialog import SourceList, SourcesDialog


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's home, with a place of Claude Code and one of Codex."""
    place = tmp_path / "home"
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("CHATTUI_HOME", str(tmp_path / "chattui"))
    for folder in (".claude/projects", ".codex/sessions"):
        (place / folder).mkdir(parents=True)
    return place


def config(app: ChattuiApp) -> str:
    path = app.settings.config_file
    return path.read_text() if path.exists() else ""


async def test_each_source_is_shown_with_its_places_and_counts(samples: str, home: Path, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f6")
        await until_seen(pilot, "Claude Code", "~/.claude/projects", "~/.codex")
        shown = lines(app)
        row = next(line for line in shown if "Claude Code" in line)
        assert "[on]" in row
        assert all(word in row for word in ("files", "chats", "messages", "20"))
        rest = "\n".join(shown[shown.index(row) + 2 :])
        assert "Codex" in rest
        assert "not found here" in rest, "those that are not used come last"
        await pilot.press("escape")
        assert app.screen is app.main


async def test_a_switch_is_written_into_the_configuration_and_shown(samples: str, home: Path, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f6")
        await until_seen(pilot, "Claude Code")
        await pilot.press("down", "space")
        await until(pilot, lambda: "[sources.codex]\nenabled = false\n" in config(app))
        await until(pilot, lambda: any("[off]" in line and "Codex" in line for line in lines(app)))
        assert app.screen.query_one(SourceList).source.name == "codex", "the cursor stays"  # type: ignore[union-attr]
        await pilot.press("space")
        await until(pilot, lambda: "[sources.codex]\nenabled = true\n" in config(app))
        await until(pilot, lambda: "[off]" not in screen_text(app))
        source_list = app.screen.query_one(SourceList)
        await pilot.click(source_list, offset=(3, 0))
        await until(pilot, lambda: any("[off]" in line and "Claude Code" in line for line in lines(app)))
        assert isinstance(app.screen, SourcesDialog), "a click on the switch only switches"


async def test_records_that_were_not_understood_are_counted(
    samples: str, home: Path, app_on: AppMaker, store: Database
) -> None:
    path = write_session(home, ["one", "two"], title="Odd")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"type": "hologram", "n": 1}\n{"type": "hologram", "n": 2}\n')
    import_all(store, home)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f6")
        await until_seen(pilot, "Claude Code", "2 records not understood")
        row = next(line for line in lines(app) if "not understood" in line)
        assert "~/.claude/projects" in row


async def test_enter_lists_the_files_with_problems_of_that_source_alone(
    conninfo: str, db: Database, home: Path, app_on: AppMaker
) -> None:
    path = write_session(home, ["one", "two", "three"], title="Half broken")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"type": "user", "message": {"role": "us\n{}\n')
    rollout = home / ".codex" / "sessions" / "rollout-2026-01-01T00-00-00-broken.jsonl"
    rollout.write_text('{"type": "session_meta", "payload": {"id": "x"}}\n{"type": \n')
    import_all(db, home)
    app = app_on(conninfo)
    async with running(app) as pilot:
        await pilot.press("f6")
        await until_seen(pilot, "1 with problems")
        await pilot.press("enter")
        await until_seen(pilot, "Files with problems", path.name[:20], "line 5:")
        assert "rollout-2026" not in screen_text(app)
        await pilot.press("escape")
        await pilot.press("end", "enter")
        await until(pilot, lambda: "could be read" in toasts(app))


async def test_a_configuration_that_cannot_be_switched_in_is_explained(
    samples: str, home: Path, app_on: AppMaker
) -> None:
    app = app_on(samples)
    path = app.settings.config_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[sources]\ncodex = { enabled = true }\n")
    async with running(app) as pilot:
        await pilot.press("f6")
        await until_seen(pilot, "Claude Code")
        await pilot.press("down", "space")
        await until(pilot, lambda: "only you can change: put enabled = false under [sources.codex]" in toasts(app))
        assert path.read_text() == "[sources]\ncodex = { enabled = true }\n"


async def test_a_switch_is_obeyed_by_the_watch_that_runs(conninfo: str, home: Path, app_on: AppMaker) -> None:
    write_session(home, ["one"], title="Before")
    app = app_on(conninfo, imports=True)
    async with running(app) as pilot:
        await until_seen(pilot, "Before")
        await pilot.press("f6")
        await until_seen(pilot, "Each message is brought in as it is written", "1 file ")
        await pilot.press("space")
        await until_seen(pilot, "[off]")
        stands = app.main._stands
        await until(pilot, lambda: app.main._stands is not stands, "the watch begins anew")
        write_session(home, ["two"], title="Not wanted", number=2)
        await pilot.press("space")
        await until_seen(pilot, "2 files ")


# Pictures


def shown(app: ChattuiApp) -> bool:
    return isinstance(app.screen, SourcesDialog) and app.screen.query_one(SourceList).count > 5


@pytest.mark.parametrize("size", [WIDE, USUAL], ids=["wide", "80x24"])
def test_sources(
    samples: str, home: Path, app_on: AppMaker, snap_compare: Callable[..., Any], store: Database, size: tuple[int, int]
) -> None:
    from sqlalchemy import text

    when = text("UPDATE chattui.imports SET imported_at = '2026-11-20 09:30+00'")
    store.write(lambda conn: conn.execute(when))
    ready = settled(["f6"], ["down", "space"], then=lambda app: shown(app) and "[off]" in screen_text(app))
    assert snap_compare(app_on(samples), terminal_size=size, run_before=ready)
