"""What one sees first, and what one comes back to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from app_driver import AppMaker, lines, part, quit_app, running, screen_text, seen_in, toasts, until, until_seen
from psycopg.conninfo import make_conninfo

from chattui.store import chats
from chattui.store.database import Database

NEWEST = "Pool exhausted at midnight"


async def test_recents_stand_under_day_headings_newest_first(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app):
        rows = [row.strip(" ▌") for row in part(app.main.sidebar.recents)]
    headings = ["Today", "Yesterday", "Previous 7 days", "Previous 30 days", "September 2026", "August 2026"]
    assert [row for row in rows if row in headings] == headings
    assert rows[1].startswith(NEWEST)
    assert rows[1].endswith("cc  4m")
    assert rows[rows.index("August 2026") + 1].startswith("CSS grid for settings")


async def test_the_newest_chat_is_open_at_its_end(samples: str, app_on: AppMaker, store: Database) -> None:
    newest = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app):
        title = part(app.main.title_bar)[0]
        assert NEWEST in title
        assert f"claude-code · harbor-api · fix/midnight-pool · {newest.message_count}" in title
        assert "psycopg docs explain each counter" in part(app.main.pane)[-1]
        assert f"▌{NEWEST}" in screen_text(app), "the open chat is marked in the list"


async def test_the_chat_and_the_line_are_there_again_after_a_restart(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("down", "enter")
        await until_seen(pilot, "Why is my index ignored?  ")
        await until(pilot, lambda: "Why is my index" in part(app.main.title_bar)[0])
        await pilot.press("home", "pagedown", "down", "down", "down")
        left = part(app.main.pane)
        assert left[0].strip("▎▌ "), "the window begins inside a message"
        await quit_app(pilot)
    again = app_on(samples)
    async with running(again) as pilot:
        assert "Why is my index" in part(again.main.title_bar)[0]
        await until(pilot, lambda: part(again.main.pane) == left, "the same lines")


async def test_a_chat_left_at_its_end_is_at_its_end_again(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        left = part(app.main.pane)
        await quit_app(pilot)
    again = app_on(samples)
    async with running(again) as pilot:
        await until(pilot, lambda: part(again.main.pane) == left)
        assert again.main.pane.viewport.at_end


async def test_a_chat_can_be_named_by_its_id(samples: str, app_on: AppMaker, store: Database) -> None:
    wanted = next(c for c in chats.recents(store) if c.title.startswith("CSS grid"))
    app = app_on(samples, chat=str(wanted.id))
    async with running(app) as pilot:
        await until(pilot, lambda: "CSS grid" in part(app.main.title_bar)[0])


async def test_a_chat_can_be_named_by_the_beginning_of_its_tool_s_id(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    row = next(c for c in chats.recents(store) if c.title.startswith("CSS grid"))
    full = chats.get(store, row.id)
    assert full is not None
    app = app_on(samples, chat=str(full.source_id)[:13])
    async with running(app) as pilot:
        await until(pilot, lambda: "CSS grid" in part(app.main.title_bar)[0])


async def test_an_id_that_no_chat_has_is_said(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples, chat="no-such-chat")
    async with running(app) as pilot:
        await until(pilot, lambda: "There is no chat of that id" in toasts(app))


async def test_a_search_can_be_given(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples, search="schema")
    async with running(app) as pilot:
        await until_seen(pilot, "TypeScript: 94 s to 33 s · ", " · 4 hits", "4 messages")
        await pilot.press("escape")
        await until(pilot, lambda: NEWEST in part(app.main.title_bar)[0], "the newest chat, as without --search")
        assert "psycopg docs explain" in seen_in(app.main.pane)


async def test_a_new_chat_can_be_asked_for(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples, new=True)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main.composer.is_writing)
        await until_seen(pilot, "A new chat. Its first line will name it.", NEWEST)
        await pilot.press(*"hello")
        assert app.main.composer.text == "hello"


async def test_without_any_chat_it_says_what_to_do(conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "No chats yet", "your agents left on this machine", "F6", "Ctrl+N  starts a chat here")


async def test_the_keys_of_an_empty_app_work(conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await pilot.press("p", "d", "a", "u", "f2", "enter", "down", "n")
        await until(pilot, lambda: app.main.composer.is_writing)
        await pilot.press(*"first", "enter")
        await until(pilot, lambda: any("first" in row for row in part(app.main.sidebar.recents)))


async def test_wrong_password_host_and_database_are_said_in_a_sentence(samples: str, app_on: AppMaker) -> None:
    wrong = {
        "The server has no such database": make_conninfo(samples, dbname="nowhere"),
        "The server knows no such user": make_conninfo(samples, user="nobody_we_know"),
        "No database server answers there": "host=/nonexistent dbname=x",
        "name cannot be found": "host=nowhere.invalid dbname=x",
    }
    for sentence, target in wrong.items():
        app = app_on(target)
        async with app.run_test(size=(100, 30)) as pilot:
            await until_seen(pilot, sentence)
            assert "Traceback" not in screen_text(app)
            await pilot.press("question_mark")
            await until_seen(pilot, "Keys")
            await pilot.press("escape")
            await quit_app(pilot)
            assert app.return_code == 0


FIRST_PAINT = """
import json, sys
from pathlib import Path
from chattui.config import load_settings
from chattui.tui.app import ChattuiApp

def begin(app):
    found = [n for n in sys.modules if n.startswith(("chattui", *HEAVY))]
    text = "\\n".join(s.text for s in app.screen._compositor.render_strips())
    Path(sys.argv[1]).write_text(json.dumps({"modules": found, "text": text}))
    app.exit(0)

HEAVY = ("psycopg", "sqlalchemy", "markdown_it", "pygments", "click", "textual.widgets._text_area", "orjson", "psutil")
ChattuiApp.begin = begin
ChattuiApp(load_settings({"CHATTUI_HOME": sys.argv[2]})).run(headless=True, size=(80, 24))
"""


def test_the_first_paint_needs_no_database_and_nothing_else_that_is_heavy(tmp_path: Path) -> None:
    out = tmp_path / "painted.json"
    subprocess.run([sys.executable, "-c", FIRST_PAINT, str(out), str(tmp_path / "home")], check=True, timeout=60)
    painted = json.loads(out.read_text())
    assert "Search every message" in painted["text"]
    assert [m for m in painted["modules"] if not m.startswith("chattui")] == []
    ours = set(painted["modules"])
    assert not {m for m in ours if m.startswith(("chattui.store", "chattui.server", "chattui.sources", "chattui.sync"))}
    assert not {m for m in ours if m.startswith(("chattui.tui.pane", "chattui.tui.recents", "chattui.tui.results"))}


EVERYTHING_ELSE = """
import importlib, pkgutil, sys
import chattui
for found in pkgutil.walk_packages(chattui.__path__, "chattui."):
    if not found.name.startswith("chattui.tui") and not found.name.endswith("__main__"):
        importlib.import_module(found.name)
print([n for n in sys.modules if n.partition(".")[0] in ("textual", "rich")])
"""


def test_only_the_app_knows_textual() -> None:
    done = subprocess.run([sys.executable, "-c", EVERYTHING_ELSE], check=True, timeout=60, capture_output=True)
    assert done.stdout.decode().strip() == "[]"


async def test_the_shell_takes_keys_before_the_database_has_answered(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+k", *"schema")
        await until_seen(pilot, "TypeScript: 94 s to 33 s · ", " · 4 hits")
        assert lines(app)[0].strip() == "chattui schema"
