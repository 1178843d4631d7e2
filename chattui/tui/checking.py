"""Mistakes in the config file that only the app can see: keys, colours, themes and sources that there are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chattui.config.settings import Settings

Found = tuple[str, str, str]
"""A table, a key of it (empty for the table), and what is wrong."""


def every_problem(settings: Settings, sources: Sequence[str] = ()) -> list[str]:
    """Every mistake in the config file, as sentences; those that reading it has found first. ``sources`` are the names
    that there are, where these are to be looked at too."""
    return [problem.sentence for problem in settings.problems] + [told for _, told in of_the_app(settings, sources)]


def of_the_app(settings: Settings, sources: Sequence[str] = ()) -> list[tuple[int, str]]:
    """Themes, keys and sources that cannot be used: (line, sentence), 0 for a line that is not known. Imports what has
    keys only where the file names some."""
    found = [*_themes(settings), *_keys(settings), *_sources(settings, sources)]
    if not found:
        return []
    from chattui.config.file import line_of

    lines: list[str] = []
    with suppress(OSError, UnicodeDecodeError):
        lines = settings.config_file.read_text(encoding="utf-8").splitlines()
    told = []
    for table, key, what in found:
        line = line_of(lines, table, key)
        where = f", line {line}" if line else f", under [{table}]"
        told.append((line, f"In the config file {settings.config_file}{where}, {what}."))
    return told


def _themes(settings: Settings) -> Iterator[Found]:
    from textual.theme import BUILTIN_THEMES

    from chattui.config.options import suggestion

    known = list(BUILTIN_THEMES)
    if settings.themes:
        from chattui.tui.themes import make_themes

        made, wrong = make_themes(settings.themes)
        known += [theme.name for theme in made]
        for name, sentence in wrong:
            yield f"themes.{name}", "", sentence
    for option in ("theme", "other_theme"):
        name = getattr(settings.appearance, option)
        if name not in known:
            meant = suggestion(name, known)
            what = f"'appearance.{option}': there is no theme '{name}'{meant}. There are {', '.join(known)}"
            yield "appearance", option, what


def _keys(settings: Settings) -> Iterator[Found]:
    if not settings.keys:
        return
    from chattui.tui.keymap import known_keys, mistakes

    for name, sentence in mistakes(settings.keys, known_keys()):
        yield "keys", name, sentence


def _sources(settings: Settings, known: Sequence[str]) -> Iterator[Found]:
    from chattui.config.options import suggestion

    for name in settings.rules.sources:
        if known and name not in known:
            yield f"sources.{name}", "", f"there is no source '{name}'{suggestion(name, list(known))}"
