"""Exporting a chat from the app: the dialog, what is written, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from app_driver import AppMaker, running, toasts, until, until_seen

from chattui.tui.screens.export_dialog import ExportDialog, ReplaceDialog
from chattui.tui.widgets.line_input import LineInput


def files(place: Path) -> list[Path]:
    return sorted(place.iterdir())


async def test_a_chat_is_exported_and_the_place_is_said(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    app = app_on(samples)
    async with running(app) as pilot:
        title = app.main.recents.title_of(app.main.sidebar.recents.chat_id or 0)
        await pilot.press("x")
        await until_seen(pilot, "Export “", "● Markdown", "○ JSON")
        assert app.screen.query_one(LineInput).value == str(place)
        await pilot.press("enter")
        await until(pilot, lambda: "Exported" in toasts(app))
        [made] = files(place)
        assert made.suffix == ".md"
        assert made.read_text().startswith(f"# {title}\n")
        assert str(made) in toasts(app)
        assert "messages written to" in toasts(app)


async def test_the_format_is_chosen_by_arrows_and_by_a_click(samples: str, app_on: AppMaker, tmp_path: Path) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.press("down", "down")
        await until_seen(pilot, "● JSON", "○ Markdown")
        app.screen.query_one(LineInput).value = str(tmp_path / "out")
        await pilot.press("enter")
        await until(pilot, lambda: "Exported" in toasts(app))
        [made] = files(tmp_path / "out")
        assert json.loads(made.read_text())["chattui"] == 1
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.click("#format-html")
        await until_seen(pilot, "● HTML")
        app.screen.query_one(LineInput).value = str(tmp_path / "out")
        await pilot.press("enter")
        await until(pilot, lambda: len(files(tmp_path / "out")) == 2)


async def test_a_file_that_is_there_is_only_replaced_when_that_is_said(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("x", "enter")
        await until(pilot, lambda: "written to" in toasts(app))
        [made] = files(place)
        made.write_text("mine")
        for answer in ("enter", "escape", "n"):
            await pilot.press("x", "enter")
            await until(pilot, lambda: isinstance(app.screen, ReplaceDialog))
            await until_seen(pilot, "Replace it?", "is there already")
            await pilot.press(answer)
            await until(pilot, lambda: app.screen is app.main)
            assert made.read_text() == "mine"
        await pilot.press("x", "enter")
        await until(pilot, lambda: isinstance(app.screen, ReplaceDialog))
        await pilot.press("y")
        await until(pilot, lambda: made.read_text().startswith("# "))
        assert files(place) == [made]


async def test_what_hinders_an_export_is_said_and_escape_writes_nothing(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    (tmp_path / "file").write_text("")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        app.screen.query_one(LineInput).value = str(tmp_path / "file")
        await pilot.press("enter")
        await until(pilot, lambda: "Not exported" in toasts(app))
        assert "cannot be used as a directory" in toasts(app)
        assert files(place) == []


async def test_a_selection_is_exported_or_the_whole_chat(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("g", "right_square_bracket", "V", "j", "j", "x")
        await until_seen(pilot, "● the selection, messages 2 – 4", "○ the whole chat")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "3 messages written to" in toasts(app))
        [part] = files(place)
        assert part.name.endswith("-messages-2-4.json")
        assert [message["seq"] for message in json.loads(part.read_text())["messages"]] == [2, 3, 4]
        assert app.main.pane.is_selecting
        for turn in ("tab", "click"):
            await pilot.press("x")
            await until_seen(pilot, "● the selection, messages 2 – 4")
            await (pilot.click("#part") if turn == "click" else pilot.press(turn))
            await until_seen(pilot, "○ the selection", "● the whole chat")
            await pilot.press("tab")
            await until_seen(pilot, "● the selection")
            await pilot.press("tab", *(["down"] if turn == "click" else []), "enter")
            await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: len(files(place)) == 3)
        assert [each.suffix for each in files(place) if "-messages-" not in each.name] == [".html", ".md"]


async def test_without_a_selection_of_this_chat_only_the_whole_chat_is_offered(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("x", "tab")
        await until_seen(pilot, "Export “")
        assert not app.screen.query("#part")
        await pilot.press("escape")
        app.main.pane.focus()
        await pilot.press("V")
        app.main.sidebar.recents.focus()
        await pilot.press("down", "x")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        assert not app.screen.query("#part")


async def test_a_directory_at_home_is_shown_as_it_is_typed(
    samples: str, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "notes")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("x")
        await until_seen(pilot, "~/notes")
        await pilot.press("enter")
        await until(pilot, lambda: list((tmp_path / "notes").iterdir()))


async def test_a_selection_by_the_mouse_is_exported_too(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("g")
        await pilot.mouse_down(app.main.pane, offset=(6, 1))
        await pilot.hover(app.main.pane, offset=(20, 3))
        await pilot.mouse_up(app.main.pane, offset=(20, 3))
        await pilot.press("x")
        await until_seen(pilot, "● the selection, message 1 ", "○ the whole chat")
