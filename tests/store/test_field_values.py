"""The values that a query is completed with: those that exist, the commonest first, at a bounded cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from steps import NOON, begin, fill, people, rows, value

from chattui.store.database import Database
from chattui.store.field_values import field_values


def called(db: Database, chat: int, *targets: str) -> None:
    rows(
        db,
        "INSERT INTO chattui.tool_calls (chat_id, call_id, name, target) "
        "SELECT %s, 'c' || nr, 'Edit', t FROM unnest(%s::text[]) WITH ORDINALITY AS x (t, nr)",
        chat,
        list(targets),
    )


def test_agents_and_files_are_among_the_values(db: Database) -> None:
    chat, other = begin(db, "x"), begin(db, "y")
    rows(db, "UPDATE chattui.chats SET agent = CASE id WHEN %s THEN 'reviewer' ELSE 'planner' END", chat)
    called(db, chat, "/srv/web/jobs/digests.py", "/srv/web/jobs/digests.py", "src/app.tsx", "C:\\work\\notes.md")
    called(db, other, "README.md", "/srv/app/digests.py")
    rows(db, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x')")
    rows(db, "INSERT INTO chattui.files (chat_id, path, sha256, size) VALUES (%s, 'plan.pdf', sha256('x'), 1)", chat)
    found = field_values(db)
    assert sorted(found["agent"]) == ["planner", "reviewer"]
    names = found["file"]
    assert names[0] == "digests.py", "the commonest name first"
    assert {"app.tsx", "notes.md", "README.md", "plan.pdf"} < set(names)
    assert names.index("/srv/web/jobs/digests.py") > names.index("README.md"), "paths after names"
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "target",
    [
        "git status",
        "make",
        "https://example.org/a.html",
        "foo.*bar",
        "rm -rf /tmp/x",
        "a\nb.py",
        ".",
        "/",
        "$HOME/x",
        "",
    ],
)
def test_commands_and_addresses_are_no_files(db: Database, target: str) -> None:
    called(db, begin(db, "x"), target)
    assert field_values(db)["file"] == []


def test_files_are_those_of_recent_chats_and_of_ones_own(server: str, db: Database) -> None:
    with people(server, db.conninfo, "ann") as (info,):
        ann = Database(info)
        called(ann, begin(ann, "x"), "secret.py")
        assert field_values(db)["file"] == []
        assert field_values(ann)["file"] == ["secret.py"]
        ann.close()
    rows(
        db,
        "INSERT INTO chattui.chats (source, source_id, title, last_message_at) "
        "SELECT 'codex', 'old' || n, 'old', now() - interval '1 year' FROM generate_series(1, 300) n",
    )
    rows(
        db,
        "INSERT INTO chattui.tool_calls (chat_id, call_id, name, target) "
        "SELECT c.id, 'c' || n, 'Edit', 'old' || n || '.py' FROM chattui.chats c, generate_series(1, 300) n "
        "WHERE c.owner = CURRENT_USER",
    )
    chat = begin(db, "new")
    fill(db, chat, [("now", NOON + timedelta(days=300))], first=2)
    called(db, chat, "new.py")
    rows(db, "ANALYZE chattui.tool_calls, chattui.chats")
    found = field_values(db)["file"]
    assert "new.py" in found
    assert len(found) <= 200
    from chattui.store import field_values as module

    plan = "\n".join(
        line for (line,) in rows(db, f"EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) {_compiled(module)}")
    )
    assert "Seq Scan on tool_calls" not in plan, plan
    assert value(db, "SELECT count(*) FROM chattui.tool_calls") > 90_000


def _compiled(module: object) -> str:
    from sqlalchemy.dialects.postgresql import psycopg as dialect

    statement = module._files()  # type: ignore[attr-defined]
    return str(statement.compile(dialect=dialect.dialect(), compile_kwargs={"literal_binds": True}))
