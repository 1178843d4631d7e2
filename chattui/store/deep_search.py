"""Searches with a regular expression: in slices of time, so that a text over which the engine takes too long costs no hits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from psycopg import errors as pg

from chattui.domain.errors import Cancelled, DatabaseError
from chattui.domain.search import Cursor, FoundIn, Hit, Page, counted

LEFT_OUT = "This regular expression takes too long on a message, which was left out."
TOO_LONG = "This regular expression takes too long: these are not all hits."
SLICES_MS = (200, 20, 0)
"""Budgets of a slice: the next one when a slice takes too long. The last looks at one candidate."""

_TRIES = 1.0  # seconds beyond the budget in which a candidate that takes too long is looked for

_PATIENCE_MS = 1_000
_HASTE_MS = 200
"""How much longer than its budget a slice may take, and how much longer in a search as one types."""

Once = Callable[[Cursor | None, int, int, int], Page]
"""A page from a cursor on: limit, budget, statement timeout; raises ``DatabaseError``."""


def deep_search(
    once: Once,
    skipped: Callable[[Cursor | None], Cursor | None],
    after: Cursor | None,
    limit: int,
    budget_ms: int,
    *,
    whole: bool,
) -> Page:
    """What slices of a search find, as one page. A candidate that takes too long is left out: ``skipped`` tells the cursor
    behind the first one from a cursor on, or None. ``whole``: begin with one slice of the whole budget."""
    until = time.monotonic() + budget_ms / 1000
    hurries = budget_ms < SLICES_MS[0]
    step = 0
    cursor, hits, seen = after, list[Hit](), set[tuple[int, int, FoundIn]]()
    page = Page((), 0, False, after, False)
    problem = None
    while True:
        left = max(0, round((until - time.monotonic()) * 1000))
        budget = left if whole and not step else min(left, SLICES_MS[step])
        try:
            page = once(cursor, limit - len(hits), budget, budget + (_HASTE_MS if hurries else _PATIENCE_MS))
        except Cancelled:
            raise
        except DatabaseError as error:
            problem = explained(error)
            if problem is None:
                raise
            if problem != TOO_LONG:
                return Page((), 0, False, None, True, (problem,))
            if hurries:
                return Page(tuple(hits), len(hits), False, cursor, False)
            if step + 1 < len(SLICES_MS):
                step += 1
                continue
            cursor = skipped(cursor)
            problem = LEFT_OUT if cursor is not None else TOO_LONG
            break
        new = [hit for hit in page.hits if _key(hit) not in seen]
        seen.update(map(_key, new))
        hits += new
        cursor, problem = page.more, None
        if page.complete or cursor is None or len(hits) >= limit or time.monotonic() >= until + _TRIES * (step > 0):
            break
    page = replace(page, hits=tuple(hits), about=max(page.about, len(counted(hits))), more=cursor)
    if after is None and cursor is None and problem is None:  # these are all
        page = replace(page, about=len(counted(hits)), exact=True)
    if problem is not None:
        return replace(page, exact=False, complete=cursor is None, problems=(problem,))
    return page


def has_phrase(wanted: str) -> bool:
    """Whether a search has two tiers: in slices, hits of the second would come between those of the first."""
    return json.loads(wanted)["phrase"] is not None


def without_expressions(wanted: str) -> str | None:
    """The query as JSON for what an expression is tried on; None where expressions are only a part of an alternative."""
    query: dict[str, Any] = json.loads(wanted)
    parts = [part for part in query["node"]["of"] if _expression(part) is None]
    if '"k": "re"' in json.dumps(parts):
        return None
    query["node"]["of"] = parts
    query["since"] = query["since"] or "0001-01-01T00:00:00+00:00"  # a query of nothing finds nothing
    return json.dumps(query)


def explained(error: DatabaseError) -> str | None:
    """What is wrong with an expression that only the server can judge."""
    original = getattr(error.__cause__, "orig", None)
    match original:
        case pg.InvalidRegularExpression():
            reason = (original.diag.message_primary or "").rpartition(": ")[2]
            return f"Not a regular expression: {reason}."
        case pg.QueryCanceled():
            return TOO_LONG
    return None


def _expression(part: dict[str, Any]) -> str | None:
    inner = part["of"] if part["k"] == "not" else part
    return inner["t"] if inner["k"] == "re" else None


def _key(hit: Hit) -> tuple[int, int, FoundIn]:
    return hit.chat_id, hit.seq, hit.found_in
