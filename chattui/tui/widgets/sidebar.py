"""The sidebar: a filter, the recents below it, and how the import is going."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Static

from chattui.tui.commands import bindings
from chattui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from chattui.sync.progress import Progress
    from chattui.tui.recents.recents_list import RecentsList


class Sidebar(Vertical):
    """Chats to choose from. The filter's changes and the list's messages go to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("sidebar")

    recents: RecentsList
    filter: LineInput

    def __init__(self) -> None:
        super().__init__(id="sidebar")
        self._status = Static("", id="sync", markup=False)
        self._status.display = False

    def furnish(self, recents: RecentsList) -> None:
        """Put the list in, once the shell is painted."""
        self.recents = recents
        self.filter = LineInput(placeholder="Filter chats", id="filter")
        self.filter.display = False
        self.mount(self.filter, recents, self._status)

    def show_progress(self, progress: Progress) -> None:
        """One or two lines about the import; nothing when it is done."""
        from chattui.sync.progress import Phase

        match progress.phase:
            case Phase.READING if progress.files:
                text = f"Importing {progress.messages:,} messages\n{progress.files_done:,} of {progress.files:,} files"
                if progress.rate:
                    text += f" · {progress.rate:,.0f}/s"
                if progress.remaining is not None and progress.remaining >= 1:
                    text += f" · {progress.remaining:,.0f} s left"
            case Phase.INDEXING:
                text = f"Building the search index\n{progress.indexed:.0%} · search looks at the newest meanwhile"
            case _:
                text = ""
        self.say(text)

    def say(self, text: str) -> None:
        """Show a text at the foot of the list; none hides it."""
        self._status.update(text)
        self._status.display = bool(text)
