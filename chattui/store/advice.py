"""What to do about the state of a database: each figure that is bad, with a way to make it good."""

from __future__ import annotations

from datetime import datetime

from chattui.domain.state import Check, DatabaseState, Level, Relation, size_words, span_words
from chattui.store.verdict import verdict

DEAD_SHARE, DEAD_ROWS = 0.2, 1_000
CHANGED_SHARE, CHANGED_ROWS = 0.2, 1_000
SPARE_SHARE, SPARE_BYTES = 0.5, 16 << 20
"""From where vacuum, analyze and rebuilding an index are worth their time: both the share and the number must be reached."""

_CACHE, _CACHE_FROM = 0.9, 1 << 30
_LAG, _LONG = 60.0, 3600.0
_BACKUP_DAYS, _SYNC_DAYS = 14, 14
_FREEZE = 1.5
_SLOW_MS = 1_000.0


def wants_vacuum(one: Relation) -> bool:
    """Whether so many rows of a table are dead that removing them is worth it."""
    return not one.is_index and one.dead >= DEAD_ROWS and one.dead >= DEAD_SHARE * (one.rows + one.dead)


def wants_analyze(one: Relation) -> bool:
    """Whether so much of a table has changed that plans rest on old figures."""
    return not one.is_index and one.changed >= CHANGED_ROWS and one.changed >= CHANGED_SHARE * one.rows


def wants_reindex(one: Relation) -> bool:
    """Whether an index would give back enough to be built anew, or is of no use as it is."""
    return one.is_index and (not one.is_valid or (one.spare >= SPARE_BYTES and one.spare >= SPARE_SHARE * one.bytes))


def advise(state: DatabaseState, *, latest: int, now: datetime, free_bytes: int | None = None) -> list[Check]:
    """Every check that there is, in the order in which people should read them."""
    found = verdict(state.held, latest=latest, free_bytes=free_bytes)
    found += [_cache(state), _tables(state), _indexes(state), _slow(state), _transactions(state), _freezing(state)]
    found += _replicas(state)
    found.append(_backup(state, now))
    found.append(_sync(state, now))
    return found


def _cache(state: DatabaseState) -> Check:
    if state.cache_hits is None:
        return Check("cache", Level.GOOD, "Nothing was read yet.")
    said = f"{state.cache_hits:.1%} of what is read comes from PostgreSQL's cache."
    if state.cache_hits < _CACHE and state.held.database_bytes > _CACHE_FROM:
        return Check("cache", Level.WARNING, said, "Raise shared_buffers, to a quarter of the memory at most.")
    return Check("cache", Level.GOOD, said)


def _tables(state: DatabaseState) -> Check:
    wanting = [one.name for one in state.relations if wants_vacuum(one) or wants_analyze(one)]
    if wanting:
        advice = "`chattui db upkeep` vacuums and analyzes what needs it."
        return Check("tables", Level.WARNING, f"Many dead or changed rows in {', '.join(wanting)}.", advice)
    return Check("tables", Level.GOOD, "Tables have few dead rows and fresh statistics.")


def _indexes(state: DatabaseState) -> Check:
    broken = [one.name for one in state.relations if one.is_index and not one.is_valid]
    if broken:
        advice = "`chattui db reindex` clears and rebuilds them: each costs every write and serves nobody."
        return Check("indexes", Level.WARNING, f"Left half-built: {', '.join(broken)}.", advice)
    swollen = [one for one in state.relations if wants_reindex(one)]
    if swollen:
        names, spare = ", ".join(one.name for one in swollen), size_words(sum(one.spare for one in swollen))
        return Check(
            "indexes", Level.WARNING, f"{names} would give back {spare}.", "`chattui db upkeep` rebuilds them."
        )
    return Check("indexes", Level.GOOD, "Indexes are valid and hold little that is empty.")


def _slow(state: DatabaseState) -> Check:
    slow = [one for one in state.slow if one.mean_ms >= _SLOW_MS]
    where = "pg_stat_statements" if state.slow_from == "pg_stat_statements" else "chattui's log"
    if slow:
        said = f"{len(slow)} statement{'' if len(slow) == 1 else 's'} took more than a second, says {where}."
        return Check("statements", Level.WARNING, said, "`chattui db stats` lists them; is the search index complete?")
    return Check("statements", Level.GOOD, f"No statement took more than a second, says {where}.")


def _transactions(state: DatabaseState) -> Check:
    longest = state.longest_transaction or 0.0
    if longest >= _LONG:
        said = f"A transaction has been open for {span_words(longest)}: what is dead since then cannot be removed."
        return Check("transactions", Level.WARNING, said, "Find its program in pg_stat_activity, and end it.")
    return Check("transactions", Level.GOOD, "No transaction has been open for long.")


def _freezing(state: DatabaseState) -> Check:
    if state.oldest_xid_share > _FREEZE:
        said = f"The oldest rows are {state.oldest_xid_share:.1f} times as old as autovacuum lets them become."
        return Check("freezing", Level.BAD, said, "Run VACUUM (FREEZE) as the database's owner; is autovacuum on?")
    return Check("freezing", Level.GOOD, "Old rows are frozen in time.")


def _replicas(state: DatabaseState) -> list[Check]:
    found = []
    if state.standby_lag is not None and state.standby_lag >= _LAG:
        said = f"This standby is {span_words(state.standby_lag)} behind, or its primary is idle."
        found.append(Check("replication", Level.WARNING, said, "Look at the connection to the primary."))
    for one in state.replicas:
        if one.state != "streaming" or (one.lag_seconds or 0.0) >= _LAG:
            behind = f", {span_words(one.lag_seconds)} behind" if one.lag_seconds else ""
            said = f"The replica {one.name} is {one.state}{behind}."
            found.append(Check("replication", Level.WARNING, said, "Look at its log and at the network between them."))
    if not found and state.replicas:
        found.append(Check("replication", Level.GOOD, f"{len(state.replicas)} replicas keep up."))
    return found


def _backup(state: DatabaseState, now: datetime) -> Check:
    if state.last_backup is None:
        if not state.held.messages:
            return Check("backup", Level.GOOD, "There is nothing to back up yet.")
        return Check("backup", Level.WARNING, "No backup is recorded.", "`chattui db backup` makes one.")
    age = (now - state.last_backup).total_seconds()
    said = f"The last backup is {span_words(age)} old."
    if age > _BACKUP_DAYS * 86400:
        return Check("backup", Level.WARNING, said, "`chattui db backup` makes one.")
    return Check("backup", Level.GOOD, said)


def _sync(state: DatabaseState, now: datetime) -> Check:
    if state.held.last_sync is None:
        return Check("import", Level.GOOD, "Nothing was imported yet.")
    age = (now - state.held.last_sync).total_seconds()
    said = f"The last message was imported {span_words(age)} ago."
    if age > _SYNC_DAYS * 86400:
        return Check(
            "import", Level.WARNING, said, "`chattui import` brings in what is new; `chattui watch` as it comes."
        )
    return Check("import", Level.GOOD, said)
