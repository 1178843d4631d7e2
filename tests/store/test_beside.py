"""Search in what stands beside messages: titles, names of attachments; notes and tags are in test_marks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from steps import NOON, begin, fill, rows

from chattui.domain.search import FoundIn, Hit
from chattui.store import chats, details, marks, search
from chattui.store.database import Database


def attach(db: Database, chat_id: int, seq: int, path: str, mime: str = "application/pdf") -> None:
    """A file of a chat, as an import leaves it."""
    rows(db, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x') ON CONFLICT DO NOTHING")
    rows(
        db,
        "INSERT INTO chattui.files (chat_id, path, seq, sha256, mime, size) VALUES (%s, %s, %s, sha256('x'), %s, 1)",
        chat_id,
        path,
        seq,
        mime,
    )


def beside(db: Database, typed: str, **options: int) -> list[tuple[FoundIn, str, int]]:
    return [(h.found_in, h.snippet, h.seq) for h in search.search(db, typed, **options).hits if not h.is_message]


@pytest.mark.parametrize(
    "typed",
    [
        "zebrafish",
        "zebraf",
        "Keeping zebra",
        '"keeping zebrafish"',
        "zebrafish -horse ",
        "zebrafish OR horse ",
        "zürich",
    ],
)
def test_a_chat_is_found_by_its_title(db: Database, typed: str) -> None:
    begin(db, "how do I begin?", title="Keeping zebrafish in Zurich")
    begin(db, "nothing of it", title="Horses")
    [hit] = [h for h in search.search(db, typed).hits if not h.is_message]
    assert (hit.found_in, hit.snippet, hit.seq) == (FoundIn.TITLE, "Keeping zebrafish in Zurich", 0)
    assert hit.ranges or typed == "zürich"


@pytest.mark.parametrize(
    "typed",
    [
        "zebrafish -keeping ",
        '"zebrafish keeping"',
        "zebrafish role:user ",
        "zebrafish has:note ",
        "zebrafish project:other ",
        "zebrafish before:2020 ",
        "-zebrafish ",
        "title:zebrafish ",
        "zebrafish /fish$/",
    ],
)
def test_a_title_is_no_hit_where_the_query_does_not_allow_it(db: Database, typed: str) -> None:
    begin(db, "how do I begin?", title="Keeping zebrafish", project="/srv/web")
    assert beside(db, typed) == [] or typed.endswith("/")


def test_a_title_that_is_how_the_chat_begins_is_found_there(db: Database) -> None:
    chat = begin(db, "Please   keep\nzebrafish alive, whatever it takes", title="Please keep zebrafish alive, what…")
    hits = search.search(db, "zebrafish ").hits
    assert [(h.chat_id, h.seq, h.found_in) for h in hits] == [(chat, 1, FoundIn.MESSAGE)]


def test_the_newest_few_titles_stand_among_the_messages_of_their_time(db: Database) -> None:
    for number in range(9):
        chat = begin(db, title=f"Zebrafish {number}")
        fill(db, chat, [(f"hay {number}", NOON + timedelta(days=number))])
    talk = begin(db)
    fill(
        db, talk, [("old zebrafish", NOON + timedelta(days=6, hours=1)), ("zebrafish swim", NOON + timedelta(days=99))]
    )
    page = search.search(db, "zebrafish ")
    names = [f"Zebrafish {n}" for n in (8, 7, 6, 5, 4)]
    assert [h.snippet for h in page.hits] == ["zebrafish swim", *names[:2], "old zebrafish", *names[2:]]
    assert (page.about, page.exact) == (2, True), "names are not counted"
    seen: list[Hit] = []
    after = None
    for _ in range(9):
        page = search.search(db, "zebrafish ", limit=2, after=after)
        seen += page.hits
        after = page.more
        if after is None:
            break
    assert [h.snippet for h in seen] == [*names[:2], "zebrafish swim", "old zebrafish"], (
        "those that the first page holds"
    )


def test_titles_of_archived_chats_and_subagents_are_found_those_of_deleted_ones_are_not(db: Database) -> None:
    archived, parent, gone = (begin(db, "hay", title=title) for title in ("Zebrafish A", "Parent", "Zebrafish D"))
    child = begin(db, "hay", title="Zebrafish S")
    rows(db, "UPDATE chattui.chats SET parent_id = %s WHERE id = %s", parent, child)
    chats.archive(db, archived)
    chats.delete(db, gone)
    assert sorted(title for _, title, _ in beside(db, "zebrafish ")) == ["Zebrafish A", "Zebrafish S"]
    chats.delete(db, parent)
    assert [title for _, title, _ in beside(db, "zebrafish ")] == ["Zebrafish A"]


@pytest.mark.parametrize("typed", ["zoning", "zoning-map", "zoning map", "map.pdf", "ZONING -horse ", "zon"])
def test_an_attachment_is_found_by_its_name(db: Database, typed: str) -> None:
    chat = begin(db, "look at this", "thanks")
    attach(db, chat, 2, "2-1-zoning-map.pdf")
    attach(db, chat, 1, "1-1-horse.pdf")
    assert beside(db, typed) == [(FoundIn.FILE, "zoning-map.pdf", 2)]


def test_the_number_before_a_name_is_no_part_of_it(db: Database) -> None:
    chat = begin(db, "look at this")
    attach(db, chat, 1, "417-1-zoning.pdf")
    assert beside(db, "417 ") == []
    assert beside(db, "zoning role:assistant ") == []
    assert beside(db, "zoning role:user ") == [(FoundIn.FILE, "zoning.pdf", 1)]


def test_notes_come_before_names_and_each_once(db: Database) -> None:
    chat = begin(db, "hay", title="Zebrafish")
    marks.note(db, chat, 1, "a zebrafish note")
    attach(db, chat, 1, "1-1-zebrafish.png", "image/png")
    assert [found for found, _, _ in beside(db, "zebrafish ")] == [FoundIn.NOTE, FoundIn.TITLE, FoundIn.FILE]
    assert [found for found, _, _ in beside(db, "zebrafish has:image ")] == [FoundIn.FILE]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("#12", FoundIn.ISSUE),
        ("zebrafish", FoundIn.ISSUE),
        ('"leaking zebra', FoundIn.ISSUE),
        ("example.org/issues/12", FoundIn.ISSUE),
        ("fix/aquar", FoundIn.BRANCH),
        ("aquarium-lamp", FoundIn.BRANCH),
        ("AQUARIUM", FoundIn.BRANCH),
    ],
)
def test_a_chat_is_found_by_its_issue_and_its_branch(db: Database, typed: str, found: FoundIn) -> None:
    chat = begin(db, "how do I begin?", title="One")
    details.set_issue(db, chat, "#12 Leaking zebrafish https://example.org/issues/12")
    details.set_fact(db, chat, "git_branch", "fix/aquarium-lamp")
    begin(db, "nothing of it", title="Two")
    [hit] = [h for h in search.search(db, typed).hits if not h.is_message]
    assert (hit.found_in, hit.chat_id, hit.seq, hit.title) == (found, chat, 0, "One")
    assert hit.ranges
    narrowed = [f"{typed} role:user ", f"{typed} before:2020 ", f"{typed} -leaking -lamp ", f"{typed} project:other "]
    for query in (*narrowed, f"{typed} unheard-of "):
        assert beside(db, query) == [], query
    chats.delete(db, chat)
    assert beside(db, typed) == []


def test_of_a_branch_of_many_chats_nothing_is_told_and_of_others_the_newest_five(db: Database) -> None:
    rows(
        db,
        "INSERT INTO chattui.chats (source, source_id, title, git_branch, message_count, last_message_at) "
        "SELECT 'codex', 's' || n, 't' || n, CASE WHEN n % 30 = 0 THEN 'rare-branch' ELSE 'common-branch' END, 1, "
        "now() - n * interval '1 day' FROM generate_series(1, 300) n",
    )
    assert beside(db, "common-branch") == []
    assert [(h.title, h.found_in) for h in search.search(db, "rare-branch").hits] == [
        (f"t{n}", FoundIn.BRANCH) for n in (30, 60, 90, 120, 150)
    ]
