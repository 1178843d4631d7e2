"""A chat that another program goes on with while it is open: followed at its end, counted elsewhere, at a bounded price."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from app_driver import AppMaker, part, running, seen_in, until

from chattui.domain.chat import Message
from chattui.domain.kinds import Role
from chattui.store import chats, messages
from chattui.store.database import Database
from chattui.tui.data.feed import PAGE, ChatFeed


def add(store: Database, chat_id: int, first: int, last: int) -> None:
    for number in range(first, last + 1):
        messages.append(store, chat_id, f"live answer {number}", key=f"k{number}", role=Role.ASSISTANT)


async def test_the_end_is_followed_through_many_messages_and_elsewhere_they_are_counted(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    chat = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        pane = app.main.pane
        add(store, chat.id, 1, 30)
        await until(pilot, lambda: "live answer 30" in part(pane)[-1])
        assert "new ↓" not in seen_in(pane)
        pane.focus()
        await pilot.press("home", "pagedown")
        await until(pilot, lambda: "⤷" in seen_in(pane), "which calls have started chats")
        place = pane.position
        left = [row[:70].rstrip() for row in part(pane)[:-1]]  # the scroll bar may move
        add(store, chat.id, 31, 42)
        await until(pilot, lambda: "12 new ↓" in part(pane)[-1])
        assert (pane.position, [row[:70].rstrip() for row in part(pane)[:-1]]) == (place, left), "what is read stays"
        assert str(chat.message_count + 42) in part(app.main.title_bar)[0]
        await pilot.press("end")
        await until(pilot, lambda: "live answer 42" in part(pane)[-1] and "new ↓" not in seen_in(pane))
        add(store, chat.id, 43, 43)
        await until(pilot, lambda: "live answer 43" in part(pane)[-1])


async def test_more_messages_than_are_read_at_once_are_followed_too(
    samples: str, app_on: AppMaker, store: Database
) -> None:
    chat = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    async with running(app) as pilot:
        add(store, chat.id, 1, 230)
        await until(pilot, lambda: "live answer 230" in part(app.main.pane)[-1])
        app.main.pane.focus()
        for number in (200, 150, 100):
            app.main.pane.go_to_message(chat.message_count + number)
            await until(pilot, lambda number=number: f"live answer {number}" in seen_in(app.main.pane))  # type: ignore[misc]


async def test_a_stream_of_changes_is_answered_by_few_requests(
    samples: str, app_on: AppMaker, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = chats.recents(store, limit=1)[0]
    app = app_on(samples)
    asked: dict[str, int] = {"read_growth": 0, "read": 0, "read_recents": 0}
    async with running(app) as pilot:
        session = app.main.session
        for name, reader in (("read_growth", session), ("read", session.marks), ("read_recents", session)):

            def counting(*given: Any, name: str = name, real: Any, **more: Any) -> None:
                asked[name] += 1
                real(*given, **more)

            counted = partial(counting, real=getattr(reader, name))
            monkeypatch.setattr(reader, name, counted)
        for number in range(60):
            app._tell(_changed(chat.id))
            if number % 20 == 0:
                await pilot.pause()
        add(store, chat.id, 1, 1)
        await until(pilot, lambda: "live answer 1" in part(app.main.pane)[-1], "the last change is not lost")
        assert all(0 < count <= 8 for count in asked.values()), asked


def _changed(chat_id: int) -> Any:
    from chattui.tui.messages import ChatsChangedElsewhere

    return ChatsChangedElsewhere(frozenset({chat_id}))


async def test_marks_that_are_the_same_paint_nothing(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        pane = app.main.pane
        await until(pilot, lambda: app.main.open_chat.marks is not None)
        painted = 0

        def settle(real: Any = pane.settle) -> None:
            nonlocal painted
            painted += 1
            real()

        pane.settle = settle  # type: ignore[method-assign]
        pane.set_notes(dict(pane.typeset.notes))
        assert painted == 0


def test_a_page_that_grows_is_not_read_again_from_its_beginning(store: Database) -> None:
    chat = chats.recents(store, limit=1)[0]
    asked: list[tuple[int, int]] = []
    feed = ChatFeed(chat.id, 10, lambda first, last: asked.append((first, last)))
    held: list[Message] = messages.page(store, chat.id, 1, 10)
    feed.fill(held)
    feed.grow(14)
    feed.want(1, 14)
    assert asked == [(11, 14)]
    whole = ChatFeed(chat.id, PAGE + 5, lambda first, last: asked.append((first, last)))
    whole.fill(held[4:])
    whole.want(1, PAGE + 5)
    assert asked[1:] == [(1, PAGE), (PAGE + 1, PAGE + 5)], "a hole at the beginning is asked for"
