"""The links of a message, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chattui.domain.chat import Message
from chattui.domain.links import bare_links, safe_href
from chattui.domain.markup import LONGEST, too_heavy
from chattui.tui.pane.markdown import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST = 200
"""Links of one message that can be chosen among."""


def links_of(message: Message, *, markdown: bool) -> list[str]:
    """Web and mail addresses in printable ASCII, each once; with ``markdown`` also those behind a label.

    Of a message that is too long to be read as Markdown, those that are written out in its first part.
    """
    text = message.content
    is_light = markdown and not too_heavy(text)
    found = _in_tokens(parser().parse(text)) if is_light else _written_out(text[:LONGEST])
    links: dict[str, None] = {}
    for href in found:
        links[href] = None
        if len(links) == MOST:
            break
    return list(links)


def _in_tokens(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        inside = False
        for child in token.children or ():
            if child.type in ("link_open", "image"):
                href = safe_href(str(child.attrGet("href" if child.type == "link_open" else "src") or ""))
                inside = child.type == "link_open"
                if href is not None:
                    yield href
            elif child.type == "link_close":
                inside = False
            elif not inside:
                yield from _written_out(child.content)
        if token.type in ("fence", "code_block"):
            yield from _written_out(token.content)


def _written_out(text: str) -> Iterator[str]:
    return (href for _, href in bare_links(text) if href is not None) if "://" in text else iter(())
