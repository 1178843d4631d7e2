"""The pane while its messages arrive: late, in pieces, growing, changing."""

from __future__ import annotations

import random
import re

from pane_app import PaneApp, rows, seen, texts
from pane_feeds import Feed, LateFeed, generated, message
from textual.pilot import Pilot

from chattui.domain.chat import Message
from chattui.domain.kinds import Kind, Role
from chattui.tui.pane.marks import Marks
from chattui.tui.pane.messages import PlaceWanted

MANY = 100_000


async def arrive(app: PaneApp, feed: LateFeed, pilot: Pilot[None]) -> None:
    """Deliver what the pane asks for until it asks for nothing new."""
    while ranges := feed.deliver():
        for first, last in ranges:
            app.pane.messages_loaded(first, last)
        await pilot.pause()


async def test_what_is_not_loaded_is_a_dot_and_is_asked_for() -> None:
    feed = LateFeed(generated, MANY)
    app = PaneApp(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "…" in seen(app.pane)
        assert any(last == MANY for _, last in feed.wanted)
        await arrive(app, feed, pilot)
        assert app.pane.viewport.at_end
        assert "…" not in rows(app.pane)
        assert len(feed.loaded) < 200


async def test_end_home_and_a_message_are_kept_while_they_load() -> None:
    feed = LateFeed(generated, MANY)
    app = PaneApp(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home")
        await arrive(app, feed, pilot)
        assert app.pane.position == (1, 0)
        assert "#1 " in seen(app.pane)
        await pilot.press("end")
        await arrive(app, feed, pilot)
        assert app.pane.viewport.at_end
        app.pane.show(feed, at=40_000)
        await arrive(app, feed, pilot)
        assert app.pane.position[0] == 40_000


async def test_a_match_is_found_when_its_message_comes() -> None:
    feed = LateFeed(generated, MANY)
    app = PaneApp(feed)
    async with app.run_test(size=(80, 30)) as pilot:
        app.pane.show(feed, at=50_003, marks=Marks(re.compile("def step_2"), (50_003,)))
        await pilot.pause()
        await arrive(app, feed, pilot)
        assert "def step_2" in rows(app.pane)[10]


async def test_arrivals_and_sizes_never_move_what_is_read() -> None:
    feed = LateFeed(generated, 6_000)
    app = PaneApp(feed)
    choice = random.Random(3)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await arrive(app, feed, pilot)
        for number in range(60):
            await pilot.press(choice.choice(["up", "down", "pageup", "pagedown", "right_square_bracket", "f"]))
            await arrive(app, feed, pilot)
            place, top = app.pane.position, rows(app.pane)[0]
            if number == 30:
                feed.learn_sizes()
            app.pane.sizes_loaded()
            first = choice.randint(1, 5_900)
            feed.loaded.update(range(first, first + 100))
            app.pane.messages_loaded(first, first + 99)
            await pilot.pause()
            assert (app.pane.position, rows(app.pane)[0]) == (place, top), number


async def test_sizes_make_the_scrollbar_honest() -> None:
    feed = LateFeed(generated, 6_000)
    app = PaneApp(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed.learn_sizes()
        app.pane.sizes_loaded()
        guess = app.pane.virtual_size.height
        feed.loaded.update(range(1, 6_001))
        for seq in range(1, 6_001):
            app.pane.measure(seq)
        exact = app.pane.viewport.heights.total
        assert 0.75 < guess / exact < 1.3


async def test_a_folded_line_closes_up_when_the_one_above_it_arrives() -> None:
    feed = LateFeed([message(seq, f"thought {seq}", kind=Kind.THINKING) for seq in (1, 2, 3)])
    feed.loaded = {3}
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        at = next(n for n, row in enumerate(rows(app.pane)) if "thought 3" in row)
        assert rows(app.pane)[at - 1] == "", "not known to be folded, so apart"
        feed.loaded = {1, 2, 3}
        app.pane.messages_loaded(1, 2)
        assert [row.split()[-1] for row in rows(app.pane) if row] == ["1", "2", "3"]
        assert "" not in rows(app.pane)[:3]


async def test_braces_look_for_a_prompt_through_what_is_not_loaded() -> None:
    def sparse(seq: int) -> Message:
        return message(seq, f"#{seq}", role=Role.USER if seq in {1, 5_000} else Role.ASSISTANT)

    feed = LateFeed(sparse, 9_000)
    app = PaneApp(feed, at=8_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await arrive(app, feed, pilot)
        await pilot.press("left_curly_bracket")
        await pilot.pause()
        wanted = app.posted[-1]
        assert isinstance(wanted, PlaceWanted)
        assert (wanted.what, wanted.step) == ("prompt", -1)
        assert 5_000 < wanted.seq <= 8_000, "what is not loaded is asked for, not loaded"
        assert app.pane.place_found("prompt", 5_000)
        await arrive(app, feed, pilot)
        assert app.pane.current_seq == 5_000
        assert "#5000" in rows(app.pane)[1]


async def test_a_key_ends_the_search_for_a_prompt() -> None:
    feed = LateFeed(lambda seq: message(seq, f"#{seq}", role=Role.USER if seq == 1 else Role.ASSISTANT), 9_000)
    app = PaneApp(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await arrive(app, feed, pilot)
        await pilot.press("left_curly_bracket", "pageup")
        assert not app.pane.place_found("prompt", 1)
        await arrive(app, feed, pilot)
        assert app.pane.position[0] > 8_000


# Growth


class GrowingFeed(Feed):
    """A feed whose last message and count change."""

    def __init__(self, count: int) -> None:
        self.messages = [message(seq, f"#{seq} text") for seq in range(1, count + 1)]
        super().__init__(lambda seq: self.messages[seq - 1], count)

    def add(self, content: str) -> None:
        self.count += 1
        self.messages.append(message(self.count, content))

    def extend(self, text: str) -> None:
        self.messages[-1] = message(self.count, self.messages[-1].content + text)


async def test_at_the_end_new_messages_are_followed() -> None:
    feed = GrowingFeed(50)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        for number in range(5):
            feed.add(f"new {number}")
            app.pane.grown()
            await pilot.pause()
            assert f"new {number}" in rows(app.pane)[-1]
        assert "new ↓" not in seen(app.pane)
        assert app.pane.current_seq == 55


async def test_elsewhere_new_messages_are_counted_until_the_end_is_reached() -> None:
    feed = GrowingFeed(50)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("pageup")
        place = app.pane.position
        for _ in range(3):
            feed.add("new")
            app.pane.grown()
        await pilot.pause()
        assert app.pane.position == place
        assert rows(app.pane)[-1].endswith("3 new ↓")
        await pilot.press("end")
        assert "new ↓" not in seen(app.pane)


async def test_the_first_message_of_an_empty_chat_is_shown() -> None:
    feed = GrowingFeed(0)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        feed.add("hello")
        app.pane.grown()
        await pilot.pause()
        assert "hello" in seen(app.pane)
        assert "Nothing here" not in seen(app.pane)


async def test_a_growing_reply_is_followed_and_ends_up_as_if_it_came_whole() -> None:
    feed = GrowingFeed(3)
    app = PaneApp(feed)
    reply = (
        "Intro.\n\n- one\n- two\n\n" + "Words of a paragraph that goes on.\n\n" * 300 + "```py\nx = 1\n```\n\nThe end."
    )
    async with app.run_test(size=(60, 12)) as pilot:
        feed.add("")
        app.pane.grown()
        for start in range(0, len(reply), 700):
            feed.extend(reply[start : start + 700])
            app.pane.refresh_message(4)
            assert app.pane.viewport.at_end
            laid = app.pane.typeset.laid(4)
            assert laid is not None
            painted = [text.strip() for text in texts(app.pane)[-8:]]
            assert painted == [line.plain.strip() for line in laid.lines][-8:], "no stale rows"
        await pilot.pause()
        assert "The end." in rows(app.pane)[-1]
        grown = [line.plain for line in app.pane.typeset.laid(4).lines]  # type: ignore[union-attr]
        app.pane._written()
        await pilot.pause()
        assert [line.plain for line in app.pane.typeset.laid(4).lines] == grown  # type: ignore[union-attr]


async def test_a_long_growing_reply_keeps_the_lines_that_are_settled() -> None:
    feed = GrowingFeed(1)
    feed.extend("Words of a paragraph.\n\n" * 2_000)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        app.pane.refresh_message(1)
        app.pane.refresh_message(1)
        before = app.pane.typeset.laid(1)
        feed.extend("more")
        app.pane.refresh_message(1)
        after = app.pane.typeset.laid(1)
        assert before is not None
        assert after is not None
        assert after.kept > 3_900
        assert all(one is other for one, other in zip(before.lines[2 : after.kept], after.lines[2:], strict=False))
        assert rows(app.pane)[-1].endswith("more")


async def test_growth_above_the_end_does_not_move_the_reader() -> None:
    feed = GrowingFeed(30)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.press("pageup")
        place = app.pane.position
        feed.extend("\n\nmore" * 50)
        app.pane.refresh_message(30)
        await pilot.pause()
        assert app.pane.position == place


async def test_a_changed_message_is_painted_anew() -> None:
    feed = GrowingFeed(5)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        feed.messages[1] = message(2, "edited\n\ntwice")
        app.pane.refresh_message(2)
        assert "edited" in seen(app.pane)
        assert "#2 text" not in seen(app.pane)


async def test_a_growing_text_without_markdown_shows_what_was_written_last() -> None:
    feed = GrowingFeed(1)
    feed.extend("plain words\n" * 20_000)
    app = PaneApp(feed)
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        for number in range(3):
            feed.extend(f"line {number} at the end\n")
            app.pane.refresh_message(1)
            assert f"line {number} at the end" in rows(app.pane)[-1]
