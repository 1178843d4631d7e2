"""Dialogs that name a place in the open chat: by number, share or time, or as one of its prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.domain.branches import Branches
from chattui.domain.place import HELP, NoSuchPlace, Place, Prompt, read_place
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.screens.prompt_list import PromptList, PromptPicked
from chattui.tui.widgets.line_input import LineInput
from chattui.tui.widgets.search_bar import SearchBar


class GoToDialog(Dialog[Place | None]):
    """Asks for a place in a chat of ``count`` messages; None when the question is dropped."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel")]

    def __init__(self, count: int, now: datetime, here: datetime) -> None:
        super().__init__()
        self._count, self._now, self._here = count, now, here
        self._hint = Static(HELP, markup=False, classes="dialog-hint")

    def compose(self) -> ComposeResult:
        """A line to write on."""
        with Vertical(classes="dialog"):
            yield Static(
                f"Go to a message (1 … {self._count:,}), a share, or a time", markup=False, classes="dialog-title"
            )
            yield LineInput(id="place", compact=False)
            yield self._hint

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A place is named; when it is none, what was typed stays."""
        event.stop()
        if not event.value.strip():
            self.dismiss(None)
            return
        try:
            self.dismiss(read_place(event.value, self._count, self._now, self._here))
        except NoSuchPlace as error:
            self._hint.update(str(error))


class OutlineDialog(Dialog[int | None]):
    """The prompts of a chat, filtered as one types; answers with the seq of the one that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Close", id="dialog.close")]

    def __init__(self, chat_id: int, seq: int, now: Callable[[], datetime], branches: Branches | None = None) -> None:
        super().__init__()
        self.chat_id = chat_id
        self._title = Static("Prompts", markup=False, classes="dialog-title")
        self._filter = SearchBar("Only prompts that begin with or hold …", id="outline-filter")
        self.prompts = PromptList(seq, now, branches)

    def compose(self) -> ComposeResult:
        """A filter above the list."""
        with Vertical(classes="dialog tall"):
            yield self._title
            yield self._filter
            yield self.prompts
            yield Static("Enter goes there · ↓ ↑ choose · Esc closes", markup=False, classes="dialog-hint")

    def on_mount(self) -> None:
        """Typing filters at once."""
        self._filter.focus()

    def show_prompts(self, prompts: Sequence[Prompt]) -> None:
        """The prompts are read."""
        self.prompts.set_prompts(prompts)
        self._count()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another filter."""
        event.stop()
        self.prompts.filter(event.value)
        self._count()

    def _count(self) -> None:
        shown, total = self.prompts.count, self.prompts.total
        count = f"{total:,}" if shown == total else f"{shown:,} of {total:,}"
        self._title.update(f"{count} prompt{'' if total == 1 else 's'}")

    def on_search_bar_moved(self, event: SearchBar.Moved) -> None:
        """An arrow key in the filter."""
        event.stop()
        self.call_later(self.prompts.run_action, event.action)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The prompt at the cursor."""
        event.stop()
        self.prompts.action_pick()

    def on_prompt_picked(self, event: PromptPicked) -> None:
        """A prompt was chosen."""
        event.stop()
        self.dismiss(event.seq)
