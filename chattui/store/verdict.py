"""What is right and wrong with a database, as far as a few milliseconds tell: for `db health` and `db status`."""

from __future__ import annotations

from chattui.domain.state import Check, Held, Level, size_words

_FULL, _NEARLY = 0.95, 0.8
_LITTLE_ROOM, _NO_ROOM = 1 << 30, 100 << 20


def verdict(held: Held | None, *, latest: int, free_bytes: int | None = None) -> list[Check]:
    """The checks of a server that answers. ``held`` is None where there is no schema; ``free_bytes`` is of its disk."""
    found = [Check("server", Level.GOOD, "The server answers.")]
    if held is None:
        return [*found, _no_schema()]
    found.append(_schema(held.schema_version, latest))
    found.append(_writable(held))
    found.append(_index(held))
    found.append(_connections(held.connections, held.max_connections))
    if free_bytes is not None:
        found.append(_room(free_bytes))
    return found


def unreachable(sentence: str, *, is_ours: bool) -> Check:
    """The check of a server that does not answer; ``is_ours``: it is the embedded one."""
    advice = "`chattui db start` starts it; so does the app." if is_ours else "Ask whoever runs that server."
    return Check("server", Level.BAD, sentence, advice)


def _no_schema() -> Check:
    return Check(
        "schema", Level.BAD, "The database has no chattui tables.", "`chattui db migrate` makes them; so does the app."
    )


def _schema(version: int, latest: int) -> Check:
    said = f"Schema version {version}, this chattui knows {latest}."
    if version > latest:
        return Check("schema", Level.BAD, said, "Update chattui: this database needs a newer one.")
    if version < latest:
        return Check("schema", Level.WARNING, said, "`chattui db migrate` brings it up to date; so does the app.")
    return Check("schema", Level.GOOD, f"Schema version {version}, the newest.")


def _writable(held: Held) -> Check:
    if held.read_only:
        return Check(
            "writable",
            Level.BAD,
            "The server only reads: it is a standby.",
            "Connect to the primary; with several hosts in the address, target_session_attrs=read-write finds it.",
        )
    return Check("writable", Level.GOOD, "The server takes what is written.")


def _index(held: Held) -> Check:
    if held.index_ready:
        return Check("index", Level.GOOD, "The search index is complete.")
    return Check(
        "index",
        Level.WARNING,
        "The search index is not complete: searches walk the newest messages, which takes longer.",
        "It is built at the end of an import; `chattui db reindex` builds it now.",
    )


def _connections(used: int, most: int) -> Check:
    said = f"{used} of {most} connections are in use."
    if used >= most * _FULL:
        return Check("connections", Level.BAD, said, "Close programs, put a pooler in front, or raise max_connections.")
    if used >= most * _NEARLY:
        return Check("connections", Level.WARNING, said, "Put a pooler in front, or raise max_connections.")
    return Check("connections", Level.GOOD, said)


def _room(free: int) -> Check:
    said = f"{size_words(free)} are free on the disk of the database."
    if free < _NO_ROOM:
        return Check("disk", Level.BAD, said, "Free some space now: without it nothing can be saved.")
    if free < _LITTLE_ROOM:
        return Check("disk", Level.WARNING, said, "Free some space: with too little nothing can be saved.")
    return Check("disk", Level.GOOD, said)
