"""Titles and messages that try to command the terminal or the app: shown as text, never obeyed."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from app_driver import AppMaker, part, running, screen_text, seen_in, strips, toasts, until
from made_chats import chat_of, import_all, write_session
from rich.console import Console

from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp

HOSTILE = {
    "escape": "\x1b[31mred\x1b[0m \x1b[2J\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;b3duZWQ=\x07 copied",
    "link": "\x1b]8;;https://evil.example/\x1b\\safe\x1b]8;;\x1b\\",
    "c1": "\x9b31m \x9d52;c;b3duZWQ=\x9c",
    "bidi": "abc \u202egnp.exe\u202c \u2066x\u2069 \u200fy",
    "markup": "[bold]markup[/] [/nothing] [red on blue]x",
    "action": "[@click=app.quit]press me[/] [link=https://evil.example]x[/link]",
    "wide": "e\u0301\u0302\u0303 日本語 👩‍👩‍👧‍👦 \U0001f1e9\U0001f1ea \u0e01\u0e33",
    "nul": "null \u2400 and \ufeff bell \x07 back\x08space \r return",
    "huge": "W" * 200,
}
BODY = "{text}\n\n# {text}\n\n```{text}\n{text}\n```\n\n| a | b |\n|---|---|\n| {text} | x |\n\n- {text}\n\n[{text}]({text})\n"
FORBIDDEN = {"Cc", "Cs"}
SGR_OR_LINK = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")


def harmless(app: ChattuiApp) -> None:
    """No control character in what is painted, and no sequence but colours and our own links in what is written."""
    console = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
    for strip in strips(app):
        assert not {c for c in strip.text if unicodedata.category(c) in FORBIDDEN}
        assert not set(strip.text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
        written = SGR_OR_LINK.sub("", strip.render(console))
        assert "\x1b" not in written
        assert "evil.example/\x1b" not in written


@pytest.mark.parametrize(
    "names", [("escape", "clipboard"), ("link", "c1"), ("bidi", "wide"), ("markup", "action"), ("nul",), ("huge",)]
)
async def test_it_is_text_in_list_title_pane_hits_dialogs_and_toasts(
    conninfo: str, db: Database, app_on: AppMaker, names: tuple[str, ...]
) -> None:
    text = " ".join(HOSTILE[name] for name in names)
    chat = chats.create(db, title=text, project=f"/home/{text}")
    messages.append(db, chat.id, BODY.format(text=text) + "needle", key="k1")
    app = app_on(conninfo)
    async with running(app, size=(100, 40)) as pilot:
        harmless(app)
        assert part(app.main.title_bar)[0].strip()
        for row in range(2, app.main.pane.size.height, 12):
            await pilot.click(app.main.pane, offset=(10, row))
        await pilot.hover(app.main.sidebar.recents, offset=(5, 1))
        harmless(app)
        await pilot.press("slash", *"needle")
        await until(pilot, lambda: app.main.hits.hit is not None)
        harmless(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.pane.display and app.main.pane.has_focus)
        await pilot.press("f2")
        await until(pilot, lambda: "Title of this chat" in screen_text(app))
        harmless(app)
        await pilot.press("enter", "p", "d")
        await until(pilot, lambda: "deleted" in toasts(app))
        await until(pilot, lambda: "deleted" in screen_text(app))
        harmless(app)
        assert app.is_running
        assert app.return_code is None


async def test_markup_is_shown_as_it_is(conninfo: str, db: Database, app_on: AppMaker) -> None:
    chat = chats.create(db, title="[bold]not bold[/]")
    messages.append(db, chat.id, "say [red]x[/red] and [@click=app.quit]y[/]", key="k")
    app = app_on(conninfo)
    async with running(app) as pilot:
        await pilot.press("f", "escape", "d")
        await until(pilot, lambda: "“[bold]not bold[/]” deleted" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "[bold]not bold[/]" in seen_in(app.main.sidebar.recents))


async def test_what_one_types_is_text_too(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.search_bar.focus()
        app.main.search_bar.value = "[@click=app.quit]\x1b]52;c;eA==\x07[/] zzz"
        await until(pilot, lambda: "Nothing found" in seen_in(app.main.hits))
        harmless(app)
        await pilot.press("escape", "w")
        await until(pilot, lambda: app.main.composer.is_writing)
        app.main.composer._editor.text = "[b]x[/] \x1b[2J\x07\x9b"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "[b]x[/]" in part(app.main.pane)[-1])
        harmless(app)


def test_a_real_terminal_gets_nothing_of_it(conninfo: str, db: Database, tmp_path: Path) -> None:
    for name, text in HOSTILE.items():
        chat = chats.create(db, title=text or name)
        messages.append(db, chat.id, BODY.format(text=text) + f"the end of {name}", key=name)
    last = chats.create(db, title="\x1b]52;c;b3duZWQ=\x07Last one")
    messages.append(db, last.id, "\x1b]52;c;b3duZWQ=\x07\x1b]0;owned\x07 visible body", key="last")
    ours, theirs = pty.openpty()
    env = os.environ | {"CHATTUI_HOME": str(tmp_path), "HOME": str(tmp_path), "TERM": "xterm-256color"}
    env |= {"CHATTUI_DATABASE_URL": conninfo, "COLUMNS": "100", "LINES": "30"}
    app = subprocess.Popen(
        [sys.executable, "-m", "chattui"], stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    )
    os.close(theirs)
    written = b""
    try:
        written = _read_until(ours, b"visible body", 40)
        os.write(ours, b"\x11")
        written += _read_until(ours, b"\x1b[?1049l", 20)
        assert app.wait(20) == 0
    finally:
        if app.poll() is None:
            os.killpg(app.pid, signal.SIGKILL)
            app.wait()
        os.close(ours)
    assert b"]52;" not in written.replace("␛]52;".encode(), b"")
    assert b"]0;owned" not in written.replace("␛]0;owned".encode(), b"")
    assert "␛]52;c;b3duZWQ=␇".encode() in written


def _read_until(fd: int, wanted: bytes, seconds: float) -> bytes:
    got, end = b"", time.monotonic() + seconds
    while wanted not in got:
        assert time.monotonic() < end, f"{wanted!r} did not come: {got[-2000:]!r}"
        if select.select([fd], [], [], 0.2)[0]:
            try:
                got += os.read(fd, 65536)
            except OSError:
                break
    return got


async def test_parents_that_go_round_and_ids_that_are_told_twice_are_imported_and_read(
    conninfo: str, db: Database, app_on: AppMaker, tmp_path: Path
) -> None:
    path = write_session(tmp_path / "home", [f"said {n}" for n in range(1, 9)], title="Goes round")
    summary, *records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    ids = [record["uuid"] for record in records]
    records[0]["parentUuid"] = ids[7]  # the last
    records[2]["parentUuid"] = ids[2]  # itself
    records[4]["parentUuid"] = "nobody"
    again = {**records[5], "message": {**records[5]["message"], "content": [{"type": "text", "text": "told twice"}]}}
    hostile = [summary, *records, again]
    path.write_text("".join(json.dumps(record) + "\n" for record in hostile), "utf-8")
    import_all(db, tmp_path / "home")
    chat = chats.get(db, chat_of(db, "Goes round"))
    assert chat is not None
    assert chat.message_count == 8
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until(pilot, lambda: "said 8" in seen_in(app.main.pane))
        app.main.pane.focus()
        await pilot.press("home", "right_curly_bracket", "left_curly_bracket", "less_than_sign", "greater_than_sign")
        shown = seen_in(app.main.pane)
        assert all(f"said {n}" in shown for n in range(1, 9))
        assert "told twice" not in shown
