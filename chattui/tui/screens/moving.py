"""Moving in the open chat: find in chat, far jumps, the outline, and going to a named place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.domain.place import Place
    from chattui.tui import messages as told
    from chattui.tui.pane.messages import BranchShown, GoToWanted, KindsWanted, LevelChanged, OutlineWanted, PlaceWanted
    from chattui.tui.screens.finding import Finding
    from chattui.tui.widgets.find_bar import FindBar


class Moving(Part):
    """What the pane asks for when what is wanted may be anywhere in the chat."""

    def __init__(self) -> None:
        super().__init__()
        self._finding: Finding | None = None

    @property
    def is_finding(self) -> bool:
        """Whether the find bar is there."""
        return self._finding is not None and self._finding.active

    async def action_find(self) -> None:
        """To the find bar; when it has the focus already, to the next match.

        The next key is only looked at when the bar has the focus: in the list it could be a command.
        """
        chat_id = self.open_chat.chat_id
        if chat_id is None or not self.pane.display:
            self.notify("Find looks inside an open chat. Open one first; / searches all of them.", markup=False)
            return
        self.make_room()
        if self._finding is None:
            from chattui.tui.screens.finding import Finding
            from chattui.tui.widgets.find_bar import FindBar

            self._finding = Finding(FindBar(), self.pane, self.session)
            await self.main.mount(self._finding.bar, after=self.title_bar)
        finding = self._finding
        if finding.active and finding.bar.line.has_focus:
            finding.step(1)
        else:
            finding.open(chat_id)
            self.set_focus(finding.bar.line)

    def leave_find(self, *, back: bool = True) -> bool:
        """Close the find bar; False when there was none."""
        if self._finding is None or not self._finding.active:
            return False
        focused = self._finding.bar.line.has_focus
        self._finding.close(back=back)
        if self.open_chat.query:  # the matches of the search that led here are shown again
            self.session.read_matches(self.open_chat.chat_id or 0, self.open_chat.query)
        if focused:
            self.pane.focus()
        return True

    def leave_find_of_another_chat(self) -> None:
        """Another chat is shown than the one in which something is looked for."""
        if self._finding is not None and self._finding.active and self._finding.chat_id != self.open_chat.chat_id:
            self.leave_find(back=False)

    def on_find_bar_typed(self, event: FindBar.Typed) -> None:
        """Something else is looked for."""
        if self._finding is not None:
            self._finding.ask(event.needle)

    def on_find_bar_stepped(self, event: FindBar.Stepped) -> None:
        """A match is wanted."""
        if self._finding is not None:
            self._finding.step(event.step)

    def on_find_answered(self, event: told.FindAnswered) -> None:
        """Matches."""
        if self._finding is not None:
            self._finding.answered(event)

    def find_stepped(self) -> bool:
        """The reader went to a match: the find bar says which one. False when there is no bar."""
        if self._finding is None or not self._finding.active:
            return False
        self._finding.stepped()
        return True

    def find_grew(self) -> None:
        """The open chat has more messages."""
        if self._finding is not None:
            self._finding.grew()

    # Levels of detail

    def on_level_changed(self, event: LevelChanged) -> None:
        """Another level is shown: say which, where the title does not."""
        sieve = self.pane.sieve
        if event.raised:
            self.notify(f"That message was hidden: now showing {sieve.actual.label}.", timeout=4)
        elif sieve.actual is not sieve.level:
            self.notify(f"There is nothing to show but {sieve.actual.label}.", timeout=3)
        elif self.has_class("-low"):
            self.notify(f"Showing {sieve.actual.label}.", timeout=2)
        self.say("")

    def on_branch_shown(self, event: BranchShown) -> None:
        """Another branch is shown."""
        self.notify(f"Showing branch {event.number} of {event.of}.", timeout=3)

    def on_branches_read(self, event: told.BranchesRead) -> None:
        """Where the open chat parts."""
        self.open_chat.parted(event)

    def on_kinds_wanted(self, event: KindsWanted) -> None:
        """The pane must know of every message whether it is shown."""
        self.open_chat.read_kinds(event.seq)

    def on_kinds_read(self, event: told.KindsRead) -> None:
        """At which level messages are shown."""
        before = self.pane.sieve.actual
        self.open_chat.known(event)
        if self.pane.sieve.actual is not before:
            self.draw_title()

    def on_these_read(self, event: told.TheseRead) -> None:
        """Single messages for the pane."""
        self.open_chat.loaded_these(event)

    # Places

    def on_place_wanted(self, event: PlaceWanted) -> None:
        """The pane looks for a prompt or an error."""
        chat = self.open_chat.chat
        if chat is not None:
            self.session.places.near(chat.id, event.what, event.seq, event.step, chat.message_count)

    def on_place_found(self, event: told.PlaceFound) -> None:
        """A place that was asked for."""
        if event.chat_id != self.open_chat.chat_id:
            return
        if event.what == "time":
            if event.seq is not None:
                self.pane.go_to_message(event.seq)
        elif self.pane.place_found(event.what, event.seq):
            if event.seq is None:
                self.say(f"No {event.what} there." if event.what == "prompt" else "No errors in this chat.")
            elif event.what == "error":
                self.say(f"error at message {event.seq:,}{' · round from the other end' if event.wrapped else ''}")

    def on_go_to_wanted(self, event: GoToWanted) -> None:  # noqa: ARG002
        """The reader wants to name a place."""
        chat = self.open_chat.chat
        if chat is None:
            return
        from chattui.domain.place import ByNumber
        from chattui.tui.screens.places import GoToDialog

        def named(place: Place | None) -> None:
            if place is None or chat.id != self.open_chat.chat_id:
                return
            if isinstance(place, ByNumber):
                self.pane.go_to_message(place.seq)
            else:
                self.session.places.at_time(chat.id, place.moment, chat.message_count)

        message = self.pane.feed.get(self.pane.current_seq) if self.pane.feed is not None else None
        here = message.created_at if message is not None else chat.last_message_at
        self.app.push_screen(GoToDialog(chat.message_count, self.app.now(), here), named)

    def on_outline_wanted(self, event: OutlineWanted) -> None:
        """The reader wants to choose among the prompts."""
        chat_id = self.open_chat.chat_id
        if chat_id is None:
            return
        from chattui.tui.screens.places import OutlineDialog

        def chosen(seq: int | None) -> None:
            if seq is not None and chat_id == self.open_chat.chat_id:
                self.pane.go_to_message(seq)

        branches = self.pane.sieve.branches if event.tree else None
        self.app.push_screen(OutlineDialog(chat_id, event.seq, self.app.now, branches), chosen)
        self.session.places.outline(chat_id)

    def on_outline_read(self, event: told.OutlineRead) -> None:
        """The prompts are here."""
        from chattui.tui.screens.places import OutlineDialog

        dialog = self.app.screen
        if isinstance(dialog, OutlineDialog) and dialog.chat_id == event.chat_id:
            dialog.show_prompts(self.open_chat.hidden_prompts(event.prompts))
