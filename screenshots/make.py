"""Makes the pictures of the README: the real app on the sample chats, driven by real keys. `make screenshots` runs it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from chattui.config import Settings, load_settings
from chattui.server import stop
from chattui.tui.app import Arguments, ChattuiApp
from chattui.tui.demo import fill

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
Steps = Callable[[Pilot[int]], Awaitable[None]]


async def until(pilot: Pilot[int], true: Callable[[], object]) -> None:
    """Wait for something to be so; give up after ten seconds."""
    for _ in range(500):
        await pilot.pause(0.02)
        if true():
            return
    raise TimeoutError("the app did not come to what the picture is to show")


async def start(pilot: Pilot[int]) -> None:
    """The newest chat, at its end."""
    await pilot.pause(0.3)


async def reading(pilot: Pilot[int]) -> None:
    """Tool calls folded to a line, a table, code."""
    pane = pilot.app.screen.pane  # type: ignore[attr-defined]
    pane.focus()
    await pilot.press("left_curly_bracket", "left_curly_bracket")
    await pilot.pause(0.4)


async def search(pilot: Pilot[int]) -> None:
    """Results while typing."""
    await pilot.press("slash", *"connection pool")
    hits = pilot.app.screen.hits  # type: ignore[attr-defined]
    await until(pilot, lambda: hits.hit is not None)
    await pilot.press("down", "down")
    await pilot.pause(0.3)


async def match(pilot: Pilot[int]) -> None:
    """A chat opened at the match."""
    await search(pilot)
    await pilot.press("enter")
    await pilot.pause(0.6)
    await pilot.press("n")
    await pilot.pause(0.4)


async def new_chat(pilot: Pilot[int]) -> None:
    """A chat about to begin."""
    await pilot.press("ctrl+n")
    await pilot.pause(0.3)
    await pilot.press(*"Which index serves the newest-first walk?")
    await pilot.pause(0.3)


async def keys(pilot: Pilot[int]) -> None:
    """Every key."""
    await pilot.press("question_mark")
    await pilot.pause(0.4)


async def sources(pilot: Pilot[int]) -> None:
    """Where chats come from."""
    await pilot.press("f6")
    await until(pilot, lambda: pilot.app.screen.query("#sources") and pilot.app.screen.query_one("#sources").count)  # type: ignore[attr-defined]
    await pilot.pause(0.3)


async def settings(pilot: Pilot[int]) -> None:
    """Every option."""
    await pilot.press("f4")
    await pilot.pause(1.0)


async def database(pilot: Pilot[int]) -> None:
    """How the database is."""
    await pilot.press("f5")
    await pilot.pause(2.5)


async def details(pilot: Pilot[int]) -> None:
    """What is known of a chat."""
    await pilot.press("K")
    await pilot.pause(1.0)


async def light(pilot: Pilot[int]) -> None:
    """The light theme."""
    await pilot.press("f8")
    await pilot.press("j", "j", "enter")
    await pilot.pause(0.6)


PICTURES: dict[str, tuple[Steps, tuple[int, int]]] = {
    "start": (start, (120, 36)),
    "reading": (reading, (120, 36)),
    "search": (search, (120, 36)),
    "match": (match, (120, 36)),
    "new-chat": (new_chat, (120, 30)),
    "keys": (keys, (120, 44)),
    "sources": (sources, (120, 36)),
    "settings": (settings, (120, 36)),
    "database": (database, (120, 40)),
    "details": (details, (120, 36)),
    "light": (light, (120, 36)),
    "small": (start, (80, 24)),
}


async def take(settings: Settings, name: str, steps: Steps, size: tuple[int, int]) -> None:
    """Run the app, press the keys, write the picture."""
    app = ChattuiApp(settings, Arguments(imports=False), now=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.furnished and app.main.open_chat.chat is not None)
        await steps(pilot)
        picture = _FONT_FACE.sub("", app.export_screenshot(title="chattui"))
    stable = re.sub(r"terminal-\d+", f"chattui-{name}", picture)
    (HERE / f"{name}.svg").write_text("\n".join(line.rstrip() for line in stable.splitlines()) + "\n", encoding="utf-8")
    print(f"screenshots/{name}.svg")


def main(names: list[str]) -> None:
    """Make the named pictures, or all of them."""
    place = Path(tempfile.mkdtemp(prefix="cs-"))
    settings = load_settings({"CHATTUI_HOME": str(place / "h"), "CHATTUI_LINGER": "0"})
    try:
        fill(settings, place / "home", NOW)
        os.environ["HOME"] = str(place / "home")  # whose sources are shown
        for name in names or PICTURES:
            asyncio.run(take(settings, name, *PICTURES[name]))
    finally:
        stop(settings)
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
