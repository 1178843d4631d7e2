"""What the verbs print of bookmarks, notes and tags."""

from __future__ import annotations

from program import Program
from steps import begin, rows

from chattui.store import chats, marks
from chattui.store.database import Database


def test_list_filters_by_tag_note_and_bookmark(chattui: Program, db: Database) -> None:
    tagged, noted, bookmarked = (begin(db, "x", title=t) for t in ("Tagged", "Noted", "Bookmarked"))
    chats.tag(db, tagged, ["infra", "two words"])
    marks.note(db, noted, 1, "the crux")
    marks.bookmark(db, bookmarked, 1)
    for options, found in (
        (["--tag", "INFRA", "--tag", "two words"], ["Tagged"]),
        (["--tag", "inf"], []),
        (["--match", "tag:inf"], ["Tagged"]),
        (["--has", "note"], ["Noted"]),
        (["--has", "bookmark"], ["Bookmarked"]),
        (["--has", "bookmark", "--has", "note"], []),
        (["--match", "crux"], ["Noted"]),
    ):
        listed = chattui("list", *options, "--json")
        assert (listed.code, [c["title"] for c in listed.json["chats"]]) == (0, found)
    assert chattui("list", "--tag", "infra", "--json").json["chats"][0]["tags"] == ["infra", "two words"]
    assert "No chat is like this" in chattui("list", "--tag", "nowhere").err
    assert chattui("list", "--has", "wings").code == 2


def test_show_tells_marks_with_their_messages_and_those_without(chattui: Program, db: Database) -> None:
    chat = begin(db, "one", "two", "three")
    marks.bookmark(db, chat, 1)
    marks.note(db, chat, 1, "a note\nof \x1b[31mtwo lines")
    marks.note(db, chat, 3, "orphaned")
    chats.describe(db, chat, "about it all")
    chats.tag(db, chat, ["infra"])
    rows(db, "DELETE FROM chattui.messages WHERE seq = 3")
    shown = chattui("show", str(chat), "--json").json
    assert (shown["chat"]["note"], shown["chat"]["tags"]) == ("about it all", ["infra"])
    assert shown["chat"]["gone_marks"] == [{"bookmarked": False, "note": "orphaned", "excerpt": "three"}]
    assert [(m["bookmarked"], m["note"]) for m in shown["messages"]] == [
        (True, "a note\nof \x1b[31mtwo lines"),
        (False, None),
    ]
    text = chattui("show", str(chat)).out
    assert "#infra\n\n> ✎ about it all\n" in text
    assert "one\n\n> ★ ✎ a note\n> of ␛[31mtwo lines\n" in text


def test_search_prints_notes_first(chattui: Program, db: Database) -> None:
    chat = begin(db, "a quibble", title="T")
    marks.note(db, chat, 1, "no quibble here")
    chats.tag(db, chat, ["quibble"])
    found = chattui("search", "quibble", "--json").json
    assert [(h["kind"], h["seq"], h["snippet"]) for h in found["hits"]] == [
        ("note", None, "#quibble"),
        ("note", 1, "no quibble here"),
        ("text", 1, "a quibble"),
    ]
    out = chattui("search", "quibble").out
    assert f"{chat}  T\n  chattui · note · " in out
    assert f"{chat}:1  T\n  chattui · note · " in out
