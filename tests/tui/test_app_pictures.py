"""Pictures of the real app on the sample chats: fixed clock, size and theme. ``pytest --snapshot-update`` makes them anew."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, part, seen_in, until
from textual.pilot import Pilot

from chattui.tui.app import ChattuiApp

WIDE, USUAL = (120, 36), (80, 24)
Compare = Callable[..., bool]
RunBefore = Callable[[Pilot[Any]], Awaitable[None]]


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
    ready = settled(["f8"], then=lambda app: app.theme == "textual-light")
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


@pytest.mark.parametrize(
    "picture", sorted((Path(__file__).parent / "__snapshots__").rglob("*.*")), ids=lambda p: p.stem
)
def test_the_pictures_tell_nothing_of_the_machine_they_were_made_on(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    assert not re.search(r"/root|/tmp|/work|host=|dbname=", text)
    assert not re.search(r"terminal-[0-9]{6,}", text), "ids that change from run to run"
