"""What a database holds, in one statement that any client can ask: neither driver nor SQLAlchemy is imported for it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, LiteralString

from chattui.domain.state import Held

TABLE = "chattui.day_counts"
"""Where this table is, ``HELD`` can be asked."""

NOTING_TABLE = "chattui.upkeep_runs"
"""Where this table is, ``HELD_AND_NOTED`` can be asked."""

HELD: LiteralString = """
SELECT json_build_object(
  'schema_version', (SELECT max(version) FROM chattui.schema_versions),
  'index_ready', EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('chattui.messages_search') AND indisvalid),
  'read_only', pg_is_in_recovery(),
  'chats', c.chats, 'archived', c.archived, 'deleted', c.deleted,
  'messages', (SELECT coalesce(sum(n), 0) FROM chattui.day_counts WHERE owner = CURRENT_USER::text),
  'text_bytes', c.bytes,
  'database_bytes', pg_database_size(current_database()),
  'connections', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'max_connections', current_setting('max_connections')::integer,
  'last_sync', (SELECT max(imported_at) FROM chattui.imports WHERE owner = CURRENT_USER::text)
)::text
FROM (SELECT count(*) FILTER (WHERE parent_id IS NULL AND status = 'active' AND message_count > 0) AS chats,
             count(*) FILTER (WHERE parent_id IS NULL AND status = 'archived') AS archived,
             count(*) FILTER (WHERE parent_id IS NULL AND status = 'deleted' AND NOT metadata ? 'purged') AS deleted,
             coalesce(sum(byte_count), 0) AS bytes
        FROM chattui.chats WHERE owner = CURRENT_USER::text) c
"""

HELD_AND_NOTED: LiteralString = HELD.replace(
    "\n)::text",
    """,
  'last_backup', (SELECT max(finished_at) FROM chattui.upkeep_runs WHERE owner = CURRENT_USER::text AND kind = 'backup')
)::text""",
)


def parse(said: str) -> Held:
    """What the statement answers."""
    found: dict[str, Any] = json.loads(said)
    for name in ("last_sync", "last_backup"):
        at = found.get(name)
        found[name] = datetime.fromisoformat(at) if at else None
    return Held(**found)
