"""The app: one screen, its session with the database, themes, and what happens at the start and the end."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from textual.app import App, SystemCommand
from textual.screen import Screen

from chattui.config import Settings
from chattui.tui.commands import COMMANDS
from chattui.tui.data.background_sync import BackgroundSync
from chattui.tui.data.session import Session
from chattui.tui.screens.main import MainScreen


@dataclass(slots=True)
class Arguments:
    """How the app was started."""

    chat: str | None = None
    search: str | None = None
    new: bool = False
    imports: bool = True  # bring in what is new by itself


class ChattuiApp(App[int]):
    """The terminal app. The first paint needs no database: ``on_ready`` opens it."""

    CSS_PATH = "styles.tcss"
    TITLE = "chattui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-medium"), (110, "-wide")]  # noqa: RUF012  as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (12, "-tall")]  # noqa: RUF012

    def __init__(
        self, settings: Settings, arguments: Arguments | None = None, *, now: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__()
        self.settings = settings
        self.arguments = arguments or Arguments()
        self.now = now or (lambda: datetime.now().astimezone())
        self.session = Session(settings, self._tell)
        target = settings.database
        self.database_name = f"{target.kind} {target.redacted()} {settings.data_dir}"
        self._sync = BackgroundSync(self._tell, target.conninfo if target.kind == "url" else None)
        if "NO_COLOR" in os.environ:
            self.theme = "ansi-dark"
        else:
            self.theme = "textual-dark"

    def get_default_screen(self) -> Screen[None]:
        """The one screen there is."""
        return MainScreen()

    def on_ready(self) -> None:
        """The shell is painted: only now the data layer is imported."""
        self.call_after_refresh(self.session.open, self.arguments.chat)

    def _tell(self, message: object) -> None:
        """Post a data thread's answer to the main screen; dropped when the app is closing."""
        screen = self.screen_stack[0] if self._screen_stacks.get("_default") else None
        if screen is not None and self.is_running:
            screen.post_message(message)  # type: ignore[arg-type]

    @staticmethod
    def first_painted() -> None:
        """Everything that stays is made: collect seldom, and never look at it again."""
        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 20, 50)

    def start_import(self, *, by_hand: bool = False) -> bool:
        """Import in the background; False when one is running."""
        return self._sync.start() if self.arguments.imports or by_hand else True

    def copy(self, text: str) -> str:
        """Copy to the clipboard; returns the ways that worked."""
        from chattui.tui.clipboard import copy

        return copy(self, text)

    def action_toggle_theme(self) -> None:
        """Light or dark."""
        self.theme = "textual-dark" if self.theme == "textual-light" else "textual-light"

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The palette: every command that is declared, and the themes."""
        main = self.screen_stack[0]
        for command in COMMANDS:
            if command.palette:
                yield SystemCommand(command.label, command.help, _runner(main, command.action))
        yield SystemCommand("Theme", "Choose among all themes", self.action_change_theme)

    async def action_quit(self) -> None:
        """Close: drafts and position are saved first."""
        main = self.screen_stack[0]
        if isinstance(main, MainScreen):
            main.composer.keep()
            state = main.state() if main.open_chat.chat is not None else None
            self.session.close(state)
        self._sync.stop()
        self.exit(0)


def _runner(screen: Screen[object], action: str) -> Callable[[], object]:
    def run() -> object:
        return screen.call_later(screen.run_action, action)

    return run
