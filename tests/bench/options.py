"""What a run of the benchmarks was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """``cache`` is kept between runs. ``generator`` is another program that writes histories (``--home --sessions
    --messages --big``) instead of our own. ``big`` is the size of the large database."""

    cache: Path
    quick: bool = False
    big: int = 1_000_000
    generator: Path | None = None

    @property
    def runs(self) -> int:
        """How often a short thing is measured."""
        return 3 if self.quick else 7
