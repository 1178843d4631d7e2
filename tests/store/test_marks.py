"""Bookmarks, notes and tags: set, cleared, listed, filtered by, found, told to others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from steps import NOON, begin, fill, rows, until, value

from chattui.domain.errors import ChattuiError, Conflict
from chattui.domain.marks import DESCRIPTION_CHARS, MOST_TAGS, NOTE_CHARS, TAG_CHARS
from chattui.domain.search import FoundIn
from chattui.store import chats, marks, messages, search
from chattui.store.database import Database
from chattui.store.notifications import Listener


def titles(db: Database, needle: str) -> list[str]:
    return [row.title for row in chats.recents(db, needle=needle)]


def test_a_mark_is_a_bookmark_a_note_or_both_and_gone_when_it_is_neither(db: Database) -> None:
    chat = begin(db, "one", "two", "three")
    marks.bookmark(db, chat, 2)
    marks.bookmark(db, chat, 2)
    marks.note(db, chat, 2, "  look here \n")
    marks.note(db, chat, 1, "first")
    assert [(m.seq, m.bookmarked, m.note, m.excerpt) for m in marks.of_chat(db, chat)] == [
        (1, False, "first", "one"),
        (2, True, "look here", "two"),
    ]
    marks.bookmark(db, chat, 2, False)
    marks.note(db, chat, 1, " ")
    assert [(m.seq, m.bookmarked, m.note) for m in marks.of_chat(db, chat)] == [(2, False, "look here")]
    marks.note(db, chat, 2, "")
    marks.note(db, chat, 3, "")
    assert value(db, "SELECT count(*) FROM chattui.marks") == 0


def test_a_mark_follows_its_message_and_is_kept_without_it(db: Database) -> None:
    chat = begin(db, title="t")
    fill(db, chat, [("alpha", NOON), ("beta", NOON)])
    marks.note(db, chat, 1, "on alpha")
    marks.bookmark(db, chat, 2)
    rows(db, "UPDATE chattui.messages SET seq = seq + 10")
    assert [(m.seq, m.note) for m in marks.of_chat(db, chat)] == [(11, "on alpha"), (12, "")]
    assert rows(db, "SELECT seq FROM chattui.marks ORDER BY 1") == [(11,), (12,)]
    rows(db, "DELETE FROM chattui.messages")
    assert [(m.seq, m.note, m.excerpt) for m in marks.of_chat(db, chat)] == [
        (None, "on alpha", "alpha"),
        (None, "", "beta"),
    ]
    (gone,) = marks.bookmarks(db)
    assert (gone.seq, gone.role, gone.excerpt, gone.title) == (None, None, "beta", "t")
    assert [(h.seq, h.snippet) for h in search.search(db, "alpha ").hits] == [(0, "on alpha")]
    marks.forget_bookmark(db, chat, gone.key)
    assert marks.bookmarks(db) == []
    assert [m.note for m in marks.of_chat(db, chat)] == ["on alpha"]


def test_a_message_without_an_id_of_its_own_is_known_by_its_place(db: Database) -> None:
    chat = begin(db)
    rows(db, "INSERT INTO chattui.messages (chat_id, seq, role, content) VALUES (%s, 1, 'user', 'x')", chat)
    marks.bookmark(db, chat, 1)
    assert [m.seq for m in marks.of_chat(db, chat)] == [1]


def test_bookmarks_of_all_chats_come_newest_first_in_pages(db: Database) -> None:
    chat = begin(db, *[f"message {n}" for n in range(1, 6)], title="Numbers")
    other = begin(db, "elsewhere", title="Other")
    deleted = begin(db, "deleted")
    for seq in (3, 1, 5):
        marks.bookmark(db, chat, seq)
    marks.bookmark(db, other, 1)
    marks.bookmark(db, deleted, 1)
    marks.note(db, chat, 2, "no bookmark")
    marks.note(db, chat, 3, "the crux")
    chats.delete(db, deleted)
    first = marks.bookmarks(db, limit=2)
    assert [(b.chat_id, b.seq) for b in first] == [(other, 1), (chat, 5)]
    rest = marks.bookmarks(db, limit=9, after=first[-1])
    assert [(b.chat_id, b.seq, b.note) for b in rest] == [(chat, 1, ""), (chat, 3, "the crux")]
    assert [b.seq for b in marks.bookmarks(db, needle="CRUX numb")] == [3]
    assert [b.title for b in marks.bookmarks(db, needle="else")] == ["Other"]


def test_what_is_too_long_is_refused_with_a_sentence_and_changes_nothing(db: Database) -> None:
    chat = begin(db, "x")
    chats.describe(db, chat, "n" * DESCRIPTION_CHARS)
    chats.tag(db, chat, ["t" * TAG_CHARS])
    with pytest.raises(ChattuiError, match=r"at most 5,000 characters, and this one has 5,001"):
        chats.describe(db, chat, "n" * (DESCRIPTION_CHARS + 1))
    with pytest.raises(ChattuiError, match=r"at most 4,000"):
        marks.note(db, chat, 1, "n" * (NOTE_CHARS + 1))
    with pytest.raises(ChattuiError, match=r"A tag has at most 50"):
        chats.tag(db, chat, ["t" * (TAG_CHARS + 1)])
    with pytest.raises(ChattuiError, match=r"at most 30 tags, and these are 31"):
        chats.tag(db, chat, [f"t{n}" for n in range(MOST_TAGS + 1)])
    found = chats.get(db, chat)
    assert found is not None
    assert (found.description, found.tags) == ("n" * DESCRIPTION_CHARS, ("t" * TAG_CHARS,))


def test_a_message_that_is_not_there_cannot_be_marked(db: Database) -> None:
    chat = begin(db, "x")
    for call in (lambda: marks.bookmark(db, chat, 2), lambda: marks.note(db, chat, 0, "x")):
        with pytest.raises(Conflict, match="not there any more"):
            call()


def test_tags_are_cleaned_and_known(db: Database) -> None:
    one, two = begin(db, "x"), begin(db, "y")
    assert chats.tag(db, one, [" #infra", "Infra", "two  words", "a,b", ""]).tags == ("infra", "two words", "a b")
    chats.tag(db, two, ["infra"])
    assert chats.all_tags(db) == ["infra", "a b", "two words"]
    chats.delete(db, one)
    assert chats.all_tags(db) == ["infra"]


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("tag:infra", ["Tagged"]),
        ("TAG:INF", ["Tagged"]),
        ('tag:"two wo', ["Tagged"]),
        ("tag:", ["Tagged"]),
        ("tag:fra", []),
        ("tag:infra tag:two", ["Tagged"]),
        ("tag:infra nothing", []),
        ("has:note", ["Noted", "Described"]),
        ("has:n", ["Noted", "Described"]),
        ("has:bookmark", ["Bookmarked"]),
        ("has:note has:bookmark", []),
        ("has:", ["Noted", "Bookmarked", "Described", "Tagged"]),
        ("has:wings", []),
        ("words", ["Tagged"]),
        ("crux", ["Noted"]),
        ("the whole", ["Described"]),
        ("descr has:note", ["Described"]),
        ("100%", ["Noted"]),
        ("'; DROP TABLE chattui.marks; --", []),
    ],
)
def test_the_filter_knows_tags_notes_and_bookmarks(db: Database, needle: str, found: list[str]) -> None:
    tagged, described, bookmarked, noted = (
        begin(db, "x", title=title) for title in ("Tagged", "Described", "Bookmarked", "Noted")
    )
    chats.tag(db, tagged, ["Infra", "two words"])
    chats.describe(db, described, "The story of the whole")
    marks.bookmark(db, bookmarked, 1)
    marks.note(db, noted, 1, "the crux, 100% of it")
    assert titles(db, needle) == found
    page = chats.recents(db, needle=needle, limit=1)
    rest = chats.recents(db, needle=needle, after=page[-1]) if page else []
    assert [row.title for row in page + rest] == found


def test_the_filter_takes_whole_tags_by_name(db: Database) -> None:
    for title, tags in (("A", ["infra"]), ("B", ["infrastructure"])):
        chats.tag(db, begin(db, "x", title=title), tags)
    assert [(r.title, r.tags) for r in chats.recents(db, tags=["INFRA"])] == [("A", ("infra",))]


def test_search_brings_notes_before_phrases_before_words(db: Database) -> None:
    noted = begin(db, "something else", title="Noted")
    begin(db, "pool of connections")
    begin(db, "the connection pool is full")
    begin(db, "connection to the pool")
    marks.note(db, noted, 1, "this is where the connection pool was fixed")
    tagged = begin(db, "unrelated", title="Tagged")
    chats.tag(db, tagged, ["connection pool"])
    chats.describe(db, tagged, "about " + "long " * 80 + "things")
    page = search.search(db, "connection pool")
    assert [(h.title, h.seq, h.found_in is FoundIn.NOTE) for h in page.hits[:2]] == [
        ("Tagged", 0, True),
        ("Noted", 1, True),
    ]
    assert "#connection pool" in page.hits[0].snippet
    assert page.hits[1].snippet[slice(*page.hits[1].ranges[0])] == "connection pool"
    assert [h.snippet for h in page.hits[2:]] == ["the connection pool is full", "connection to the pool"]
    assert page.about == 4


def test_notes_go_on_page_by_page_into_the_messages(db: Database) -> None:
    chat = begin(db)
    fill(db, chat, [(f"needle {n}", NOON + timedelta(minutes=n)) for n in range(4)])
    for seq in (1, 2, 3):
        marks.note(db, chat, seq, f"a needle note {seq}")
    seen, after = [], None
    for _ in range(9):
        page = search.search(db, "needle", limit=2, after=after)
        seen += [(h.seq, h.found_in is FoundIn.NOTE) for h in page.hits]
        after = page.more
        if after is None:
            break
    assert seen == [(3, True), (2, True), (1, True), (4, False), (3, False), (2, False), (1, False)]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("getUser", True),
        ("user", True),
        ("userx", False),
        ("os.path.jo", True),
        ("path.os", False),
        ('"of the join"', True),
        ('"the of"', False),
        ("言語", True),
        ("語言", False),
        ("wiss ", False),
        ("%", False),
        ("\x00 \ud800 crux", False),
    ],
)
def test_notes_are_found_as_messages_are(db: Database, text: str, is_found: bool) -> None:
    chat = begin(db, "x")
    marks.note(db, chat, 1, "getUserById of the join in os.path.join; プログラム言語。 Wissen")
    assert bool(search.search(db, text).hits) is is_found


def test_notes_of_deleted_chats_are_not_found(db: Database) -> None:
    chat = begin(db, "x")
    marks.note(db, chat, 1, "quibble")
    chats.tag(db, chat, ["quibble"])
    assert len(search.search(db, "quibble").hits) == 2
    chats.delete(db, chat)
    assert search.search(db, "quibble").hits == ()


def test_other_programs_hear_of_every_change_of_a_mark_and_of_no_correction(db: Database) -> None:
    chat = begin(db, "x", "y")
    heard: list[frozenset[int] | None] = []
    states: list[bool] = []
    listener = Listener(db.conninfo, heard.append, states.append)
    listener.start()
    try:
        until(lambda: states)
        for change in (
            lambda: marks.bookmark(db, chat, 1),
            lambda: marks.note(db, chat, 1, "n"),
            lambda: marks.bookmark(db, chat, 1, False),
            lambda: marks.note(db, chat, 1, ""),
            lambda: chats.describe(db, chat, "d"),
        ):
            heard.clear()
            change()
            until(lambda: heard)
            assert heard == [frozenset({chat})]
        marks.bookmark(db, chat, 2)
        until(lambda: len(heard) == 2)
        heard.clear()
        rows(db, "UPDATE chattui.marks SET seq = 1")
        assert [m.seq for m in marks.of_chat(db, chat)] == [2]
        messages.append(db, chat, "z", key="z")
        until(lambda: heard)
        assert len(heard) == 1
    finally:
        listener.stop()
