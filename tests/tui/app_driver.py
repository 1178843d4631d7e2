"""Starts the app without a terminal, waits for what a person would wait for, and reads off what they would see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from chattui.config import Settings, load_settings
from chattui.samples import BASE
from chattui.tui.app import Arguments, ChattuiApp
from chattui.tui.data.session import Session

DEADLINE = 20.0
"""Seconds after which what was waited for will not come. No test is slower for it, only a failing one."""


class AppMaker:
    """Makes apps that share directories, and ends their threads when the test is over."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._made: list[ChattuiApp] = []

    def settings(self, conninfo: str | None) -> Settings:
        """Settings for a database; None for an embedded server of the test's own."""
        env = {"CHATTUI_HOME": str(self.home), "CHATTUI_LINGER": "0"}
        return load_settings(env, database=conninfo, lenient=True)

    def __call__(self, conninfo: str | None, **arguments: Any) -> ChattuiApp:
        """An app that is not yet running; it imports nothing by itself unless it is told to."""
        given = {"imports": False} | arguments
        app = ChattuiApp(self.settings(conninfo), Arguments(**given), now=lambda: BASE)
        self._made.append(app)
        return app

    def close(self) -> None:
        """End the threads of all apps, without waiting for them."""
        for app in self._made:
            if app._session is not None:
                Thread(target=_end, args=(app._session,), daemon=True).start()
            for beside in (app._sync, app._watch):
                if beside is not None:
                    beside.stop()


def _end(session: Session) -> None:
    with suppress(Exception):  # its database is removed meanwhile
        session.close()


@asynccontextmanager
async def running(app: ChattuiApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[int]]:
    """The app, running, with its first screen read. An exception in it fails the test."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.main.furnished and app.main.loaded)
        await until(pilot, lambda: app._session is not None and app._session._db is not None)
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[Any], condition: Callable[[], object], what: str = "") -> None:
    """Wait until ``condition`` holds; fails with the screen when it does not come."""
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what or 'this'} did not come; on the screen is\n{screen_text(pilot.app)}")
        await asyncio.sleep(0.01)
        await pilot.pause()


async def until_seen(pilot: Pilot[Any], *texts: str) -> None:
    """Wait until all of these texts are on the screen."""
    await until(pilot, lambda: all(text in screen_text(pilot.app) for text in texts), f"{texts}")


async def quit_app(pilot: Pilot[Any]) -> None:
    """Close the app by its key."""
    await pilot.press("ctrl+q")
    await until(pilot, lambda: pilot.app._exit)


def strips(app: Any) -> list[Strip]:
    """What is painted, by row."""
    return list(app.screen._compositor.render_strips())


def lines(app: Any) -> list[str]:
    """The rows of the screen as text."""
    return [strip.text.rstrip() for strip in strips(app)]


def screen_text(app: Any) -> str:
    """All of the screen as text."""
    return "\n".join(lines(app))


def part(widget: Widget) -> list[str]:
    """The rows of one widget, as they are on the screen."""
    region = widget.region
    rows = strips(widget.app)[region.y : region.bottom]
    return [row.crop(region.x, region.right).text.rstrip() for row in rows]


def seen_in(widget: Widget) -> str:
    """One widget as text."""
    return "\n".join(part(widget))


def toasts(app: ChattuiApp) -> str:
    """What the notifications say."""
    return "\n".join(f"{n.title} {n.message}".strip() for n in app._notifications)
