"""The tables of ``schema/`` as SQLAlchemy Core sees them. A test holds them against the live catalogue."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ENUM, JSONB

from chattui.domain.kinds import ChatStatus, ContentType, Kind, Role, ToolStatus

SCHEMA = "chattui"
metadata = MetaData(schema=SCHEMA)

ME = cast(func.current_user(), Text)
"""The person behind the connection. Every statement names it: keys begin with owner, with row-level security or not."""

_when = TIMESTAMP(timezone=True)


def _owner() -> Column[str]:
    return Column("owner", Text, nullable=False, server_default=text("CURRENT_USER"))


def _enum(values: type[ChatStatus | ContentType | Kind | Role | ToolStatus], name: str) -> ENUM:
    return ENUM(*[v.value for v in values], name=name, schema=SCHEMA, create_type=False)


chat_status = _enum(ChatStatus, "chat_status")
message_role = _enum(Role, "message_role")
message_kind = _enum(Kind, "message_kind")
content_type = _enum(ContentType, "content_type")
tool_status = _enum(ToolStatus, "tool_status")
import_outcome = ENUM("complete", "partial", "failed", name="import_outcome", schema=SCHEMA, create_type=False)

schema_versions = Table(
    "schema_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("applied_at", _when, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    _owner(),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_id", Text),
    Column("title", Text, nullable=False),
    Column("title_is_own", Boolean, nullable=False),
    Column("description", Text),
    Column("status", chat_status, nullable=False),
    Column("status_before", chat_status),
    Column("pinned", Boolean, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("project", Text),
    Column("repository", Text),
    Column("git_branch", Text),
    Column("agent", Text),
    Column("model", Text),
    Column("parent_id", BigInteger),
    Column("parent_call_id", Text),
    Column("forked_from", BigInteger),
    Column("forked_seq", Integer),
    Column("root_id", Text),
    Column("settings", JSONB, nullable=False),
    Column("metadata", JSONB, nullable=False),
    Column("message_count", Integer, nullable=False),
    Column("prompt_count", Integer, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("tokens_in", BigInteger, nullable=False),
    Column("tokens_out", BigInteger, nullable=False),
    Column("tokens_cached", BigInteger, nullable=False),
    Column("cost", Numeric(14, 6)),
    Column("created_at", _when, nullable=False),
    Column("updated_at", _when, nullable=False),
    Column("last_message_at", _when, nullable=False),
    Column("last_accessed_at", _when),
    Column("deleted_at", _when),
    PrimaryKeyConstraint("owner", "id"),
    UniqueConstraint("source_id", "owner", "source"),
    ForeignKeyConstraint(["owner", "parent_id"], ["chattui.chats.owner", "chattui.chats.id"]),
    ForeignKeyConstraint(["owner", "forked_from"], ["chattui.chats.owner", "chattui.chats.id"]),
)

messages = Table(
    "messages",
    metadata,
    _owner(),
    Column("chat_id", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("created_at", _when, nullable=False),
    Column("role", message_role, nullable=False),
    Column("kind", message_kind, nullable=False),
    Column("content_type", content_type, nullable=False),
    Column("content", Text, nullable=False),
    Column("source_id", Text),
    Column("parent_seq", Integer),
    Column("reply_id", Text),
    Column("call_id", Text),
    Column("thread", Text),
    Column("model", Text),
    Column("tokens_in", Integer),
    Column("tokens_out", Integer),
    Column("tokens_cached", Integer),
    Column("latency_ms", Integer),
    Column("error", Boolean, nullable=False),
    Column("metadata", JSONB),
    Column("chars", Integer, Computed("char_length(content)")),
    Column("lines", Integer, Computed("octet_length(content) - octet_length(replace(content, E'\\n', ''))")),
    PrimaryKeyConstraint("owner", "chat_id", "seq"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    _owner(),
    Column("chat_id", BigInteger, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("status", tool_status, nullable=False),
    Column("call_seq", Integer),
    Column("result_seq", Integer),
    Column("duration_ms", Integer),
    Column("error", Text),
    Column("created_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "chat_id", "call_id"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

blobs = Table(
    "blobs",
    metadata,
    _owner(),
    Column("sha256", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("owner", "sha256"),
)

files = Table(
    "files",
    metadata,
    _owner(),
    Column("chat_id", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    Column("seq", Integer),
    Column("sha256", LargeBinary, nullable=False),
    Column("mime", Text, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "chat_id", "path"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
    ForeignKeyConstraint(["owner", "sha256"], ["chattui.blobs.owner", "chattui.blobs.sha256"]),
)

imports = Table(
    "imports",
    metadata,
    _owner(),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("machine", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("chat_id", BigInteger),
    Column("inode", BigInteger, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("byte_offset", BigInteger, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("head_hash", LargeBinary),
    Column("tail_hash", LargeBinary),
    Column("state", JSONB, nullable=False),
    Column("outcome", import_outcome, nullable=False),
    Column("error", Text),
    Column("problems", JSONB, nullable=False),
    Column("problem_count", Integer, nullable=False),
    Column("message_count", Integer, nullable=False),
    Column("imported_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "id"),
    UniqueConstraint("owner", "machine", "path"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

imported_chats = Table(
    "imported_chats",
    metadata,
    _owner(),
    Column("import_id", BigInteger, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("chat_id", BigInteger),
    Column("version", Text, nullable=False),
    Column("message_count", Integer, nullable=False),
    PrimaryKeyConstraint("owner", "import_id", "source_id"),
    ForeignKeyConstraint(["owner", "import_id"], ["chattui.imports.owner", "chattui.imports.id"]),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

raw_records = Table(
    "raw_records",
    metadata,
    _owner(),
    Column("import_id", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("chat_id", BigInteger),
    Column("line", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),
    Column("what", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("met_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "import_id", "digest"),
    ForeignKeyConstraint(["owner", "import_id"], ["chattui.imports.owner", "chattui.imports.id"]),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

snapshots = Table(
    "snapshots",
    metadata,
    _owner(),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("chat_id", BigInteger),
    Column("data", JSONB, nullable=False),
    Column("created_at", _when, nullable=False),
    Column("name", Text),
    PrimaryKeyConstraint("owner", "id"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

replies = Table(
    "replies",
    metadata,
    _owner(),
    Column("chat_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("parent_seq", Integer, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("model", Text, nullable=False),
    Column("thinking", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("began_at", _when, nullable=False),
    Column("saved_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "chat_id", "key"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

marks = Table(
    "marks",
    metadata,
    _owner(),
    Column("chat_id", BigInteger, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("bookmarked_at", _when),
    Column("note", Text),
    Column("excerpt", Text, nullable=False),
    Column("created_at", _when, nullable=False),
    Column("updated_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "chat_id", "source_id"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)

searches = Table(
    "searches",
    metadata,
    _owner(),
    Column("query", Text, nullable=False),
    Column("name", Text),
    Column("used_at", _when, nullable=False),
    Column("saved_at", _when),
    PrimaryKeyConstraint("owner", "query"),
)

day_counts = Table(
    "day_counts",
    metadata,
    _owner(),
    Column("day", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("owner", "day"),
)

words = Table(
    "words",
    metadata,
    _owner(),
    Column("word", Text, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("owner", "word"),
)

vocabularies = Table(
    "vocabularies",
    metadata,
    _owner(),
    Column("messages", BigInteger, nullable=False),
    Column("sampled_at", _when, nullable=False),
    PrimaryKeyConstraint("owner"),
)

upkeep_runs = Table(
    "upkeep_runs",
    metadata,
    _owner(),
    Column("id", BigInteger, Identity(), nullable=False),
    Column("kind", Text, nullable=False),
    Column("started_at", _when, nullable=False),
    Column("finished_at", _when, nullable=False),
    Column("report", JSONB, nullable=False),
    PrimaryKeyConstraint("owner", "id"),
)

archived_chats = Table(
    "archived_chats",
    metadata,
    _owner(),
    Column("chat_id", BigInteger, nullable=False),
    Column("archived_at", _when, nullable=False),
    PrimaryKeyConstraint("owner", "chat_id"),
    ForeignKeyConstraint(["owner", "chat_id"], ["chattui.chats.owner", "chattui.chats.id"]),
)
