"""Seeking: the search bar and the hits, from the key to what is shown, and back to where one was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Input

from chattui.tui.screens.shell import Shell
from chattui.tui.widgets.query_bar import QueryBar
from chattui.tui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from chattui.tui import messages as told
    from chattui.tui.results.hit_list import HitPicked


class Seeking(Shell):
    """What the main screen does about a search."""

    def state(self) -> dict[str, object]:
        """What to come back to at the next start."""
        raise NotImplementedError

    def action_new_chat(self) -> None:
        """An empty pane and the cursor in the composer."""
        raise NotImplementedError

    # Typing

    @on(Input.Changed, "#search")
    def _search_changed(self, event: Input.Changed) -> None:
        if self.furnished:
            self.type(event.value)

    def type(self, text: str) -> None:
        """Another text is in the bar."""
        if not self.searching.active and text.strip():
            seq, line = self.open_chat.position
            self.searching.begin(self.open_chat.chat_id, seq, line, at_end=self.pane.viewport.at_end)
        self.searching.type(text)
        if not self.searching.active:
            self.show_hits(False)
            self.say("")
        elif not self.hits.inner_width:
            self.show_hits(True)  # never laid out before: it has no width to wrap hits at

    @on(Input.Submitted, "#search")
    def _search_submitted(self) -> None:
        if not self._correct():
            self.hits.action_pick()

    def _correct(self) -> bool:
        """Look for what may have been meant; False when something was found, or nothing is known."""
        if not self.searching.similar or self.searching.opened_hit:
            return False
        self.search_bar.write(self.searching.similar[0])
        return True

    def on_search_bar_moved(self, event: SearchBar.Moved) -> None:
        """An arrow key in the search bar."""
        self.call_later(self.hits.run_action, event.action)

    @on(QueryBar.CompletionWanted)
    def _complete(self) -> None:
        if not self._correct():
            self.focus_next()

    # Hits

    def on_search_answered(self, event: told.SearchAnswered) -> None:
        """Hits: they take the pane's place when the first are here, so that the screen is laid out and painted once."""
        if self.searching.awaits(event):
            self.show_hits(self.hits.display or not self.searching.opened_hit)
            self.searching.answered(event)

    def on_hit_picked(self, event: HitPicked) -> None:
        """A hit was chosen."""
        self.searching.opened_hit = True
        self.session.searches.remember(self.searching.text)
        self.open_chat.ask(event.hit.chat_id, event.hit.seq or None, self.searching.text)
        self.show_hits(False)
        self.pane.focus()

    def action_search(self) -> None:
        """To the search bar."""
        if self.furnished and self.searching.active:
            self.show_hits(True)
        self.search_bar.focus()

    def action_by_chat(self) -> None:
        """Hits by chat, or one below the other."""
        self.hits.set_by_chat(not self.hits.by_chat)
        self.say_shortly("Hits by chat." if self.hits.by_chat else "Hits one below the other.")
        self._keep()

    def action_best(self) -> None:
        """The best hits first, or the newest."""
        self.searching.order(best_first=not self.searching.best_first)
        self.say_shortly("The best hits first." if self.searching.best_first else "The newest hits first.")
        self._keep()

    def say_shortly(self, sentence: str) -> None:
        """What a key has changed, where it cannot be seen."""
        if not self.hits.display:
            self.notify(sentence, timeout=3, markup=False)

    def _keep(self) -> None:
        if self.open_chat.chat is not None:
            self.session.save_state(self.state())

    def take_up(self, snapshot: dict[str, object]) -> None:
        """How hits were shown at the last end."""
        self.hits.by_chat = snapshot.get("by_chat", True) is True
        self.searching.best_first = snapshot.get("best_first", False) is True

    # Leaving

    def return_to_origin(self) -> None:
        """End the search and go to where it began."""
        origin = self.searching.origin
        self.leave_search()
        if origin is not None and origin.chat_id is None and self.open_chat.chat is not None:
            self.action_new_chat()
            return
        if origin is not None and origin.chat_id is not None:
            here = (self.open_chat.chat_id, *self.open_chat.position)
            if here != (origin.chat_id, origin.seq, origin.line):
                at = None if origin.at_end else origin.seq
                self.open_chat.ask(origin.chat_id, at, line=origin.line, resume=False)
        self.pane.focus()

    def leave_search(self) -> None:
        """End the search and show the pane."""
        self.searching.end()
        with self.prevent(Input.Changed):
            self.search_bar.value = ""
        self.open_chat.drop_marks()
        self.show_hits(False)
        self.say("")
