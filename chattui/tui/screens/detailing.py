"""Details of chats, and chats that are made of others: from the key to the store and back to what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.domain.visible import visible_line
from chattui.tui.screens.keeping import Keeping
from chattui.tui.screens.marking import Marking

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.tui import messages as told


class Detailing(Keeping, Marking):
    """What the main screen does about details."""

    def action_details(self) -> None:
        """Show what is known of the chat."""
        from chattui.tui.screens.details_dialog import DetailsDialog

        def wanted(name: str | None) -> None:
            if name == "tags":
                self.action_tags()
            elif name == "note":
                self.action_chat_note()

        if (chat_id := self.chosen()) is not None:
            self.app.push_screen(DetailsDialog(self.session, chat_id, masks=self.hides(chat_id)), wanted)

    def show_details(self, chat: Chat) -> None:
        """The chat was read or changed: the dialog of its details shows it."""
        if len(self.app.screen_stack) == 1:
            return
        from chattui.tui.screens.details_dialog import DetailsDialog

        for screen in self.app.screen_stack:
            if isinstance(screen, DetailsDialog) and screen.chat_id == chat.id:
                screen.show(chat)

    def action_duplicate(self) -> None:
        """Make a chat of one's own with the same messages."""
        if (chat_id := self.chosen()) is not None:
            self.session.changes.make("duplicated", [chat_id])

    def action_merge(self) -> None:
        """Make one chat of those whose hits are selected."""
        selected = self.selected_chats()
        if len(selected) < 2:
            self.notify("To merge chats, search, and select hits of at least two of them (Space).", timeout=6)
        else:
            self.session.changes.make("merged", selected)

    def action_split(self) -> None:
        """Make what follows the current message a chat of its own."""
        chat_id = self.open_chat.chat_id
        if chat_id is None or not self.pane.display:
            self.notify("Open a chat, go to a message of it, and split it there.", timeout=4)
        else:
            self.session.changes.make("split", [chat_id], self.pane.current_seq)

    def on_chat_made(self, event: told.ChatMade) -> None:
        """A chat was made of others: show it."""
        title = visible_line(event.chat.title)[:40] or "(untitled)"
        said = {
            "duplicated": "It is a chat of your own now.",
            "merged": "The chats that it was made of are archived.",
            "split": "< goes back to where it began.",
        }
        self.notify(f"“{title}”: {event.chat.message_count:,} messages. {said[event.verb]}", markup=False)
        if self.hits.display:
            self.hits.unselect()
            self.leave_search()
        self.open_chat.ask(event.chat.id, 1 if event.verb == "split" else None)
        self.recents.refresh()
        self.pane.focus()
