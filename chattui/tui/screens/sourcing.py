"""Where chats come from: how the import and the watch are going, files with problems, and the screen of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.domain.visible import visible_line
from chattui.tui.screens.part import Part
from chattui.tui.soon import Soon

if TYPE_CHECKING:
    from chattui.sync.told import Stands
    from chattui.tui import messages as told
    from chattui.tui import watch_messages as watched
    from chattui.tui.screens.sources_dialog import SourcesDialog

_EMBED_SECONDS, _READ_SECONDS = 60.0, 1.0


class Sourcing(Part):
    """What the main screen does with sources."""

    count_soon: Soon
    _stands: Stands | None = None
    _embed_soon: Soon | None = None
    _read_soon: Soon | None = None

    def on_sync_moved(self, event: told.SyncMoved) -> None:
        """The import goes on."""
        self.sidebar.show_progress(event.progress)

    def on_sync_ended(self, event: told.SyncEnded) -> None:
        """The import has ended."""
        text = event.sentence and f"Import: {visible_line(event.sentence)}"
        self.sidebar.say(text or self.keyed(_problems(event.faults)))
        if event.messages:
            self.recents.refresh()
            self.count_soon()
        self.show_empty()
        self.session.searches.where_on(self.app.begin_embedding)
        self._reread_sources()

    def on_watch_brought(self, event: watched.WatchBrought) -> None:
        """Messages came as their tool wrote them; the database has told of them already."""
        if event.faults:
            self.sidebar.say(self.keyed(_problems(event.faults)))
        if event.messages:
            if self._embed_soon is None:
                self._embed_soon = Soon(
                    self, lambda: self.session.searches.where_on(self.app.begin_embedding), _EMBED_SECONDS
                )
            self._embed_soon()
        self._reread_sources()

    def on_watch_stands(self, event: watched.WatchStands) -> None:
        """How it stands with the watch; what a person may want to mend is said once."""
        from chattui.sync.told import State

        before, self._stands = self._stands, event.stands
        sentence = event.stands.sentence
        if sentence and event.stands.state not in (State.STANDING_BY, State.WAITING) and event.stands != before:
            self.notify(sentence, severity="warning", timeout=12, markup=False)
        if event.stands.state is State.STANDING_BY:
            self.sidebar.say("")
            self.show_empty()
        if (dialog := self._sources_dialog()) is not None:
            dialog.say(self._standing())

    def on_sources_read(self, event: watched.SourcesRead) -> None:
        """How it stands with each source."""
        if (dialog := self._sources_dialog()) is not None:
            dialog.show(event.sources)

    def action_sources(self) -> None:
        """Show the sources."""
        from chattui.tui.screens.sources_dialog import SourcesDialog

        self.app.push_screen(SourcesDialog(self.session, self._standing()))

    def action_import(self) -> None:
        """Import what is new."""
        if not self.app.start_import():
            self.notify("An import is running already.")

    def action_faults(self) -> None:
        """Show which files had problems."""
        from chattui.tui.screens.dialogs import faults_dialog

        def answer(lines: list[str]) -> None:
            self.app.call_from_thread(self.app.push_screen, faults_dialog(lines))

        self.session.sources.read_faults(answer)

    def _sources_dialog(self) -> SourcesDialog | None:
        """The screen of sources, where it is open."""
        if len(self.app.screen_stack) == 1:
            return None
        from chattui.tui.screens.sources_dialog import SourcesDialog

        return next((screen for screen in self.app.screen_stack if isinstance(screen, SourcesDialog)), None)

    def _reread_sources(self) -> None:
        if self._sources_dialog() is not None:
            if self._read_soon is None:
                self._read_soon = Soon(self, self.session.sources.read, _READ_SECONDS)
            self._read_soon()

    def _standing(self) -> str:
        from chattui.sync.told import State

        if self._stands is None:
            return self.keyed("What is new is brought in at the start, and by {app.import}.")
        said = {
            State.LOOKING: "Looking for what is new.",
            State.FOLLOWING: "Each message is brought in as it is written.",
            State.POLLING: "What is new is looked for now and then.",
        }
        return visible_line(self._stands.sentence) or said.get(self._stands.state, "")


def _problems(count: int) -> str:
    return f"{count:,} problem{'' if count == 1 else 's'} while importing ({{screen.faults}})" if count else ""
