"""A message cut into chunks, each short enough to have one meaning."""

from __future__ import annotations

import re

CHARS = 800
"""The longest chunk, in characters: some 150 words."""

MOST = 32
"""Chunks of one message; what comes behind is not embedded."""

_CUTS = ("\n\n", "\n", ". ", " ")
_LETTERS = re.compile(r"[^\W\d_]{2}|[\u2e80-\u9fff\uac00-\ud7af]")


def chunks(text: str) -> list[tuple[int, str]]:
    """The chunks of a text, each with the number of characters before it. Cut between paragraphs, else lines, else
    sentences, else words; chunks without a word are left out."""
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(text) and len(found) < MOST:
        end = _end(text, at)
        piece = text[at:end]
        if _LETTERS.search(piece):
            found.append((at + len(piece) - len(piece.lstrip()), piece.strip()))
        at = end
    return found


def _end(text: str, at: int) -> int:
    """Where the chunk that begins at ``at`` ends: in its second half, at the best place there is."""
    if len(text) - at <= CHARS:
        return len(text)
    for cut in _CUTS:
        place = text.rfind(cut, at + CHARS // 2, at + CHARS)
        if place >= 0:
            return place + len(cut)
    return at + CHARS
