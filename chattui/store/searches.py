"""Searches that are kept: the last ones, and those with a name."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, null, select, update
from sqlalchemy.dialects.postgresql import insert

from chattui.domain.search import HitCount, SavedSearch, counted
from chattui.store import search
from chattui.store.database import Database
from chattui.store.storable import storable
from chattui.store.tables import ME, searches

KEPT = 200
MOST_CHARS = 500
COUNTED = 500
"""Hits from which a count says "or more"."""

COUNT_BUDGET_MS = 250

_NOW = func.clock_timestamp()
_MINE = searches.c.owner == ME


def remember(db: Database, query: str) -> None:
    """Keep what was looked for as the last search; of those without a name the last ``KEPT`` are kept."""
    clean = _clean(query)
    if clean is None:
        return

    def work(conn: Connection) -> None:
        row = insert(searches).values(query=clean, used_at=_NOW)
        conn.execute(row.on_conflict_do_update(index_elements=["owner", "query"], set_={"used_at": _NOW}))
        old = select(searches.c.query).where(_MINE, searches.c.name.is_(None))
        old = old.order_by(searches.c.used_at.desc()).offset(KEPT)
        conn.execute(delete(searches).where(_MINE, searches.c.query.in_(old)))

    db.write(work, idempotent=True)


def recent(db: Database, limit: int = 50) -> list[str]:
    """What was looked for last, the newest first, each once."""
    statement = select(searches.c.query).where(_MINE).order_by(searches.c.used_at.desc()).limit(limit)
    return db.read(lambda conn: list(conn.execute(statement).scalars()))


def save(db: Database, query: str, name: str) -> None:
    """Give a search a name. Another one of that name loses it."""
    clean, called = _clean(query), storable(name).strip()[:200]
    if clean is None or not called:
        return

    def work(conn: Connection) -> None:
        conn.execute(update(searches).where(_MINE, searches.c.name == called).values(name=null(), saved_at=null()))
        row = insert(searches).values(query=clean, name=called, used_at=_NOW, saved_at=_NOW)
        named = {"name": row.excluded.name, "saved_at": row.excluded.saved_at}
        conn.execute(row.on_conflict_do_update(index_elements=["owner", "query"], set_=named))

    db.write(work, idempotent=True)


def forget(db: Database, query: str) -> None:
    """Take the name of a search away; it stays among the last ones."""
    statement = update(searches).where(_MINE, searches.c.query == storable(query)).values(name=null(), saved_at=null())
    db.write(lambda conn: conn.execute(statement), idempotent=True)


def saved(db: Database) -> list[SavedSearch]:
    """The searches with a name, in the order in which they were saved."""
    statement = select(searches.c.name, searches.c.query).where(_MINE, searches.c.name.is_not(None))
    statement = statement.order_by(searches.c.saved_at, searches.c.name)
    return db.read(lambda conn: [SavedSearch(name, query) for name, query in conn.execute(statement)])


def count(db: Database, query: str) -> HitCount:
    """How many hits a search has, as far as ``COUNTED`` hits or a quarter of a second tell."""
    page = search.search(db, query + " ", limit=COUNTED, budget_ms=COUNT_BUDGET_MS)
    if page.more is None and page.complete:
        return HitCount(len(counted(page.hits)))
    if page.exact:
        return HitCount(page.about)
    return HitCount(len(counted(page.hits)), at_least=True)


def _clean(query: str) -> str | None:
    clean = storable(query).strip()
    return clean if 0 < len(clean) <= MOST_CHARS else None
