"""History on its way into the store: what a delivery is, and the SQL that takes whole batches of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from chattui.domain.history import Chunk, HistoryFile
from chattui.store.copying import MESSAGE_COLUMNS

if TYPE_CHECKING:
    from chattui.store.aside import Aside


@dataclass(frozen=True, slots=True)
class Delivery:
    """One chunk of one history file, with what the file was when it was read.

    It is stored only if the file's import still stands at ``expected_offset``: another program may have been faster.
    ``replace`` removes what came from this chat's file before, because the file was rewritten. ``error`` says that the
    file could not be read further. ``chunk`` is None then, or when a file was only touched or moved. ``bodies`` are the
    chunk's messages as ``copying.message_body`` writes them; without them the writer does that itself.
    """

    file: HistoryFile
    chunk: Chunk | None
    expected_offset: int
    head_hash: bytes | None = None
    tail_hash: bytes | None = None
    replace: bool = False
    error: str | None = None
    moved_from: str | None = None  # the path under which this same file was imported before
    bodies: tuple[bytes | bytearray, ...] = ()
    expected_mtime_ns: int | None = None  # of a container: the time that its import has
    aside: Aside | None = None  # where bodies and attachments are, when they are not here


def size_of(delivery: Delivery) -> int:
    """Bytes of what a delivery holds in memory: the bodies of its messages and what is attached to them."""
    if delivery.chunk is None or delivery.aside is not None:
        return 0
    attached = (one for message in delivery.chunk.messages for one in message.attachments)
    return sum(map(len, delivery.bodies)) + sum(len(one.data) for one in attached)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: how many messages were stored, and the chats that hold them."""

    stored: int
    chat_ids: frozenset[int]
    skipped: tuple[str, ...]  # paths that another program had already advanced


LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('chattui.import ' || CURRENT_USER, 0))"

LIMITS: LiteralString = (
    "SET LOCAL enable_seqscan = off; SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '32MB'; "
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'"
)
"""An import may lose its last commits in a power cut: the offset is lost with the messages, and they are read again.

No sequential scans: the foreign key's check is planned once, while ``chats`` is small, and kept while it grows.
"""

OFFSETS: LiteralString = """
SELECT path, byte_offset, state ? 'second_copy', mtime_ns FROM chattui.imports
 WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = ANY (%(paths)s)
"""

MOVE: LiteralString = """
UPDATE chattui.imports SET path = %(path)s
 WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = %(moved_from)s
   AND NOT EXISTS (SELECT FROM chattui.imports WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = %(path)s)
RETURNING byte_offset, state ? 'second_copy'
"""

TOUCH: LiteralString = """
UPDATE chattui.imports SET size = %(size)s, mtime_ns = %(mtime_ns)s, inode = %(inode)s, device = %(device)s,
       error = %(error)s, outcome = CASE WHEN %(error)s::text IS NOT NULL OR problem_count > 0 THEN 'partial'
                                         ELSE 'complete' END::chattui.import_outcome
 WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = %(path)s
"""
"""A file that was looked at and brought nothing: how far it was read stays as it was."""

PLACEHOLDERS: LiteralString = """
INSERT INTO chattui.chats (source, source_id)
SELECT DISTINCT x.source, x.source_id FROM jsonb_to_recordset(%(chats)s::jsonb) AS x (source text, source_id text)
 ORDER BY 1, 2
    ON CONFLICT (owner, source, source_id) DO NOTHING
"""
"""Chats that are named as parents before they were read themselves."""

