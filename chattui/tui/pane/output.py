"""What tools were given and gave back, as code blocks: edits as diffs, commands, JSON, and the colours of a terminal."""

from __future__ import annotations

import re

from rich.color import Color
from rich.style import Style

from chattui.domain.chat import Message
from chattui.domain.kinds import ContentType, Kind
from chattui.domain.visible import visible
from chattui.tui.pane.inks import BOLD, DIM, ITALIC, REVERSED, UNDERLINED
from chattui.tui.pane.lines import Run
from chattui.tui.pane.markdown import Block, Code
from chattui.tui.pane.palette import Palette

LONGEST = 60_000
"""Characters above which the text is shown as it is."""

MOST_LINES = 3_000
_TAB = 4
_SGR = re.compile(r"\x1b\[([0-9;:]*)m")
_EDIT = re.compile(
    r"\A(?P<head>.*?)^old_string:[ \n](?P<old>.*?)\n?^new_string:[ \n](?P<new>.*?)(?P<tail>^replace_all: (?:true|false))?\Z",
    re.DOTALL | re.MULTILINE,
)
_HUNK = re.compile(r"^(?:diff --git |@@ -\d+|\*\*\* (?:Begin Patch|Update File: |Add File: )|--- \S)", re.MULTILINE)
_CHANGED = re.compile(r"^[+-]", re.MULTILINE)
_STRIKE = Style(strike=True)

# the eight colours of a terminal, as what the theme uses for the like: a hue that can be read on its background
_HUES = (
    "",
    "Token.Generic.Deleted",
    "Token.Generic.Inserted",
    "Token.Literal.Number",
    "Token.Keyword",
    "Token.Name.Builtin",
    "Token.Name.Function",
    "",
)
_ATTRIBUTES = {1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINED, 7: REVERSED, 9: _STRIKE}
_ENDS = {21: (1,), 22: (1, 2), 23: (3,), 24: (4,), 27: (7,), 29: (9,)}
_LEAST_CONTRAST = 60
"""Difference in brightness (0 … 255) below which a colour of the output's own would be lost on the background."""


def understood(message: Message, palette: Palette) -> list[Block] | None:
    """The blocks of a tool's input or output; None for text to be shown as it is."""
    text = message.content
    if message.kind not in {Kind.TOOL_CALL, Kind.TOOL_RESULT} or len(text) > LONGEST or text.count("\n") > MOST_LINES:
        return None
    if message.kind is Kind.TOOL_CALL:
        if blocks := _edit(text):
            return blocks
        if message.content_type is ContentType.CODE:
            command, _, rest = text.partition("\n\n")
            blocks = [Code(text=command, language="bash")]
            return [*blocks, Code(text=rest)] if rest else blocks
    if _SGR.search(text):
        plain, painted = _painted(text, palette)
        return [Code(text=plain, painted=painted)]
    if _HUNK.search(text) and _CHANGED.search(text):
        return [Code(text=text, language="diff")]
    if message.content_type is ContentType.JSON or _is_json(text):
        return [Code(text=text, language="json")]
    return None


def _edit(text: str) -> list[Block]:
    found = _EDIT.match(text)
    if found is None:
        return []
    head = "\n".join(part.strip("\n") for part in (found["head"], found["tail"] or "") if part.strip())
    diff = Code(
        text="\n".join(diff_lines(found["old"].split("\n"), found["new"].rstrip("\n").split("\n"))), language="diff"
    )
    return [Code(text=head, gap=False), diff] if head else [diff]


def diff_lines(old: list[str], new: list[str]) -> list[str]:
    """What changes between two texts: their lines with a blank, - or + before each."""
    from difflib import SequenceMatcher

    lines: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            lines += [f" {line}" for line in old[a:b]]
        else:
            lines += [f"-{line}" for line in old[a:b]] + [f"+{line}" for line in new[c:d]]
    return lines


def _is_json(text: str) -> bool:
    start = text[:200].lstrip()
    if not start.startswith(("{", "[")):
        return False
    import orjson

    try:
        return isinstance(orjson.loads(text), dict | list)
    except orjson.JSONDecodeError:
        return False


def _painted(text: str, palette: Palette) -> tuple[str, tuple[tuple[Run, ...], ...]]:
    """The text without its colours, and its lines in them. Of a terminal's language only SGR (ECMA-48, 8.3.117) is obeyed."""
    plain: list[str] = []
    painted: list[tuple[Run, ...]] = []
    pen = _Pen(palette)
    for line in text.replace("\r\n", "\n").split("\n"):
        runs: list[Run] = []
        column = 0
        for number, piece in enumerate(_SGR.split(line)):
            if number % 2:
                pen.obey(piece)
            elif piece:
                offset = column % _TAB
                shown = (" " * offset + visible(piece)).expandtabs(_TAB)[offset:]
                runs.append((shown, pen.style))
                column += len(shown)
        painted.append(tuple(runs))
        plain.append(_SGR.sub("", line))
    return "\n".join(plain), tuple(painted)


class _Pen:
    """The colour and the attributes that are set. Concealed and blinking text is shown like any other."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._hue: Style | None = None
        self._on: set[int] = set()
        self.style = palette.block

    def obey(self, parameters: str) -> None:
        """Select graphic rendition."""
        codes = [int(code) if code.isdecimal() and len(code) < 4 else 0 for code in re.split("[;:]", parameters)]
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                hue = _extended(codes)
                self._hue = self._legible(hue) if code == 38 and hue is not None else self._hue
            elif code == 0:
                self._hue = None
                self._on.clear()
            elif code == 39:
                self._hue = None
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self._hue = self._named(code % 10)
            elif code in _ATTRIBUTES:
                self._on.add(code)
            else:
                self._on.difference_update(_ENDS.get(code, ()))
        self.style = self._palette.block + self._hue if self._hue else self._palette.block
        for attribute in sorted(self._on):
            self.style += _ATTRIBUTES[attribute]

    def _named(self, number: int) -> Style | None:
        return self._palette.tokens.get(_HUES[number])

    def _legible(self, colour: Color) -> Style | None:
        if colour.number is not None and colour.number < 16:
            return self._named(colour.number % 8)
        ground = self._palette.block.bgcolor
        if ground is not None and not ground.is_default:
            ours, theirs = _brightness(ground), _brightness(colour)
            if abs(ours - theirs) < _LEAST_CONTRAST:
                return None
        return Style(color=colour)


def _extended(codes: list[int]) -> Color | None:
    """The colour that 38 or 48 introduces, taken off ``codes``."""
    kind = codes.pop(0) if codes else 0
    if kind == 5 and codes:
        number = codes.pop(0)
        return Color.from_ansi(number) if number < 256 else None
    if kind == 2 and len(codes) >= 3:
        red, green, blue = (min(255, codes.pop(0)) for _ in range(3))
        return Color.from_rgb(red, green, blue)
    return None


def _brightness(colour: Color) -> float:
    red, green, blue = colour.get_truecolor()
    return 0.299 * red + 0.587 * green + 0.114 * blue
