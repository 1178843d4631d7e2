"""Pictures of the real app on the sample chats: fixed clock, size and theme. ``pytest --snapshot-update`` makes them anew."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pictured
import pytest
from app_driver import AppMaker, part, screen_text, seen_in, strips, until, until_seen
from model_server import ModelServer
from textual.pilot import Pilot

from chattui.domain.state import DatabaseState, Held, Relation, SlowStatement
from chattui.samples import BASE
from chattui.tui.app import ChattuiApp

WIDE, USUAL = (120, 36), (80, 24)
Compare = Callable[..., bool]
RunBefore = Callable[[Pilot[Any]], Awaitable[None]]


_WHEN = BASE - timedelta(days=3)
STATE = DatabaseState(
    version="18.1",
    started_at=_WHEN,
    held=Held(20, True, False, 1_204, 31, 2, 148_220, 402_653_184, 1_288_490_188, 5, 100),
    relations=(
        Relation("messages", "messages", False, 512 << 20, 148_220, 1_930, last_vacuum=_WHEN, last_analyze=_WHEN),
        Relation("messages_search", "messages", True, 190 << 20, 42_000, spare=96 << 20),
        Relation("messages_pkey", "messages", True, 12 << 20, 148_220, is_valid=False),
        Relation("tool_calls", "tool_calls", False, 88 << 20, 60_417),
        Relation("chats", "chats", False, 1 << 20, 1_204),
    ),
    days=(("2026-03-01", 412), ("2026-02-28", 1_377), ("2026-02-27", 96)),
    cache_hits=0.987,
    connections={"chattui app": 2, "chattui watch": 1},
    slow=(SlowStatement("SELECT m.seq FROM chattui.messages m WHERE m.chat_id = $1", 12, 840.0, 911.0),),
    slow_from="pg_stat_statements",
)
"""A database with something to say of each kind; a real one has other numbers every time."""


def settled(*keys: str | Iterable[str], then: Callable[[ChattuiApp], object]) -> RunBefore:
    """Press keys one after another when the first screen is there, and wait for what they lead to."""

    async def run(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, ChattuiApp)
        await until(pilot, lambda: app.main.furnished and app.main.loaded and app.main.session._db is not None)
        for key in keys:
            await pilot.press(*key)
        await until(pilot, lambda: then(app))
        await until(pilot, lambda: app.main.pane._idle._timer is None, "the colours of code")

    return run


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0]


def test_start(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(then=lambda app: "Pool" in title(app))
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


def test_start_on_80x24(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(then=lambda app: "Pool" in title(app))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_light_theme(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    def coloured(app: ChattuiApp) -> bool:  # code too, which is done when nothing else is
        code = [part for strip in strips(app) for part in strip if "# back to the pool" in part.text]
        return app.theme == "textual-light" and bool(code[0].style and code[0].style.italic)

    ready = settled(["f8"], then=coloured)
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


def test_search(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["slash"], "schema", then=lambda app: "4 messages" in title(app))
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


def test_opened_at_a_match(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["slash"], "schema", ["enter"], then=lambda app: "4 match" in title(app))
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


def test_find_in_chat(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["ctrl+f"], "pool", ["enter"], then=lambda app: " of " in part(app.main._finding.bar)[0])
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


def test_help(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["question_mark"], then=lambda app: app.screen is not app.main)
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_empty(conninfo: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(then=lambda app: "No chats yet" in seen_in(app.main.empty))
    assert snap_compare(app_on(conninfo), terminal_size=USUAL, run_before=ready)


def test_nothing_found(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["slash"], "zzqx", then=lambda app: "Esc goes back" in seen_in(app.main.hits))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_mistaken_search(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["slash"], "role:usr pool", then=lambda app: "Did you mean user" in title(app))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_no_database(app_on: AppMaker, snap_compare: Compare) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await until_seen(pilot, "No database yet", "which database is meant")

    away = app_on("postgresql://nobody@127.0.0.1:1/nothing")
    assert snap_compare(away, terminal_size=USUAL, run_before=ready)


def test_settings(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["f4"], "jj", then=lambda app: app.screen.query("#settings"))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_details(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled("K", then=lambda app: "Details" in screen_text(app))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_outline(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["enter"], "o", then=lambda app: "prompts" in screen_text(app))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_export(samples: str, app_on: AppMaker, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    ready = settled("x", then=lambda app: "Into the directory" in screen_text(app))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_palette(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    ready = settled(["ctrl+p"], "tab", then=lambda app: "Reopen a tab" in screen_text(app))
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


def test_tabs_on_200x60(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    def there(app: ChattuiApp) -> bool:
        app.clear_notifications()
        return len(app.main.tabs.all) == 5 and app.main.tabs.active == 2 and not app.main.open_chat.is_awaited

    opened = [key for _ in range(4) for key in ("down", "alt+t")]
    ready = settled(["alt+i", *opened, "alt+l", "alt+l"], then=there)
    assert snap_compare(app_on(samples), terminal_size=(200, 60), run_before=ready)


def test_without_symbols_all_is_ascii(samples: str, app_on: AppMaker, snap_compare: Compare) -> None:
    place = app_on.home / "config"
    place.mkdir(parents=True)
    (place / "config.toml").write_text("[appearance]\nicons = false\n")
    told: list[str] = []

    def there(app: ChattuiApp) -> bool:
        told[:] = [screen_text(app)]
        return "Settings" in told[0]

    ready = settled(["f4"], then=there)
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)
    odd = {char for char in told[0] if not char.isascii() and not char.isalpha()}
    assert not odd, f"drawn though there are to be no symbols: {odd}"


def test_database(samples: str, app_on: AppMaker, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chattui.store.survey.read_state", lambda *_: STATE)
    ready = settled(["f5"], then=lambda app: "m.chat_id" in screen_text(app))
    assert snap_compare(app_on(samples), terminal_size=(100, 60), run_before=ready)


# Replies and agents


@pytest.fixture
def speaking(samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """The suite's model and agent, and times that stand still."""
    pictured.stand_still(samples, BASE)
    (tmp_path / "harbor-api").mkdir()
    monkeypatch.chdir(tmp_path / "harbor-api")
    monkeypatch.setenv("LLM_USER_PATH", "/nowhere/at/all")
    with pictured.speaking(app_on.home / "config") as server:
        yield server


