"""Narrowing a search in the app: the project, the chat, facets, completion, colours, and what is said of a mistake."""

from __future__ import annotations

from app_driver import AppMaker, part, quit_app, running, seen_in, strips, until, until_seen

from chattui.tui.app import ChattuiApp
from chattui.tui.screens.facets_dialog import FacetsDialog


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


async def test_a_key_looks_within_the_project_and_in_all_of_them_again(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: "44 messages" in title(app))
        await pilot.press("alt+p")
        assert app.main.search_bar.value == "project:harbor-api pool"
        await until(pilot, lambda: "30 messages" in title(app))
        assert {h.project.rpartition("/")[2] for h in app.main.hits.hits if h.project} == {"harbor-api"}
        await pilot.press("alt+p")
        assert app.main.search_bar.value == "pool"
        await until(pilot, lambda: "44 messages" in title(app))


async def test_a_key_looks_within_the_chat_of_the_hit(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: len(app.main.hits.hits) == 48)
        app.main.hits.focus()
        await pilot.press("end")
        hit = app.main.hits.hit
        assert hit is not None
        assert hit.chat_id != app.main.open_chat.chat_id
        await pilot.press("alt+c")
        assert app.main.search_bar.value == f"chat:{hit.chat_id} pool"
        await until(pilot, lambda: {h.chat_id for h in app.main.hits.hits} == {hit.chat_id})
        app.main.search_bar.focus()
        await pilot.press("alt+c")
        assert app.main.search_bar.value == "pool"


async def test_facets_are_counted_and_narrow_the_search(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: len(app.main.hits.hits) == 48)
        await pilot.press("alt+n")
        await until(pilot, lambda: isinstance(app.screen, FacetsDialog))
        await until_seen(pilot, "44 hits", "Source", "Project", "Role", "Month", "claude-code")
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen is app.main)
        field, _, rest = app.main.search_bar.value.partition(" ")
        assert rest == "pool"
        name, _, value = field.partition(":")
        await until(pilot, lambda: "44" not in title(app) and "messages" in title(app))
        found = app.main.hits.hits
        assert found
        assert name in ("source", "project")
        assert all(h.source == value or (h.project or "").endswith(value) for h in found)


async def test_tab_completes_a_field_and_a_value_that_exists(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"proj", "tab")
        assert app.main.search_bar.value == "project:"
        await until_seen(pilot, "project: needs a value right after it")
        await pilot.press(*"harb", "tab")
        await until(pilot, lambda: app.main.search_bar.value == "project:harbor-api")
        assert app.focused is app.main.search_bar
        await pilot.press("ctrl+u", *"source:", "tab")
        await until(pilot, lambda: app.main.search_bar.value.removeprefix("source:"))
        first = app.main.search_bar.value
        await pilot.press("tab")
        assert app.main.search_bar.value != first
        await pilot.press("ctrl+u", *"file:diges", "tab")
        await until(pilot, lambda: app.main.search_bar.value == "file:digests.py")
        await pilot.press("ctrl+u", *"zebra", "tab")
        assert app.focused is not app.main.search_bar, "with nothing to complete Tab goes on"


async def test_fields_are_coloured_and_a_mistake_is_explained_below(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"role:tool pool")
        await until(pilot, lambda: "message" in title(app))
        bar = app.main.search_bar.region
        row = strips(app)[bar.y].crop(bar.x, bar.right)
        looks = {segment.text.strip(): segment.style for segment in row if segment.text.strip()}
        assert looks["role:tool"] != looks["pool"], "a field has a colour of its own"
        await pilot.press("ctrl+u", *"role:toll pool")
        await until_seen(pilot, "role: does not know toll. Did you mean tool?")
        row = strips(app)[bar.y].crop(bar.x, bar.right)
        wrong = next(segment for segment in row if segment.text == "role:toll")
        assert wrong.style is not None
        assert wrong.style.underline, "not by colour alone"
        await pilot.press("ctrl+u", *"pool")
        await until(pilot, lambda: "44 messages" in title(app))
        assert "does not know" not in seen_in(app.main.title_bar)


async def test_facets_above_the_hits_narrow_by_their_numbers_and_by_a_click(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        strip = app.main.facet_strip
        assert not strip.display, "it goes with the hits"
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: "claude-code 44  │  harbor-api 30  courier 11  parcelbox 3" in seen_in(strip))
        assert "assistant 28  tool 14  user 2  │" in seen_in(strip)
        assert part(strip)[1].endswith("Alt+N narrows")
        await pilot.press("tab")
        assert app.focused is app.main.hits
        await until(pilot, lambda: "claude-code 44  │  1 harbor-api 30  2 courier 11" in seen_in(strip))
        assert "4 assistant 28  5 tool 14" in seen_in(strip), "what all hits have narrows nothing, and has no number"
        await pilot.press("5")
        assert app.main.search_bar.value == "role:tool pool"
        await until(pilot, lambda: "14 messages" in title(app) and "tool 14" in seen_in(strip))
        at = part(strip)[0].index("courier")
        await pilot.click(strip, offset=(at + 1, 0))
        assert app.main.search_bar.value == "project:courier role:tool pool"
        await until(
            pilot, lambda: {h.project.rpartition("/")[2] for h in app.main.hits.hits if h.project} == {"courier"}
        )
        await pilot.press("enter")
        await until(pilot, lambda: app.main.pane.display)
        assert not strip.display


async def test_facets_say_that_there_may_be_more_hits(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app, size=(80, 24)) as pilot:
        await pilot.press("slash", *"the")
        await until(pilot, lambda: len(app.main.hits.hits) >= 100)
        assert app.main.hits.partial
        await until(pilot, lambda: "claude-code" in seen_in(app.main.facet_strip))
        rows = [row.strip() for row in part(app.main.facet_strip)]
        assert all(len(row) <= 48 and ("+" in row) for row in rows)
        assert rows[0].endswith("…"), "not all projects have room"


async def test_facets_above_can_be_put_away_also_for_the_next_start(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: app.main.facet_strip.display)
        await pilot.press("alt+v")
        assert not app.main.facet_strip.display
        assert app.main.search_bar.value == "pool"
        await quit_app(pilot)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"pool")
        await until(pilot, lambda: "44 messages" in title(app))
        assert not app.main.facet_strip.display
        await pilot.press("alt+v")
        await until(pilot, lambda: "harbor-api 30" in seen_in(app.main.facet_strip))
