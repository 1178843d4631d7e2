"""Saving from the pane: code blocks to files, their names, and what hinders it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, running, toasts, until, until_seen
from made_chats import import_all, write_session

from chattui.export.names import block_name, is_name
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.export_dialog import ReplaceDialog
from chattui.tui.screens.save_dialog import SaveDialog

REPLY = "First\n\n```python\nprint('one')\n```\n\nand\n\n```../../sh\nrm -r /\n```\n\nand\n\n```\nthree\n```"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: an empty one."""
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def chat(db: Database, tmp_path: Path) -> None:
    """A chat of a prompt and of a reply with three code blocks."""
    home = tmp_path / "home"
    write_session(home, ["How?", REPLY], title="Blocks")
    import_all(db, home)


async def ask(app: ChattuiApp, pilot: Any) -> SaveDialog:
    """Press s in the pane; gives the dialog."""
    app.main.pane.focus()
    await until(pilot, lambda: app.main.pane.current_seq == 2)
    await pilot.press("s")
    await until(pilot, lambda: isinstance(app.screen, SaveDialog))
    assert isinstance(app.screen, SaveDialog)
    return app.screen


def files(place: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in place.iterdir()}


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("python", "block-3.py"),
        ("C++", "block-3.cpp"),
        (".ts", "block-3.ts"),
        ("", "block-3.txt"),
        ("../../etc/passwd", "block-3.txt"),
        ("py\x1b[31m", "block-3.txt"),
    ],
)
def test_the_name_of_a_block_never_comes_from_the_chat(language: str, name: str) -> None:
    assert block_name(3, language) == name


def test_a_name_is_one_name() -> None:
    assert is_name("..a")
    assert is_name(".hidden")
    assert is_name("a b")
    assert not any(map(is_name, ["", ".", "..", "a/b", "/etc/passwd", "../x", "a\x00b"]))


async def test_s_saves_the_code_block_and_says_where(conninfo: str, chat: None, app_on: AppMaker, place: Path) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await ask(app, pilot)
        await until_seen(pilot, "Save code block 1 of 3 · python · 1 line", "block-1.py", str(place)[:40])
        await pilot.press("enter")
        await until(pilot, lambda: "Saved" in toasts(app))
        assert files(place) == {"block-1.py": "print('one')\n"}
        assert f"13 bytes written to {place / 'block-1.py'}" in toasts(app)


async def test_another_block_is_chosen_by_c_or_by_arrows_and_a_typed_name_stays(
    conninfo: str, chat: None, app_on: AppMaker, place: Path
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("c", "c")
        await ask(app, pilot)
        await until_seen(pilot, "Save code block 2 of 3 · ../../sh · 1 line", "block-2.txt")
        await pilot.press("down")
        await until_seen(pilot, "Save code block 3 of 3 · 1 line", "block-3.txt")
        await pilot.press("down", "up", "x")
        await until_seen(pilot, "block-3.txtx")
        await pilot.press("up", "enter")
        await until(pilot, lambda: "Saved" in toasts(app))
        assert files(place) == {"block-3.txtx": "rm -r /\n"}


@pytest.mark.parametrize("name", ["/tmp/x.py", "../x.py", "a/b.py", "..", ""])
async def test_a_name_outside_of_the_directory_is_refused(
    conninfo: str, chat: None, app_on: AppMaker, place: Path, name: str
) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        dialog = await ask(app, pilot)
        dialog._line.value = name
        await pilot.press("enter")
        await until_seen(pilot, "That is no name for a file.")
        assert app.screen is dialog
        dialog._line.value = "a.py"
        await until(pilot, lambda: "no name" not in str(dialog._fault.visual))
        await pilot.press("enter")
        await until(pilot, lambda: list(files(place)) == ["a.py"])
    assert [each.name for each in place.parent.iterdir() if each.suffix] == []


async def test_a_link_is_replaced_not_followed_and_only_when_that_is_said(
    conninfo: str, chat: None, app_on: AppMaker, place: Path
) -> None:
    outside = place.parent / "outside"
    outside.write_text("mine")
    (place / "block-1.py").symlink_to(outside)
    app = app_on(conninfo)
    async with running(app) as pilot:
        await ask(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReplaceDialog))
        await until_seen(pilot, "is there already")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SaveDialog))
        assert (place / "block-1.py").is_symlink()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReplaceDialog))
        await pilot.press("y")
        await until(pilot, lambda: "Saved" in toasts(app))
        assert files(place) == {"block-1.py": "print('one')\n"}
        assert not (place / "block-1.py").is_symlink()
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("where", ["/sys/kernel", "/proc/nowhere", "~nobody-of-that-name/x/\x07"])
async def test_what_hinders_it_is_one_sentence_and_what_was_typed_is_there_again(
    conninfo: str, chat: None, app_on: AppMaker, place: Path, where: str
) -> None:
    app = app_on(conninfo)
    (place / "~nobody-of-that-name").write_text("in the way")
    async with running(app) as pilot:
        dialog = await ask(app, pilot)
        dialog._line.value, dialog._place.value = "mine.py", where
        await pilot.press("enter")
        await until(pilot, lambda: "Not saved" in toasts(app))
        assert "cannot be" in toasts(app)
        await until(pilot, lambda: isinstance(app.screen, SaveDialog) and app.screen is not dialog)
        await until_seen(pilot, "mine.py", where[:14])
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
    assert list(files(place)) == ["~nobody-of-that-name"]


async def test_without_a_code_block_that_is_said(conninfo: str, chat: None, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app, size=(100, 12)) as pilot:
        app.main.pane.focus()
        await pilot.press("end", "left_square_bracket", "enter", "right_square_bracket", "enter", "s")
        await until(pilot, lambda: "There is no code block or attachment here" in toasts(app))
        assert app.screen is app.main
