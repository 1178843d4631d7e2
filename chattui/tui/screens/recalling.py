"""Recalling: searches that were made before, and those that were given a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.screens.part import Part
from chattui.tui.soon import Soon

if TYPE_CHECKING:
    from chattui.domain.search import SavedSearch
    from chattui.tui import messages as told
    from chattui.tui.recents.saved_list import SavedForgotten, SavedList, SavedPicked

_SOON = 5.0
"""Seconds between two counts of the saved searches while chats change."""


class Recalling(Part):
    """What the main screen does about searches that are kept."""

    def __init__(self) -> None:
        super().__init__()
        self._saved: list[SavedSearch] = []
        self._saved_list: SavedList | None = None
        self.count_soon = Soon(self, self._count, _SOON)

    def leave_search(self) -> None:
        """End the search and show the pane."""
        raise NotImplementedError

    async def on_searches_read(self, event: told.SearchesRead) -> None:
        """The last searches, and the saved ones."""
        self.search_bar.recents = event.recent
        if event.saved == self._saved:
            return
        self._saved = event.saved
        if self._saved_list is None:
            from chattui.tui.recents.saved_list import SavedList

            self._saved_list = SavedList()
            await self.sidebar.mount(self._saved_list, before=self.sidebar.recents)
        if not event.saved and self._saved_list.has_focus:
            self.sidebar.recents.focus()
        self._saved_list.set_saved(event.saved)
        self._count()

    def _count(self) -> None:
        self.session.searches.count(self._saved)

    def on_search_counted(self, event: told.SearchCounted) -> None:
        """How many hits a saved search has."""
        if self._saved_list is not None:
            self._saved_list.set_count(event.query, event.count)

    def on_saved_picked(self, event: SavedPicked) -> None:
        """Look for a saved search again."""
        self.leave_search()
        self.search_bar.focus()
        self.search_bar.write(event.search.query)

    def on_saved_forgotten(self, event: SavedForgotten) -> None:
        """A saved search is wanted no more."""
        self.session.searches.forget(event.search.query)
        self.notify(f"“{event.search.name[:40]}” is not saved any more.", timeout=4, markup=False)

    def action_save_search(self) -> None:
        """Ask for a name, and keep what is looked for."""
        query = self.searching.text.strip()
        if not query:
            self.notify("There is no search to save: type one first.", timeout=4)
            return
        from chattui.tui.screens.search_dialogs import SaveSearchDialog

        def named(name: str | None) -> None:
            if name:
                self.session.searches.save(query, name)

        self.app.push_screen(SaveSearchDialog(query), named)

    def action_saved(self) -> None:
        """To the saved searches."""
        if self._saved_list is not None and self._saved:
            self._saved_list.focus()
        else:
            self.notify(self.keyed("No search is saved yet. {search.save} saves the one that is typed."), timeout=4)
