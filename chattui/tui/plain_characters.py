"""A screen in ASCII, for terminals and fonts without symbols: each symbol gives way to a plain character of its width.

Only what is painted changes: copies and exports have every text as it is. Letters of any language stay.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SAME = {
    "-": "─━═╌┄┈╍┅┉╴╶╸╺╼╾–—−‐‑―·⊘",
    "|": "│┃║╎┆┊╏┇┋╵╷╹╻╽╿▌▍▎▏▊▋▉▐▕¦",
    "+": "┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰✓✎",
    "Y": "⑂",
    " ": "▁▂▃▄▅▆▇▔▀\N{NO-BREAK SPACE}",
    "#": "█▓▒░■◼",
    "*": "★☆•✱∙▫◆",
    "x": "●×",
    "o": "○◦◯□▪⧖",
    "<": "‹«←⏎⇐↵",
    ">": "›»→▸▶►⇒⤷↳",
    "^": "↑▲⇧",
    "v": "↓▼▾⇩",
    "!": "✗✘",
    "~": "…≈",
    '"': "“”„",
    "'": "‘’‚",
    "?": "".join(map(chr, range(0x2400, 0x2427))),  # control characters, as visible() shows them
}
_TABLE = {ord(symbol): plain for plain, symbols in _SAME.items() for symbol in symbols} | {ord("🔎"): "> "}


class PlainCharacters(LineFilter):
    """Paints symbols as plain characters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The segments of a line, each as wide as it was."""
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(_TABLE), segment.style, segment.control)
            for segment in segments
        ]


PLAIN = PlainCharacters()
