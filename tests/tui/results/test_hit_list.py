"""The list of search results in a running app."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message

from chattui.domain.kinds import Kind, Role
from chattui.domain.search import Hit
from chattui.tui.recents.item_list import MoreWanted
from chattui.tui.results.hit_list import HitHighlighted, HitList, HitPicked

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG = "the planner takes the nested loop because statistics are stale; run ANALYZE on the table and look again"


def hit(number: int, snippet: str = LONG, ranges: tuple[tuple[int, int], ...] = ((4, 11),), **fields: object) -> Hit:
    values: dict[str, object] = {
        "chat_id": number,
        "seq": number,
        "role": Role.ASSISTANT,
        "kind": Kind.TEXT,
        "created_at": NOW - timedelta(minutes=number),
        "snippet": snippet,
        "ranges": ranges,
        "title": f"chat {number}",
        "source": "codex",
        "source_id": None,
    }
    return Hit(**(values | fields))  # type: ignore[arg-type]


class ListApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.hits = HitList(now=lambda: NOW)
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.hits

    def on_mount(self) -> None:
        self.hits.focus()

    def on_hit_picked(self, message: HitPicked) -> None:
        self.posted.append(message)

    def on_hit_highlighted(self, message: HitHighlighted) -> None:
        self.posted.append(message)

    def on_more_wanted(self, message: MoreWanted) -> None:
        self.posted.append(message)

    def rows(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.hits.render_lines(Region(0, 0, *self.hits.size))]

    def of(self, kind: type[Message]) -> list[int]:
        return [each.hit.seq for each in self.posted if isinstance(each, kind)]  # type: ignore[attr-defined]


async def test_hits_have_a_title_and_up_to_two_lines() -> None:
    app = ListApp()
    async with app.run_test(size=(41, 14)) as pilot:
        app.hits.set_hits(
            [hit(1), hit(2, "short one", (), role=Role.TOOL, kind=Kind.TOOL_RESULT)], more=False, note="2 hits"
        )
        await pilot.pause()
        assert app.rows()[:9] == [
            " 2 hits", "",
            "▌chat 1 · Assistant · 1m",
            "▌the planner takes the nested loop",
            "▌because statistics are stale; run ANA…",
            "",
            " chat 2 · Result · 2m",
            " short one",
            "",
        ]  # fmt: skip


async def test_matches_are_underlined_where_they_are() -> None:
    app = ListApp()
    async with app.run_test(size=(41, 14)) as pilot:
        app.hits.set_hits([hit(1, "one\n\ntwo three", ((5, 8),))])
        await pilot.pause()
        assert [s.text for s in app.hits.render_line(1) if s.style and s.style.underline] == ["two"]
        assert app.rows()[1] == "▌one two three"


async def test_keys_and_clicks_pick_hits() -> None:
    app = ListApp()
    async with app.run_test(size=(41, 9)) as pilot:
        app.hits.set_hits([hit(number) for number in range(1, 30)], more=False, note="many")
        await pilot.press("down", "down", "enter")
        assert app.of(HitPicked) == [3]
        assert app.of(HitHighlighted) == [1, 2, 3]
        await pilot.press("end", "enter", "home", "up", "enter")
        assert app.of(HitPicked) == [3, 29, 1]
        await pilot.pause()
        assert app.rows()[0] == " many"
        await pilot.click(HitList, offset=(3, 7))
        assert app.of(HitPicked)[-1] == 2


async def test_more_hits_are_added_below_the_cursor() -> None:
    app = ListApp()
    async with app.run_test(size=(41, 9)) as pilot:
        app.hits.set_hits([hit(number) for number in range(1, 21)], more=True)
        await pilot.press("end")
        assert [type(each) for each in app.posted].count(MoreWanted) == 1
        app.hits.append_hits([hit(number) for number in range(21, 41)], more=False)
        assert app.hits.hit is not None
        assert app.hits.hit.seq == 20
        await pilot.press("end")
        assert app.hits.hit.seq == 40
        assert [type(each) for each in app.posted].count(MoreWanted) == 1


async def test_no_hits() -> None:
    app = ListApp()
    async with app.run_test(size=(41, 9)) as pilot:
        app.hits.set_hits([], more=False, note="nothing found")
        await pilot.press("enter", "down", "end")
        assert app.posted == []
        assert app.rows()[0] == " nothing found"
        app.hits.append_hits([hit(5)])
        await pilot.press("enter")
        assert app.of(HitPicked) == [5]


async def test_hostile_hits_are_seen_not_obeyed() -> None:
    app = ListApp()
    async with app.run_test(size=(80, 9)) as pilot:
        evil = "\x1b[2J[red]x[/]\u202e"
        app.hits.set_hits([hit(1, evil + "needle", ((len(evil), len(evil) + 6),), title=evil)], note=evil)
        await pilot.pause()
        assert app.rows()[0] == " ␛[2J[red]x[/]⟨202E⟩"
        assert app.rows()[2].startswith("▌␛[2J[red]x[/]⟨202E⟩ · Assistant")
        assert app.rows()[3] == "▌␛[2J[red]x[/]⟨202E⟩needle"
        assert [s.text for s in app.hits.render_line(3) if s.style and s.style.underline] == ["needle"]


@pytest.mark.parametrize("size", [(80, 20), (20, 5), (5, 3), (1, 1)])
async def test_any_size_is_painted_in_full(size: tuple[int, int]) -> None:
    app = ListApp()
    async with app.run_test(size=size) as pilot:
        app.hits.set_hits([hit(1, "日本語 " * 40, ((0, 9), (30, 60))), hit(2)], more=True, note="note")
        await pilot.press("down", "end", "home")
        await pilot.resize_terminal(size[0] + 9, size[1])
        await pilot.pause()
        strips = app.hits.render_lines(Region(0, 0, *app.hits.size))
        assert {strip.cell_length for strip in strips} == {size[0] + 9}


async def test_more_is_asked_for_when_the_first_are_painted() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        order: list[str] = []
        paint = app.hits.render_line
        app.hits.render_line = lambda y: (order.append("painted"), paint(y))[1]  # type: ignore[method-assign]
        post = app.hits.post_message

        def posted(message: Message) -> bool:
            if isinstance(message, MoreWanted):
                order.append("asked")
            return post(message)

        app.hits.post_message = posted  # type: ignore[method-assign]
        app.hits.set_hits([hit(1), hit(2)], more=True)
        assert not order
        await pilot.pause()
        await pilot.pause()
        assert order[0] == "painted"
        assert order.count("asked") == 1
