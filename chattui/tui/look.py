"""What the settings make of the app: themes, keys, symbols, dates, density and the mouse, at the start and at each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.habits import HABITS

if TYPE_CHECKING:
    from chattui.config.settings import Settings
    from chattui.tui.app import ChattuiApp


class Look:
    """Applies settings to the app. What cannot be used is as if it were not there: ``checking`` tells of it."""

    def __init__(self, app: ChattuiApp, settings: Settings) -> None:
        """Before the first paint."""
        self._app = app
        self._shown = settings
        self._themes: set[str] = set()
        self.keymap: dict[str, str] = {}
        """A person's own keys, by their ids."""
        self._habits(settings)
        self._theme(settings)
        if settings.keys:
            self._keys(settings)

    def change(self, settings: Settings) -> None:
        """The settings are other ones: show it."""
        before, self._shown = self._shown, settings
        old, new = before.appearance, settings.appearance
        if before.themes != settings.themes or old.theme != new.theme:
            self._theme(settings)
        if before.keys != settings.keys:
            self._keys(settings)
        if old.mouse != new.mouse:
            from chattui.tui.terminal import take_mouse

            take_mouse(self._app, taken=new.mouse)
        if (old.icons, old.dates, old.density) != (new.icons, new.dates, new.density):
            self._habits(settings)
            self._app.main.draw_anew()
            if old.icons != new.icons:
                self._app.refresh_css(animate=False)

    def other_theme(self) -> str:
        """The theme to change to by key: the other one of the two that the settings name."""
        look = self._shown.appearance
        first, other = self._there(look.theme, "textual-dark"), self._there(look.other_theme, "textual-light")
        return first if self._app.theme == other else other

    @staticmethod
    def _habits(settings: Settings) -> None:
        look = settings.appearance
        HABITS.dates, HABITS.icons, HABITS.density = look.dates, look.icons, look.density

    def _theme(self, settings: Settings) -> None:
        stale = self._own_themes(settings) if settings.themes or self._themes else set()
        name = "ansi-dark" if self._app.has_no_colour else self._there(settings.appearance.theme, "textual-dark")
        changed = name in self._themes and self._app.theme == name
        self._app.theme = name
        for gone in stale:
            self._app.unregister_theme(gone)
        if changed:  # the same name, other colours: nothing else would tell
            self._app.refresh_css(animate=False)

    def _own_themes(self, settings: Settings) -> set[str]:
        """Let the app know a person's themes; returns those that are no more."""
        from chattui.tui.themes import make_themes

        made, _ = make_themes(settings.themes)
        stale = self._themes - {theme.name for theme in made}
        self._themes = {theme.name for theme in made}
        for theme in made:
            self._app.register_theme(theme)
        return stale

    def _there(self, name: str, default: str) -> str:
        return name if name in self._themes or name in _builtin() else default

    def _keys(self, settings: Settings) -> None:
        from chattui.tui.keymap import keymap

        self.keymap = keymap(settings.keys)
        self._app.set_keymap(self.keymap)


def _builtin() -> frozenset[str]:
    from textual.theme import BUILTIN_THEMES

    return frozenset(BUILTIN_THEMES)
