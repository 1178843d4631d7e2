"""Searching: what is shown while typing, how one gets to the match, and back to where one was."""

from __future__ import annotations

import threading

import pytest
from app_driver import AppMaker, part, running, seen_in, strips, until, until_seen
from rich.style import Style

from chattui.domain.search import Page
from chattui.store import search_index
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.messages import SearchAnswered


def title(app: ChattuiApp) -> str:
    """The row above pane and hits."""
    return part(app.main.title_bar)[0].strip()


def marked(app: ChattuiApp) -> list[str]:
    """Texts in the pane or the list of hits that look like a match."""
    shown = app.main.hits if app.main.hits.display else app.main.pane
    if shown is app.main.hits:
        palette = app.main.hits.palette()
        looks = {_look(palette.match), _look(palette.match + palette.over(focused=False))}
    else:
        looks = {_look(app.main.pane._theme().plain.mark), _look(app.main.pane._theme().plain.mark_here)}
    rows = [row.crop(shown.region.x, shown.region.right) for row in strips(app)[shown.region.y : shown.region.bottom]]
    return [part.text for row in rows for part in row if part.style is not None and _look(part.style) in looks]


def _look(style: Style) -> tuple[object, ...]:
    return style.color, style.bgcolor, bool(style.underline), bool(style.bold)


async def test_hits_appear_while_typing_with_title_role_age_and_the_match(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"sche")
        await until_seen(pilot, "Pool exhausted at midnight · 4m · 9 hits · → shows 6 more", "chattui sche")
        assert title(app).startswith("Search")
        await pilot.press(*"ma")
        await until(pilot, lambda: "4 messages" in title(app))
        assert "TypeScript: 94 s to 33 s" in seen_in(app.main.hits)
        assert "schema" in marked(app)


