"""Snapshots of chats: taken while they change, by name from the keyboard, and gone back to from their screen."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.errors import ConfigError
from chattui.domain.visible import visible_line
from chattui.tui.screens.keeping import Keeping

if TYPE_CHECKING:
    from chattui.domain.snapshots import Desk
    from chattui.tui import messages as told
    from chattui.tui import reply_messages as of_replies
    from chattui.tui import snapshot_messages as of_snapshots
    from chattui.tui.screens.snapshots_dialog import SnapshotsDialog

SOON = 5.0
"""Seconds after a change in which others are waited for: what comes together is one snapshot."""


class Snapshotting(Keeping):
    """What the main screen does about snapshots. While nothing changes there is nothing to do."""

    def __init__(self) -> None:
        super().__init__()
        self._snapshots_taken: dict[int, float] = {}  # by chat, when, of a clock that never goes back
        self._snapshots_due: set[int] = set()  # chats of which one will be

    # Taken by themselves

    def state_changed(self, chat_id: int | None) -> None:
        """A chat is not as it was: take a snapshot in a moment, or when the last one is old enough."""
        if chat_id is None or chat_id in self._snapshots_due or (every := self._snapshot_every) is None:
            return
        self._snapshots_due.add(chat_id)
        wait = self._snapshots_taken.get(chat_id, -every) + every - time.monotonic()
        self.set_timer(max(SOON, wait), partial(self._take_snapshot, chat_id, every))

    @property
    def _snapshot_every(self) -> float | None:
        try:
            return self.app.settings.snapshots_every
        except ConfigError:  # told as a mistake of the config file
            return None

    def _take_snapshot(self, chat_id: int, every: float) -> None:
        self._snapshots_due.discard(chat_id)
        self._snapshots_taken[chat_id] = time.monotonic()
        self.session.states.take(chat_id, self.desk_of(chat_id), every)

    def on_too_early(self, event: of_snapshots.TooEarly) -> None:
        """Another program, or an earlier run of this one, has taken one: wait for the rest of the time."""
        if (every := self._snapshot_every) is not None:
            self._snapshots_taken[event.chat_id] = time.monotonic() - max(0.0, every - event.seconds)
            self.state_changed(event.chat_id)

    def on_message_saved(self, event: told.MessageSaved) -> None:
        """A message was added."""
        self.state_changed(event.chat.id)

    def on_chat_changed(self, event: told.ChatChanged) -> None:
        """Something was set."""
        self.state_changed(event.chat.id)

    def on_chat_grew(self, event: told.ChatGrew) -> None:
        """The open chat was gone on with elsewhere."""
        self.state_changed(event.chat.id)

    def on_reply_moved(self, event: of_replies.ReplyMoved) -> None:
        """A reply is being written."""
        self.state_changed(event.chat_id)

    def on_reply_ended(self, event: of_replies.ReplyEnded) -> None:
        """A reply is over."""
        self.state_changed(event.live.chat_id)

    def on_text_area_changed(self) -> None:
        """The draft was changed."""
        if self.composer.is_ahead:
            self.state_changed(self.open_chat.chat_id)

    def desk_of(self, chat_id: int) -> Desk:
        """What only this program knows of a chat: draft and files, and of the open one what is seen."""
        from chattui.domain.snapshots import Desk

        draft, files = self.composer.draft_of(chat_id)
        if chat_id != self.open_chat.chat_id:
            return Desk(draft, files)
        seq, line = self.open_chat.position
        opened = {str(at): is_open for at, is_open in self.pane.typeset.opened_by_hand().items()}
        return Desk(draft, files, seq, line, self.pane.viewport.at_end, self.pane.sieve.level.value, opened)

    # From the keyboard

    def action_snapshots(self) -> None:
        """Show the snapshots of the chat."""
        from chattui.tui.screens.snapshots_dialog import SnapshotsDialog

        if (chat_id := self.chosen()) is not None:
            self.app.push_screen(SnapshotsDialog(self, chat_id, masks=self.hides(chat_id)))

    def action_snapshot(self) -> None:
        """Ask for a name, and keep the chat as it is."""
        from chattui.tui.screens.snapshots_dialog import NameDialog

        def named(chat_id: int, name: str | None) -> None:
            if name:
                self.session.states.save(chat_id, name, self.desk_of(chat_id))

        if (chat_id := self.chosen()) is not None:
            self.app.push_screen(NameDialog(), partial(named, chat_id))

    def on_snapshots_read(self, event: of_snapshots.SnapshotsRead) -> None:
        """The snapshots of a chat, for their screen."""
        if (dialog := self._snapshots_dialog(event.chat_id)) is not None:
            dialog.set_rows(event.rows)

    def on_snapshot_shown(self, event: of_snapshots.SnapshotShown) -> None:
        """What one keeps, or what differs."""
        if (dialog := self._snapshots_dialog(event.chat_id)) is not None:
            dialog.show(event.snapshot_id, event.against, event.sections)

    def on_snapshot_saved(self, event: of_snapshots.SnapshotSaved) -> None:
        """One is kept by its name."""
        from chattui.domain.secrets import shown_line

        name = shown_line(event.row.name, self.hides(event.row.chat_id))
        shows = self.keyed("{screen.snapshots} shows them all.")
        self.notify(f"The chat is kept as it is, as “{name}”. {shows}", timeout=4, markup=False)

    def on_went_back(self, event: of_snapshots.WentBack) -> None:
        """A chat is as it was: show it so."""
        chat, desk = event.chat, event.snapshot.state.desk
        self.composer.set_draft(chat.id, desk.draft, [Path(name) for name in desk.files])
        if chat.id == self.open_chat.chat_id:
            self._changed(chat, "restored")
            self.open_chat.grew(chat)
            self.open_chat.look_again()
            self.pane.open_by_hand({int(at): is_open for at, is_open in desk.opened.items() if at.isdecimal()})
            if desk.level:
                self.pane.action_level(desk.level)
            if desk.at_end or event.added or not 0 < desk.seq <= chat.message_count:
                self.pane.action_last()
            else:
                self.pane.go_to_line(desk.seq, desk.line)
            self.session.replies.read_settings(chat.id)
        self.recents.refresh()
        name = visible_line(event.snapshot.name) or f"{event.snapshot.taken_at.astimezone():%H:%M}"
        added = f" {event.added} messages were added at its end." if event.added else ""
        self.notify(f"The chat is as it was at “{name}”.{added} How it was before is a snapshot too.", markup=False)

    def _snapshots_dialog(self, chat_id: int) -> SnapshotsDialog | None:
        if len(self.app.screen_stack) == 1:
            return None
        from chattui.tui.screens.snapshots_dialog import SnapshotsDialog

        return next((s for s in self.app.screen_stack if isinstance(s, SnapshotsDialog) and s.chat_id == chat_id), None)
