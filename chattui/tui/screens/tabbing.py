"""Tabs: several chats open, one seen; where each was left, and what opens in which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chattui.tui import messages as told
    from chattui.tui.widgets.tab_bar import TabPicked


class Tabbing(Part):
    """What the main screen does with tabs. The pane is one: a tab is a chat and a place."""

    def chosen(self) -> int | None:
        """The chat that a command is meant for."""
        raise NotImplementedError

    def begin_new(self) -> None:
        """An empty pane and the cursor in the composer."""
        raise NotImplementedError

    def leave_find(self, *, back: bool = True) -> bool:
        """End finding in the chat."""
        raise NotImplementedError

    def leave_search(self) -> None:
        """End the search and show the pane."""
        raise NotImplementedError

    # Opening

    def action_new_tab(self) -> None:
        """A new chat in a tab of its own."""
        if self.open_chat.chat is not None:
            self._leave_tab()
            self.tabs.go(self.tabs.add())
        self.begin_new()
        self.show_tabs()

    def action_open_in_tab(self) -> None:
        """Open the chat in another tab, behind this one: a hit at its match, the open chat where it is now."""
        chat_id, title, seq, query = self.chosen(), "", None, ""
        if chat_id is None:
            self.notify("There is no chat here to open in a tab.", timeout=3)
            return
        hit, chat = self.hits.hit if self.hits.display else None, self.open_chat.chat
        if hit is not None and hit.chat_id == chat_id:
            title, seq, query = hit.title, hit.seq or None, self.searching.text
        elif chat is not None and chat.id == chat_id:
            title = chat.title
            seq = None if self.pane.viewport.at_end else self.open_chat.position[0]
        else:
            title = self.recents.title_of(chat_id)
        at = self.tabs.add(chat_id, title, seq, query)
        self.show_tabs()
        self.say_shortly(self.keyed(f"Opened in tab {at + 1} of {len(self.tabs.all)}. {{tabs.next_tab}} goes there."))

    def say_shortly(self, sentence: str) -> None:
        """What a key has changed, where it cannot be seen."""
        raise NotImplementedError

    # Going

    def action_tab(self, step: int) -> None:
        """The next tab, or the one before."""
        self._go(self.tabs.active + step)

    def on_tab_picked(self, event: TabPicked) -> None:
        """A tab was clicked."""
        if event.closes:
            self._close(event.index)
        else:
            self._go(event.index)

    def _go(self, index: int) -> None:
        if len(self.tabs.all) == 1:
            self.notify(
                self.keyed("There is one tab. {tabs.open_tab} opens a chat in another, {tabs.new_tab} begins one."),
                timeout=4,
            )
        elif index % len(self.tabs.all) != self.tabs.active:
            self._leave_tab()
            self.tabs.go(index)
            self._enter_tab()

    def _leave_tab(self) -> None:
        """Keep where the tab is left."""
        tab, chat = self.tabs.current, self.open_chat.chat
        if chat is not None and chat.id == tab.chat_id and self.pane.viewport.height:
            seq, line = self.open_chat.position
            tab.seq, tab.line = (None, None) if self.pane.viewport.at_end else (seq, line)
            tab.query = self.open_chat.query

    def _enter_tab(self) -> None:
        """Show the chat of the tab where it was left. Hits give way to it, as to one of them that was opened."""
        tab = self.tabs.current
        self.make_room()
        self.leave_find(back=False)
        if self.searching.active:
            self.searching.opened_hit = True
            self.show_hits(False)
        self.say("")
        if tab.chat_id is None:
            self.leave_search()
            self.begin_new()
        else:
            self.open_chat.ask(tab.chat_id, tab.seq, tab.query, tab.line, resume=False)
            self.pane.focus()
        self.show_tabs()

    # Closing, order

    def action_close_tab(self) -> None:
        """Close the tab."""
        self._close(self.tabs.active)

    def _close(self, index: int) -> None:
        tab = self.tabs.all[index]
        if tab.pinned:
            self.notify(self.keyed("This tab is pinned: let it go first ({tabs.pin_tab})."), timeout=4)
        elif len(self.tabs.all) == 1:
            self.notify("This is the only tab.", timeout=3)
        else:
            seen = index == self.tabs.active
            if seen:
                self._leave_tab()
            self.tabs.close(index)
            if seen:
                self._enter_tab()
            self.show_tabs()

    def action_reopen_tab(self) -> None:
        """The tab that was closed last."""
        self._leave_tab()
        if self.tabs.reopen():
            self._enter_tab()
        else:
            self.notify("No tab was closed.", timeout=3)

    def action_move_tab(self, step: int) -> None:
        """Move the tab by one."""
        if self.tabs.move(step):
            self.show_tabs()

    def action_pin_tab(self) -> None:
        """Keep the tab in front and open, or let it go."""
        pinned = self.tabs.pin()
        self.show_tabs()
        if len(self.tabs.all) == 1:
            self.notify("The tab is pinned." if pinned else "The tab is pinned no more.", timeout=3)

    # What other rooms tell

    def chat_in_tab(self) -> None:
        """What the pane shows now is what the tab is of; a pinned tab keeps its chat, and the other gets one behind it."""
        tab, chat = self.tabs.current, self.open_chat.chat
        if chat is None or self.open_chat.is_awaited:
            return
        if tab.pinned and tab.chat_id not in (None, chat.id):
            self.tabs.go(self.tabs.add())
            tab = self.tabs.current
        tab.chat_id, tab.title = chat.id, chat.title
        self.tabs.rename(chat.id, chat.title)
        self.show_tabs()

    def on_chat_grew(self, event: told.ChatGrew) -> None:
        """The open chat may have another title."""
        tab = self.tabs.current
        if tab.chat_id == event.chat.id and tab.title != event.chat.title:
            self.tabs.rename(event.chat.id, event.chat.title)
            self.show_tabs()

    def on_chat_missing(self, event: told.ChatMissing) -> None:
        """The chat of a tab was deleted elsewhere."""
        self.notify(event.sentence, severity="error", timeout=8, markup=False)
        tab = self.tabs.current
        if tab.chat_id == event.chat_id and self.open_chat.chat_id != event.chat_id:
            self.open_chat.close()
            tab.chat_id, tab.title, tab.pinned = None, "", False
            self.show_empty()
        self.tabs.forget(event.chat_id)
        self.show_tabs()
        self.draw_title()

    def take_up_tabs(self, snapshot: Mapping[str, object], chat_id: int | None) -> None:
        """The tabs of the last end. What the command line asks for instead of their chat comes in one of its own."""
        from chattui.domain.tabs import restored

        self.tabs = restored(snapshot)
        current = self.tabs.current.chat_id
        if current is not None and (self.open_chat.is_new or current != chat_id):
            self.tabs.go(self.tabs.add())
        self.show_tabs()

    def tab_state(self) -> dict[str, object]:
        """What ``take_up_tabs`` takes up."""
        self._leave_tab()
        return self.tabs.state() if len(self.tabs.all) > 1 or self.tabs.current.pinned else {}
