"""Syntax colours of code blocks: plain at first, coloured piece by piece when there is time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING

from rich.style import Style

from chattui.tui.pane.lines import Run
from chattui.tui.pane.lru import Lru
from chattui.tui.pane.palette import Palette

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_LONGEST = 60_000
_LONGEST_LINE = 2_000
_PLAIN = frozenset({"", "text", "txt", "plain", "plaintext", "output", "console-output", "none"})
_LOOK_AT_CLOCK = 32

CodeLine = tuple[Run, ...]
Key = tuple[str, str]


def is_plain(code: str, language: str) -> bool:
    """Whether the block gets no colours: no language, or too long to be worth the time."""
    if language.lower() in _PLAIN or len(code) > _LONGEST:
        return True
    return any(len(line) > _LONGEST_LINE for line in code.split("\n")) if len(code) > _LONGEST_LINE else False


@lru_cache(64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


class Highlighter:
    """Coloured lines by (language, code), made in slices of time."""

    def __init__(self, palette: Callable[[], Palette]) -> None:
        self._palette = palette
        self._done: Lru[Key, tuple[CodeLine, ...] | None] = Lru(600, most_weight=40_000)
        self._job: tuple[Key, Iterator[CodeLine], list[CodeLine]] | None = None

    def clear(self) -> None:
        """Forget all colours: the theme has changed."""
        self._done.clear()
        self._job = None

    def ready(self, code: str, language: str) -> bool:
        """Whether ``lines`` has its last word."""
        return is_plain(code, language) or (language, code) in self._done

    def lines(self, code: str, language: str) -> tuple[CodeLine, ...] | None:
        """The coloured lines, or None as long as, or because, the block is plain."""
        return self._done.get((language, code))

    def work(self, code: str, language: str, until: float) -> bool:
        """Go on colouring until ``until`` on the performance counter. True when the block is finished."""
        key = (language, code)
        if self.ready(code, language):
            return True
        if self._job is None or self._job[0] != key:
            lexer = _lexer(language)
            if lexer is None:
                self._done.put(key, None, 1)
                return True
            self._job = (key, _coloured(lexer, code, self._palette()), [])
        _, source, lines = self._job
        for number, line in enumerate(source, 1):
            lines.append(line)
            if number % _LOOK_AT_CLOCK == 0 and perf_counter() > until:
                return False
        self._done.put(key, tuple(lines), len(lines))
        self._job = None
        return True


def _coloured(lexer: Lexer, code: str, palette: Palette) -> Iterator[CodeLine]:
    styles: dict[object, Style] = {}
    line: list[Run] = []
    for kind, value in lexer.get_tokens(code + "\n"):  # some lexers know a line by its end
        style = styles.get(kind)
        if style is None:
            style = styles[kind] = _style(str(kind), palette)
        head, *others = value.split("\n")
        if head:
            line.append((head, style))
        for part in others:
            yield tuple(line)
            line = [(part, style)] if part else []
    if line:
        yield tuple(line)


def _style(kind: str, palette: Palette) -> Style:
    return next((style for prefix, style in palette.tokens.items() if kind.startswith(prefix)), palette.block)
