"""The settings: every option and key is shown, changed with its effect seen at once, and put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from app_driver import AppMaker, lines, part, running, screen_text, toasts, until, until_seen
from textual.pilot import Pilot

from chattui.config.options import OPTIONS, SOURCE_OPTIONS, Takes
from chattui.tui.app import ChattuiApp
from chattui.tui.checking import every_problem
from chattui.tui.habits import HABITS
from chattui.tui.keymap import known_keys
from chattui.tui.screens.settings_asked import KeyDialog, ValueDialog
from chattui.tui.screens.settings_dialog import SettingsDialog, SettingsList
from chattui.tui.screens.settings_items import Item
from chattui.tui.widgets.tour import LINES


def config(app: ChattuiApp) -> str:
    path = app.settings.config_file
    return path.read_text() if path.exists() else ""


def options(app: ChattuiApp) -> SettingsList:
    return app.screen.query_one(SettingsList)


async def opened(pilot: Pilot[int], app: ChattuiApp) -> None:
    await pilot.press("f4")
    await until(pilot, lambda: isinstance(app.screen, SettingsDialog) and options(app).count > 20)


async def go_to(pilot: Pilot[int], app: ChattuiApp, table: str, key: str) -> Item:
    """The cursor on an option, as if by the arrows."""
    listed = options(app)
    at = next(
        nr for nr, one in enumerate(listed._entries) if isinstance(one, Item) and (one.table, one.key) == (table, key)
    )
    listed.move_to(at)
    await pilot.pause()
    assert listed.item is not None
    return listed.item


async def test_every_option_and_every_key_is_there_with_its_default(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await opened(pilot, app)
        listed = {(one.table, one.key): one for one in options(app)._entries if isinstance(one, Item)}
        for option in OPTIONS:
            item = listed[option.table, option.key]
            assert (item.value, item.default, item.is_set) == (option.default, option.default, False), option.name
        assert all(("sources.codex", option.key) in listed for option in SOURCE_OPTIONS)
        assert all(("keys", key.id) in listed for key in known_keys())
        await until_seen(pilot, "[appearance]  What the app looks like.", "theme", "textual-dark", "Rows between")
        await pilot.press("f", *"linger")
        await until_seen(pilot, "outlives its last client", "10m", "at the next start")
        assert "density" not in screen_text(app)
        await pilot.press(*" qqq")
        await until_seen(pilot, "No option has these words")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_theme_is_seen_at_once_kept_and_put_back(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    path = app.settings.config_file
    path.parent.mkdir(parents=True)
    path.write_text("# mine\n[log]\nlevel = 'info' # less\n")
    async with running(app) as pilot:
        await opened(pilot, app)
        await go_to(pilot, app, "appearance", "theme")
        await pilot.press("right")
        await until(pilot, lambda: app.theme == "textual-light")
        assert config(app) == "# mine\n[log]\nlevel = 'info' # less\n\n[appearance]\ntheme = \"textual-light\"\n"
        await until_seen(pilot, "default: textual-dark")
        await pilot.press("r")
        await until(pilot, lambda: app.theme == "textual-dark" and "textual-light" not in config(app))
        await pilot.press("r")
        await until(pilot, lambda: "the default already" in toasts(app))
        await go_to(pilot, app, "appearance", "other_theme")
        await pilot.press("right")
        await until(pilot, lambda: "tokyo-night" in config(app))
        await pilot.press("escape", "f8")
        await until(pilot, lambda: app.theme == "tokyo-night")
        await pilot.press("f8")
        await until(pilot, lambda: app.theme == "textual-dark")


async def test_density_dates_and_icons_are_seen_at_once(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        recents, pane = app.main.sidebar.recents, app.main.pane
        before, tall = part(recents), pane.virtual_size.height
        assert any("2 Nov" in row or " Nov" in row for row in before)
        await pilot.press("p")
        await until_seen(pilot, "★ ")
        await opened(pilot, app)
        await go_to(pilot, app, "appearance", "icons")
        await pilot.press("space")
        await until(pilot, lambda: not HABITS.icons)
        await go_to(pilot, app, "appearance", "dates")
        await pilot.press("enter")
        await until(pilot, lambda: HABITS.dates == "iso")
        await go_to(pilot, app, "appearance", "density")
        await pilot.press("right")
        await until(pilot, lambda: HABITS.density == "comfortable")
        await pilot.press("escape")
        await until(pilot, lambda: any(row.strip(" |").startswith("* Pool exhausted") for row in part(recents)))
        rows = part(recents)
        assert "★" not in screen_text(app)
        assert any("11-" in row for row in rows)
        chats = [nr for nr, row in enumerate(rows) if row.strip(" |").endswith(("h", "m", "d"))]
        assert all(not rows[nr + 1].strip() for nr in chats[1:4]), "a row between chats"
        await opened(pilot, app)
        await go_to(pilot, app, "appearance", "density")
        await pilot.press("right")
        await until(pilot, lambda: HABITS.density == "compact")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: pane.virtual_size.height < tall, "fewer rows between messages")
    again = app_on(samples)
    async with running(again):
        assert (HABITS.icons, HABITS.dates, HABITS.density) == (False, "iso", "compact"), "and at the next start"


async def test_a_value_is_typed_and_a_wrong_one_is_not_taken(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await opened(pilot, app)
        await go_to(pilot, app, "server", "linger")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ValueDialog))
        await pilot.press(*["backspace"] * 3, *"soon", "enter")
        await until_seen(pilot, "'server.linger' is 'soon': give seconds, a time such as 10m or 2h, or forever.")
        assert config(app) == ""
        await pilot.press(*["backspace"] * 4, *"2h", "enter")
        await until(pilot, lambda: 'linger = "2h"' in config(app))
        await go_to(pilot, app, "sources.codex", "exclude")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ValueDialog))
        await pilot.press(*"~/a, ~/b", "enter")
        await until(pilot, lambda: '[sources.codex]\nexclude = ["~/a", "~/b"]' in config(app))
        assert app.settings.rules.of("codex").exclude == ("~/a", "~/b")


async def test_a_key_is_pressed_works_at_once_and_is_told_everywhere(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(120, 60)) as pilot:
        await opened(pilot, app)
        await go_to(pilot, app, "keys", "app.new")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, KeyDialog))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: '"app.new" = "ctrl+g"' in config(app))
        await until_seen(pilot, "Ctrl+G")
        await go_to(pilot, app, "keys", "screen.write")
        await pilot.press("enter")
        await pilot.press("p")
        await until_seen(pilot, "'p' is the key of 'screen.write' and of 'screen.pin' (Keep the chat on top")
        await pilot.press("r")
        await until(pilot, lambda: "'p' is the key" not in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "^G New chat" in lines(app)[-1])
        await pilot.press("question_mark")
        await until_seen(pilot, "Ctrl+G")
        assert not any("Ctrl+N" in line and "new chat" in line for line in lines(app))
        await pilot.press("escape", "ctrl+g")
        await until(pilot, lambda: app.main.open_chat.is_new)


async def test_mistakes_in_the_file_are_named_and_do_not_stop_the_start(
    samples: str, app_on: AppMaker, tmp_path: Path
) -> None:
    path = tmp_path / "chattui" / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        '[appearance]\ntheme = "drakula"\ndensity = 5\n[keys]\napp.nwe = "f3"\napp.search = "ctl+k"\n'
        '[themes.mine]\nprimary = "#12"\n[projects]\nexclude = 5\n'
    )
    app = app_on(None)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "line 3, 'appearance.density' must be one of" in toasts(app))
        assert "And 5 more: F4 lists them." in toasts(app)
        assert app.theme == "textual-dark"
        problems = "\n".join(app_problems(app))
        for words in (
            "no theme 'drakula' (did you mean 'dracula'?)",
            "nothing has the id 'app.nwe' (did you mean 'app.new'?)",
            "'ctl+k' is no key for 'app.search': 'ctl' is none of ctrl, alt",
            "the theme 'mine' has '#12' for primary, which is no colour",
            "line 10, 'projects.exclude' must be a list of texts",
        ):
            assert words in problems


def app_problems(app: ChattuiApp) -> list[str]:
    return every_problem(app.settings)


async def test_no_database_is_opened_while_it_is_not_known_which(app_on: AppMaker, tmp_path: Path) -> None:
    path = tmp_path / "chattui" / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[database]\nurl = 5\n")
    app = app_on(None)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "'database.url' must be text in quotes" in str(app.main.banner.visual))
        assert not (tmp_path / "chattui" / "data").exists()
        path.write_text("")
        await opened(pilot, app)
        await until(pilot, lambda: "start chattui once more" in toasts(app))


async def test_a_theme_of_ones_own_is_offered_and_follows_the_file(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    path = app.settings.config_file
    path.parent.mkdir(parents=True)
    path.write_text('[appearance]\ntheme = "mine"\n\n[themes.mine]\nprimary = "#ff8800"\nbackground = "#101010"\n')
    app = app_on(samples)
    async with running(app) as pilot:
        assert app.theme == "mine"
        assert app.theme_variables["background"] == "#101010"
        await opened(pilot, app)
        item = await go_to(pilot, app, "appearance", "theme")
        assert item.takes is Takes.CHOICE
        assert "mine" in item.choices
        path.write_text(path.read_text().replace("#101010", "#202020"))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.theme_variables["background"] == "#202020")
        path.write_text("")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.theme == "textual-dark" and "mine" not in app.available_themes)


async def test_what_wins_over_the_file_is_said(samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CHATTUI_LINGER", "0")
    app = app_on(samples)
    async with running(app) as pilot:
        await opened(pilot, app)
        await pilot.press("f", *"linger")
        await until_seen(pilot, "CHATTUI_LINGER says otherwise, and wins.")
        app.settings.config_file.parent.mkdir(parents=True)
        app.settings.config_file.write_text('[database]\nurl = "postgresql://me:s3cret@h/d"\n')
        await pilot.press("escape", "ctrl+r", "f", *"postgresql:")
        await until_seen(pilot, "--database says otherwise, and wins.", "postgresql://me:***@h/d")
        await pilot.press("enter", "enter")
        await until_seen(pilot, "What is there is hidden, and stays when nothing is typed.")
        assert "s3cret" not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SettingsDialog))
        assert "s3cret" in config(app)


async def test_the_tour_has_six_lines_and_never_returns(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples, tour=True)
    app.settings.config_file.parent.mkdir(parents=True)
    app.settings.config_file.write_text('[keys]\n"screen.sources" = "f3"\n')
    app = app_on(samples, tour=True)
    async with running(app) as pilot:
        await until_seen(
            pilot, "The first minute", "F3 shows where chats come from", "Esc puts these lines away for good"
        )
        assert len(LINES) == app.main.query_one("#tour").content_size.height == 6
        await pilot.press("escape")
        await until(pilot, lambda: "The first minute" not in screen_text(app))
    again = app_on(samples, tour=True)
    async with running(again):
        assert not again.main.query("#tour")


async def test_an_empty_database_says_what_happens_with_the_keys_that_hold(conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    app.settings.config_file.parent.mkdir(parents=True)
    app.settings.config_file.write_text('[keys]\n"app.new" = "ctrl+g"\n')
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "No chats yet.", "F6 shows where it looks", "Ctrl+G  starts a chat here")
