"""Mistakes in the config file that only the app can see: keys, colours and themes that there are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chattui.config.settings import Settings


def every_problem(settings: Settings) -> list[str]:
    """Every mistake in the config file, as sentences; those that reading it has found first."""
    return [problem.sentence for problem in settings.problems] + of_the_app(settings)


def of_the_app(settings: Settings) -> list[str]:
    """Themes and keys that cannot be used. Imports what has keys only where the file names some."""
    where = f"In the config file {settings.config_file},"
    return [f"{where} {sentence}." for sentence in (*_themes(settings), *_keys(settings))]


def _themes(settings: Settings) -> list[str]:
    from textual.theme import BUILTIN_THEMES

    from chattui.config.options import suggestion

    found: list[str] = []
    known = list(BUILTIN_THEMES)
    if settings.themes:
        from chattui.tui.themes import make_themes

        made, wrong = make_themes(settings.themes)
        known += [theme.name for theme in made]
        found += [sentence for _, sentence in wrong]
    for option in ("theme", "other_theme"):
        name = getattr(settings.appearance, option)
        if name not in known:
            found.append(
                f"'appearance.{option}': there is no theme '{name}'{suggestion(name, known)}. "
                f"There are {', '.join(known)}"
            )
    return found


def _keys(settings: Settings) -> list[str]:
    if not settings.keys:
        return []
    from chattui.tui.keymap import known_keys, mistakes

    return [f"under [keys], {sentence}" for _, sentence in mistakes(settings.keys, known_keys())]
