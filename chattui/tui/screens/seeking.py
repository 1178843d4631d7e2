"""Seeking: the search bar and the hits, from the key to what is shown, and back to where one was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.widgets import Input

from chattui.domain.visible import visible_line
from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from textual.timer import Timer

    from chattui.domain.narrowing import Facet
    from chattui.tui import messages as told
    from chattui.tui.results.facet_strip import FacetPicked
    from chattui.tui.results.hit_list import HitPicked
    from chattui.tui.results.search_hits import SelectionChanged
    from chattui.tui.widgets.search_bar import SearchBar


_FACETS_AFTER = 0.06
"""Seconds after an answer in which its facets follow."""


class Seeking(Part):
    """What the main screen does about a search."""

    def state(self) -> dict[str, object]:
        """What to come back to at the next start."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self._values: dict[str, list[str]] | None = None  # of fields; None while they are not known
        self._completing = False
        self._facets_due: Timer | None = None

    def action_new_chat(self) -> None:
        """An empty pane and the cursor in the composer."""
        raise NotImplementedError

    # Typing

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another text is in an input; the search bar's is meant."""
        if self.furnished and event.input is self.search_bar:
            self.type(event.value)

    def type(self, text: str) -> None:
        """Another text is in the bar."""
        if not self.searching.active and text.strip():
            seq, line = self.open_chat.position
            tab = self.tabs.current.key
            self.searching.begin(tab, self.open_chat.chat_id, seq, line, at_end=self.pane.viewport.at_end)
        self._look_at(text)
        self.searching.type(text)
        if not self.searching.active:
            self.show_hits(False)
            self.say("")
        elif not self.hits.inner_width:
            self.show_hits(True)  # never laid out before: it has no width to wrap hits at

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter, in the search bar."""
        if event.input is self.search_bar and not self._correct():
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

    def _look_at(self, text: str) -> None:
        """Say what is mistaken, in the line below the bar."""
        from chattui.domain.language import parse

        self._complain(parse(text, self.app.now()).problems)
        if ":" in text:
            self.session.searches.read_values()

    def _complain(self, problems: Sequence[str]) -> None:
        problem = visible_line(problems[0]) if problems else ""
        if problem != self.problem:
            self.problem = problem
            self.draw_title()

    def on_query_bar_completion_wanted(self) -> None:
        """Tab, in the search bar."""
        if self._correct() or self.search_bar.complete(self._values or {}):
            return
        self._completing = self._values is None and ":" in self.search_bar.value
        if self._completing:
            self.session.searches.read_values()
        elif self.hits.display:
            self.hits.focus()
        else:
            self.focus_next()

    def on_field_values_read(self, event: told.FieldValuesRead) -> None:
        """The values that fields have, for the Tab that waits for them and for later ones."""
        self._values = event.values
        if self._completing and self.search_bar.has_focus:
            self.search_bar.complete(event.values)
        self._completing = False

    # Narrowing

    def action_within_project(self) -> None:
        """Look only within the project, or in all of them again."""
        self._within("project")

    def action_within_chat(self) -> None:
        """Look only within the chat, or in all of them again."""
        self._within("chat")

    def _within(self, field: str) -> None:
        from chattui.domain.narrowing import has_field, with_field, without_field

        text = self.search_bar.value
        if has_field(text, field):
            self.search_bar.write(without_field(text, field))
        elif value := self._here(field):
            self.search_bar.write(with_field(text, field, value))
        else:
            self.notify(f"There is no {field} to look within: open a chat first.", timeout=4)
            return
        if self.focused is not self.hits:
            self.search_bar.focus()

    def _here(self, field: str) -> str:
        """The project or the number of the chat that is meant: the hit's in the list of hits, else the open one's."""
        hit, chat = self.hits.hit if self.focused is self.hits else None, self.open_chat.chat
        if field == "project":
            from chattui.domain.narrowing import project_name

            project = hit.project if hit is not None else chat.project if chat is not None else None
            return project_name(project or "")
        chat_id = hit.chat_id if hit is not None else self.open_chat.chat_id
        return "" if chat_id is None else str(chat_id)

    def action_facets(self) -> None:
        """Choose among what the hits have."""
        query = self.searching.text
        if not query:
            self.notify("Facets are of a search: type one first.", timeout=4)
            return
        from chattui.domain.narrowing import facets
        from chattui.domain.search import counted
        from chattui.tui.screens.facets_dialog import FacetsDialog

        def chosen(facet: Facet | None) -> None:
            if facet is not None:
                self._narrow(facet)

        zone = self.app.now().tzinfo
        hits = counted(self.hits.hits)
        self.app.push_screen(FacetsDialog(query, facets(hits, zone), len(hits)), chosen)
        self.session.searches.facets(query, zone)

    def action_narrow(self, number: int) -> None:
        """Narrow by one of the facets above the hits."""
        if (facet := self.facet_strip.facet(number)) is not None and self.facet_strip.display:
            self._narrow(facet)

    def on_descendant_focus(self) -> None:
        """In the hits a number is a key."""
        if self.furnished:
            self.facet_strip.show_numbers(self.focused is self.hits)

    def on_facet_picked(self, event: FacetPicked) -> None:
        """A facet above the hits was clicked."""
        self._narrow(event.facet)

    def _narrow(self, facet: Facet) -> None:
        from chattui.domain.narrowing import with_field

        self.search_bar.write(with_field(self.search_bar.value, facet.field, facet.value))
        self.search_bar.focus()

    def action_facet_strip(self) -> None:
        """Show or hide the facets above the hits."""
        self.facet_strip.wanted = not self.facet_strip.wanted
        self.say_shortly(f"Facets above the hits: {'shown' if self.facet_strip.wanted else 'hidden'}.")
        self.show_facets()
        self._keep()

    def on_facets_read(self, event: told.FacetsRead) -> None:
        """Facets of more hits than are shown."""
        from chattui.tui.screens.facets_dialog import FacetsDialog

        if isinstance(self.app.screen, FacetsDialog) and self.app.screen.query_text == event.query:
            self.app.screen.show(event.facets, event.hits, all_of_them=event.all_of_them)

    # Hits

    def on_search_answered(self, event: told.SearchAnswered) -> None:
        """Hits: they take the pane's place when the first are here, so that the screen is laid out and painted once."""
        if self.searching.awaits(event):
            self.show_hits(self.hits.display or not self.searching.opened_hit)
            self._complain(event.page.problems)
            self.searching.answered(event)
            if not self.hits.hits:
                self._count_facets()
            elif self._facets_due is None:  # the hits first: they are what a key waits for
                self._facets_due = self.set_timer(_FACETS_AFTER, self._count_facets)
            self.show_facets()

    def _count_facets(self) -> None:
        """What the hits have in common stands above them."""
        from chattui.domain.narrowing import facets
        from chattui.domain.search import counted

        self._facets_due = None
        found = counted(self.hits.hits)
        facts = facets(found, self.app.now().tzinfo)
        self.facet_strip.show(facts, self.searching.text, len(found), partial=self.hits.partial)
        self.show_facets()

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

    def on_selection_changed(self, event: SelectionChanged) -> None:
        """Say how many hits are selected, and what can be done with them."""
        if not event.count:
            self.say(self.searching.summary)
            return
        hits = f"{event.count:,} hit{'' if event.count == 1 else 's'}"
        chats = len({hit.chat_id for hit in self.hits.selected.values()})
        of = f"{chats:,} chat{'' if chats == 1 else 's'}"
        self.say(f"{hits} of {of} selected · x export · t tag · a archive · Esc none")

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

    def action_meaning(self) -> None:
        """Ask by meaning too, or by words alone."""
        self.searching.ask_for_meaning(not self.searching.by_meaning)
        self.say_shortly("Also by meaning." if self.searching.by_meaning else "By words alone.")
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
        self.facet_strip.wanted = snapshot.get("facets", True) is True
        self.searching.best_first = snapshot.get("best_first", False) is True
        self.searching.by_meaning = snapshot.get("by_meaning", False) is True

    # Leaving

    def return_to_origin(self) -> None:
        """End the search and go to where it began."""
        origin = self.searching.origin
        self.leave_search()
        if origin is not None and origin.tab != self.tabs.current.key:
            origin = None  # meanwhile the person went to another tab: that one is theirs
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
        self.problem = ""
        with self.prevent(Input.Changed):
            self.search_bar.value = ""
        self.open_chat.drop_marks()
        self.show_hits(False)
        self.say("")
