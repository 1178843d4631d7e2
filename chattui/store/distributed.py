"""The schema for Citus, distributed by owner: what one person has lies together on one node.

What Citus takes and refuses, as of Citus 11 to 14:

* Every key and every foreign key of a distributed table holds the distribution column. Ours all begin with owner.
* Foreign keys are added once both tables are distributed; ON DELETE SET NULL and ON UPDATE CASCADE are refused where the
  distribution column is in the key, also with a list of columns. Such a key says NO ACTION here: whoever takes chats out for good
  (the app only marks them) first sets to NULL what points to them.
* Triggers on distributed tables are refused unless ``citus.enable_unsafe_triggers`` is on. "Unsafe" are those that reach rows of
  other shards; ours keep to the rows of the owner whose row fires them. Without them nobody keeps the counters of chats, by
  which the next message gets its number: such a database can be read and loaded, but the app cannot write into it.
* Tables without an owner are copied to each node.
* Search by meaning makes its tables when it is switched on, as local ones: it is off.

``chattui db schema --distributed`` prints it, with ``--no-triggers`` without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from chattui.store.ddl import Statement, Table, schema_statements, table_of
from chattui.store.migrations import Migration

_FIRST = "chattui.chats"
"""The table beside which all others are put."""

_REFUSED_ACTION = re.compile(r" ON DELETE SET (?:NULL|DEFAULT)(?: \([^)]*\))?| ON UPDATE CASCADE")

_OF_TRIGGER = re.compile(r"(?:CREATE|DROP|ALTER) (?:OR REPLACE )?TRIGGER ")
_ADDED_KEY = re.compile(r"ALTER TABLE (?:ONLY )?chattui\.\w+ ADD (?:CONSTRAINT \w+ )?FOREIGN KEY ")

_HEAD = """\
-- chattui's schema for Citus, distributed by owner. Run it once, in an empty database of the coordinator, after
-- CREATE EXTENSION citus:  psql -v ON_ERROR_STOP=1 --single-transaction -f FILE
SET citus.multi_shard_modify_mode = 'sequential';
"""

_NO_MEANING = """\
-- Search by meaning makes tables of its own, which would not be distributed.
CREATE OR REPLACE FUNCTION chattui.prepare_semantic() RETURNS void LANGUAGE plpgsql SET search_path = chattui, pg_temp AS $$
BEGIN
  RAISE feature_not_supported USING MESSAGE = 'search by meaning is not there in a distributed database';
END $$;
"""

_TRIGGERS = """\
-- Each of these keeps to the rows of the owner whose row fires it, which lie in the same shard.
SET citus.enable_unsafe_triggers = on;
"""


def distributed_schema(migrations: Sequence[Migration] | None = None, *, triggers: bool = True) -> str:
    """The schema as one script for psql. Without ``triggers`` it needs no setting of Citus, and nothing counts messages."""
    tables: list[Table] = []
    keys: list[str] = []
    held: list[Statement] = []
    parts = [_HEAD]
    for statement in schema_statements(migrations):
        table = table_of(statement)
        if table is not None:
            tables.append(table)
            parts.append(_without_foreign_keys(table))
            keys.extend(_foreign_keys(table))
        elif _OF_TRIGGER.match(statement.words):
            held.append(statement)
        elif _ADDED_KEY.match(statement.words):
            keys.append(_REFUSED_ACTION.sub("", statement.words))
        else:
            parts.append(statement.text)
    parts.extend(_placing(tables))
    parts.extend(keys)
    parts.append(_NO_MEANING)
    if triggers and held:
        parts.append(_TRIGGERS)
        parts.extend(statement.text for statement in held)
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _without_foreign_keys(table: Table) -> str:
    kept = [part for part in table.parts if not part.startswith("FOREIGN KEY ")]
    options = f" {table.options}" if table.options else ""
    return f"CREATE TABLE {table.name} (\n  " + ",\n  ".join(kept) + f"\n){options};"


def _foreign_keys(table: Table) -> Iterator[str]:
    for part in table.parts:
        if part.startswith("FOREIGN KEY "):
            yield f"ALTER TABLE {table.name} ADD {_REFUSED_ACTION.sub('', part)};"


def _placing(tables: Sequence[Table]) -> Iterator[str]:
    for table in sorted(tables, key=lambda each: each.name != _FIRST):
        if not table.has_owner:
            yield f"SELECT create_reference_table('{table.name}');"
        else:
            beside = "" if table.name == _FIRST else f", colocate_with => '{_FIRST}'"
            yield f"SELECT create_distributed_table('{table.name}', 'owner'{beside});"