CHATS: LiteralString = """
INSERT INTO chattui.chats AS c (source, source_id, title, project, repository, git_branch, agent, model, root_id, metadata,
       title_is_own, pinned, tags, description, settings, created_at, last_message_at, status, parent_id, parent_call_id,
       forked_from, forked_seq)
SELECT x.source, x.source_id, x.title, nullif(x.project, ''), nullif(x.repository, ''), nullif(x.git_branch, ''),
       nullif(x.agent, ''), nullif(x.model, ''), nullif(x.root_id, ''), x.metadata, x.title_is_own, x.pinned, x.tags,
       nullif(x.description, ''), x.settings, x.created_at, x.created_at,
       (CASE WHEN x.archived THEN 'archived' ELSE 'active' END)::chattui.chat_status,
       p.id, nullif(x.parent_call_id, ''), f.id, x.forked_count
  FROM jsonb_to_recordset(%(chats)s::jsonb) AS x (source text, source_id text, title text, project text, repository text,
       git_branch text, agent text, model text, root_id text, metadata jsonb, title_is_own boolean, pinned boolean, tags text[],
       description text, settings jsonb, created_at timestamptz, archived boolean,
       parent_source_id text, parent_call_id text, forked_from_id text, forked_count integer)
  LEFT JOIN chattui.chats p ON p.owner = CURRENT_USER::text AND p.source = x.source AND p.source_id = x.parent_source_id
  LEFT JOIN chattui.chats f ON f.owner = CURRENT_USER::text AND f.source = x.source AND f.source_id = x.forked_from_id
 ORDER BY x.source, x.source_id
    ON CONFLICT (owner, source, source_id) DO UPDATE SET
       title = CASE WHEN c.title_is_own OR excluded.title = '' THEN c.title ELSE excluded.title END,
       project = CASE WHEN c.settings -> 'own' ? 'project' THEN c.project ELSE coalesce(c.project, excluded.project) END,
       repository = CASE WHEN c.settings -> 'own' ? 'repository' THEN c.repository
                         ELSE coalesce(excluded.repository, c.repository) END,
       git_branch = CASE WHEN c.settings -> 'own' ? 'git_branch' THEN c.git_branch
                         ELSE coalesce(excluded.git_branch, c.git_branch) END,
       agent = coalesce(excluded.agent, c.agent),
       model = coalesce(excluded.model, c.model),
       root_id = coalesce(c.root_id, excluded.root_id),
       metadata = c.metadata || excluded.metadata,
       title_is_own = c.title_is_own OR excluded.title_is_own,
       pinned = c.pinned OR excluded.pinned,
       tags = CASE WHEN c.tags = '{}' THEN excluded.tags ELSE c.tags END,
       description = coalesce(c.description, excluded.description),
       settings = excluded.settings || c.settings,
       created_at = least(c.created_at, excluded.created_at),
       status = CASE WHEN c.status = 'active' AND excluded.status = 'archived' THEN excluded.status ELSE c.status END,
       parent_id = coalesce(excluded.parent_id, c.parent_id),
       parent_call_id = coalesce(excluded.parent_call_id, c.parent_call_id),
       forked_from = coalesce(excluded.forked_from, c.forked_from),
       forked_seq = coalesce(excluded.forked_seq, c.forked_seq)
RETURNING c.id, c.source, c.source_id, c.message_count
"""

AFRESH: LiteralString = """
WITH told AS (
  SELECT x.chat_id, x.title,
         CASE WHEN c.settings -> 'own' ? 'project' THEN c.project ELSE nullif(x.project, '') END AS project,
         CASE WHEN c.settings -> 'own' ? 'repository' THEN c.repository ELSE nullif(x.repository, '') END AS repository,
         CASE WHEN c.settings -> 'own' ? 'git_branch' THEN c.git_branch ELSE nullif(x.git_branch, '') END AS git_branch,
         nullif(x.agent, '') AS agent, nullif(x.model, '') AS model,
         nullif(x.root_id, '') AS root_id, x.metadata, x.began, p.id AS parent_id,
         nullif(x.parent_call_id, '') AS parent_call_id,
         CASE WHEN f.id <> c.forked_from THEN f.id
              WHEN concat(x.forked_from_id, x.root_id) <> '' THEN c.forked_from END AS forked_from,
         CASE WHEN f.id <> c.forked_from THEN x.forked_count
              WHEN concat(x.forked_from_id, x.root_id) <> '' THEN c.forked_seq END AS forked_seq,
         (SELECT max(m.created_at) FROM chattui.messages m
           WHERE m.owner = CURRENT_USER::text AND m.chat_id = x.chat_id) AS last_at
    FROM jsonb_to_recordset(%(chats)s::jsonb) AS x (chat_id bigint, source text, title text, project text, repository text,
         git_branch text, agent text, model text, root_id text, metadata jsonb, began timestamptz, parent_source_id text,
         parent_call_id text, forked_from_id text, forked_count integer)
    JOIN chattui.chats c ON c.owner = CURRENT_USER::text AND c.id = x.chat_id
    LEFT JOIN chattui.chats p ON p.owner = CURRENT_USER::text AND p.source = x.source AND p.source_id = x.parent_source_id
    LEFT JOIN chattui.chats f ON f.owner = CURRENT_USER::text AND f.source = x.source AND f.source_id = x.forked_from_id
)
UPDATE chattui.chats c SET
       title = CASE WHEN c.title_is_own OR (t.title = '' AND NOT c.metadata ? 'title_from') THEN c.title ELSE t.title END,
       project = t.project, repository = t.repository, git_branch = t.git_branch, agent = t.agent, model = t.model,
       root_id = t.root_id, metadata = t.metadata, created_at = coalesce(t.began, c.created_at),
       last_message_at = coalesce(t.last_at, c.last_message_at), parent_id = t.parent_id, parent_call_id = t.parent_call_id,
       forked_from = t.forked_from, forked_seq = t.forked_seq
  FROM told t
 WHERE c.owner = CURRENT_USER::text AND c.id = t.chat_id
   AND (c.title, c.project, c.repository, c.git_branch, c.agent, c.model, c.root_id, c.metadata, c.created_at,
        c.last_message_at, c.parent_id, c.parent_call_id, c.forked_from)
       IS DISTINCT FROM
       (t.title, t.project, t.repository, t.git_branch, t.agent, t.model, t.root_id, t.metadata,
        coalesce(t.began, c.created_at), coalesce(t.last_at, c.last_message_at), t.parent_id, t.parent_call_id,
        t.forked_from)
"""
"""Of chats whose file tells all of them anew: what an earlier state of the file said is forgotten, not what a person said."""