def test_a_reply_that_is_being_written(
    samples: str, app_on: AppMaker, snap_compare: Compare, speaking: ModelServer
) -> None:
    speaking.held_after = pictured.WORDS_SEEN
    ready = settled(["ctrl+n", *pictured.PROMPT, "enter"], then=pictured.is_halfway)
    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


ASK = ["ctrl+n", *"/model agent:scripted", "enter", *pictured.MEND, "enter"]


def test_models(samples: str, app_on: AppMaker, snap_compare: Compare, speaking: ModelServer) -> None:
    ready = settled(["ctrl+n", "ctrl+o"], then=pictured.has_models)
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_permission(samples: str, app_on: AppMaker, snap_compare: Compare, speaking: ModelServer) -> None:
    stored = re.compile(r"midnight +6\b")  # what came until the agent asked: it is stored every second
    ready = settled(ASK, then=lambda app: "Reject" in screen_text(app) and stored.search(screen_text(app)))
    assert snap_compare(app_on(samples), terminal_size=USUAL, run_before=ready)


def test_a_turn_of_an_agent(samples: str, app_on: AppMaker, snap_compare: Compare, speaking: ModelServer) -> None:
    async def ready(pilot: Pilot[Any]) -> None:
        await settled(ASK, then=lambda app: "Reject" in screen_text(app))(pilot)
        await pilot.press("up", "up", "enter")
        await until(pilot, lambda: pictured.is_mended(pilot.app))
        await pictured.open_the_edit(pilot)
        await until(pilot, lambda: "+    mail(due)" in screen_text(pilot.app))
        await until(pilot, lambda: pilot.app.main.pane._idle._timer is None)  # type: ignore[attr-defined]

    assert snap_compare(app_on(samples), terminal_size=WIDE, run_before=ready)


@pytest.mark.parametrize(
    "picture", sorted((Path(__file__).parent / "__snapshots__").rglob("*.*")), ids=lambda p: p.stem
)
def test_the_pictures_tell_nothing_of_the_machine_they_were_made_on(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    assert not re.search(r"/root|/tmp|/work|host=|dbname=", text)
    assert not re.search(r"terminal-[0-9]{6,}", text), "ids that change from run to run"
