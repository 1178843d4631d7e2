"""The app: one screen, its session with the database, themes, and what happens at the start and the end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from textual import events
from textual.app import App, SystemCommand
from textual.message import Message
from textual.screen import Screen

from chattui.tui.commands import COMMANDS
from chattui.tui.habits import HABITS
from chattui.tui.keys_in_turn import KeysInTurn
from chattui.tui.look import Look
from chattui.tui.memory import Memory
from chattui.tui.screens.main import MainScreen

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.filter import LineFilter

    from chattui.config import Settings
    from chattui.tui.data.ahead import ReadAhead
    from chattui.tui.data.background_embedding import BackgroundEmbedding
    from chattui.tui.data.background_sync import BackgroundSync
    from chattui.tui.data.background_watch import BackgroundWatch
    from chattui.tui.data.session import Session
    from chattui.tui.picture import Shown

log = logging.getLogger("chattui.tui")

_LONGEST = 1.0
"""Seconds for which the picture of the last screen stands at most."""

_REST = 60.0
"""Seconds between two looks whether connections have been idle for long."""

SORRY = "chattui: something went wrong that should not, and it had to end. Drafts are kept; the log has the details."


class Arguments(NamedTuple):
    """How the app was started."""

    chat: str | None = None
    search: str | None = None
    new: bool = False
    tour: bool = False  # at the first start, say in six lines how it goes
    imports: bool = True  # bring in what is new by itself, now and as it is written
    database: str | None = None
    fresh: bool = False  # as if it were the first start: no tabs, no place


class ChattuiApp(App[int]):
    """The terminal app. The first paint needs no database: ``begin`` opens it afterwards."""

    CSS_PATH = "styles.tcss"
    TITLE = "chattui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        settings: Settings,
        arguments: Arguments | None = None,
        *,
        now: Callable[[], datetime] | None = None,
        ahead: ReadAhead | None = None,
        picture: Shown | None = None,
    ) -> None:
        self._picture = picture
        self.has_no_colour = "NO_COLOR" in os.environ
        super().__init__(
            ansi_color=True if self.has_no_colour else None
        )  # or Textual's filter makes all of it black on black
        self.settings = settings
        self.arguments = arguments or Arguments()
        self.now = now or (lambda: datetime.now().astimezone())
        self._ahead = ahead
        self._session: Session | None = None
        self._sync: BackgroundSync | None = None
        self._embedding: BackgroundEmbedding | None = None
        self._watch: BackgroundWatch | None = None
        self.memory = Memory(self)
        self._keys = KeysInTurn(self, super().on_event)
        self.look = Look(self, settings)

    def get_default_screen(self) -> Screen[None]:
        """The one screen there is."""
        return MainScreen()

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this terminal, made to survive its end."""
        from chattui.tui.terminal import outlive_the_terminal

        driver = outlive_the_terminal(super().get_driver_class())
        if self._picture is None or not self._picture.alone:
            return driver
        from chattui.tui.picture import behind

        return behind(driver, self._picture)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, and one that draws in ASCII where a person wants no symbols."""
        filters = super().get_line_filters()
        if HABITS.icons:
            return filters
        from chattui.tui.plain_characters import PLAIN

        return [*filters, PLAIN]

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Paint, unless the picture of the last screen still stands."""
        if self._picture is None:
            super()._display(screen, renderable)

    @property
    def is_behind_picture(self) -> bool:
        """Whether the picture of the last screen still stands."""
        return self._picture is not None

    def show_itself(self) -> None:
        """The picture of the last screen gives way to the app's own, as it is now."""
        if self._picture is not None:
            self._picture.stands, self._picture = False, None
            self._display(self.screen, self.screen._compositor.render_update(full=True))

    @property
    def main(self) -> MainScreen:
        """The one screen there is, below any dialog."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def begin(self) -> None:
        """The shell is painted: open the database on its thread, and furnish the shell meanwhile."""
        from chattui.tui.data.session import Session

        if self._picture is not None:
            self.set_timer(_LONGEST, self.show_itself)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):  # the terminal was closed: end as by the key
            loop.add_signal_handler(number, lambda: loop.create_task(self.action_quit()))
        self._session = Session(self.settings, self._tell, self._ahead)
        self._session.open(self.arguments.chat, fresh=self.arguments.fresh)
        self.set_interval(_REST, self._session.rest)
        self.main.furnish(self._session)
        from chattui.tui.pane.markdown import parser

        parser()  # 40 ms of import that the first message needs, while the database is being opened

    def _tell(self, message: Message) -> None:
        """Post a data thread's answer to the main screen; dropped when the app is closing."""
        if self.is_running and self.screen_stack:
            self.screen_stack[0].post_message(message)

    async def on_event(self, event: events.Event) -> None:
        """Tell input from everything else that happens."""
        if isinstance(event, events.InputEvent):
            self.show_itself()
            self.memory.input()
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._keys.take(event)
        else:
            await super().on_event(event)

    def on_key_answered(self) -> None:
        """The next key that waits may go, behind a change of focus that was asked for."""
        self.call_later(self._keys.answered)

    def begin_watch(self) -> None:
        """Bring in what is new, and go on with what comes; once."""
        if self._watch is None and self.arguments.imports:
            from chattui.tui.data.background_watch import BackgroundWatch

            self._watch = BackgroundWatch(self._tell, self._database_url)
            self._watch.start()

    def start_import(self) -> bool:
        """Import in the background, by hand; False when that is going on."""
        if self._sync is None:
            from chattui.tui.data.background_sync import BackgroundSync

            self._sync = BackgroundSync(self._tell, self._database_url)
        return self._sync.start()

    @property
    def _database_url(self) -> str | None:
        """The database for programs beside the app; None for the embedded one, which they find themselves."""
        target = self.settings.database
        return target.conninfo if target.kind == "url" else None

    def begin_embedding(self) -> None:
        """Embed what is new in the background, where search by meaning is on. From the helper thread."""
        if self._embedding is None:
            from chattui.tui.data.background_embedding import BackgroundEmbedding

            self._embedding = BackgroundEmbedding(self._database_url)
        self._embedding.start()

    def _keep_picture(self) -> None:
        """For the next start; not where secrets were revealed. The one before stays where there is nothing to be seen yet."""
        from chattui.tui import picture

        if not self.settings.picture or (self.main.loaded and self.main.open_chat.reveals):
            picture.forget(self.settings.state_dir)
        elif self.main.loaded and not self.is_headless:
            picture.keep(self, self.settings.state_dir, self.arguments.database or "")

    def action_toggle_theme(self) -> None:
        """The other of the two themes that the settings name."""
        self.theme = self.look.other_theme()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """The palette: every command that is declared, and the themes."""
        from chattui.tui.key_names import key_name

        main = self.main
        for command in COMMANDS:
            if command.palette:
                name = f"{command.room}.{command.name}"
                keys = key_name(self.look.keymap.get(name, command.keys)).replace("  ", ", ")
                yield SystemCommand(command.label, f"{command.help}  ({keys})", _runner(main, command.action))
        yield SystemCommand(
            "Theme", "Choose among all themes for this time; the settings keep one", self.action_change_theme
        )

    def _fatal_error(self) -> None:
        """Textual's way out after an exception: the traceback goes to the log, a person gets a sentence."""
        log.exception("the app ended by an error")
        self._exit_renderables.append(SORRY)
        self._close_messages_no_wait()

    async def action_quit(self) -> None:
        """Close: drafts and position are saved first."""
        if self._session is not None:
            self.main.composer.keep()
            seen = self.main.open_chat.chat is not None or len(self.main.tabs.all) > 1
            state = self.main.state() if seen else None
            self._keep_picture()
            self._session.close(state)
        self._let_go()
        self.exit(0)

    def on_unmount(self) -> None:
        """However it ends: no thread, connection or program of its own is left behind."""
        self._let_go()

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.close()
        for beside in (self._watch, self._sync, self._embedding):
            if beside is not None:
                beside.stop()


def _runner(screen: MainScreen, action: str) -> Callable[[], object]:
    def run() -> object:
        return screen.call_later(screen.run_action, action)

    return run
