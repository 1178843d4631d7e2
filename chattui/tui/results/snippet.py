"""A hit's snippet on one line: harmless, its match ranges still right."""

from __future__ import annotations

from collections.abc import Iterable

from chattui.domain.visible import visible

Ranges = tuple[tuple[int, int], ...]


def flatten(snippet: str, ranges: Iterable[tuple[int, int]]) -> tuple[str, Ranges]:
    """The snippet with runs of blanks and line breaks as one blank and control characters visible.

    Ranges may be in any order, overlap, or lie outside; those given back are ascending, apart and within the text.
    """
    merged = _merge(ranges, len(snippet))
    parts: list[str] = []
    out: list[tuple[int, int]] = []
    size = 0
    position = 0
    for start, end in [*merged, (len(snippet), len(snippet))]:
        for piece, marked in ((snippet[position:start], False), (snippet[start:end], True)):
            text = _squeeze(piece, after_blank=not size or parts[-1].endswith(" "))
            if not text:
                continue
            if marked:
                out.append((size, size + len(text)))
            parts.append(text)
            size += len(text)
        position = end
    text = "".join(parts).rstrip()
    return text, tuple([(start, min(end, len(text))) for start, end in out if start < len(text)])


def _squeeze(text: str, *, after_blank: bool) -> str:
    shown = visible(text)
    words = " ".join(shown.split())
    if not words:
        return " " if shown and not after_blank else ""
    before = "" if after_blank or not shown[0].isspace() else " "
    return before + words + (" " if shown[-1].isspace() else "")


def _merge(ranges: Iterable[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, start), min(end, size)) for start, end in ranges):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
