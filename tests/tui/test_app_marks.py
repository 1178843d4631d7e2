"""Bookmarks, notes and tags in the app: keys, dialogs, where they are shown, and in two apps at once."""

from __future__ import annotations

from app_driver import AppMaker, part, running, screen_text, seen_in, toasts, until, until_seen

from chattui.domain.marks import NOTE_CHARS
from chattui.store import chats, marks
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.screens.bookmarks_dialog import BookmarksDialog
from chattui.tui.screens.mark_dialogs import NoteDialog, TagsDialog


def open_id(app: ChattuiApp) -> int:
    chat_id = app.main.open_chat.chat_id
    assert chat_id is not None
    return chat_id


async def at_the_first_message(app: ChattuiApp, pilot: object) -> None:
    await until(pilot, lambda: app.main.open_chat.marks is not None)  # type: ignore[arg-type]
    app.main.pane.focus()
    await pilot.press("g")  # type: ignore[attr-defined]
    await until(pilot, lambda: app.main.pane.position == (1, 0))  # type: ignore[arg-type]


async def test_b_puts_a_star_on_the_message_and_takes_it_away(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await at_the_first_message(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: "★" in part(app.main.pane)[0])
        assert [(m.seq, m.bookmarked) for m in marks.of_chat(store, open_id(app))] == [(1, True)]
        await pilot.press("b")
        await until(pilot, lambda: "★" not in part(app.main.pane)[0])
        assert marks.of_chat(store, open_id(app)) == []


async def test_m_writes_a_note_below_the_headline_and_an_empty_one_is_none(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await at_the_first_message(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog))
        await pilot.press(*"look [red]here", "ctrl+j", *"twice", "enter")
        await until(pilot, lambda: "✎ look [red]here twice" in part(app.main.pane)[1])
        assert [m.note for m in marks.of_chat(store, open_id(app))] == ["look [red]here\ntwice"]
        await pilot.press("m")
        await until_seen(pilot, "Note on message 1")
        assert isinstance(app.screen, NoteDialog)
        assert app.screen._editor.text == "look [red]here\ntwice"
        app.screen._editor.load_text("")
        await pilot.press("enter")
        await until(pilot, lambda: "✎" not in seen_in(app.main.pane))
        assert marks.of_chat(store, open_id(app)) == []


async def test_a_note_that_is_too_long_stays_in_the_dialog_with_a_sentence(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(120, 40)) as pilot:
        await at_the_first_message(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog))
        assert isinstance(app.screen, NoteDialog)
        app.screen._editor.load_text("n" * (NOTE_CHARS + 1))
        await pilot.press("enter")
        await until_seen(pilot, "at most 4,000 characters")
        assert len(app.screen._editor.text) == NOTE_CHARS + 1
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_what_cannot_be_saved_is_in_the_dialog_again(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await at_the_first_message(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog))
        with store.raw() as conn:
            conn.execute("DELETE FROM chattui.messages WHERE chat_id = %s", (open_id(app),))
            conn.commit()
        await pilot.press(*"kept", "enter")
        await until(pilot, lambda: "not there any more" in toasts(app))
        await until(pilot, lambda: isinstance(app.screen, NoteDialog) and app.screen._editor.text == "kept")


async def test_tags_and_the_note_of_a_chat_stand_beside_its_title(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    other = chats.recents(store)[-1]
    chats.tag(store, other.id, ["infrastructure", "indigo"])
    app = app_on(samples)
    async with running(app, size=(140, 40)) as pilot:
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TagsDialog))
        await pilot.press(*"pool, inf")
        await until_seen(pilot, "#infrastructure")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "#pool #infrastructure" in part(app.main.title_bar)[0])
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, NoteDialog))
        await pilot.press(*"read before deploys", "enter")
        await until(pilot, lambda: "✎ read before deploys" in part(app.main.title_bar)[0])
        found = chats.get(store, open_id(app))
        assert found is not None
        assert (found.tags, found.description) == (("pool", "infrastructure"), "read before deploys")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, TagsDialog) and "pool, infra" in app.screen._line.value)
        await pilot.press(*", in", "tab")
        assert isinstance(app.screen, TagsDialog)
        assert app.screen._line.value == "pool, infrastructure, indigo"
        await pilot.press("escape")


async def test_what_is_there_comes_before_what_was_typed_meanwhile(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.push_screen(dialog := NoteDialog(1, 1, None))
        await pilot.pause()
        await pilot.press(*"new", "enter")
        assert app.screen is dialog
        dialog.fill("old")
        await until(pilot, lambda: app.screen is app.main)
        assert dialog._editor.text == "old\nnew"


async def test_the_list_is_filtered_by_tags_and_marks(samples: str, app_on: AppMaker, store: Database) -> None:
    rows = chats.recents(store)
    chats.tag(store, rows[1].id, ["infra"])
    marks.bookmark(store, rows[2].id, 1)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("f", *"tag:inf")
        await until(pilot, lambda: rows[0].title not in seen_in(app.main.sidebar.recents))
        assert rows[1].title in seen_in(app.main.sidebar.recents)
        await pilot.press("escape", "f", *"has:bookmark")
        await until(pilot, lambda: rows[1].title not in seen_in(app.main.sidebar.recents))
        assert rows[2].title[:12] in seen_in(app.main.sidebar.recents)


async def test_bookmarks_of_all_chats_are_listed_filtered_opened_and_removed(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    rows = chats.recents(store)
    marks.bookmark(store, rows[3].id, 1)
    marks.bookmark(store, rows[1].id, 3)
    marks.note(store, rows[1].id, 3, "the crux")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BookmarksDialog))
        await until_seen(pilot, "✎ the crux — ", rows[3].title[:12])
        await pilot.press(*"crux")
        dialog = app.screen
        assert isinstance(dialog, BookmarksDialog)
        await until(pilot, lambda: len(dialog._bookmarks) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: open_id(app) == rows[1].id)
        assert app.main.pane.current_seq == 3
        await pilot.press("B")
        await until_seen(pilot, "✎ the crux — ")
        await pilot.press("ctrl+d")
        await until(pilot, lambda: "the crux —" not in screen_text(app))
        assert [b.chat_id for b in marks.bookmarks(store)] == [rows[3].id]


async def test_a_note_is_found_while_typing_and_opens_its_message(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    row = chats.recents(store)[2]
    marks.note(store, row.id, 4, "the quibblesome part")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"quibbles")
        await until_seen(pilot, "Note · ", "the quibblesome part")
        await pilot.press("enter")
        await until(pilot, lambda: open_id(app) == row.id)
        assert app.main.pane.current_seq == 4
        await until_seen(pilot, "✎ the quibblesome part")


async def test_another_app_shows_a_mark_by_itself(samples: str, app_on: AppMaker, store: Database) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await at_the_first_message(app, pilot)
        marks.bookmark(store, open_id(app), 1)
        marks.note(store, open_id(app), 1, "from elsewhere")
        await until(pilot, lambda: "★" in part(app.main.pane)[0] and "✎ from elsewhere" in part(app.main.pane)[1])
        chats.tag(store, open_id(app), ["farther"])
        chats.describe(store, open_id(app), "afar")
        await until(pilot, lambda: "#farther · ✎ afar" in part(app.main.title_bar)[0])
