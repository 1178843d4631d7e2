"""Attachments in the app: what the pane says of them, saving and opening them."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, running, seen_in, toasts, until, until_seen
from made_chats import import_all, write_session

from chattui.domain.attached import suffix_to_open
from chattui.export.names import attachment_name
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.save_dialog import SaveDialog

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
SVG = b"<svg onload='x'/>"
OFFER, NOTHING = "s saves it · L opens it", "the history had only its name"


def picture(mime: str, data: bytes | None, title: str = "") -> dict[str, Any]:
    """A picture as it stands in a prompt; without ``data`` it is damaged."""
    encoded = "?" if data is None else b64encode(data).decode()
    return {
        "type": "image",
        "title": title,
        "source": {"type": "base64", "media_type": mime, "data": encoded},
    }


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """What was given to the system's opener, and what it would have found there."""
    found: list[tuple[str, bytes]] = []

    def open_url(_app: ChattuiApp, url: str, *, new_tab: bool = True) -> None:
        path = Path(url.removeprefix("file://"))
        assert path.parent.stat().st_mode & 0o077 == 0
        found.append((url, path.read_bytes()))

    monkeypatch.setattr(ChattuiApp, "open_url", open_url)
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: an empty one."""
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def attach(db: Database, home: Path, *pictures: dict[str, Any]) -> None:
    """A chat of one prompt with pictures and of a reply."""
    path = write_session(home, ["Look", "I see"], title="Pictures")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    prompt = next(record for record in records if record["type"] == "user")
    prompt["message"]["content"] = [{"type": "text", "text": "Look"}, *pictures]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    import_all(db, home)


async def at_message(app: ChattuiApp, pilot: Any, seq: int) -> None:
    app.main.pane.focus()
    await pilot.press("g")
    for _ in range(seq - 1):
        await pilot.press("right_square_bracket")
    await until(pilot, lambda: app.main.pane.current_seq == seq)


async def test_an_attachment_is_saved_byte_by_byte_under_a_name_of_ours(
    conninfo: str, db: Database, app_on: AppMaker, tmp_path: Path, place: Path
) -> None:
    attach(db, tmp_path / "home", picture("image/png", PNG, "../../evil\x1b[31m.sh"))
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "[image/png, 264 bytes]", OFFER)
        await at_message(app, pilot, 2)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SaveDialog))
        await until_seen(pilot, "Save attachment 1 · ", "(image/png, 264 bytes)", "attachment-2-1.png")
        await pilot.press("enter")
        await until(pilot, lambda: "264 bytes written to" in toasts(app))
    assert [(each.name, each.read_bytes()) for each in place.iterdir()] == [("attachment-2-1.png", PNG)]


async def test_a_key_and_a_click_open_it_from_a_private_file_that_goes_with_the_app(
    conninfo: str, db: Database, app_on: AppMaker, tmp_path: Path, opened: list[tuple[str, bytes]]
) -> None:
    attach(db, tmp_path / "home", picture("image/png", PNG))
    app = app_on(conninfo)
    async with running(app) as pilot:
        await at_message(app, pilot, 2)
        await pilot.press("L")
        await until(pilot, lambda: "Opening the attachment (image/png)" in toasts(app))
        row = next(n for n, line in enumerate(seen_in(app.main.pane).split("\n")) if OFFER in line)
        await pilot.click(app.main.pane, offset=(8, row))
        await until(pilot, lambda: len(opened) == 2)
        await pilot.press("ctrl+q")
    [(url, data), _] = opened
    assert data == PNG
    assert url.endswith(".png")
    assert not Path(url.removeprefix("file://")).parent.exists()


@pytest.mark.parametrize("mime", ["image/svg+xml", "image/png"])
async def test_what_is_not_known_to_be_harmless_is_not_opened(
    conninfo: str, db: Database, app_on: AppMaker, tmp_path: Path, opened: list[tuple[str, bytes]], mime: str
) -> None:
    attach(db, tmp_path / "home", picture(mime, SVG))
    app = app_on(conninfo)
    async with running(app) as pilot:
        await at_message(app, pilot, 2)
        await pilot.press("L")
        await until(pilot, lambda: f"Only pictures, PDF and text are opened from here, not {mime}" in toasts(app))
        await pilot.press("left_square_bracket", "L")
        await until(pilot, lambda: "There is no link or attachment here." in toasts(app))
    assert opened == []


async def test_where_the_history_had_no_bytes_that_is_said(
    conninfo: str, db: Database, app_on: AppMaker, tmp_path: Path, opened: list[tuple[str, bytes]]
) -> None:
    attach(db, tmp_path / "home", picture("image/png", None))
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "[image/png]", NOTHING)
        assert OFFER not in seen_in(app.main.pane)
        await at_message(app, pilot, 2)
        for key in "sL":
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: "there is nothing to save or to open" in toasts(app))
        assert app.screen is app.main
    assert opened == []


@pytest.mark.parametrize(
    ("mime", "data", "suffix"),
    [
        ("image/png", PNG, ".png"),
        ("IMAGE/PNG; x=y", PNG, ".png"),
        ("image/jpeg", b"\xff\xd8\xff\xe0", ".jpg"),
        ("image/gif", b"GIF89a", ".gif"),
        ("image/webp", b"RIFF\n\0\0\0WEBP", ".webp"),
        ("application/pdf", b"%PDF-1.7", ".pdf"),
        ("text/plain", "ü".encode(), ".txt"),
        ("text/plain", b"a\x00b", None),
        ("text/plain", b"\xff", None),
        ("image/png", SVG, None),
        ("image/jpeg", PNG, None),
        ("text/html", b"<p>", None),
        ("application/x-sh", b"#!/bin/sh", None),
        ("", b"", None),
    ],
)
def test_only_what_is_what_it_says_is_opened(mime: str, data: bytes, suffix: str | None) -> None:
    assert suffix_to_open(mime, data) == suffix


def test_the_name_of_an_attachment_never_comes_from_the_chat() -> None:
    assert attachment_name(12, 3, "image/jpeg") == "attachment-12-3.jpg"
    assert attachment_name(12, 3, "../../x/sh") == "attachment-12-3.bin"
