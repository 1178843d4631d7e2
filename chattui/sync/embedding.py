"""Embeds what is not embedded yet, the newest chats first, until there is nothing left or it is stopped.

Of a message are embedded: prompts, replies, thinking and summaries. What tools are called with and put out is not: it is found
by its words, is most of the text, and says little by its mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chattui.domain.semantic import EmbeddingProgress
from chattui.semantic import MODEL
from chattui.semantic.chunks import chunks
from chattui.store.embeddings import Batches, Piece, Unembedded, build_index, is_on, waiting

if TYPE_CHECKING:
    from chattui.semantic.model import Model
    from chattui.store.database import Database

Tell = Callable[[EmbeddingProgress], None]


def embed_missing(
    db: Database, tell: Tell | None = None, stopped: Callable[[], bool] = lambda: False
) -> EmbeddingProgress | None:
    """Embed what is missing; how much that was. None: it is off, or there is nothing to do, and the model was not loaded.

    What was embedded before it is stopped stays, and the rest comes next time. One program at a time does it for a person.
    """
    if not is_on(db):
        return None
    total = waiting(db)
    if not total:
        return None
    from chattui.semantic.model import Model

    model = Model()
    batches = Batches(db, MODEL)
    began = time.perf_counter()
    done = 0
    progress = EmbeddingProgress(0, total)
    while not stopped():
        count = batches.next(lambda messages: _pieces(model, messages))
        if count is None:
            build_index(db)
            break
        done += count
        progress = EmbeddingProgress(done, max(total, done), done / (time.perf_counter() - began))
        if tell is not None:
            tell(progress)
    return progress


def _pieces(model: Model, messages: list[Unembedded]) -> list[Piece]:
    """The chunks of these messages with their vectors; of a message without a word one that has none."""
    cut = [(message, at, text) for message in messages for at, text in chunks(message.content)]
    vectors = model.embed([text for _, _, text in cut])
    found = [Piece(message, at, vector) for (message, at, _), vector in zip(cut, vectors, strict=True)]
    there = {(message.chat_id, message.seq) for message, _, _ in cut}
    return found + [Piece(m, 0, None) for m in messages if (m.chat_id, m.seq) not in there]
