"""Which addresses in a chat may become links: web pages and mail, spelled in printable ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

_SCHEMES = ("http://", "https://", "mailto:")
_LONGEST = 2_000
_BARE = re.compile(r"https?://[^\s<>\"'`|⟨⟩]+")
_UNESCAPED = "".join(chr(code) for code in range(0x21, 0x7F))


def safe_href(href: str) -> str | None:
    """The address as it may be sent to a terminal and a browser, or None where it must stay text."""
    href = href.strip()
    if not href.lower().startswith(_SCHEMES) or len(href) > _LONGEST:
        return None
    return quote(href, safe=_UNESCAPED, errors="replace")


def bare_links(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in parts, each with its address where it is one. Closing punctuation stays outside."""
    position = 0
    for match in _BARE.finditer(text):
        address = match[0].rstrip(".,;:!?*_")
        while address.endswith((")", "]")) and address.count(address[-1]) > address.count("(["[address[-1] == "]"]):
            address = address[:-1].rstrip(".,;:!?*_")
        href = safe_href(address)
        if href is None:
            continue
        end = match.start() + len(address)
        yield text[position : match.start()], None
        yield address, href
        position = end
    yield text[position:], None
