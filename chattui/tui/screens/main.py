"""The main screen: search bar, recents, message pane, composer, and how they work together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input

from chattui.domain.visible import visible_line
from chattui.tui.commands import bindings
from chattui.tui.screens.agenting import Agenting
from chattui.tui.screens.detailing import Detailing
from chattui.tui.screens.moving import Moving
from chattui.tui.screens.notifying import Notifying
from chattui.tui.screens.recalling import Recalling
from chattui.tui.screens.resuming import Resuming
from chattui.tui.screens.seeking import Seeking
from chattui.tui.screens.setting import Setting
from chattui.tui.screens.shell import Shell
from chattui.tui.screens.snapshotting import Snapshotting
from chattui.tui.screens.sourcing import Sourcing
from chattui.tui.screens.stating import Stating
from chattui.tui.screens.tabbing import Tabbing
from chattui.tui.screens.taking import Taking

if TYPE_CHECKING:
    from chattui.tui import messages as told
    from chattui.tui.data.session import Session
    from chattui.tui.pane.messages import MatchStepped, SubagentPicked
    from chattui.tui.recents.item_list import MoreWanted
    from chattui.tui.recents.recents_list import ChatPicked

_SLOW_START = 0.2  # seconds; a server that was only stopped is up sooner


class MainScreen(
    Seeking,
    Recalling,
    Snapshotting,
    Detailing,
    Resuming,
    Moving,
    Taking,
    Tabbing,
    Sourcing,
    Setting,
    Stating,
    Agenting,
    Notifying,
    Shell,
):
    """What happens in the shell. State lives here; widgets get values and answer with messages."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app"), *bindings("tabs"), *bindings("screen")]

    def __init__(self) -> None:
        super().__init__()
        self._connected = True

    def furnish(self, session: Session) -> None:
        """Put the furniture in, and begin as the command line says."""
        super().furnish(session)
        self.call_after_refresh(self.tell_mistakes)
        self.begin_tour()
        arguments = self.app.arguments
        if arguments.new:
            self.call_after_refresh(self.action_new_chat)
        elif arguments.search:
            self.search_bar.value = arguments.search
            self.search_bar.focus()
        elif self.search_bar.value:
            self.type(self.search_bar.value)
        elif self.focused is None:
            self.call_after_refresh(self.sidebar.recents.focus)

    # What the data layer tells

    def on_first_screen_read(self, event: told.FirstScreenRead) -> None:
        """The lists and the last chat are here: show them."""
        first = event.first
        self.loaded = True
        self.pane.begin_at(first.snapshot.get("level"))
        self.take_up(first.snapshot)
        self.model = str(first.snapshot.get("model") or "")
        self.take_up_tabs(first.snapshot, first.chat.id if first.chat is not None else None)
        self.recents.show_first(list(first.recents))
        if self.open_chat.chat is None and first.chat is not None and not self.open_chat.is_new:
            state = first.snapshot if first.snapshot.get("chat") == first.chat.id else {}
            at = None if state.get("at_end", True) else state.get("seq")
            self.open_chat.show(first.chat, first.messages, at, line=state.get("line"))
            self._chat_shown()
            if self.searching.active:  # typed before there was anything to come back to
                tab, line = self.tabs.current.key, state.get("line") or 0
                self.searching.begin(tab, first.chat.id, at or 0, line, at_end=at is None)
        self.show_empty()
        self.app.memory.settle()
        self.call_after_refresh(self._show_itself)
        self.call_after_refresh(self.session.painted)

    def _show_itself(self) -> None:
        """The app in place of the picture of its last screen, once list and pane have got their room."""
        if self.sidebar.recents.size.height and (self.pane.size.height or not self.pane.display):
            self.call_after_refresh(self.app.show_itself)
        elif self.app.is_behind_picture:
            self.call_after_refresh(self._show_itself)

    def on_store_ready(self) -> None:
        """Everything can be asked for: the rest of the first screen, and what is new on the disk."""
        self.open_chat.read_the_rest()
        self.read_reply_settings()
        self.session.searches.read()
        if self.searching.active:
            self.searching.type(self.search_bar.value)
        self.call_after_refresh(self._style_scrollbars)
        self.app.begin_watch()

    def _style_scrollbars(self) -> None:
        """Textual styles a scrollbar when its list gains or loses the focus for the first time, and lays out the screen
        for it: done before a key has to wait for that."""
        self.app.stylesheet.update_nodes([self.sidebar.recents.vertical_scrollbar, self.pane.vertical_scrollbar])

    def on_connection_changed(self, event: told.ConnectionChanged) -> None:
        """The database came or went."""
        self.banner.update(visible_line(event.sentence))
        self.banner.display = bool(event.sentence)
        if event.sentence:
            self.app.show_itself()
        if event.connected and not self._connected:
            self.recents.refresh()
            self.open_chat.reconnect()
        self._connected = event.connected
        if event.failed and not self.loaded:
            self.is_away = True
            self.show_empty()

    def on_server_starting(self) -> None:
        """A start that takes longer is time to get ready; so does the import, which waits for the same server."""
        self.set_timer(_SLOW_START, self._use_the_wait)

    def _use_the_wait(self) -> None:
        if not self._connected:
            self.session.get_ready()
            self.app.begin_watch()

    def on_recents_read(self, event: told.RecentsRead) -> None:
        """A page of chats."""
        self.recents.read(event)
        self.show_empty()
        if self.open_chat.chat is None and event.rows and not event.needle and not self.open_chat.is_new:
            self.open_chat.ask(self.recents.list.chat_id or event.rows[0].id)

    def on_chat_read(self, event: told.ChatRead) -> None:
        """A chat that was asked for."""
        if self.open_chat.show(event.chat, event.messages, event.at, event.query, event.line):
            self._chat_shown()
            self.open_chat.read_the_rest()
            self.read_reply_settings()

    def on_messages_read(self, event: told.MessagesRead) -> None:
        """Messages for the pane."""
        self.open_chat.loaded(event)

    def on_sizes_read(self, event: told.SizesRead) -> None:
        """Sizes for the scroll bar."""
        self.open_chat.sized(event)

    def on_subagents_read(self, event: told.SubagentsRead) -> None:
        """Which calls of the open chat have started chats."""
        self.open_chat.started(event)

    def on_matches_read(self, event: told.MatchesRead) -> None:
        """All matches of the open chat."""
        if not self.is_finding and (total := self.open_chat.matched(event)):
            self.say(f"{total:,} matching message{'' if total == 1 else 's'} here · n N step · Esc to the hits")

    def on_message_saved(self, event: told.MessageSaved) -> None:
        """A message is durable: now it is shown."""
        still_here = self.composer.saved(event.key, event.chat.id)
        if self.open_chat.chat_id == event.chat.id:
            self.open_chat.grew(event.chat, [event.message])
            if still_here:  # also where an earlier prompt was changed: the branch that it begins is shown
                self.pane.action_last()
        elif (still_here or self.begins_here(event)) and self.open_chat.chat is None:
            self.open_chat.show(event.chat, [event.message])
        self._chat_shown(keep_draft=True)
        self.recents.refresh()
        self.reply_to(event)

    def on_save_failed(self, event: told.SaveFailed) -> None:
        """A message was not saved: it stays in the composer."""
        self.composer.failed(event.key)
        self.notify(event.sentence, title="Not saved, but kept as a draft", severity="error", timeout=10, markup=False)

    def on_chats_changed_elsewhere(self, event: told.ChatsChangedElsewhere) -> None:
        """Another program changed something."""
        self.recents.refresh_soon()
        self.count_soon()
        chat_id = self.open_chat.chat_id
        if chat_id is not None and (event.chat_ids is None or chat_id in event.chat_ids):
            self.open_chat.look_again()

    def on_chat_grew(self, event: told.ChatGrew) -> None:
        """The open chat has more messages, or other facts."""
        self.deleted_elsewhere(event.chat)
        self.open_chat.grew(event.chat, event.messages)
        self.find_grew()
        self.draw_title()

    def on_data_failed(self, event: told.DataFailed) -> None:
        """Something could not be done."""
        for dialog in self.app.screen_stack[1:]:
            if (failed := getattr(dialog, "failed", None)) is not None:
                failed(event.sentence)
        self.notify(event.sentence, severity="error", timeout=8, markup=False)

    # Lists and pane

    def on_chat_picked(self, event: ChatPicked) -> None:
        """A chat was chosen in the list."""
        self.make_room()
        self.leave_search()
        self.open_chat.ask(event.chat_id)
        self.pane.focus()

    def on_more_wanted(self, event: MoreWanted) -> None:
        """A list is near its end."""
        if event.control is self.hits:
            self.searching.more()
        else:
            self.recents.more()

    def on_match_stepped(self, event: MatchStepped) -> None:
        """The reader went to another match."""
        if not self.find_stepped():
            self.say(f"match {event.index:,} of {event.total:,} · n N step · Esc to the hits")

    def on_subagent_picked(self, event: SubagentPicked) -> None:
        """A subagent's chat or a fork is to be read."""
        self.say("")
        self.open_chat.go_down(event.chat_id, event.at)

    def action_parent(self) -> None:
        """Back to the chat that started this one."""
        if self.open_chat.go_up():
            self.say("")
        else:
            self.notify("This chat was not started by another one, and goes on from none.", timeout=3)

    # Typing

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.recents.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self.sidebar.recents.focus()

    # Commands

    def action_new_chat(self) -> None:
        """A new chat, in a tab of its own where this one is pinned."""
        if self.tabs.current.pinned:
            self.action_new_tab()
            return
        self.tabs.current.chat_id, self.tabs.current.title = None, ""
        self.begin_new()
        self.show_tabs()

    def begin_new(self) -> None:
        """An empty pane and the cursor in the composer."""
        self.make_room()
        self.leave_find(back=False)
        self.leave_search()
        self.open_chat.show_new()
        self.recents.list.set_open(None)
        self.draw_title()
        self.show_empty()
        self.composer.set_chat(None)
        self.new_reply_settings()
        self.show_tail()
        self.composer.write()

    def action_write(self) -> None:
        """Write in the open chat."""
        self.make_room()
        if self.hits.display:
            self.leave_search()
        self.composer.write()

    def action_filter(self) -> None:
        """To the filter of the list."""
        self.sidebar.filter.display = True
        self.sidebar.filter.focus()

    def action_back(self) -> None:
        """One step back: out of a text field, to the hits, to where the search began."""
        focused = self.focused
        if self.end_tour():
            return
        at_chat = self.composer.is_writing or focused is self.pane
        if (at_chat and self.stop_reply()) or (self.composer.is_writing and self.composer.leave_change()):
            return
        if self.composer.is_writing:
            self.pane.focus()
        elif focused is not self.search_bar and self.leave_find():
            return
        elif focused is self.sidebar.filter or (focused is self.sidebar.recents and self.sidebar.filter.value):
            self.sidebar.filter.value = ""
            self.sidebar.filter.display = False
            self.sidebar.recents.focus()
        elif self.hits.display and self.hits.selected:
            self.hits.unselect()
        elif self.searching.opened_hit and self.pane.display and self.searching.active:
            self.searching.opened_hit = False
            self.show_hits(True)
            self.say(self.searching.summary)
            self.hits.focus()
        elif self.searching.active or focused is self.search_bar:
            self.return_to_origin()
        elif focused is not self.sidebar.recents and self.sidebar.display:
            self.sidebar.recents.focus()

    def action_help(self) -> None:
        """Show every key."""
        from chattui.tui.screens.dialogs import help_dialog

        self.app.push_screen(help_dialog(self.app.look.keymap))

    def action_toggle_sidebar(self) -> None:
        """Show or hide the list, also against what the width says."""
        shown = self.sidebar.display and self.sidebar.region.width > 0
        narrow = self.has_class("-narrow")
        self.set_class(shown and not narrow, "-no-sidebar")
        self.set_class(narrow and not shown, "-sidebar")
        if shown and self.focused in (self.sidebar.recents, self.sidebar.filter):
            self.pane.focus()
        elif not shown and narrow:
            self.sidebar.recents.focus()

    # Drawing

    def state(self) -> dict[str, object]:
        """What to come back to at the next start."""
        return {
            "chat": self.open_chat.chat_id,
            "level": self.pane.sieve.level.value,
            "by_chat": self.hits.by_chat,
            "best_first": self.searching.best_first,
            "facets": self.facet_strip.wanted,
            "by_meaning": self.searching.by_meaning,
            "model": self.model,
            **self.open_chat.place,
            **self.tab_state(),
        }

    def _chat_shown(self, *, keep_draft: bool = False) -> None:
        self.leave_find_of_another_chat()
        self.chat_in_tab()
        self.recents.list.set_open(self.open_chat.chat_id)
        if not keep_draft:
            self.composer.set_chat(self.open_chat.chat_id)
        self.show_empty()
        self.draw_title()
        if self.searching.active and self.searching.opened_hit:
            self.show_hits(False)
