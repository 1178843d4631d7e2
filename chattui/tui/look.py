"""What the settings make of the app: themes, keys, symbols, dates, density and the mouse, at the start and at each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chattui.tui.habits import HABITS

if TYPE_CHECKING:
    from chattui.config.settings import Settings
    from chattui.tui.app import ChattuiApp


class Look:
    """Applies settings to the app, and knows what of them could not be."""

    def __init__(self, app: ChattuiApp) -> None:
        self._app = app
        self._shown: Settings | None = None
        self._themes: set[str] = set()
        self.problems: list[str] = []
        """Sentences about themes that are not there."""

    def begin(self, settings: Settings) -> None:
        """Before the first paint."""
        self._habits(settings)
        self._register(settings)
        self._theme(settings)
        if settings.keys:
            self._keys(settings)
        self._shown = settings

    def change(self, settings: Settings) -> None:
        """The settings are other ones: show it."""
        before, self._shown = self._shown, settings
        old, new = (before.appearance if before else None), settings.appearance
        if before is None or before.themes != settings.themes or old is None or old.theme != new.theme:
            self._register(settings)
            self._theme(settings)
        if before is None or before.keys != settings.keys:
            self._keys(settings)
        if old is None or old.mouse != new.mouse:
            from chattui.tui.terminal import take_mouse

            take_mouse(self._app, taken=new.mouse)
        if old is None or (old.icons, old.dates, old.density) != (new.icons, new.dates, new.density):
            self._habits(settings)
            self._app.main.draw_anew()

    @staticmethod
    def _habits(settings: Settings) -> None:
        look = settings.appearance
        HABITS.dates, HABITS.icons, HABITS.density = look.dates, look.icons, look.density

    def _register(self, settings: Settings) -> None:
        self.problems.clear()
        if not settings.themes and not self._themes:
            return
        from chattui.tui.themes import make_themes

        made, wrong = make_themes(settings.themes)
        self.problems += [f"In the config file {settings.config_file}, {sentence}." for _, sentence in wrong]
        for name in self._themes - {theme.name for theme in made}:
            if self._app.theme == name:
                self._app.theme = "textual-dark"
            self._app.unregister_theme(name)
        self._themes = {theme.name for theme in made}
        for theme in made:
            self._app.register_theme(theme)
        if self._app.theme in self._themes:
            self._app.refresh_css()

    def _theme(self, settings: Settings) -> None:
        if self._app.has_no_colour:
            self._app.theme = "ansi-dark"
            return
        self._app.theme = self.theme_or(settings.appearance.theme, "textual-dark", settings)

    def theme_or(self, name: str, default: str, settings: Settings) -> str:
        """The name of a theme that there is, or ``default``; that it is not there is a problem."""
        known = self._app.available_themes
        if name in known:
            return name
        from chattui.config.options import suggestion

        sentence = (
            f"In the config file {settings.config_file}, there is no theme '{name}'{suggestion(name, list(known))}: "
            "the settings (F4) list them."
        )
        if sentence not in self.problems:
            self.problems.append(sentence)
        return default

    def _keys(self, settings: Settings) -> None:
        from chattui.tui.keymap import keymap

        self._app.set_keymap(keymap(settings.keys))


def all_problems(settings: Settings, look: Look) -> list[str]:
    """Every mistake in the config file that the app knows of, as sentences."""
    found = [problem.sentence for problem in settings.problems] + look.problems
    if settings.keys:
        from chattui.tui.keymap import known_keys, mistakes

        where = f"In the config file {settings.config_file}, under [keys],"
        found += [f"{where} {sentence}." for _, sentence in mistakes(settings.keys, known_keys())]
    return found
