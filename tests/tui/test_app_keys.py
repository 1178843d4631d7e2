"""Keys, help, palette, footer and clipboard: one declaration, found everywhere."""

from __future__ import annotations

import shutil

import pytest
from app_driver import AppMaker, lines, running, screen_text, toasts, until, until_seen
from textual import events
from textual.binding import Binding
from textual.command import CommandPalette

from chattui.store import chats
from chattui.store.database import Database
from chattui.tui import clipboard
from chattui.tui.app import ChattuiApp
from chattui.tui.commands import COMMANDS, ROOMS
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.recents.item_list import ItemList
from chattui.tui.screens.dialogs import RenameDialog, TextDialog, key_name
from chattui.tui.screens.export_dialog import ExportDialog, ReplaceDialog
from chattui.tui.screens.main import MainScreen
from chattui.tui.widgets.editor import Editor
from chattui.tui.widgets.message_editor import MessageEditor
from chattui.tui.widgets.search_bar import SearchBar
from chattui.tui.widgets.sidebar import Sidebar

OURS = (
    MainScreen,
    Sidebar,
    MessagePane,
    ItemList,
    Editor,
    MessageEditor,
    SearchBar,
    RenameDialog,
    TextDialog,
    ExportDialog,
    ReplaceDialog,
)


def test_every_key_has_a_name_of_its_own_by_which_it_can_be_remapped() -> None:
    ids = [b.id for room in OURS for b in room.__dict__["BINDINGS"] if isinstance(b, Binding)]
    assert all(ids)
    assert len(ids) == len(set(ids))
    assert {c.room for c in COMMANDS} <= set(ROOMS)


async def test_the_help_tells_every_key(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(100, 170)) as pilot:
        await pilot.press("question_mark")
        await until_seen(pilot, "Keys", *ROOMS.values())
        shown = screen_text(app)
        for command in COMMANDS:
            assert f"{key_name(command.shown_keys)} " in shown, command.name
            assert command.help in shown, command.name
        for binding in (*MessagePane.BINDINGS, *Editor.BINDINGS, *MessageEditor.BINDINGS):
            assert isinstance(binding, Binding)
            assert f"{key_name(binding.key)} " in shown, binding.key
            assert binding.tooltip in shown, binding.key
        await pilot.press("escape")
        assert app.screen is app.main


async def test_the_palette_offers_every_command_and_does_it(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        offered = {command.title: command.help for command in app.get_system_commands(app.screen)}
        assert all(offered[c.label].startswith(c.help) for c in COMMANDS if c.palette)
        assert offered["New chat"].endswith("(Ctrl+N)"), "each with its key"
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"light")
        await until_seen(pilot, "Light/dark")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.theme == "textual-light")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"new chat")
        await until_seen(pilot, "Start a new chat")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.main.open_chat.is_new)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.palette], ids=lambda c: c.name)
async def test_every_command_can_be_run_from_the_palette(command: object) -> None:
    """The action that is declared is one that the app or the main screen has."""
    action = command.action  # type: ignore[attr-defined]
    room, _, name = action.partition("(")[0].rpartition(".")
    owner = {"": MainScreen, "screen": MainScreen, "app": ChattuiApp}[room]
    assert callable(getattr(owner, f"action_{name}"))


async def test_a_click_on_the_key_bar_is_the_key(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        bar = lines(app)[-1]
        await pilot.click(offset=(bar.index("? Help"), 39))
        await until_seen(pilot, "Keys", "Everywhere")
        await pilot.press("escape")
        await pilot.click(offset=(bar.index("New chat"), 39))
        await until(pilot, lambda: app.main.open_chat.is_new)


async def test_the_key_bar_follows_the_focus(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        assert "f Filter" in lines(app)[-1]
        await pilot.press("w")
        await until(pilot, lambda: "⏎ Send" in lines(app)[-1] and "f Filter" not in lines(app)[-1])
        await pilot.press("escape")
        await until(pilot, lambda: "y Copy" in lines(app)[-1] and "Next match" not in lines(app)[-1])


async def test_copying_goes_through_the_terminal(
    samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []
    monkeypatch.setattr(ChattuiApp, "copy_to_clipboard", lambda self, text: copied.append(text))
    monkeypatch.setattr(clipboard, "program", lambda env: None)
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("y")
        await until(pilot, lambda: "Copied the message (OSC 52)." in toasts(app))
        assert copied[0].startswith("Committed on `fix/midnight-pool`")
        await pilot.press("c")
        await until(pilot, lambda: "Copied the code block" in toasts(app))
        assert "connections.close_all()" in copied[1]
        await pilot.press("i")
        await until(pilot, lambda: "Copied the chat id" in toasts(app))
        assert copied[2] == str(app.main.open_chat.chat_id)


async def test_what_is_too_long_to_copy_is_said(
    samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "OSC52_LIMIT", 100)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("y")
        await until(pilot, lambda: "Too long for this terminal's clipboard" in toasts(app))
        await pilot.press("i")
        await until(pilot, lambda: "Copied the chat id (OSC 52)." in toasts(app))


async def test_quitting_works_from_everywhere(samples: str, app_on: AppMaker) -> None:
    for keys in ((), ("slash", "x"), ("w", "x"), ("f2",), ("question_mark",), ("ctrl+p",)):
        app = app_on(samples)
        async with running(app, size=(80, 24)) as pilot:
            await pilot.press(*keys, "ctrl+q")
            await until(pilot, lambda app=app: app._exit, f"the end after {keys}")
        assert app.return_code == 0


async def test_keys_that_come_at_once_go_where_the_one_before_them_leads(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        for character in "/pool":
            app.post_message(events.Key("slash" if character == "/" else character, character))
        await until(pilot, lambda: app.main.search_bar.value == "pool")
        for key, character in (("ctrl+u", None), *((c, c) for c in "counter")):
            app.post_message(events.Key(key, character))
        await until(pilot, lambda: app.main.search_bar.value == "counter")
        assert not [chat for chat in chats.recents(store, limit=1_000) if chat.pinned]
