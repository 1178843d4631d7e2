"""The list of chats in a running app."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.message import Message

from chattui.domain.chat import ChatRow
from chattui.domain.kinds import ChatStatus
from chattui.tui.recents.item_list import MoreWanted
from chattui.tui.recents.recents_list import ChatHighlighted, ChatPicked, RecentsList

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def chat(number: int, hours: float = 1, title: str = "", **fields: object) -> ChatRow:
    values: dict[str, object] = {
        "id": number,
        "title": title or f"chat {number}",
        "source": "codex",
        "last_message_at": NOW - timedelta(hours=hours),
        "message_count": 3,
        "pinned": False,
        "status": ChatStatus.ACTIVE,
    }
    return ChatRow(**(values | fields))  # type: ignore[arg-type]


SOME = [chat(1, 900, pinned=True), chat(2, 1), chat(3, 2), chat(4, 30), chat(5, 100), chat(6, 400), chat(7, 1_000)]


class ListApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.recents = RecentsList(now=lambda: NOW)
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.recents

    def on_mount(self) -> None:
        self.recents.focus()

    def on_chat_picked(self, message: ChatPicked) -> None:
        self.posted.append(message)

    def on_chat_highlighted(self, message: ChatHighlighted) -> None:
        self.posted.append(message)

    def on_more_wanted(self, message: MoreWanted) -> None:
        assert message.control is self.recents
        self.posted.append(message)

    def rows(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.recents.render_lines(Region(0, 0, *self.recents.size))]

    def of(self, kind: type[Message]) -> list[int]:
        return [each.chat_id for each in self.posted if isinstance(each, kind)]  # type: ignore[attr-defined]


async def test_chats_stand_under_their_days() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 24)) as pilot:
        app.recents.set_rows(SOME, more=False)
        await pilot.pause()
        assert app.rows()[:20] == [
            " Pinned", " ★ chat 1              cx 16 Oct", "",
            " Today", " chat 2                   cx  1h", " chat 3                   cx  2h", "",
            " Yesterday", " chat 4                   cx Sat", "",
            " Previous 7 days", " chat 5                   cx Wed", "",
            " Previous 30 days", " chat 6                 cx 5 Nov", "",
            " October 2026", " chat 7                cx 11 Oct", "", "",
        ]  # fmt: skip


async def test_keys_move_over_chats_only() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 8)) as pilot:
        app.recents.set_rows(SOME, more=False)
        await pilot.press("down", "j", "down")
        assert app.recents.chat_id == 4
        await pilot.press("up", "k")
        assert app.recents.chat_id == 2
        await pilot.press("end")
        assert app.recents.chat_id == 7
        assert "chat 7" in app.rows()[-1]
        await pilot.press("down")
        assert app.recents.chat_id == 7
        await pilot.press("pageup")
        assert app.recents.chat_id == 4
        await pilot.press("home")
        assert app.recents.chat_id == 1
        assert app.rows()[0] == " Pinned"
        await pilot.press("enter")
        assert app.of(ChatPicked) == [1]
        assert app.of(ChatHighlighted)[:4] == [1, 2, 3, 4]


async def test_going_up_to_the_first_chat_of_a_day_shows_its_heading() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 8)) as pilot:
        app.recents.set_rows(SOME, more=False)
        await pilot.press("end", "up", "up", "up", "up", "up")
        assert app.recents.chat_id == 2
        assert app.rows()[1] == " Today"
        assert "chat 2" in app.rows()[2]


async def test_the_cursor_stays_on_its_chat_when_rows_change() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 24)) as pilot:
        app.recents.set_rows(SOME, more=False)
        await pilot.press("down", "down", "down")
        assert app.recents.chat_id == 4
        app.recents.set_rows([chat(99, 0.1), *SOME[3:]], needle="chat", more=False)
        assert app.recents.chat_id == 4
        app.recents.set_rows(SOME[:2], more=False)
        assert app.recents.chat_id in {1, 2}
        app.recents.set_rows([], needle="zzz", more=False)
        await pilot.pause()
        assert app.recents.chat_id is None
        assert app.rows()[1] == " No chat matches “zzz”"
        await pilot.press("enter", "down", "end", "home", "pageup")
        assert app.of(ChatPicked) == []


async def test_a_click_picks_and_on_a_heading_does_nothing() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 24)) as pilot:
        app.recents.set_rows(SOME, more=False)
        await pilot.pause()
        await pilot.click(RecentsList, offset=(5, 3))
        assert app.of(ChatPicked) == []
        await pilot.click(RecentsList, offset=(5, 5))
        assert app.of(ChatPicked) == [3]
        assert app.recents.chat_id == 3


async def test_more_is_wanted_once_near_the_end() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 10)) as pilot:
        rows = [chat(number, number) for number in range(1, 101)]
        app.recents.set_rows(rows, more=True)
        await pilot.pause()
        assert not [each for each in app.posted if isinstance(each, MoreWanted)]
        await pilot.press("end", "up", "end")
        assert len([each for each in app.posted if isinstance(each, MoreWanted)]) == 1
        app.recents.append_rows([chat(number, number) for number in range(101, 201)], more=True)
        assert app.recents.chat_id == 100
        await pilot.press("end")
        assert len([each for each in app.posted if isinstance(each, MoreWanted)]) == 2
        app.recents.append_rows([chat(201, 201)], more=False)
        await pilot.press("end")
        await pilot.pause()
        assert app.recents.chat_id == 201
        assert len([each for each in app.posted if isinstance(each, MoreWanted)]) == 2


async def test_appended_chats_go_on_under_the_same_heading() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 20)) as pilot:
        app.recents.set_rows([chat(1, 1)], more=True)
        app.recents.append_rows([chat(2, 2), chat(3, 30)], more=False)
        await pilot.pause()
        assert [row.strip() for row in app.rows()].count("Today") == 1
        assert " Yesterday" in app.rows()


async def test_needle_open_chat_and_cursor_are_seen() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 20)) as pilot:
        app.recents.set_rows([chat(1, title="Needle and needle"), chat(2, title="other")], needle="needle", more=False)
        app.recents.set_open(2)
        await pilot.pause()
        row = app.recents.render_line(1)
        match = [s.text for s in row if s.style and s.style.underline]
        assert match == ["Needle", "needle"]
        assert app.rows()[2].startswith("▌other")
        cursor = {s.style.bgcolor for s in row if s.style}
        assert cursor != {s.style.bgcolor for s in app.recents.render_line(2) if s.style}


async def test_hostile_titles_are_seen_not_obeyed() -> None:
    evil = "\x1b[2J[red]x[/] \u202eevil\nline"
    app = ListApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.recents.set_rows([chat(1, title=evil, source=evil, project=evil)], more=False)
        await pilot.pause()
        assert app.rows()[1].startswith(" ␛[2J[red]x[/] ⟨202E⟩evil line")
        await pilot.hover(RecentsList, offset=(5, 1))
        assert isinstance(app.recents.tooltip, Content)
        assert "[red]" in app.recents.tooltip.plain
        assert "\x1b" not in app.recents.tooltip.plain


async def test_tooltip_names_the_source() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 20)) as pilot:
        app.recents.set_rows([chat(1, project="~/src/x")], more=False)
        await pilot.hover(RecentsList, offset=(5, 1))
        assert isinstance(app.recents.tooltip, Content)
        assert app.recents.tooltip.plain == "chat 1\ncodex · ~/src/x"


@pytest.mark.parametrize("size", [(34, 12), (12, 5), (3, 2), (1, 1)])
async def test_any_size_is_painted_in_full(size: tuple[int, int]) -> None:
    app = ListApp()
    async with app.run_test(size=size) as pilot:
        app.recents.set_rows([chat(1, title="日本語のタイトル " * 4), *SOME[1:]], more=True)
        await pilot.press("down", "end", "home")
        strips = app.recents.render_lines(Region(0, 0, *app.recents.size))
        assert {strip.cell_length for strip in strips} == {size[0]}


async def test_a_hundred_thousand_chats_draw_what_is_seen() -> None:
    app = ListApp()
    async with app.run_test(size=(34, 12)) as pilot:
        app.recents.set_rows([chat(number, number / 50) for number in range(1, 100_001)], more=False)
        await pilot.press("end")
        assert app.recents.chat_id == 100_000
        assert "chat 100000" in app.rows()[-1]
        assert len(app.recents._strips) < 60
