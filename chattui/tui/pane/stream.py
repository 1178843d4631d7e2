"""A reply that is still being written: what is settled keeps its lines, only its open end is set again."""

from __future__ import annotations

from chattui.tui.pane.highlight import Highlighter
from chattui.tui.pane.layout import Body, set_blocks
from chattui.tui.pane.lines import Line
from chattui.tui.pane.markdown import Code, parse, parser
from chattui.tui.pane.palette import Palette

_FENCE_LINES = 24
"""Lines of an unclosed fence that are kept open; what is above them is settled."""


class Stream:
    """The lines of a growing Markdown text, top-level block by block.

    What is settled does not look ahead: a later line that would change its meaning (a list made loose by an empty
    line) shows only when the message is set as a whole.
    """

    def __init__(self, width: int, palette: Palette, colours: Highlighter) -> None:
        self.width = width
        self._palette = palette
        self._colours = colours
        self._source = ""  # settled
        self._body = Body()
        self._fence = ""  # the opening line of a fence that is partly settled
        self.kept_rows = 0  # settled before the last update, and so the same as then

    def continues(self, text: str, width: int) -> bool:
        """Whether ``text`` is the text of before and more, at the same width."""
        return width == self.width and text.startswith(self._source)

    def update(self, text: str) -> Body | None:
        """The lines of the whole text now; None where it is not to be read as Markdown."""
        self.kept_rows = len(self._body.lines)
        tail = self._settle(text[len(self._source) :])
        fresh = self._set(self._fence + tail)
        if fresh is None:
            return None
        rows = len(self._body.lines)
        codes = [*self._body.codes, *(code._replace(row=rows + code.row) for code in fresh.codes)]
        return Body([*self._body.lines, *fresh.lines], codes=codes, plain_codes=fresh.plain_codes)

    def _settle(self, tail: str) -> str:
        """Set what cannot change any more for good, and give what is left."""
        source = self._fence + tail
        tokens = parser().parse(source)
        tops = [token for token in tokens if token.level == 0 and token.map and token.nesting >= 0]
        if not tops:
            return tail
        last = tops[-1]
        first_line = last.map[0] if last.map else 0
        if len(tops) > 1:
            cut = _line_offset(source, first_line)
            self._keep(source[:cut], gap=True)
            self._source += tail[: cut - len(self._fence)]
            tail, self._fence = source[cut:], ""
            source, first_line = tail, 0
        if last.type == "fence" and last.map and not self._closed(last.content, last.map):
            lines = source.split("\n")
            settled = len(lines) - _FENCE_LINES
            if settled > first_line + _FENCE_LINES:
                cut = _line_offset(source, settled)
                opening = self._fence or source[: _line_offset(source, 1)]
                self._keep(source[:cut], gap=False)
                self._source += tail[: cut - len(self._fence)]
                tail, self._fence = source[cut:], opening
        return tail

    @staticmethod
    def _closed(content: str, extent: list[int]) -> bool:
        return content.count("\n") < extent[1] - extent[0] - 1

    def _keep(self, source: str, *, gap: bool) -> None:
        body = self._set(source)
        if body is None:
            return
        rows = len(self._body.lines)
        self._body.codes.extend(code._replace(row=rows + code.row) for code in body.codes)
        self._body.lines.extend(body.lines)
        if gap:
            self._body.lines.append(Line())

    def _set(self, source: str) -> Body | None:
        """Lines of a piece; the label of a fence that goes on is not repeated."""
        blocks = parse(source, self._palette)
        if blocks is None:
            return None
        body = set_blocks(blocks, self.width, self._palette, self._colours)
        if self._fence and blocks and isinstance(blocks[0], Code) and blocks[0].language:
            del body.lines[0]
            body.codes = [code._replace(row=code.row - 1) for code in body.codes]
        return body


def _line_offset(text: str, line: int) -> int:
    position = 0
    for _ in range(line):
        position = text.index("\n", position) + 1
    return position
