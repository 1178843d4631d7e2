"""Replies that are not seen: a line that one is there, and the terminal's bell; nothing of a chat that is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.tui import reply_messages as of_replies

_TITLE = 50


class Notifying(Part):
    """What the main screen does when a reply is over that nobody looks at."""

    def on_reply_ended(self, event: of_replies.ReplyEnded) -> None:
        """Tell of a reply in another chat; of one that is on the screen only where the terminal is not looked at."""
        chat, wanted = event.chat, self.app.settings.models.notify
        if chat is None or chat.is_quiet or wanted == "never" or event.live.how_it_ended().why == "stopped":
            return
        is_shown = chat.id == self.open_chat.chat_id and self.pane.display
        if is_shown and self.app.app_focus:
            return
        if wanted == "bell":
            self.app.bell()
        if not is_shown and event.live.how_it_ended().why != "failed":  # that is told by itself
            from chattui.domain.secrets import shown_line

            title = shown_line(chat.title, self.session.masks)[:_TITLE] or "(untitled)"
            self.notify(f"“{title}”", title="A reply is there", timeout=6, markup=False)
