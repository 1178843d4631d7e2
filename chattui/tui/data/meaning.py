"""The part of a search that asks for meaning: after the hits by words are shown, and never in their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chattui.domain.search import Page
    from chattui.semantic.process import EmbeddingProcess
    from chattui.store.database import Database


class Meaning:
    """Embeds what was typed in a process of its own, started by the first search by meaning, and fuses what is near."""

    def __init__(self) -> None:
        self._process: EmbeddingProcess | None = None
        self._closed = False

    def fused(self, db: Database, text: str, page: Page, slot: str, given_up: Callable[[], bool]) -> Page | None:
        """The page with the hits by meaning among its own; as it was, with a sentence, where that cannot be. None: the
        answer is not wanted any more."""
        from chattui.domain.language import parse
        from chattui.domain.semantic import IS_OFF, NOT_YET, fuse
        from chattui.semantic import NOT_INSTALLED, is_installed
        from chattui.store import embeddings, meaning

        query = parse(text)
        said = meaning.said(query)
        if not said:
            return page
        if not embeddings.is_on(db):
            return _with(page, IS_OFF)
        if not is_installed():
            return _with(page, NOT_INSTALLED)
        vector = self._ask(said, given_up)
        if given_up():
            return None
        near = meaning.near(db, query, vector, slot=slot) if vector is not None else []
        if not near and embeddings.is_empty(db):
            return _with(page, NOT_YET)
        return fuse(page, near)

    def _ask(self, said: str, given_up: Callable[[], bool]) -> str | None:
        if self._process is None:
            from chattui.semantic.process import EmbeddingProcess

            self._process = EmbeddingProcess()
        return self._process.ask(said, lambda: self._closed or given_up())

    def close(self) -> None:
        """End the process, if there is one."""
        self._closed = True
        if self._process is not None:
            self._process.close()


def _with(page: Page, sentence: str) -> Page:
    return replace(page, problems=(*page.problems, sentence))
