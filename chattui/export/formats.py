"""The formats there are, and what each of them promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from chattui.domain.errors import ConfigError
from chattui.domain.portable import PortableChat, PortableMessage

NAMES = ("markdown", "html", "json", "text")
"""Every format, in the order in which they are offered."""


class Format(Protocol):
    """One way to write a chat down. ``needs_data``: attachments are wanted with their bytes."""

    @property
    def name(self) -> str:
        """The name in ``--format``: ``html``."""

    @property
    def suffix(self) -> str:
        """What a file's name ends with: ``.html``."""

    @property
    def label(self) -> str:
        """What it is, for people, in a line."""

    @property
    def needs_data(self) -> bool: ...

    def pieces(self, chat: PortableChat, messages: Iterable[PortableMessage]) -> Iterator[str]:
        """The document in pieces, in order. Takes the messages one by one, in seq order, and keeps none."""


def format_of(name: str) -> Format:
    """The format of that name, imported when it is wanted. Raises ``ConfigError`` when there is none."""
    match name:
        case "markdown":
            from chattui.export.markdown import Markdown

            return Markdown()
        case "html":
            from chattui.export.html_page import HtmlPage

            return HtmlPage()
        case "json":
            from chattui.export.json_document import JsonDocument

            return JsonDocument()
        case "text":
            from chattui.export.plain_text import PlainText

            return PlainText()
    raise ConfigError(f"There is no format {name!r}. The formats are: {', '.join(NAMES)}.")