async def test_the_newest_hit_comes_first_whoever_said_it(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until_seen(pilot, "Pool exhausted at midnight · 4m · 25 hits")
        assert part(app.main.hits)[1].startswith("▌  Assistant · 4m  ")


async def test_arrows_move_among_the_hits_without_leaving_the_bar(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        first = app.main.hits.hit
        await pilot.press("down")
        await until(pilot, lambda: app.main.hits.hit is not first)
        assert part(app.main.hits)[3].startswith("▌"), "the second hit is marked"
        await pilot.press("up")
        await until(pilot, lambda: app.main.hits.hit is first)
        assert app.focused is app.main.search_bar


async def test_enter_opens_the_chat_at_the_match_and_n_steps(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("enter")
        await until(pilot, lambda: title(app).startswith("TypeScript") and "4 match" in title(app))
        assert app.main.pane.has_focus
        assert "schema" in marked(app)
        assert "has been updated" in seen_in(app.main.pane), "the message that was chosen"
        here = app.main.pane.current_seq
        await pilot.press("N")
        await until(pilot, lambda: "match 3 of 4" in title(app))
        assert app.main.pane.current_seq < here
        await pilot.press("n", "n")
        await until(pilot, lambda: "match 4 of 4" in title(app) or "match 1 of 4" in title(app))


async def test_esc_goes_to_the_hits_and_then_to_where_one_was(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("down", "enter")
        await until(pilot, lambda: title(app).startswith("Why is my index"))
        await pilot.press("home", "pagedown", "down", "down", "down")
        left = part(app.main.pane)
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: title(app).startswith("TypeScript"))
        await pilot.press("escape")
        await until(pilot, lambda: app.main.hits.display and app.main.hits.has_focus)
        assert part(app.main.hits)[3].startswith("▌"), "the hit that was opened"
        await pilot.press("escape")
        await until(pilot, lambda: title(app).startswith("Why is my index") and part(app.main.pane) == left)
        assert app.main.search_bar.value == ""
        assert marked(app) == []


async def test_esc_in_the_bar_changes_nothing_that_was_read(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("tab")
        app.main.pane.focus()
        await pilot.press("home")
        left = part(app.main.pane)
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: app.main.hits.display)
        await pilot.press("escape")
        await until(pilot, lambda: part(app.main.pane) == left)


async def test_an_emptied_bar_shows_the_chat_and_its_title_again(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        before = title(app)
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("ctrl+u")
        await until(pilot, lambda: app.main.pane.display)
        assert title(app) == before


async def test_a_search_begun_in_a_new_chat_leads_back_to_what_was_written(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"half a thought", "ctrl+k", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("enter")
        await until(pilot, lambda: title(app).startswith("TypeScript"))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.main.composer.is_writing and app.main.composer.text == "half a thought")
        assert app.main.open_chat.chat is None


async def test_nothing_found_proposes_words_that_are_there(samples: str, app_on: AppMaker, store: Database) -> None:
    search_index.refresh_words(store)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"midnigth")
        await until_seen(pilot, "Nothing found. Did you mean midnight")
        assert "No hits" in title(app)


ANY_TEXT = [
    '"', '""', "'", "a' OR '1'='1", "((", "-", "!", "&|!<->:*", "\\", "%_", "AND OR NOT", "[b]x[/b]", "*", "~", "\u202e",
    "e\u0301", "日本", "\ud7ff", "a" * 10_000, "x y " * 2_500, '"' * 999,
]  # fmt: skip


async def test_any_text_can_be_searched_for(samples: str, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.search_bar.focus()
        answered: list[str] = []
        show = app.main.searching.answered
        monkeypatch.setattr(
            app.main.searching, "answered", lambda event: (show(event), event.final and answered.append(event.text))
        )
        for text in ANY_TEXT:
            app.main.search_bar.value = text
            shown = app.main.search_bar.value
            await until(pilot, lambda shown=shown: shown in answered, repr(text[:20]))
            assert any(word in title(app) for word in ("No hits", "message")), repr(text[:20])
            app.main.search_bar.value = "schema"
            await until(pilot, lambda: "4 messages" in title(app), f"the search after {text[:20]!r}")
        assert not app._notifications


async def test_only_the_newest_text_is_answered(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until_seen(pilot, "Pool exhausted at midnight · 4m")
        app.main.search_bar.value = ""
        for end in range(1, 7):
            app.main.search_bar.value = "schema"[:end]
        await until(pilot, lambda: " 4 messages" in title(app))
        late = SearchAnswered(1, "pool", app.main.hits and _page(), [], True, False)
        app.main.post_message(late)
        await pilot.pause()
        assert " 4 messages" in title(app), "a late answer changes nothing"
        await until(pilot, lambda: part(app.main.hits)[0].startswith(" TypeScript"))


def _page() -> object:
    return Page((), 0, True, None, True)


async def test_the_hits_take_the_place_of_the_pane_when_they_are_here(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: app.main.hits.count > 1)
        await pilot.press("escape")
        await until(pilot, lambda: app.main.pane.display)
        assert app._session is not None
        held = threading.Event()
        app._session._searches.submit(lambda: held.wait(20))
        try:
            await pilot.press("slash", *"schema")
            await until_seen(pilot, "chattui schema")
            assert app.main.pane.display
            assert not app.main.hits.display
        finally:
            held.set()
        await until_seen(pilot, "4 messages", " · 4 hits")
        assert app.main.hits.display
        assert not app.main.pane.display


async def test_an_answer_does_not_take_the_place_of_a_hit_that_was_opened(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: app.main.hits.count > 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.pane.display)
        hits = tuple(app.main.hits._hits)
        app.main.post_message(
            SearchAnswered(app.main.searching._latest, "schema", Page(hits, 4, True, None, True), [], True, False)
        )
        await pilot.pause()
        assert app.main.pane.display
        assert not app.main.hits.display


async def test_more_hits_are_loaded_near_the_end(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", "alt+g", *"the")
        await until(pilot, lambda: app.main.hits.count > 50)
        first = app.main.hits.count
        assert not app.main.hits.more or first == 51
        app.main.hits.focus()
        for _ in range(12):
            await pilot.press("end")
            await until(pilot, lambda: not app.main.hits._asked)
        assert app.main.hits.count > first
        shown = [(hit.chat_id, hit.seq) for hit in app.main.hits._hits]
        assert len(shown) == len(set(shown)), "no hit twice"


async def test_commands_in_the_hits_are_meant_for_the_hit(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        app.main.hits.focus()
        await pilot.press("d")
        await until(pilot, lambda: "TypeScript: 94 s" not in seen_in(app.main.sidebar.recents))
        assert "Pool exhausted at midnight" in seen_in(app.main.sidebar.recents)
