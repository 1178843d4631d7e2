"""The hits of a search in the app: by chat or one below the other, newest or best first, and what to do when there are none."""

from __future__ import annotations

from datetime import UTC, datetime

from app_driver import AppMaker, part, quit_app, running, seen_in, until, until_seen

from chattui.domain.search import Cursor, Hit, Page
from chattui.store import search_index
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.messages import SearchAnswered
from chattui.tui.results.search_hits import SHOWN


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


def heads(app: ChattuiApp) -> list[str]:
    """The chats among the hits."""
    return [row.strip() for row in part(app.main.hits) if " hit" in row and not row.startswith(("▌", "   "))]


async def test_hits_stand_under_their_chat_the_best_three_of_each(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: "44 messages" in title(app))
        await until(pilot, lambda: len(app.main.hits.hits) == 48)
        assert heads(app)[:2] == [
            "Pool exhausted at midnight · 4m · 25 hits · → shows 22 more",
            "Find every place in harbor/ that starts threads. · 9m · 7 hits · → shows 4 more",
        ]
        rows = part(app.main.hits)
        first = rows[1 : rows.index("")]
        assert sum("m  " in row[:20] for row in first) == SHOWN
        assert all("Assistant" in row for row in first if "m  " in row[:20]), "replies before tool output"
        await pilot.press("down", "down", "down")
        assert app.main.hits.hit is not None
        assert app.main.hits.hit.title.startswith("Find every place"), "chats are passed over"


async def test_right_behind_the_text_shows_all_hits_of_the_chat(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: len(app.main.hits.hits) == 48)
        count = app.main.hits.count
        await pilot.press("down", "right")
        await until(pilot, lambda: app.main.hits.count == count + 22)
        assert heads(app)[0].endswith("25 hits")
        assert app.main.hits.hit is not None
        assert "Red, and for the right reason" in app.main.hits.hit.snippet, "the cursor stays on its hit"
        app.main.hits.focus()
        await pilot.press("minus")
        await until(pilot, lambda: app.main.hits.count == count)
        await pilot.press("plus")
        await until(pilot, lambda: app.main.hits.count == count + 22)


async def test_a_key_puts_hits_one_below_the_other_also_at_the_next_start(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: len(app.main.hits.hits) == 48)
        await pilot.press("alt+g")
        await until_seen(pilot, "▌Pool exhausted at midnight · Assistant · 4m")
        assert app.main.search_bar.value == "pool", "the key is no text"
        await quit_app(pilot)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until_seen(pilot, "▌Pool exhausted at midnight · Assistant · 4m")
        await pilot.press("alt+g")
        await until_seen(pilot, "Pool exhausted at midnight · 4m · 25 hits")


async def test_a_key_brings_the_best_hits_first_and_says_so(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", "alt+g", *"pool")
        await until(pilot, lambda: "44 messages" in title(app))
        await pilot.press("alt+o")
        await until(pilot, lambda: "44 messages, 4 names · best first" in title(app))
        hits = app.main.hits.hits
        assert len(hits) == 48, "all that were looked at"
        assert "pool" in hits[0].title.lower(), "the title counts"
        assert [h.created_at for h in hits] != sorted((h.created_at for h in hits), reverse=True)
        roles = [h.kind.value for h in hits[:8]]
        assert roles.count("text") > 4, roles
        await pilot.press("alt+o")
        await until(pilot, lambda: "best first" not in title(app))


async def test_of_many_hits_the_best_of_the_newest_are_chosen_and_it_is_said(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", "alt+o", *"the")
        await until(pilot, lambda: "best of the newest 100" in title(app))


async def test_what_was_meant_is_looked_for_by_one_key(samples: str, app_on: AppMaker, store: Database) -> None:
    search_index.refresh_words(store)
    app = app_on(samples)
    async with running(app) as pilot:
        for key in ("enter", "tab"):
            await pilot.press("slash", *"pool midnigth")
            await until_seen(pilot, "Nothing found. Did you mean pool midnight? Tab or Enter looks for it.")
            await pilot.press(key)
            await until(pilot, lambda: "messages" in title(app) and app.main.hits.hit is not None)
            assert app.main.search_bar.value == "pool midnight"
            assert app.focused is app.main.search_bar
            await pilot.press("escape")
            await until(pilot, lambda: app.main.pane.display)


async def test_what_is_proposed_finds_something(samples: str, app_on: AppMaker, store: Database) -> None:
    search_index.refresh_words(store)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"umlaute exhaustet")
        await until(pilot, lambda: "No hits" in title(app))
        await pilot.press("tab")
        assert "Did you mean umlaute exhausted" not in seen_in(app.main.hits), "both words are there, but not together"


async def test_hits_of_a_chat_are_at_least_so_many_while_a_longer_look_goes_on(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        found = tuple(app.main.hits.hits)
        cut = Page(found[:1], 4, False, Cursor(1, found[0].created_at, found[0].chat_id, found[0].seq), False)
        number = app.main.searching._latest
        app.main.post_message(SearchAnswered(number, "schema", cut, [], False, False))
        await until(pilot, lambda: heads(app) and " · 1+ hits" in heads(app)[0])
        await until(pilot, lambda: "claude-code 1+" in seen_in(app.main.facet_strip))
        app.main.post_message(SearchAnswered(number, "schema", Page(found, 4, True, None, True), [], True, False))
        await until(pilot, lambda: heads(app) and " · 4 hits" in heads(app)[0])
        await until(pilot, lambda: "claude-code 4" in seen_in(app.main.facet_strip))


async def test_a_look_that_found_nothing_yet_says_how_far_back_it_is(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        found, searching = tuple(app.main.hits.hits), app.main.searching

        def told(hits: tuple[Hit, ...], day: int, *, appended: bool) -> str:
            back_to = Cursor(1, datetime(2026, 3, day, 12, tzinfo=UTC), 1, 1)
            searching.answered(
                SearchAnswered(0, "schema", Page(hits, len(hits), False, back_to, False), [], True, appended)
            )
            return f"{searching.summary} | {app.main.hits._note}"

        told((), 20, appended=False)
        assert (
            told((), 9, appended=True)
            == "Still looking … | Nothing found so far, back to 9 March 2026. Still looking …"
        )
        assert "older results … (back to 2 March 2026)" in told(found, 2, appended=True)
        assert list(app.main.hits.hits) == list(found)
        assert not app.main.hits._note
