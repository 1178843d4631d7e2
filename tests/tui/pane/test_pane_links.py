"""The links of a message: which there are, copying and opening them by key."""

from __future__ import annotations

import pytest
from pane_app import PaneApp
from pane_feeds import Feed, message
from textual.message import Message

from chattui.domain.kinds import ContentType, Kind, Role
from chattui.tui.pane.links import MOST, links_of
from chattui.tui.pane.messages import CopyRequested, LinkFollowed

TWO = "See [the docs](https://a.example/x) and http://b.example/y, or\n\n```sh\ncurl https://a.example/x\n```"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (TWO, ["https://a.example/x", "http://b.example/y"]),
        ("<ann@example.org> and <https://c.example>", ["mailto:ann@example.org", "https://c.example"]),
        ("`https://code.example` ![p](https://p.example/i.png)", ["https://code.example", "https://p.example/i.png"]),
        ("[https://shown.example](https://real.example)", ["https://real.example"]),
        ("| a |\n|---|\n| https://t.example |", ["https://t.example"]),
        ("[x](javascript:alert) [y](file:///etc/passwd) <ftp://z.example> [z](data:text/html,x)", []),
        ("[x](https://a.example/\u202egnp)", ["https://a.example/%E2%80%AEgnp"]),
        ("none", []),
    ],
)
def test_links_are_found_in_order_each_once_and_only_web_and_mail(text: str, links: list[str]) -> None:
    assert links_of(message(1, text), markdown=True) == links


def test_text_that_is_no_markdown_has_the_links_that_are_written_out() -> None:
    result = message(1, "[a](https://a.example) https://b.example", kind=Kind.TOOL_RESULT, role=Role.TOOL)
    assert links_of(result, markdown=False) == ["https://a.example", "https://b.example"]


def test_a_message_of_any_length_is_read_in_bounded_time() -> None:
    heavy = message(1, "".join(f"https://a.example/{n} [" for n in range(100_000)))
    assert len(links_of(heavy, markdown=True)) == MOST


async def posted(*keys: str, source: str = TWO) -> list[Message]:
    app = PaneApp(Feed([message(1, "x", content_type=ContentType.TEXT), message(2, source)]))
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return app.posted


async def test_l_copies_one_after_the_other() -> None:
    first, second, again = (each for each in await posted("l", "l", "l") if isinstance(each, CopyRequested))
    assert (first.text, first.what) == ("https://a.example/x", "link 1 of 2, https://a.example/x")
    assert (second.text, second.what) == ("http://b.example/y", "link 2 of 2, http://b.example/y")
    assert again.text == first.text
    [only] = (each for each in await posted("l", source="<a@b.example>") if isinstance(each, CopyRequested))
    assert (only.text, only.what) == ("mailto:a@b.example", "link, mailto:a@b.example")


async def test_capital_l_opens_the_first_or_the_one_that_was_copied() -> None:
    assert [each for each in await posted("L", "L") if isinstance(each, LinkFollowed)] == [
        LinkFollowed("https://a.example/x", "link 1 of 2")
    ] * 2
    assert [each for each in await posted("l", "l", "L") if isinstance(each, LinkFollowed)] == [
        LinkFollowed("http://b.example/y", "link 2 of 2")
    ]


async def test_without_links_of_its_own_a_message_offers_those_in_the_window() -> None:
    [opened] = await posted("left_square_bracket", "L")
    assert opened == LinkFollowed("https://a.example/x", "link 1 of 2")
    assert await posted("l", "L", source="[x](javascript:alert)") == []
