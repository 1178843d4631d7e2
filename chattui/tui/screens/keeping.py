"""Keeping chats: rename, pin, archive, delete and bring back, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.tui import messages as told


class Keeping(Part):
    """What the main screen does with whole chats."""

    _undo: tuple[Chat, ...] = ()

    def leave_search(self) -> None:
        """End the search and show the pane."""
        raise NotImplementedError

    def show_details(self, chat: Chat) -> None:
        """The dialog of the chat's details shows it."""
        raise NotImplementedError

    def action_rename(self) -> None:
        """Ask for a title."""
        chat_id = self.chosen()
        if chat_id is None:
            return
        from chattui.tui.screens.dialogs import RenameDialog

        def named(title: str | None) -> None:
            if title:
                self.session.changes.rename(chat_id, title)

        self.app.push_screen(RenameDialog(self.title_of(chat_id), masks=self.hides(chat_id)), named)

    def action_pin(self) -> None:
        """Pin or unpin."""
        if (chat_id := self.chosen()) is not None:
            chat = self.open_chat.chat
            known = chat is not None and chat.id == chat_id
            self.session.changes.pin(chat_id, not (chat.pinned if chat and known else self.recents.is_pinned(chat_id)))

    def action_archive(self) -> None:
        """Archive."""
        if selected := self.selected_chats():
            self.session.changes.change_all("archived", selected)
        elif (chat_id := self.chosen()) is not None:
            self.session.changes.archive(chat_id, True)

    def action_delete(self) -> None:
        """Delete, with a way back."""
        if selected := self.selected_chats():
            self.session.changes.change_all("deleted", selected)
        elif (chat_id := self.chosen()) is not None:
            self.session.changes.delete(chat_id)

    def action_undo(self) -> None:
        """Bring back what was deleted or archived last."""
        chats, self._undo = self._undo, ()
        if len(chats) > 1:
            self.session.changes.change_all("restored", [chat.id for chat in chats])
        elif chats:
            chat = chats[0]
            if chat.status == "deleted":
                self.session.changes.restore(chat.id)
            else:
                self.session.changes.archive(chat.id, False)

    def on_chat_changed(self, event: told.ChatChanged) -> None:
        """A chat was changed here."""
        from chattui.domain.secrets import shown_line

        chat = event.chat
        title = shown_line(chat.title, self.hides(chat.id))[:40] or "(untitled)"
        if event.verb in ("deleted", "archived"):
            self._undo = (chat,)
            self.notify(f"“{title}” {event.verb}. {self.keyed('{screen.undo} brings it back.')}", markup=False)
        elif event.verb not in ("renamed", "tagged", "noted"):  # these can be seen in the title line
            self.notify(f"“{title}” {event.verb}.", markup=False)
        self._changed(chat, event.verb)
        self.show_details(chat)
        self.recents.refresh()

    def on_chats_changed(self, event: told.ChatsChanged) -> None:
        """Several chats were changed here."""
        back = ""
        if event.verb in ("deleted", "archived"):
            self._undo = tuple(event.chats)
            back = self.keyed(" {screen.undo} brings them back.")
        count = len(event.chats)
        self.notify(f"{count:,} chat{'' if count == 1 else 's'} {event.verb}.{back}", markup=False)
        self.hits.unselect()
        for chat in event.chats:
            self._changed(chat, event.verb)
        self.recents.refresh()

    def _changed(self, chat: Chat, verb: str) -> None:
        """What a change means for the open chat."""
        self.tabs.rename(chat.id, chat.title)
        if verb == "deleted":
            self.tabs.forget(chat.id)
        self.show_tabs()
        if self.open_chat.chat_id != chat.id:
            return
        if verb in ("deleted", "archived"):
            self.open_chat.close()  # the list, when it is read again, says which chat is next
            self.composer.set_chat(None)
            if not self.hits.display:
                self.leave_search()
        else:
            self.open_chat.chat = chat
        self.draw_title()

    def deleted_elsewhere(self, chat: Chat) -> None:
        """Say it once when another program has deleted the open chat, which can still be read, and brought back."""
        known = self.open_chat.chat
        if known is not None and known.id == chat.id and chat.status == "deleted" != known.status:
            self._undo = (chat,)
            self._say_deleted(self.keyed("{screen.undo} brings it back."))

    def on_chat_gone(self, event: told.ChatGone) -> None:
        """The open chat is not in the database any more."""
        if self.open_chat.chat_id == event.chat_id:
            self._say_deleted("It cannot be brought back.")

    def _say_deleted(self, way_back: str) -> None:
        sentence = f"This chat was deleted by another program. What is shown can still be read. {way_back}"
        self.notify(sentence, severity="warning", timeout=10)

    def action_export(self) -> None:
        """Ask where to and in which format, and export."""
        from chattui.tui.screens.exporting import ask_and_export

        selected = self.selected_chats()
        if len(selected) > 1:
            ask_and_export(self, selected, f"{len(selected):,} chats")
        elif (chat_id := selected[0] if selected else self.chosen()) is not None:
            is_open = chat_id == self.open_chat.chat_id and self.pane.display
            part = self.pane.selected_messages() if is_open else None
            ask_and_export(self, [chat_id], self.shown_title(chat_id), part)

    def on_export_ended(self, event: told.ExportEnded) -> None:
        """A chat was exported, or not."""
        from chattui.tui.screens.exporting import export_ended

        export_ended(self, event)

    def selected_chats(self) -> list[int]:
        """The chats of the hits that are selected, where these are what a command is meant for."""
        if not self.hits.display or self.focused is self.sidebar.recents:
            return []
        return list(dict.fromkeys(hit.chat_id for hit in self.hits.selected.values()))

    def chosen(self) -> int | None:
        """The chat that a command is meant for: at the cursor of a list when one is there, else the open one."""
        if self.focused is self.sidebar.recents and self.sidebar.recents.chat_id is not None:
            return self.sidebar.recents.chat_id
        if self.hits.display:
            return self.hits.hit.chat_id if self.hits.hit is not None else None
        return self.open_chat.chat_id

    def hides(self, chat_id: int) -> bool:
        """Whether secrets of a chat are hidden: those of the open one may be shown for now."""
        return self.open_chat.hides if chat_id == self.open_chat.chat_id else self.session.masks

    def shown_title(self, chat_id: int) -> str:
        """The title as it may be shown."""
        from chattui.domain.secrets import shown_line

        return shown_line(self.title_of(chat_id), self.hides(chat_id))

    def title_of(self, chat_id: int) -> str:
        """The title of a chat that is shown or listed."""
        if listed := self.recents.title_of(chat_id):
            return listed
        chat, hit = self.open_chat.chat, self.hits.hit
        if hit is not None and hit.chat_id == chat_id:
            return hit.title
        return chat.title if chat is not None and chat.id == chat_id else ""
