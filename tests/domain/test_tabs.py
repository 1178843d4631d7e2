"""Tabs: their order, which one is seen, what comes back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chattui.domain.tabs import Tabs, restored


def chats(tabs: Tabs) -> list[int | None]:
    return [tab.chat_id for tab in tabs.all]


def of(*ids: int) -> Tabs:
    return restored({"tabs": [{"chat": n, "title": f"Chat {n}"} for n in ids], "active": 0})


def test_tabs_opened_from_one_stand_behind_it_in_their_order() -> None:
    tabs = of(1, 2)
    tabs.add(3)
    tabs.add(4)
    assert chats(tabs) == [1, 3, 4, 2]
    tabs.go(1)
    tabs.add(5)
    assert chats(tabs) == [1, 3, 5, 4, 2]


def test_the_one_after_a_closed_tab_is_seen_and_the_closed_one_comes_back_where_it_was() -> None:
    tabs = of(1, 2, 3)
    tabs.go(1)
    tabs.close(1)
    assert (chats(tabs), tabs.current.chat_id) == ([1, 3], 3)
    tabs.close(1)
    assert (chats(tabs), tabs.current.chat_id) == ([1], 1)
    assert [tabs.reopen() for _ in range(3)] == [True, True, False]
    assert (chats(tabs), tabs.current.chat_id) == ([1, 2, 3], 2)


def test_the_last_tab_gives_way_to_a_new_chat() -> None:
    tabs = of(1)
    tabs.close(0)
    assert chats(tabs) == [None]


def test_pinned_tabs_stay_in_front() -> None:
    tabs = of(1, 2, 3)
    tabs.go(2)
    assert tabs.pin()
    assert (chats(tabs), tabs.current.chat_id) == ([3, 1, 2], 3)
    assert not tabs.move(1), "not among those that are not pinned"
    tabs.add(4)
    assert chats(tabs) == [3, 4, 1, 2]
    tabs.go(1)
    assert not tabs.move(-1)
    assert tabs.move(1)
    assert chats(tabs) == [3, 1, 4, 2]
    tabs.go(0)
    assert not tabs.pin()
    assert tabs.current.chat_id == 3


def test_a_chat_that_is_gone_has_no_tab_but_the_one_that_is_seen() -> None:
    tabs = of(1, 2, 1, 3)
    tabs.go(2)
    tabs.forget(1)
    assert (chats(tabs), tabs.current.chat_id) == ([2, 1, 3], 1)
    tabs.close(2)
    tabs.forget(3)
    assert not tabs.reopen()


def test_what_makes_no_sense_is_left_out() -> None:
    for state in ({}, {"tabs": "x"}, {"tabs": []}, {"tabs": [1, None]}, {"tabs": {}, "active": 3}):
        assert chats(restored(state)) == [None]
    tabs = restored({"tabs": [7, {"chat": True, "seq": "3", "title": 4}, {"chat": 2, "pinned": True}], "active": 9})
    assert (chats(tabs), tabs.all[1].title, tabs.active) == ([2, None], "", 1)


@given(
    st.lists(st.tuples(st.sampled_from(["add", "go", "close", "reopen", "move", "pin", "forget"]), st.integers(-3, 9)))
)
def test_whatever_is_done_one_is_seen_and_all_comes_back(steps: list[tuple[str, int]]) -> None:
    tabs = of(1, 2)
    for what, n in steps:
        match what:
            case "add":
                tabs.add(abs(n), f"Chat {n}")
            case "go":
                tabs.go(n)
            case "close":
                tabs.close(n % len(tabs.all))
            case "reopen":
                tabs.reopen()
            case "move":
                tabs.move(n)
            case "pin":
                tabs.pin()
            case _:
                tabs.forget(abs(n))
        assert 0 <= tabs.active < len(tabs.all)
        assert [t.pinned for t in tabs.all] == sorted((t.pinned for t in tabs.all), reverse=True)
        assert len({t.key for t in tabs.all}) == len(tabs.all)
    again = restored(json.loads(json.dumps(tabs.state())))
    assert (chats(again), again.active) == (chats(tabs), tabs.active)
