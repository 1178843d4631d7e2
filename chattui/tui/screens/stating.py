"""The screen of the database: shown by its key, filled when its state is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.tui.data.state import StateRead


class Stating(Part):
    """What the main screen does with the state of the database."""

    def action_database(self) -> None:
        """Show the state of the database."""
        from chattui.tui.screens.database_dialog import DatabaseDialog

        self.app.push_screen(DatabaseDialog(self.session, self.app.now()))

    def on_state_read(self, event: StateRead) -> None:
        """The state is read."""
        from chattui.tui.screens.database_dialog import DatabaseDialog

        for screen in self.app.screen_stack:
            if isinstance(screen, DatabaseDialog):
                if event.state is not None:
                    screen.show(event.state, event.checks)
                else:
                    screen.fail(event.sentence)