FILLED: LiteralString = """
SELECT c.source, c.source_id
  FROM jsonb_to_recordset(%(chats)s::jsonb) AS x (source text, source_id text)
  JOIN chattui.chats c ON c.owner = CURRENT_USER::text AND c.source = x.source AND c.source_id = x.source_id
 WHERE c.message_count > 0
"""
"""Of chats that come as copies those that hold messages: what is known of them here is newer."""

COPIED: LiteralString = """
UPDATE chattui.imports SET state = state || '{"second_copy": true}'
 WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND (machine, path) <> (%(machine)s, %(path)s)
"""
"""A copy, or the file of another machine, has brought messages: what the chat's other files bring later is held against them."""

LAST_TIME: LiteralString = """
SELECT max(created_at) FROM chattui.messages WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq = %(seq)s
"""

SEQS: LiteralString = """
SELECT source_id, seq FROM chattui.messages
 WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq >= %(first)s AND source_id = ANY (%(ids)s)
"""
"""Looks at every message from ``first`` on: no index knows their ids."""

COPY_MESSAGES: LiteralString = f"COPY chattui.messages ({MESSAGE_COLUMNS}) FROM STDIN"

START_OVER: LiteralString = """
UPDATE chattui.imports SET line = 0, problems = '[]', problem_count = 0, message_count = 0
 WHERE owner = CURRENT_USER::text AND machine = %(machine)s AND path = %(path)s
"""

OTHER_FILE: LiteralString = """
SELECT 1 FROM chattui.imports
 WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND (machine, path) <> (%(machine)s, %(path)s) AND message_count > 0
 UNION ALL
SELECT 1 FROM chattui.imported_chats k JOIN chattui.imports i ON i.owner = k.owner AND i.id = k.import_id
 WHERE k.owner = CURRENT_USER::text AND k.chat_id = %(chat_id)s AND (i.machine, i.path) <> (%(machine)s, %(path)s)
   AND k.message_count > 0
 LIMIT 1
"""

OWN_ASIDE: LiteralString = """
UPDATE chattui.messages SET seq = seq + 1000000000
 WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND starts_with(source_id, 'chattui:')
"""

OWN_BACK: LiteralString = """
WITH o AS (
  SELECT seq, %(behind)s + row_number() OVER (ORDER BY seq)::integer AS at FROM chattui.messages
   WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq > 1000000000
)
UPDATE chattui.messages m
   SET seq = o.at,
       parent_seq = CASE
         WHEN m.parent_seq = 0 THEN 0                                            -- another beginning of the chat
         WHEN p.at IS NOT NULL THEN p.at
         WHEN m.parent_seq < (SELECT min(seq) FROM o) - 1000000001 THEN least(m.parent_seq, %(behind)s)
         ELSE nullif(%(behind)s, 0) END                                          -- what was the last message, and is again
  FROM o LEFT JOIN o p ON p.seq = (SELECT x.parent_seq + 1000000000 FROM chattui.messages x
         WHERE x.owner = CURRENT_USER::text AND x.chat_id = %(chat_id)s AND x.seq = o.seq)
 WHERE m.owner = CURRENT_USER::text AND m.chat_id = %(chat_id)s AND m.seq = o.seq
"""
"""What was written here goes behind what came: it answers what it did of ours, and of the rest what is in that place."""

TAKE_OUT: tuple[LiteralString, ...] = (
    "DELETE FROM chattui.tool_calls WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s",
    "DELETE FROM chattui.messages WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq < 1000000000",
    "DELETE FROM chattui.files WHERE owner = CURRENT_USER::text AND chat_id = %(chat_id)s AND seq IS NOT NULL",
)

FORGET_FORK: LiteralString = """
UPDATE chattui.chats SET forked_from = NULL, forked_seq = NULL WHERE owner = CURRENT_USER::text AND id = %(chat_id)s
"""

