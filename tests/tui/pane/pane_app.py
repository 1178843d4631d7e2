"""An app with nothing but a message pane, and what a test reads off it."""

from __future__ import annotations

from pane_feeds import now
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from chattui.tui.pane.feed import MessageFeed
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.pane.messages import CopyRequested, LinkFollowed, MatchStepped, PlaceWanted


class PaneApp(App[None]):
    """Shows a feed, and keeps the messages that the pane posts."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, feed: MessageFeed | None = None, **show: object) -> None:
        super().__init__()
        self.pane = MessagePane(now=now)
        self.posted: list[Message] = []
        self._feed, self._show = feed, show

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.focus()
        if self._feed is not None:
            self.pane.show(self._feed, **self._show)  # type: ignore[arg-type]

    def on_copy_requested(self, message: CopyRequested) -> None:
        self.posted.append(message)

    def on_link_followed(self, message: LinkFollowed) -> None:
        self.posted.append(message)

    def on_match_stepped(self, message: MatchStepped) -> None:
        self.posted.append(message)

    def on_place_wanted(self, message: PlaceWanted) -> None:
        self.posted.append(message)


def strips(pane: MessagePane) -> list[Strip]:
    """The painted rows of the window."""
    width, height = pane.size
    return pane.render_lines(Region(0, 0, width, height))


def rows(pane: MessagePane) -> list[str]:
    """The text of the painted rows."""
    return [strip.text.rstrip() for strip in strips(pane)]


def texts(pane: MessagePane) -> list[str]:
    """The painted rows without their gutter."""
    return [row[2:] for row in rows(pane)]


def seen(pane: MessagePane) -> str:
    """All that is painted."""
    return "\n".join(rows(pane))
