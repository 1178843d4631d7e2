"""The schema for a large team on one server: messages in partitions by owner, each with indexes of its own.

For a new database only: the app migrates an existing one in place, and a table cannot become a partitioned one. Rows go to a
partition by the hash of their owner, so that a search reads the partition of its caller alone, and upkeep (VACUUM, REINDEX)
goes partition by partition.

``chattui db schema --partitions 16`` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chattui.store.ddl import schema_statements, table_of
from chattui.store.migrations import Migration

_PARTITIONED = "chattui.messages"


def partitioned_schema(partitions: int, migrations: Sequence[Migration] | None = None) -> str:
    """The schema as one script for psql, with ``partitions`` partitions of the messages (2 … 1024)."""
    if not 2 <= partitions <= 1024:
        raise ValueError("partitions: 2 … 1024")
    return "\n\n".join(part.strip("\n") for part in _parts(partitions, migrations)) + "\n"


def _parts(partitions: int, migrations: Sequence[Migration] | None) -> Iterator[str]:
    yield (
        f"-- chattui's schema with the messages in {partitions} partitions by owner. Run it once, in an empty database:\n"
        "-- psql -v ON_ERROR_STOP=1 --single-transaction -f FILE"
    )
    options = ""
    for statement in schema_statements(migrations):
        table = table_of(statement)
        if table is not None and table.name == _PARTITIONED:
            options = f" {table.options}" if table.options else ""
            yield f"CREATE TABLE {table.name} (\n  " + ",\n  ".join(table.parts) + "\n) PARTITION BY HASH (owner);"
        else:
            yield statement.text
    for number in range(partitions):
        yield (
            f"CREATE TABLE {_PARTITIONED}_{number:04d} PARTITION OF {_PARTITIONED} "
            f"FOR VALUES WITH (MODULUS {partitions}, REMAINDER {number}){options};"
        )
