"""Makes the pictures of all screens: the real app on the sample chats, driven by real keys; replies are those of the
suite's scripted model and agent. `make screenshots` runs it."""

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

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

import pictured  # noqa: E402 - found from here on

from chattui.config import Settings, load_settings  # noqa: E402
from chattui.server import open_database, stop  # noqa: E402
from chattui.store.connection import connect  # noqa: E402
from chattui.tui.app import Arguments, ChattuiApp  # noqa: E402
from chattui.tui.demo import fill  # noqa: E402

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


async def tabs(pilot: Pilot[int]) -> None:
    """Several chats open, one pinned."""
    main = pilot.app.screen
    await pilot.press("alt+i")
    main.sidebar.recents.focus()  # type: ignore[attr-defined]
    for _ in range(4):
        await pilot.press("down", "alt+t")
    await pilot.press("alt+l", "alt+l")
    await pilot.pause(0.6)
    pilot.app.clear_notifications()
    await pilot.pause(0.3)


async def find(pilot: Pilot[int]) -> None:
    """Find in the open chat."""
    await pilot.press("ctrl+f", *"pool", "enter")
    await pilot.pause(0.8)


async def outline(pilot: Pilot[int]) -> None:
    """The chat's prompts."""
    pilot.app.screen.pane.focus()  # type: ignore[attr-defined]
    await pilot.press("o")
    await pilot.pause(0.8)


async def export(pilot: Pilot[int]) -> None:
    """To which format a chat is exported."""
    await pilot.press("x")
    await pilot.pause(0.5)


async def palette(pilot: Pilot[int]) -> None:
    """Every command, with its key."""
    await pilot.press("ctrl+p", *"tab")
    await pilot.pause(0.8)


async def plain(pilot: Pilot[int]) -> None:
    """Without symbols: ASCII."""
    pilot.app.look.change(pilot.app.settings._replace(appearance=pilot.app.settings.appearance._replace(icons=False)))  # type: ignore[attr-defined]
    await reading(pilot)


async def replying(pilot: Pilot[int]) -> None:
    """A reply that is being written."""
    SCRIPTED[0].held_after = pictured.WORDS_SEEN
    await pilot.press("ctrl+n", *pictured.PROMPT, "enter")
    await until(pilot, lambda: pictured.is_halfway(pilot.app))
    await pilot.pause(0.3)


async def models(pilot: Pilot[int]) -> None:
    """Which model replies."""
    await pilot.press("ctrl+n", "ctrl+o")
    await until(pilot, lambda: pictured.has_models(pilot.app))
    await pilot.pause(0.3)


async def permission(pilot: Pilot[int]) -> None:
    """An agent asks whether it may."""
    await pilot.press("ctrl+n", *"/model agent:scripted", "enter")
    await pilot.press(*pictured.MEND, "enter")
    await until(pilot, lambda: len(pilot.app.screen_stack) > 1)
    await pilot.pause(0.5)


async def agent(pilot: Pilot[int]) -> None:
    """What an agent thinks, plans, changes and says."""
    await permission(pilot)
    await pilot.press("up", "up", "enter")
    await until(pilot, lambda: pictured.is_mended(pilot.app))
    await pictured.open_the_edit(pilot)
    await pilot.pause(0.5)


SCRIPTED: list[pictured.ModelServer] = []
"""The server of models, while there is one."""

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
    "tabs": (tabs, (120, 36)),
    "find": (find, (120, 36)),
    "outline": (outline, (120, 36)),
    "export": (export, (120, 30)),
    "palette": (palette, (120, 30)),
    "plain": (plain, (120, 36)),
    "replying": (replying, (120, 36)),
    "models": (models, (120, 30)),
    "permission": (permission, (120, 36)),
    "agent": (agent, (120, 40)),
}


async def take(settings: Settings, name: str, steps: Steps, size: tuple[int, int]) -> None:
    """Run the app, press the keys, write the picture."""
    app = ChattuiApp(settings, Arguments(imports=False, fresh=True), now=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.furnished and app.main.open_chat.chat is not None)
        await steps(pilot)
        picture = _FONT_FACE.sub("", app.export_screenshot(title="chattui"))
        SCRIPTED[0].go.set()
        await app.action_quit()
    stable = re.sub(r"terminal-\d+", f"chattui-{name}", picture)
    (HERE / f"{name}.svg").write_text("\n".join(line.rstrip() for line in stable.splitlines()) + "\n", encoding="utf-8")
    print(f"screenshots/{name}.svg")


def main(names: list[str]) -> None:
    """Make the named pictures, or all of them."""
    place = Path(tempfile.mkdtemp(prefix="cs-"))
    env = {"CHATTUI_HOME": str(place / "h"), "CHATTUI_LINGER": "1m"}
    settings = load_settings(env)
    here = place / "home" / "code" / "harbor-api"
    here.mkdir(parents=True)
    try:
        fill(settings, place / "home", NOW)
        conninfo = open_database(settings).conninfo
        pictured.stand_still(conninfo, NOW)
        os.environ["HOME"] = os.environ["LLM_USER_PATH"] = str(place / "home")  # whose sources, whose models are shown
        os.chdir(here)
        for name in names or PICTURES:
            with pictured.speaking(place / "h" / "config") as server:
                SCRIPTED[:] = [server]
                asyncio.run(take(load_settings(env), name, *PICTURES[name]))
            with connect(conninfo, autocommit=True) as conn:
                conn.execute("DELETE FROM chattui.chats WHERE source = 'chattui'")
            for draft in settings.state_dir.glob("drafts/*.json"):
                draft.unlink()
    finally:
        stop(settings)
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
