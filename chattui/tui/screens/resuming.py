"""Going on with a chat: in its own tool, or handed to another agent; the terminal given away and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.domain.errors import ChattuiError
from chattui.domain.visible import visible_line
from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.tui import messages as told
    from chattui.tui.screens.hand_over_dialog import HandOverWish


class Resuming(Part):
    """What the main screen does to go on with a chat elsewhere."""

    _import_awaited = False

    def chosen(self) -> int | None:
        """The chat that a command is meant for."""
        raise NotImplementedError

    def shown_title(self, chat_id: int) -> str:
        """The title of a chat that is shown or listed, as it may be shown."""
        raise NotImplementedError

    def action_resume(self) -> None:
        """Go on with the chat in its own tool."""
        if (chat_id := self._to_go_on_with()) is not None:
            self.session.launches.prepare(chat_id)

    def action_hand_over(self) -> None:
        """Ask in which agent to go on."""
        if (chat_id := self._to_go_on_with()) is None:
            return
        import os

        from chattui.resume.agents import installed
        from chattui.tui.screens.hand_over_dialog import HandOverDialog

        def answered(wish: HandOverWish | None) -> None:
            if wish is not None:
                self.session.launches.prepare(chat_id, wish.agent, only_copy=wish.only_copy)

        self.app.push_screen(HandOverDialog(self.shown_title(chat_id), installed(os.environ)), answered)

    def _to_go_on_with(self) -> int | None:
        chat_id = self.chosen()
        if chat_id is None:
            self.notify("There is no chat here to go on with.", timeout=3)
        return chat_id

    def on_launch_ready(self, event: told.LaunchReady) -> None:
        """It is known how: copy the command, or run it, and then bring in what it wrote."""
        launch = event.launch
        if launch.hindrance:
            self.notify(launch.hindrance, title="Not resumed", severity="warning", timeout=8, markup=False)
        if event.only_copy:
            from chattui.tui.pane.messages import CopyRequested

            self.post_message(CopyRequested(launch.shell, "command"))
        if event.only_copy or launch.hindrance:
            return
        from chattui.tui.handing_over import run_in_terminal

        self.composer.keep()
        try:
            run_in_terminal(self.app, launch)
        except ChattuiError as error:
            self.notify(visible_line(str(error)), title="Not resumed", severity="error", timeout=8, markup=False)
            return
        if launch.left_out:
            self.notify(f"The first {launch.left_out:,} messages were left out of what it read.", timeout=8)
        if self.open_chat.chat_id == launch.chat_id:
            self.pane.action_last()  # what comes now is followed
        elif launch.file is None and launch.chat_id and self.pane.display:
            self.open_chat.ask(launch.chat_id, resume=False)
        self.import_again()

    def on_sync_ended(self, event: told.SyncEnded) -> None:  # noqa: ARG002
        """An import has ended: make the one that is waited for."""
        if self._import_awaited:
            self.import_again()

    def import_again(self) -> None:
        """Import what another program has written, behind an import that is running."""
        self._import_awaited = not self.app.start_import()
