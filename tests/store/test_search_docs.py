"""The examples of docs/search.md find what it says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from steps import rows

from chattui.domain.fields import FIELDS
from chattui.domain.language import parse
from chattui.store import chats, search
from chattui.store.database import Database

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def table(head: str) -> list[list[str]]:
    """The rows of the table whose first line begins so."""
    lines = PAGE[PAGE.index(f"\n| {head} |") :].strip().split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.fixture
def history(db: Database) -> tuple[Database, dict[tuple[int, int], int]]:
    """The history of the page: the database, and the number of each message by its place."""
    made = {
        name: chats.create(db, title=name, project=project).id
        for name, project in (("web", "/srv/web"), ("trip", None))
    }
    chats.tag(db, made["web"], ["two words"])
    chats.pin(db, made["trip"], True)
    places: dict[tuple[int, int], int] = {}
    for number, date, chat, role, kind, text in table("message"):
        seq = 1 + sum(1 for place in places if place[0] == made[chat])
        places[made[chat], seq] = int(number)
        rows(
            db,
            "INSERT INTO chattui.messages (chat_id, seq, created_at, role, kind, content) "
            "VALUES (%s, %s, %s, %s::text::chattui.message_role, %s::text::chattui.message_kind, %s)",
            *(
                made[chat],
                seq,
                datetime.fromisoformat(date).replace(tzinfo=UTC) + timedelta(hours=12),
                role,
                kind,
                text,
            ),
        )
    return db, places


def test_every_example_finds_what_the_page_says(history: tuple[Database, dict[tuple[int, int], int]]) -> None:
    db, places = history
    examples = [(query.strip("`"), finds.split()) for query, finds in table("query")]
    assert len(examples) > 30
    found = {}
    for query, _ in examples:
        hits = search.search(db, parse(query, NOW)).hits
        found[query] = [str(places[h.chat_id, h.seq]) for h in hits if h.is_message]
    assert found == dict(examples)


def test_the_page_names_every_field_and_every_value() -> None:
    for info in FIELDS.values():
        assert f"`{info.name}:" in PAGE
        assert all(f"`{value}`" in PAGE for value in info.values or ())
