"""Taking things along: copying, saving and opening what the pane offers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.actions import SkipAction

from chattui.domain.visible import visible_line
from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from chattui.domain.portable import PortableAttachment
    from chattui.tui import messages as told
    from chattui.tui.pane.layout import CodeAt
    from chattui.tui.pane.messages import AttachmentWanted, CopyRequested, LinkFollowed, SaveWanted, SelectionMoved
    from chattui.tui.screens.save_dialog import Attached, Savable, SaveWish


class Taking(Part):
    """What the main screen does for a reader who wants to take something along."""

    def on_copy_requested(self, event: CopyRequested) -> None:
        """Something is to go to the clipboard."""
        self._take(event.text, event.what)

    def action_copy_text(self) -> None:
        """Copy what is selected by the mouse or by keyboard, as other things are copied."""
        text = self.get_selected_text()
        if text is None:
            raise SkipAction
        self._take(text, "selection")

    def _take(self, text: str, what: str) -> None:
        if text:
            self.run_worker(self._copy(text, what), group="copy")
        else:
            self.notify("There is no text here to copy.", timeout=3)

    async def _copy(self, text: str, what: str) -> None:
        from chattui.tui.clipboard import copy

        copied = await copy(self.app, text)
        severity: SeverityLevel = "information" if copied.done else "warning"
        self.notify(copied.sentence(what), timeout=2 if copied.done else 8, severity=severity, markup=False)

    def on_link_followed(self, event: LinkFollowed) -> None:
        """A link is to be opened: only web and mail addresses are."""
        from chattui.domain.links import safe_href

        href = safe_href(event.href)
        if href is None:
            self.notify("Only http, https and mailto links are opened from here.", severity="warning", markup=False)
            return
        self.app.open_url(href)
        self.notify(f"Opening {event.what} {href[:200]}".replace("  ", " "), timeout=2, markup=False)

    def on_selection_moved(self, event: SelectionMoved) -> None:
        """Say what is selected by keyboard, and what can be done with it."""
        if not event.first:
            self.say("")
            return
        count = event.last - event.first + 1
        if event.whole:
            what = "1 message" if count == 1 else f"{count:,} messages"
        else:
            what = "lines" if count == 1 else f"lines of {count:,} messages"
        self.say(f"{what} selected · y copies · x exports · Esc leaves")

    def action_reveal(self) -> None:
        """Show the secrets of the open chat until it is left."""
        count = self.open_chat.reveal() if self.pane.display else None
        if count is None:
            self.notify("No secrets are hidden here.", timeout=3)
            return
        self.draw_title()
        where = "none in what is loaded" if not count else "1 message" if count == 1 else f"{count:,} messages"
        self.notify(f"Secrets are shown until you leave this chat: {where}.", timeout=4)

    # Saving

    def on_save_wanted(self, event: SaveWanted) -> None:
        """One of some code blocks is to be saved to a file, in the current directory unless another one is named."""
        from chattui.tui.screens.save_dialog import SaveWish

        items = [_savable(code, number, len(event.codes)) for number, code in enumerate(event.codes, 1)]
        self._ask_to_save(SaveWish(items, event.index, items[event.index].name, Path.cwd()))

    def on_attachment_wanted(self, event: AttachmentWanted) -> None:
        """What is attached to a message of the open chat is to be saved or opened."""
        chat_id = self.open_chat.chat_id
        if chat_id is None:
            return
        if event.opens:
            self.session.exports.make_ready(chat_id, event.seq)
        else:
            self.session.exports.look(chat_id, event.seq)

    def on_attachments_read(self, event: told.AttachmentsRead) -> None:
        """What there is to save at the message that was asked for."""
        from chattui.tui.data.exports import NO_BYTES
        from chattui.tui.screens.save_dialog import Attached, SaveWish

        if not event.found:
            self.notify(NO_BYTES, timeout=6, markup=False)
        elif event.chat_id == self.open_chat.chat_id and self.app.screen is self:
            items = [
                _attached(each, Attached(event.chat_id, event.seq, number))
                for number, each in enumerate(event.found, 1)
            ]
            self._ask_to_save(SaveWish(items, 0, items[0].name, Path.cwd()))

    def on_attachment_ready(self, event: told.AttachmentReady) -> None:
        """Open it with the system's program for it, or say why not."""
        if event.path is not None:
            self.app.open_url(event.path.as_uri())
        self.notify(event.sentence, timeout=3 if event.path else 6, markup=False)

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


def _attached(about: PortableAttachment, place: Attached) -> Savable:
    from chattui.export.names import attachment_name
    from chattui.export.words import attachment_line
    from chattui.tui.screens.save_dialog import Savable

    return Savable(
        f"attachment {place.number} · {attachment_line(about)}",
        attachment_name(place.seq, place.number, about.mime),
        place,
    )
