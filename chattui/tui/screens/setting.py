"""The settings: their screen, and what the main screen does when the config file says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.domain.visible import visible_line
from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.tui.data.options import SettingsRead
    from chattui.tui.screens.settings_dialog import SettingsDialog


class Setting(Part):
    """What the main screen does with settings."""

    def action_settings(self) -> None:
        """Show every option."""
        from chattui.tui.screens.settings_dialog import SettingsDialog

        self.app.push_screen(SettingsDialog(self.app.settings, self.session.options))
        self.session.options.read()

    def on_settings_read(self, event: SettingsRead) -> None:
        """The config file was changed or read again: what it says holds from now on."""
        from chattui.config.options import Guards
        from chattui.config.settings import taken_up

        self.app.settings = taken_up(self.app.settings, event.configured)
        self.app.look.change(self.app.settings)
        if self.app.settings.undecided and not any(p.guards is Guards.DATABASE for p in event.configured.problems):
            self.notify("The file names a database again: start chattui once more to open it.", timeout=10)
        if (dialog := self._settings_dialog()) is not None:
            dialog.show(self.app.settings)

    def begin_tour(self) -> None:
        """At the very first start: six lines above the composer."""
        if not self.app.arguments.tour:
            return
        from chattui.tui.widgets.tour import Tour, first_time

        if first_time(self.app.settings.state_dir):
            self.main.mount(Tour(self.app.look.keymap), before=self.composer)

    def end_tour(self) -> bool:
        """Put the lines away; False when they are not there."""
        tours = self.main.query("#tour")
        shown = bool(tours)
        tours.remove()
        return shown

    def on_tour_closed(self) -> None:
        """They were clicked away."""
        self.end_tour()

    def tell_mistakes(self) -> None:
        """Say once, at the start, that there are mistakes in the config file."""
        from chattui.tui.checking import every_problem

        problems = every_problem(self.app.settings)
        if problems:
            more = (
                self.keyed(f" And {len(problems) - 1} more: {{screen.settings}} lists them.")
                if len(problems) > 1
                else ""
            )
            self.notify(
                visible_line(problems[0]) + more, title="Config file", severity="warning", timeout=12, markup=False
            )

    def _settings_dialog(self) -> SettingsDialog | None:
        if len(self.app.screen_stack) == 1:
            return None
        from chattui.tui.screens.settings_dialog import SettingsDialog

        return next((screen for screen in self.app.screen_stack if isinstance(screen, SettingsDialog)), None)
