"""Themes of a person's own, from the tables [themes.NAME] of the config file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme


def make_themes(wanted: Mapping[str, Mapping[str, str | bool]]) -> tuple[list[Theme], list[tuple[str, str]]]:
    """The themes, and what is wrong with others: (name, sentence)."""
    made: list[Theme] = []
    wrong: list[tuple[str, str]] = []
    for name, values in wanted.items():
        odd = [key for key, value in values.items() if isinstance(value, str) and not _is_colour(value)]
        if odd:
            sentence = (
                f"the theme '{name}' has '{values[odd[0]]}' for {odd[0]}, which is no colour: give one as #3b82f6"
            )
            wrong.append((name, sentence))
            continue
        given: dict[str, Any] = dict(values)
        made.append(Theme(name=name, **given))
    return made, wrong


def _is_colour(text: str) -> bool:
    try:
        Color.parse(text)
    except ColorParseError:
        return False
    return True
