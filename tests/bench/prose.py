"""Words, sentences, code and tool output for made-up chats: Zipf's law, natural neighbours, the same for the same seed."""

from __future__ import annotations

import random
import re
import sysconfig
from collections import Counter
from itertools import accumulate
from pathlib import Path

_SYLLABLES = (
    *("ar", "bel", "cro", "dun", "esk", "fa", "gil", "hom", "ix", "jur", "kel", "lo", "mid", "nar"),
    *("ost", "pel", "quin", "ras", "sul", "tor", "umb", "vel", "wim", "yost", "zar"),
)
_HAN = [chr(c) for c in range(0x4E00, 0x4E00 + 1500)]


def sources() -> list[str]:
    """The standard library's modules as text: real code, and real English about code."""
    root = Path(sysconfig.get_paths()["stdlib"])
    found = [
        *sorted(root.glob("*.py")),
        *sorted((root / "asyncio").glob("*.py")),
        *sorted((root / "json").glob("*.py")),
    ]
    return [path.read_text("utf-8", "replace") for path in found]


class Prose:
    """Draws from pools that are made once. Nothing drawn holds a NUL."""

    def __init__(self, seed: int, *, sentences: int = 20_000) -> None:
        self.rng = random.Random(seed)
        texts = sources()
        counted = Counter(
            w.lower()
            for text in texts
            for w in re.findall(r"(?:#|\"\"\"|^ {4,})[^\n]*", text, re.MULTILINE)
            for w in re.findall(r"\b[A-Za-z][a-z]{1,14}\b", w)
        )
        words = [word for word, n in counted.most_common(12_000) if n > 1]
        words += [self._invented() for _ in range(30_000)]
        weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
        self._words, self._weights = words, weights
        self.identifiers = [f"{self._invented()}_{self._invented()}" for _ in range(20_000)]
        self.sentences = [self._sentence() for _ in range(sentences)]
        lines = [line for text in texts for line in text.splitlines()]
        starts = self.rng.sample(range(len(lines) - 40), 4_000)
        self.code = ["\n".join(lines[at : at + self.rng.randint(4, 24)]) for at in starts]
        self.output = [
            f"src/{self.rng.choice(self.identifiers)}.py:{n}: {lines[at].strip()}" for n, at in enumerate(starts)
        ]
        self.han = [
            "".join(self.rng.choices(_HAN, [1 / (r + 5) for r in range(1500)], k=self.rng.randint(8, 30))) + "。"
            for _ in range(2_000)
        ]

    def _invented(self) -> str:
        return "".join(self.rng.choices(_SYLLABLES, k=self.rng.randint(2, 4)))

    def _sentence(self) -> str:
        words = self.rng.choices(self._words, cum_weights=self._weights, k=self.rng.randint(5, 22))
        return " ".join(words).capitalize() + self.rng.choice("....?:")

    def title(self) -> str:
        """A few words."""
        return " ".join(self.rng.choices(self._words, cum_weights=self._weights, k=6)).capitalize()

    def text(self, characters: float) -> str:
        """Sentences of about so many characters, at least one."""
        return " ".join(self.rng.choices(self.sentences, k=max(1, round(characters / 75))))
