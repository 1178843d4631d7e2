"""The shell: what one sees before there is a chat, the furniture that is put into it, and what is shown of it when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from chattui.tui.widgets.key_bar import KeyBar
from chattui.tui.widgets.query_bar import QueryBar
from chattui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from chattui.tui.app import ChattuiApp
    from chattui.tui.data.session import Session

EMPTY = (
    "No chats yet.\n\nchattui brings in what your agents left on this machine by itself, and what they write from now on. "
    "{screen.sources} shows where it looks.\n\n{app.new}\tstarts a chat here\n{screen.help}\tshows every key"
)
"""Ids of commands stand for their keys."""

AWAY = (
    "No database yet.\n\nThe line at the top says why. Where nothing answers, it is asked again by itself, and the chats "
    "are here as soon as it does.\n\n{screen.settings}\twhich database is meant\n"
    "{app.new}\tstart a chat here: what you send waits on this machine"
)
NARROW, LOW = 70, 12
"""Columns and rows below which the screen does without the list, and without titles and keys."""

NEW = "A new chat. Its first line will name it."


class Shell(Screen[None]):
    """Bars, list, pane and composer, and which of them can be seen. What they are used for is ``MainScreen``'s business."""

    AUTO_FOCUS = ""
    app: ChattuiApp

    def __init__(self) -> None:
        super().__init__()
        self.search_bar = QueryBar("Search every message  (/)", id="search")
        self.sidebar = Sidebar()
        self.title_bar = Static("", id="chat-title", markup=False)
        self.banner = Static("", id="banner", markup=False)
        self.banner.display = False
        self.main = Vertical(self.title_bar, id="main")
        self.furnished = False
        self.loaded = False
        self.is_away = False
        """Whether the database could not be opened."""
        self.status = ""
        self.problem = ""
        """What is mistaken in the search that is being typed."""

    def compose(self) -> ComposeResult:
        """The shell. What shows chats is put in by ``furnish``, after the first paint."""
        with Horizontal(id="top"):
            yield Static("chattui", id="brand", markup=False)
            yield self.search_bar
        yield self.banner
        with Horizontal(id="body"):
            yield self.sidebar
            yield self.main
        yield KeyBar()

    def on_mount(self) -> None:
        """The shell is about to be painted; what comes after it waits for that."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if self.sidebar.is_mounted and self.main.is_mounted:
            self.app.begin()
        else:
            self.call_after_refresh(self._begin)

    def on_resize(self, event: events.Resize) -> None:
        """Narrow terminals have no room for the list, low ones none for titles. Classes cost: the usual size has none."""
        self.set_class(event.size.width < NARROW, "-narrow")
        self.set_class(event.size.height < LOW, "-low")
        if self.furnished:
            self.show_facets()
            self.show_tabs()
            self.call_after_refresh(self.draw_title)

    def furnish(self, session: Session) -> None:
        """Put list, pane, hits and composer in: importing them takes as long as the whole shell."""
        from chattui.domain.tabs import Tabs
        from chattui.tui.drafts import Drafts
        from chattui.tui.pane.message_pane import MessagePane
        from chattui.tui.recents.recents_list import RecentsList
        from chattui.tui.results.facet_strip import FacetStrip
        from chattui.tui.results.search_hits import SearchHits
        from chattui.tui.screens.open_chat import OpenChat
        from chattui.tui.screens.recents_view import RecentsView
        from chattui.tui.screens.searching import Searching
        from chattui.tui.widgets.composer import Composer
        from chattui.tui.widgets.tab_bar import TabBar

        self.app.stylesheet.read(Path(__file__).parent.with_name("furniture.tcss"))
        clock, masks = self.app.now, session.masks
        self.session = session
        self.pane = MessagePane(id="pane", now=clock)
        self.hits = SearchHits(id="hits", now=clock, masks=masks)
        self.facet_strip = FacetStrip(id="facet-strip")
        self.empty = Static("", id="empty", markup=False)
        self.composer = Composer(Drafts(self.app.settings.state_dir, self.app.settings.database_name), id="composer")
        self.tabs = Tabs()
        self.tab_bar = TabBar(id="tabs", masks=masks)
        self.hits.display = self.facet_strip.display = self.empty.display = self.tab_bar.display = False
        self.open_chat = OpenChat(self.pane, session)
        self.searching = Searching(self.hits, session, self.say, clock)
        recents = RecentsList(id="recents", now=clock, masks=masks)
        self.recents = RecentsView(recents, session)
        self.furnished = True
        self.open_chat.is_new = self.app.arguments.new
        self.sidebar.furnish(recents)
        self.main.mount(self.pane, self.facet_strip, self.hits, self.empty, self.composer)
        self.main.mount(self.tab_bar, before=self.title_bar)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Before the furniture is there, only what needs none of it."""
        return self.furnished or action in ("search", "help")

    def make_room(self) -> None:
        """On a narrow terminal the list gives way to what is to be read or written."""
        if self.has_class("-narrow"):
            self.remove_class("-sidebar")

    def show_hits(self, shown: bool) -> None:
        if shown:
            self.make_room()
        _display(self.hits, shown)
        self.show_facets()
        self.show_empty()
        _display(self.pane, not shown and not self.empty.display)
        _display(self.composer, not shown)

    def show_facets(self) -> None:
        """The strip of facets goes with the hits, when there are any and it is not put away; its room is there at once."""
        shown = self.hits.display and bool(self.hits.hits) and self.facet_strip.wanted and not self.has_class("-low")
        _display(self.facet_strip, shown)

    def show_tabs(self) -> None:
        """The bar of tabs is there when there are two."""
        _display(self.tab_bar, len(self.tabs.all) > 1 and not self.has_class("-low"))
        self.tab_bar.show(self.tabs.all, self.tabs.active)

    def show_empty(self) -> None:
        shows = self.open_chat.chat is not None or self.open_chat.has_tail
        nothing = not shows and (self.loaded or self.is_away) and not self.hits.display
        _display(self.empty, nothing)
        _display(self.pane, not nothing and not self.hits.display)
        if nothing:
            begins = self.composer.is_writing or self.open_chat.is_new
            text = NEW if begins or self.recents.has_any else EMPTY if self.loaded else AWAY
            self.empty.update(self.keyed(text))

    def keyed(self, text: str) -> str:
        """The text with the keys that hold in place of the ids of their commands, as {app.new}, which a tab may end."""
        from chattui.tui.key_names import with_keys

        lines = [line.partition("\t") for line in with_keys(text, self.app.look.keymap).split("\n")]
        width = max((cell_len(keys) for keys, tab, _ in lines if tab), default=0)
        return "\n".join(f"{keys:<{width}}  {does}" if tab else keys for keys, tab, does in lines)

    def draw_anew(self) -> None:
        """Rows, symbols and dates are to look different."""
        if not self.furnished:
            return
        if self.pane.feed is not None:
            self.pane.lay_anew(self.pane.typeset.regroup)
        self.recents.draw_anew()
        self.hits.repaint()
        self.show_tabs()
        self.draw_title()

    def say(self, text: str) -> None:
        self.status = text
        self.draw_title()

    def draw_title(self) -> None:
        """What is shown on the left, what there is to say of it on the right. Facts give way to the title, it to news."""
        title = "Search" if self.hits.display else self.open_chat.heading()
        width = self.title_bar.content_size.width
        problem = self.problem if self.search_bar.has_focus else ""
        if problem and self.status:  # how many were found stays
            problem = f"{problem} · {self.status.partition(' · ')[0]}"
        note = problem or self.status or self.open_chat.facts(width - cell_len(title) - 2)
        narrow = width < NARROW
        if narrow and self.hits.display and cell_len(title) + 2 + cell_len(note) > width:
            title = ""  # the hits speak for themselves
        from chattui.tui.pane.wrap import whole_parts

        if narrow:
            note = whole_parts(note, width - min(12, cell_len(title)) - (2 if title else 0))
        room = max(12, width - cell_len(note) - 2)
        shown = title if cell_len(title) <= room else set_cell_size(title, room - 1).rstrip() + "…"
        gap = " " * max(2 if title else 0, width - cell_len(shown) - cell_len(note))
        self.title_bar.update(
            Content.assemble((shown, "bold"), (gap + note, "$text-error" if problem else "$foreground-muted")),
            layout=False,
        )


def _display(widget: Widget, shown: bool) -> None:
    """Show or hide; said of what is so already, it would lay out the screen the first time."""
    if widget.display != shown:
        widget.display = shown
