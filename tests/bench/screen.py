"""A terminal's screen, as far as Textual uses one: what stands where after a frame, and which rows the frame wrote to."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(
    r"\x1b\[(?P<private>[?<>=]?)(?P<args>[0-9;:]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[()][0-9A-Z]|\x1b[^\[\]P_^]"
    r"|(?P<control>[\r\n\b\t])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
    r"|.",
    re.DOTALL,
)


def width_of(char: str) -> int:
    """Columns that a character takes."""
    if unicodedata.combining(char) or char in "\u200b\u200d\ufe0e\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    """Rows of characters without colours. ``touched`` maps rows that were written to since ``untouch`` to
    the (first, last) column that was."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0
        self.touched: dict[int, tuple[int, int]] = {}

    def untouch(self) -> None:
        """Forget which rows were written to."""
        self.touched = {}

    def row(self, number: int, first: int = 0, last: int | None = None) -> str:
        """The text of a row, or of some of its columns."""
        return "".join(self._cells[number][first:last])

    def text(self) -> str:
        """The whole screen."""
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def __contains__(self, words: str) -> bool:
        return any(words in "".join(row) for row in self._cells)

    def find(self, words: str) -> tuple[int, int] | None:
        """(row, column) of the first place where ``words`` stand."""
        for number, row in enumerate(self._cells):
            if (at := "".join(row).find(words)) >= 0:
                return number, at
        return None

    def feed(self, data: bytes) -> None:
        """Take what a program wrote."""
        for match in _TOKEN.finditer(data.decode("utf-8", "replace")):
            if (text := match["text"]) is not None:
                self._write(text)
            elif match["final"] is not None and not match["private"]:
                self._obey(match["final"], match["args"])
            elif (control := match["control"]) is not None:
                self._move(control)

    def _move(self, control: str) -> None:
        if control == "\r":
            self._x = 0
        elif control == "\n":
            self._y = min(self.rows - 1, self._y + 1)
        elif control == "\b":
            self._x = max(0, self._x - 1)

    def _obey(self, final: str, args: str) -> None:
        numbers = [int(n) if n.isdigit() else 0 for n in args.split(";")]
        if final in "Hf":
            row, column = (*numbers, 1, 1)[:2] if len(numbers) > 1 else (numbers[0], 1)
            self._y = min(self.rows, max(1, row)) - 1
            self._x = min(self.columns, max(1, column)) - 1
        elif final == "J":
            self._cells = [[" "] * self.columns for _ in range(self.rows)]
        elif final == "K":
            self._cells[self._y][self._x :] = [" "] * (self.columns - self._x)

    def _write(self, text: str) -> None:
        row, start = self._cells[self._y], self._x
        x = start
        if text.isascii():
            text = text[: self.columns - x]
            row[x : x + len(text)] = text
            x += len(text)
        else:
            for char in text:
                width = width_of(char)
                if not width or x + width > self.columns:
                    continue
                row[x] = char
                if width == 2:
                    row[x + 1] = ""
                x += width
        self._x = x
        first, last = self.touched.get(self._y, (start, x))
        self.touched[self._y] = (min(first, start), max(last, x))
