"""The main screen: search bar, recents, message pane, composer, and how they work together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from chattui.domain.visible import visible_line
from chattui.tui import messages as told
from chattui.tui.commands import bindings
from chattui.tui.drafts import Drafts
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.pane.messages import CopyRequested, LinkFollowed, MatchStepped
from chattui.tui.recents.item_list import MoreWanted
from chattui.tui.recents.recents_list import ChatPicked, RecentsList
from chattui.tui.results.hit_list import HitList, HitPicked
from chattui.tui.screens.open_chat import OpenChat
from chattui.tui.screens.recents_view import RecentsView
from chattui.tui.screens.searching import Origin, Searching
from chattui.tui.widgets.composer import Composer
from chattui.tui.widgets.search_bar import SearchBar
from chattui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.tui.app import ChattuiApp

EMPTY = (
    "No chats yet.\n\nchattui brings in what Claude Code and Codex left on this machine by itself, now and at each start "
    "(Ctrl+R does it again).\n\nctrl+n  starts a chat here\n?       shows every key"
)
NEW = "A new chat. Its first line will name it."


class MainScreen(Screen[None]):
    """Everything one sees. State lives here; widgets get values and answer with messages."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app"), *bindings("screen")]
    app: ChattuiApp

    def __init__(self) -> None:
        super().__init__()
        clock = self.app.now
        self.search_bar = SearchBar("Search every message  (/)", id="search")
        self.sidebar = Sidebar(RecentsList(id="recents", now=clock))
        self.title_bar = Static("", id="chat-title", markup=False)
        self.banner = Static("", id="banner", markup=False)
        self.pane = MessagePane(id="pane", now=clock)
        self.hits = HitList(id="hits", now=clock)
        self.hits.display = False
        self.empty = Static("", id="empty", markup=False)
        self.composer = Composer(id="composer")
        self.open_chat = OpenChat(self.pane, self.app.session)
        self.searching = Searching(self.hits, self.app.session, self._say)
        self.recents = RecentsView(self.sidebar.recents, self.app.session)
        self._undo: Chat | None = None
        self._connected = True
        self._loaded = False
        self._status = ""

    def compose(self) -> ComposeResult:
        """The shell: no chat in it yet, and nothing that needs a database."""
        with Horizontal(id="top"):
            yield Static("chattui", id="brand", markup=False)
            yield self.search_bar
        yield self.banner
        with Horizontal(id="body"):
            yield self.sidebar
            with Vertical(id="main"):
                yield self.title_bar
                yield self.pane
                yield self.hits
                yield self.empty
                yield self.composer
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """The list is where one begins."""
        self.banner.display = self.empty.display = False
        if self.app.arguments.new:
            self.action_new_chat()
        elif self.app.arguments.search:
            self.search_bar.value = self.app.arguments.search
            self.search_bar.focus()
        else:
            self.sidebar.recents.focus()

    # What the data layer tells

    @on(told.FirstScreenRead)
    def _first_screen(self, event: told.FirstScreenRead) -> None:
        first = event.first
        self._loaded = True
        self.recents.show_first(list(first.recents))
        if self.composer.drafts is None:
            self.composer.drafts = Drafts(self.app.settings.state_dir, self.app.database_name)
        if (
            self.open_chat.chat is None
            and first.chat is not None
            and not self.app.arguments.new
            and not self.searching.active
        ):
            state = first.snapshot if first.snapshot.get("chat") == first.chat.id else {}
            near_end = (state.get("seq") or first.chat.message_count) > first.chat.message_count - len(first.messages)
            at = None if near_end and state.get("at_end", True) else state.get("seq")
            self.open_chat.show(first.chat, first.messages, at)
            self._chat_shown()
        self._show_empty()
        self.app.first_painted()

    @on(told.StoreReady)
    def _store_ready(self) -> None:
        self.open_chat.read_the_rest()
        if self.searching.active:
            self.searching.type(self.search_bar.value)
        self.app.start_import()

    @on(told.ConnectionChanged)
    def _connection_changed(self, event: told.ConnectionChanged) -> None:
        self.banner.update(visible_line(event.sentence))
        self.banner.display = bool(event.sentence)
        if event.connected and not self._connected:
            self.recents.refresh()
            self.open_chat.reconnect()
        self._connected = event.connected

    @on(told.RecentsRead)
    def _recents_read(self, event: told.RecentsRead) -> None:
        self.recents.read(event)
        self._show_empty()
        if self.open_chat.chat is None and event.rows and not event.needle and not self.app.arguments.new:
            self.open_chat.ask(event.rows[0].id)

    @on(told.ChatRead)
    def _chat_read(self, event: told.ChatRead) -> None:
        if self.open_chat.show(event.chat, event.messages, event.at, event.query):
            self._chat_shown()
            self.open_chat.read_the_rest()

    @on(told.MessagesRead)
    def _messages_read(self, event: told.MessagesRead) -> None:
        self.open_chat.loaded(event)

    @on(told.SizesRead)
    def _sizes_read(self, event: told.SizesRead) -> None:
        self.open_chat.sized(event)

    @on(told.MatchesRead)
    def _matches_read(self, event: told.MatchesRead) -> None:
        if total := self.open_chat.matched(event):
            self._say(f"{total:,} matching messages here · n next · N previous · Esc back to the hits")

    @on(told.SearchAnswered)
    def _search_answered(self, event: told.SearchAnswered) -> None:
        self.searching.answered(event)

    @on(told.MessageSaved)
    def _message_saved(self, event: told.MessageSaved) -> None:
        self.app.arguments.new = False
        self.composer.saved(event.key, event.chat.id)
        if self.open_chat.chat_id == event.chat.id:
            self.open_chat.grew(event.chat, [event.message])
        elif self.open_chat.chat is None:
            self.open_chat.show(event.chat, [event.message])
        self._chat_shown(keep_draft=True)
        self.recents.refresh()

    @on(told.SaveFailed)
    def _save_failed(self, event: told.SaveFailed) -> None:
        self.composer.failed(event.key)
        self.notify(event.sentence, title="Not saved, but kept as a draft", severity="error", timeout=10, markup=False)

    @on(told.ChatChanged)
    def _chat_changed(self, event: told.ChatChanged) -> None:
        chat = event.chat
        title = visible_line(chat.title)[:40] or "(untitled)"
        if event.verb in ("deleted", "archived"):
            self._undo = chat
            self.notify(f"“{title}” {event.verb}. u brings it back.", markup=False)
        elif event.verb != "renamed":
            self.notify(f"“{title}” {event.verb}.", markup=False)
        if self.open_chat.chat_id == chat.id:
            self.open_chat.chat = chat
            self._draw_title()
        self.recents.refresh()

    @on(told.ChatsChangedElsewhere)
    def _changed_elsewhere(self, event: told.ChatsChangedElsewhere) -> None:
        self.recents.refresh_soon()
        chat_id = self.open_chat.chat_id
        if chat_id is not None and (event.chat_ids is None or chat_id in event.chat_ids):
            self.app.session.read_growth(chat_id)

    @on(told.ChatGrew)
    def _chat_grew(self, event: told.ChatGrew) -> None:
        self.open_chat.grew(event.chat)
        self._draw_title()

    @on(told.DataFailed)
    def _data_failed(self, event: told.DataFailed) -> None:
        self.notify(event.sentence, severity="error", timeout=8, markup=False)

    @on(told.SyncMoved)
    def _sync_moved(self, event: told.SyncMoved) -> None:
        self.sidebar.show_progress(event.progress)

    @on(told.SyncEnded)
    def _sync_ended(self, event: told.SyncEnded) -> None:
        text = event.sentence and f"Import: {visible_line(event.sentence)}"
        if event.faults and not text:
            text = f"{event.faults:,} problems while importing (F7)"
        self.sidebar.say(text)
        if event.messages:
            self.recents.refresh()
        self._show_empty()

    # Lists and pane

    @on(ChatPicked)
    def _chat_picked(self, event: ChatPicked) -> None:
        self.app.arguments.new = False
        self.leave_search()
        self.open_chat.ask(event.chat_id)
        self.pane.focus()

    @on(HitPicked)
    def _hit_picked(self, event: HitPicked) -> None:
        self.app.arguments.new = False
        self.searching.opened_hit = True
        self.open_chat.ask(event.hit.chat_id, event.hit.seq, self.searching.text)
        self._show_hits(False)
        self.pane.focus()

    @on(MoreWanted)
    def _more_wanted(self, event: MoreWanted) -> None:
        if event.control is self.hits:
            self.searching.more()
        else:
            self.recents.more()

    @on(MatchStepped)
    def _match_stepped(self, event: MatchStepped) -> None:
        self._say(f"match {event.index:,} of {event.total:,} · n next · N previous · Esc back to the hits")

    @on(CopyRequested)
    def _copy_requested(self, event: CopyRequested) -> None:
        way = self.app.copy(event.text)
        if way:
            self.notify(f"Copied the {event.what} ({way}).", timeout=2, markup=False)
        else:
            self.notify("Too long for this terminal's clipboard, and no clipboard program is here.", severity="warning")

    @on(LinkFollowed)
    def _link_followed(self, event: LinkFollowed) -> None:
        self.app.open_url(event.href)
        self.notify(f"Opening {event.href}", timeout=2, markup=False)

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        self.app.session.save_message(event.key, event.chat_id, event.text, str(Path.cwd()))

    # Typing

    @on(Input.Changed, "#search")
    def _search_changed(self, event: Input.Changed) -> None:
        if not self.searching.active and event.value.strip():
            self.searching.origin = Origin(self.open_chat.chat_id, self.open_chat.position[0])
        self.searching.type(event.value)
        self._show_hits(self.searching.active)

    @on(Input.Submitted, "#search")
    def _search_submitted(self) -> None:
        self.hits.action_pick()

    @on(SearchBar.Moved)
    def _hits_moved(self, event: SearchBar.Moved) -> None:
        self.call_later(self.hits.run_action, event.action)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.recents.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self.sidebar.recents.focus()

    # Commands

    def action_new_chat(self) -> None:
        """An empty pane and the cursor in the composer."""
        self.leave_search()
        self.open_chat.show_new()
        self.recents.list.set_open(None)
        self._draw_title()
        self._show_empty()
        self.composer.set_chat(None)
        self.composer.write()

    def action_write(self) -> None:
        """Write in the open chat."""
        self.composer.write()

    def action_search(self) -> None:
        """To the search bar."""
        if self.searching.active:
            self._show_hits(True)
        self.search_bar.focus()

    def action_filter(self) -> None:
        """To the filter of the list."""
        self.sidebar.filter.display = True
        self.sidebar.filter.focus()

    def action_back(self) -> None:
        """One step back: out of a text field, to the hits, to where the search began."""
        focused = self.focused
        if self.composer.is_writing:
            self.pane.focus()
        elif focused is self.sidebar.filter or (focused is self.sidebar.recents and self.sidebar.filter.value):
            self.sidebar.filter.value = ""
            self.sidebar.filter.display = False
            self.sidebar.recents.focus()
        elif self.searching.opened_hit and self.pane.display and self.searching.active:
            self.searching.opened_hit = False
            self._show_hits(True)
            self.hits.focus()
        elif self.searching.active or focused is self.search_bar:
            self._return_to_origin()
        elif focused is not self.sidebar.recents and self.sidebar.display:
            self.sidebar.recents.focus()

    def _return_to_origin(self) -> None:
        origin = self.searching.origin
        self.leave_search()
        if (
            origin is not None
            and origin.chat_id is not None
            and (origin.chat_id != self.open_chat.chat_id or origin.seq != self.open_chat.position[0])
        ):
            self.open_chat.ask(origin.chat_id, origin.seq)
        self.pane.focus()

    def leave_search(self) -> None:
        """End the search and show the pane."""
        self.searching.end()
        with self.prevent(Input.Changed):
            self.search_bar.value = ""
        self.open_chat.drop_marks()
        self._show_hits(False)
        self._say("")

    def action_rename(self) -> None:
        """Ask for a title."""
        chat_id = self._chosen()
        if chat_id is None:
            return
        from chattui.tui.screens.dialogs import RenameDialog

        def named(title: str | None) -> None:
            if title:
                self.app.session.rename(chat_id, title)

        self.app.push_screen(RenameDialog(self.recents.title_of(chat_id) or self._open_title(chat_id)), named)

    def action_pin(self) -> None:
        """Pin or unpin."""
        if (chat_id := self._chosen()) is not None:
            self.app.session.pin(chat_id, not self.recents.is_pinned(chat_id))

    def action_archive(self) -> None:
        """Archive."""
        if (chat_id := self._chosen()) is not None:
            self.app.session.archive(chat_id, True)

    def action_delete(self) -> None:
        """Delete, with a way back."""
        if (chat_id := self._chosen()) is not None:
            self.app.session.delete(chat_id)

    def action_undo(self) -> None:
        """Bring back what was deleted or archived last."""
        if self._undo is not None:
            chat, self._undo = self._undo, None
            if chat.status == "deleted":
                self.app.session.restore(chat.id)
            else:
                self.app.session.archive(chat.id, False)

    def action_import(self) -> None:
        """Import what is new."""
        if not self.app.start_import(by_hand=True):
            self.notify("An import is running already.")

    def action_faults(self) -> None:
        """Show which files had problems."""
        from chattui.tui.screens.dialogs import faults_dialog

        def answer(lines: list[str]) -> None:
            self.app.call_from_thread(self.app.push_screen, faults_dialog(lines))

        self.app.session.read_faults(answer)

    def action_help(self) -> None:
        """Show every key."""
        from chattui.tui.screens.dialogs import help_dialog

        self.app.push_screen(help_dialog())

    def action_toggle_sidebar(self) -> None:
        """Show or hide the list, also against what the width says."""
        shown = self.sidebar.display and self.sidebar.region.width > 0
        self.set_class(shown, "-no-sidebar")
        self.set_class(not shown, "-sidebar")
        if shown and self.focused in (self.sidebar.recents, self.sidebar.filter):
            self.pane.focus()

    # Drawing

    def state(self) -> dict[str, object]:
        """What to come back to at the next start."""
        seq, line = self.open_chat.position
        return {"chat": self.open_chat.chat_id, "seq": seq, "line": line, "at_end": self.pane.viewport.at_end}

    def _chosen(self) -> int | None:
        """The chat that a command is meant for: at the cursor of the list when one is there, else the open one."""
        if self.focused is self.sidebar.recents and self.sidebar.recents.chat_id is not None:
            return self.sidebar.recents.chat_id
        return self.open_chat.chat_id

    def _open_title(self, chat_id: int) -> str:
        chat = self.open_chat.chat
        return chat.title if chat is not None and chat.id == chat_id else ""

    def _chat_shown(self, *, keep_draft: bool = False) -> None:
        self.recents.list.set_open(self.open_chat.chat_id)
        if not keep_draft:
            self.composer.set_chat(self.open_chat.chat_id)
        self._show_empty()
        self._draw_title()
        if self.searching.active and self.searching.opened_hit:
            self._show_hits(False)

    def _show_hits(self, shown: bool) -> None:
        self.hits.display = shown
        self._show_empty()
        self.pane.display = not shown and not self.empty.display
        self.composer.display = not shown

    def _show_empty(self) -> None:
        nothing = self.open_chat.chat is None and self._loaded and not self.hits.display
        self.empty.display = nothing
        self.pane.display = not nothing and not self.hits.display
        if nothing:
            self.empty.update(EMPTY if not self.recents.has_any and not self.composer.is_writing else NEW)

    def _say(self, text: str) -> None:
        self._status = text
        self._draw_title()

    def _draw_title(self) -> None:
        if self._status:
            self.title_bar.update(
                Content.assemble(
                    (self.open_chat.heading() if not self.hits.display else "Search", "bold"),
                    ("  " + self._status, "$text-muted"),
                )
            )
            return
        self.title_bar.update(
            Content.assemble((self.open_chat.heading(), "bold"), ("  " + self.open_chat.facts(), "$text-muted"))
        )
