"""Ranking: the worth of a hit for what was typed, from what is known of the hit alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from chattui.domain.kinds import Kind, Role
from chattui.domain.language import Regex, parse
from chattui.domain.search import FoundIn, Hit

_PHRASE, _NEAR, _TITLE, _WHOLE, _RECENT = 4.0, 2.0, 3.0, 1.0, 1.0
_BESIDE, _PROMPT, _REPLY, _THINKING, _BRANCH = 2.0, 1.5, 1.0, 0.5, -1.0
_MOST_WORDS = 16
_HALF_LIFE = 30.0
"""Days in which half of what a hit has for being recent is gone."""


class Ranking:
    """Ranks hits for one text. What counts: the words as a phrase, or near each other; words in the chat's title; notes,
    prompts and replies before tool output, branches last; whole words before beginnings of words; recent before old."""

    def __init__(self, text: str, now: datetime) -> None:
        self._now = now
        said = [leaf.text for leaf in parse(text, now).positive if not isinstance(leaf, Regex)]
        words = [word for text in said for word in text.split()][:_MOST_WORDS]
        self._words = [re.compile(re.escape(w), re.IGNORECASE) for w in words]
        self._whole = [re.compile(rf"(?<!\w){re.escape(w)}(?!\w)", re.IGNORECASE) for w in words]
        self._phrase = re.compile(r"\W+".join(map(re.escape, words)), re.IGNORECASE) if len(words) > 1 else None

    def worth(self, hit: Hit) -> float:
        """How well a hit fits; more is better."""
        days = max(0.0, (self._now - hit.created_at).total_seconds() / 86_400)
        worth: float = _said_by(hit) + _RECENT * 0.5 ** (days / _HALF_LIFE)
        if not self._words:
            return worth
        share = 1 / len(self._words)
        worth += _TITLE * share * sum(word.search(hit.title) is not None for word in self._whole)
        worth += _WHOLE * share * sum(word.search(hit.snippet) is not None for word in self._whole)
        if self._phrase is not None:
            if self._phrase.search(hit.snippet) is not None:
                worth += _PHRASE + _NEAR
            else:
                worth += _NEAR * self._nearness(hit.snippet)
        return worth

    def sort(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits, the best first; of equal ones the order stays."""
        return sorted(hits, key=self.worth, reverse=True)

    def _nearness(self, snippet: str) -> float:
        """1 for words side by side, less the further they are apart, 0 when one is not in the snippet."""
        places = [[m.start() for m in word.finditer(snippet)] for word in self._words]
        if not all(places):
            return 0.0
        span: int = min(
            max(nearest) - min(nearest)
            for start in places[0]
            for nearest in [[min(other, key=lambda at: abs(at - start)) for other in places]]
        )
        return 1 / (1 + span / 20)


def _said_by(hit: Hit) -> float:
    if not hit.is_message:
        return _BRANCH if hit.found_in is FoundIn.BRANCH else _BESIDE  # all that was said there is beside a branch
    if hit.kind is Kind.TEXT:
        return _PROMPT if hit.role is Role.USER else _REPLY if hit.role is Role.ASSISTANT else 0.0
    return _THINKING if hit.kind is Kind.THINKING else 0.0
