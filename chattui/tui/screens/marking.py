"""Marking: bookmarks, notes and tags, from the key to the store and back to what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.domain.marks import Bookmark
    from chattui.tui import mark_messages as of_marks
    from chattui.tui.pane.messages import BookmarkWanted, NoteWanted


class Marking(Part):
    """What the main screen does about marks."""

    def chosen(self) -> int | None:
        """The chat that a command is meant for."""
        raise NotImplementedError

    def selected_chats(self) -> list[int]:
        """The chats of the hits that are selected."""
        raise NotImplementedError

    def hides(self, chat_id: int) -> bool:
        """Whether secrets of a chat are hidden."""
        raise NotImplementedError

    # What the data layer tells

    def on_marks_read(self, event: of_marks.MarksRead) -> None:
        """The bookmarks and notes of a chat: show them, and fill the dialog that waits for its text."""
        from chattui.tui.screens.mark_dialogs import NoteDialog

        self.open_chat.marked(event)
        dialog = self.app.screen
        if isinstance(dialog, NoteDialog) and dialog.seq is not None and dialog.chat_id == event.chat_id:
            dialog.fill(next((mark.note for mark in event.marks if mark.seq == dialog.seq), ""))

    def on_about_read(self, event: of_marks.AboutRead) -> None:
        """A chat's tags and note: fill the dialog that waits for them."""
        from chattui.tui.screens.mark_dialogs import NoteDialog, TagsDialog

        self.show_details(event.chat)
        dialog = self.app.screen
        if isinstance(dialog, TagsDialog) and dialog.chat_id == event.chat.id:
            dialog.fill(event.chat.tags, event.tags)
        elif isinstance(dialog, NoteDialog) and dialog.seq is None and dialog.chat_id == event.chat.id:
            dialog.fill(event.chat.description or "")

    def on_bookmarks_read(self, event: of_marks.BookmarksRead) -> None:
        """A page of bookmarks for the dialog."""
        from chattui.tui.screens.bookmarks_dialog import BookmarksDialog

        if isinstance(self.app.screen, BookmarksDialog):
            self.app.screen.read(event)

    def on_mark_failed(self, event: of_marks.MarkFailed) -> None:
        """What was written could not be saved: it is in the dialog again."""
        self.notify(event.sentence, title="Not saved", severity="error", timeout=8, markup=False)
        event.again()

    # Messages

    def on_bookmark_wanted(self, event: BookmarkWanted) -> None:
        """Bookmark a message of the open chat, or take its bookmark away."""
        chat_id, marks = self.open_chat.chat_id, self.open_chat.marks
        if chat_id is not None and marks is not None:
            mark = marks.get(event.seq)
            self.session.changes.bookmark(chat_id, event.seq, not (mark is not None and mark.bookmarked))

    def on_note_wanted(self, event: NoteWanted) -> None:
        """Ask for a note on a message of the open chat."""
        chat_id, marks = self.open_chat.chat_id, self.open_chat.marks
        if chat_id is None:
            return
        mark = marks.get(event.seq) if marks is not None else None
        self._ask_note(chat_id, event.seq, None if marks is None else mark.note if mark is not None else "")
        if marks is None:
            self.session.marks.read(chat_id)

    # Chats

    def action_chat_note(self) -> None:
        """Ask for a note on the chat."""
        if (chat_id := self.chosen()) is not None:
            self._ask_note(chat_id, None, None)
            self.session.marks.read_about(chat_id)

    def action_tags(self) -> None:
        """Ask for the tags of the chat."""
        if selected := self.selected_chats():
            self._ask_tags_of(selected)
        elif (chat_id := self.chosen()) is not None:
            self._ask_tags(chat_id)

    def _ask_tags_of(self, chat_ids: list[int]) -> None:
        """Ask for tags that several chats are to have beside their own."""
        from chattui.tui.screens.mark_dialogs import TagsDialog

        def given(tags: tuple[str, ...] | None) -> None:
            if tags:
                self.session.changes.change_all("tagged", chat_ids, tags)

        self.app.push_screen(TagsDialog(chat_ids[0], (), chats=len(chat_ids)), given)
        self.session.marks.read_about(chat_ids[0])

    def action_bookmarks(self) -> None:
        """Show the bookmarks of all chats."""
        from chattui.tui.screens.bookmarks_dialog import BookmarksDialog

        def picked(bookmark: Bookmark | None) -> None:
            if bookmark is not None:
                self.make_room()
                self.leave_search()
                self.open_chat.ask(bookmark.chat_id, bookmark.seq)
                self.pane.focus()

        self.app.push_screen(BookmarksDialog(self.session, self.app.now), picked)

    def leave_search(self) -> None:
        """End the search and show the pane."""
        raise NotImplementedError

    def show_details(self, chat: Chat) -> None:
        """The dialog of the chat's details shows it."""
        raise NotImplementedError

    def _ask_note(self, chat_id: int, seq: int | None, known: str | None) -> None:
        """Ask for a note. ``known`` is what is written already; None: it is being read, and kept before what is typed."""
        from chattui.tui.screens.mark_dialogs import NoteDialog

        def written(text: str | None) -> None:
            if text is None:
                return

            def again() -> None:
                self._ask_note(chat_id, seq, text)

            if seq is None:
                self.session.changes.describe(chat_id, text, again)
            else:
                self.session.changes.note(chat_id, seq, text, again)

        self.app.push_screen(NoteDialog(chat_id, seq, known, masks=self.hides(chat_id)), written)

    def _ask_tags(self, chat_id: int, known: tuple[str, ...] | None = None) -> None:
        from chattui.tui.screens.mark_dialogs import TagsDialog

        def given(tags: tuple[str, ...] | None) -> None:
            if tags is not None:
                self.session.changes.tag(chat_id, list(tags), lambda: self._ask_tags(chat_id, tags))

        self.app.push_screen(TagsDialog(chat_id, known), given)
        self.session.marks.read_about(chat_id)
