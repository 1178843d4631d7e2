"""Taking things along: copying, saving and opening what the pane offers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.visible import visible_line
from chattui.tui.screens.shell import Shell

if TYPE_CHECKING:
    from chattui.tui import messages as told
    from chattui.tui.pane.layout import CodeAt
    from chattui.tui.pane.messages import CopyRequested, LinkFollowed, SaveWanted
    from chattui.tui.screens.save_dialog import Savable, SaveWish


class Taking(Shell):
    """What the main screen does for a reader who wants to take something along."""

    def on_copy_requested(self, event: CopyRequested) -> None:
        """Something is to go to the clipboard."""
        way = self.app.copy(event.text)
        if way:
            self.notify(f"Copied the {event.what} ({way}).", timeout=2, markup=False)
        else:
            self.notify("Too long for this terminal's clipboard, and no clipboard program is here.", severity="warning")

    def on_link_followed(self, event: LinkFollowed) -> None:
        """A link is to be opened."""
        self.app.open_url(event.href)
        self.notify(f"Opening {event.href}", timeout=2, markup=False)

    # Saving

    def on_save_wanted(self, event: SaveWanted) -> None:
        """One of some code blocks is to be saved to a file, in the current directory unless another one is named."""
        from chattui.tui.screens.save_dialog import SaveWish

        items = [_savable(code, number, len(event.codes)) for number, code in enumerate(event.codes, 1)]
        self._ask_to_save(SaveWish(items, event.index, items[event.index].name, Path.cwd()))

    def on_save_ended(self, event: told.SaveEnded) -> None:
        """Say where it went, or why it did not; ask where a file is in the way."""
        if event.exists:
            self._ask_to_replace(event)
        elif event.failed:
            self.notify(visible_line(event.sentence), title="Not saved", severity="error", timeout=10, markup=False)
            self._ask_to_save(event.wish)
        else:
            self.notify(visible_line(event.sentence), title="Saved", timeout=8, markup=False)

    def _ask_to_save(self, wish: SaveWish) -> None:
        from chattui.tui.screens.save_dialog import SaveDialog

        def answered(wish: SaveWish | None) -> None:
            if wish is not None:
                self.session.exports.save(wish)

        self.app.push_screen(SaveDialog(wish), answered)

    def _ask_to_replace(self, event: told.SaveEnded) -> None:
        from chattui.tui.screens.export_dialog import ReplaceDialog

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.exports.save(replace(event.wish, replace=True))
            else:
                self._ask_to_save(event.wish)

        self.app.push_screen(ReplaceDialog(event.sentence), answered)


def _savable(code: CodeAt, number: int, total: int) -> Savable:
    from chattui.export.names import block_name
    from chattui.tui.screens.save_dialog import Savable

    text = code.text if code.text.endswith("\n") else f"{code.text}\n"
    lines = text.count("\n")
    which = f"code block {number} of {total}" if total > 1 else "the code block"
    facts = (which, code.language, f"{lines:,} {'line' if lines == 1 else 'lines'}")
    return Savable(" · ".join(filter(None, facts)), block_name(number, code.language), text)