IS_RESTRICTED: LiteralString = "SELECT row_security_active('chattui.messages')"

BY_WAY_OF: LiteralString = (
    f"CREATE TEMPORARY TABLE chattui_incoming ON COMMIT DROP AS SELECT {MESSAGE_COLUMNS} FROM chattui.messages LIMIT 0"  # noqa: S608
)
COPY_ASIDE: LiteralString = f"COPY pg_temp.chattui_incoming ({MESSAGE_COLUMNS}) FROM STDIN"
TAKE_IN: LiteralString = (
    f"INSERT INTO chattui.messages ({MESSAGE_COLUMNS}) "  # noqa: S608
    f"SELECT {MESSAGE_COLUMNS} FROM pg_temp.chattui_incoming ORDER BY chat_id, seq"
)
"""Where row-level security holds, PostgreSQL takes no COPY into the table itself."""

TOOL_CALLS: LiteralString = """
INSERT INTO chattui.tool_calls AS t (chat_id, call_id, name, target, status, call_seq, result_seq, duration_ms, error, created_at)
SELECT * FROM json_to_recordset(%(calls)s::json) AS x (chat_id bigint, call_id text, name text, target text,
       status chattui.tool_status, call_seq integer, result_seq integer, duration_ms integer, error text, created_at timestamptz)
    ON CONFLICT (owner, chat_id, call_id) DO UPDATE SET
       name = CASE WHEN excluded.name = '' THEN t.name ELSE excluded.name END,
       target = CASE WHEN excluded.target = '' THEN t.target ELSE excluded.target END,
       status = CASE WHEN excluded.status = 'pending' THEN t.status ELSE excluded.status END,
       call_seq = coalesce(t.call_seq, excluded.call_seq),
       result_seq = coalesce(excluded.result_seq, t.result_seq),
       duration_ms = coalesce(excluded.duration_ms, t.duration_ms),
       error = coalesce(excluded.error, t.error)
"""

BLOB: LiteralString = """
INSERT INTO chattui.blobs (sha256, size, data) VALUES (%(sha256)s, %(size)s, %(data)s) ON CONFLICT (owner, sha256) DO NOTHING
"""

FILE: LiteralString = """
INSERT INTO chattui.files (chat_id, path, seq, sha256, mime, size)
VALUES (%(chat_id)s, %(path)s, %(seq)s, %(sha256)s, %(mime)s, %(size)s) ON CONFLICT (owner, chat_id, path) DO NOTHING
"""

IMPORTS: LiteralString = """
INSERT INTO chattui.imports AS i (machine, path, source, chat_id, inode, device, size, mtime_ns, byte_offset, line, head_hash,
       tail_hash, state, outcome, error, problems, problem_count, message_count)
SELECT %(machine)s, x.path, x.source, x.chat_id, x.inode, x.device, x.size, x.mtime_ns, x.byte_offset, x.line,
       decode(x.head_hash, 'hex'), decode(x.tail_hash, 'hex'), coalesce(x.state, '{}'), x.outcome::chattui.import_outcome,
       x.error, x.problems, x.problem_count, x.message_count
  FROM jsonb_to_recordset(%(files)s::jsonb) AS x (path text, source text, chat_id bigint, inode numeric, device numeric,
       size bigint, mtime_ns bigint, byte_offset bigint, line bigint, head_hash text, tail_hash text, state jsonb, outcome text,
       error text, problems jsonb, problem_count integer, message_count integer)
    ON CONFLICT (owner, machine, path) DO UPDATE SET
       source = excluded.source, chat_id = coalesce(excluded.chat_id, i.chat_id), inode = excluded.inode,
       device = excluded.device, size = excluded.size, mtime_ns = excluded.mtime_ns, byte_offset = excluded.byte_offset,
       line = excluded.line, head_hash = excluded.head_hash, tail_hash = excluded.tail_hash, state = excluded.state,
       outcome = CASE WHEN excluded.outcome <> 'complete' THEN excluded.outcome
                      WHEN i.problem_count > 0 AND excluded.line > 0 AND excluded.line >= i.line THEN 'partial'
                      ELSE 'complete' END,
       error = excluded.error,
       problems = CASE WHEN excluded.line >= i.line
                       THEN jsonb_path_query_array(i.problems || excluded.problems, '$[0 to 19]') ELSE excluded.problems END,
       problem_count = CASE WHEN excluded.line >= i.line THEN i.problem_count ELSE 0 END + excluded.problem_count,
       message_count = i.message_count + excluded.message_count,
       imported_at = now()
"""
