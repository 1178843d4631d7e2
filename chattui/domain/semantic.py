"""Search by meaning, as values: whether it can be had, how far it is, and its hits fused with those by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chattui.domain.search import FoundBy, Hit, Page

IS_OFF = "Search by meaning is off: `chattui semantic on` switches it on."
NOT_YET = "Search by meaning has nothing to look in yet: `chattui semantic update` goes on."

FUSED = 25
"""Hits by meaning that are fused with a page of hits by words."""

_K = 60
"""Of reciprocal rank fusion, as in Cormack, Clarke and Büttcher (SIGIR 2009): how little the first ranks tower above the
others."""


@dataclass(frozen=True, slots=True)
class SemanticStatus:
    """How search by meaning stands for one person. ``server`` is the version of pgvector that can be used, ``bytes`` what all
    embeddings of the database take."""

    on: bool
    installed: bool
    server: str | None
    embedded: int = 0
    waiting: int = 0
    chunks: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class EmbeddingProgress:
    """Messages embedded so far, of how many, and how many a second."""

    done: int
    total: int
    rate: float | None = None

    @property
    def remaining(self) -> float | None:
        """Seconds, at this rate."""
        return (self.total - self.done) / self.rate if self.rate else None


def fuse(page: Page, near: Sequence[Hit]) -> Page:
    """A page of hits by words and the hits by meaning as one list, by reciprocal rank; of equal ones the one by words first.

    A message that came by both counts twice, and is shown as by its words. What is not a message stays in front, as they are.
    """
    beside = [hit for hit in page.hits if not hit.is_message]
    worth: dict[tuple[int, int], float] = {}
    hits: dict[tuple[int, int], Hit] = {}
    for found in ([hit for hit in page.hits if hit.is_message], near):
        for rank, hit in enumerate(found, 1):
            key = hit.chat_id, hit.seq
            worth[key] = worth.get(key, 0.0) + 1 / (_K + rank)
            hits[key] = replace(hits[key], found_by=FoundBy.BOTH) if key in hits else hit
    order = sorted(hits, key=lambda key: worth[key], reverse=True)  # stable
    return replace(page, hits=(*beside, *(hits[key] for key in order)), fused=True)
