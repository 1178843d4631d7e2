"""Row-level security: two people in one database, and neither sees, changes or hears what is the other's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg import errors as pg
from psycopg import sql
from steps import NOON, begin, fill, people, rows, until, value

from chattui.domain.errors import Conflict, DatabaseError
from chattui.domain.kinds import ChatStatus
from chattui.domain.language import parse
from chattui.domain.replies import Reply
from chattui.domain.search import FoundIn
from chattui.store import (
    chats,
    details,
    health,
    imports,
    marks,
    messages,
    portions,
    replies,
    search,
    search_index,
    searches,
    snapshots,
    startup,
    states,
)
from chattui.store.connection import connect
from chattui.store.database import Database
from chattui.store.notifications import Listener
from chattui.store.search_query import as_json

SEARCH = "SELECT * FROM chattui.search_messages(%s::jsonb)"
SECRET = "the zyxquartz password is under the mat"
PERSONAL = (
    *("searches", "marks", "chats", "messages", "tool_calls", "blobs", "files", "imports", "snapshots"),
    *("day_counts", "words", "vocabularies", "imported_chats", "raw_records", "replies"),
    *("upkeep_runs", "archived_chats"),
)


@pytest.fixture
def pair(server: str, conninfo: str) -> Iterator[tuple[Database, Database]]:
    """Ann, who has a chat with a secret, and Bob, who has one of his own."""
    with people(server, conninfo, "ann", "bob") as infos:
        ann, bob = (Database(info) for info in infos)
        chat = begin(ann, SECRET, *["a zyxquartz by any other name"] * 4, title="Ann's chat")
        rows(
            ann,
            "INSERT INTO chattui.tool_calls (chat_id, call_id, name) VALUES (%s, 'c1', 'Bash')",
            chat,
        )
        rows(ann, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('x'), 1, 'x')")
        rows(
            ann,
            "INSERT INTO chattui.files (chat_id, path, sha256, size) VALUES (%s, 'x', sha256('x'), 1)",
            chat,
        )
        rows(
            ann,
            "INSERT INTO chattui.imports (machine, path, source, inode, device, size, mtime_ns) "
            "VALUES ('m', '/secret/path', 'codex', 1, 1, 1, 1)",
        )
        rows(
            ann,
            "INSERT INTO chattui.imported_chats (import_id, source_id, chat_id) SELECT id, 'secret', %s FROM chattui.imports",
            chat,
        )
        rows(ann, "INSERT INTO chattui.upkeep_runs (kind) VALUES ('upkeep')")
        rows(ann, "INSERT INTO chattui.archived_chats (chat_id) VALUES (%s)", chat)
        replies.begin(ann, Reply(chat, "r", 1, content=SECRET))
        rows(
            ann,
            "INSERT INTO chattui.raw_records (import_id, digest, chat_id, line, part, what, size, data) "
            "SELECT id, sha256('x'), %s, 1, 0, 'secret', 1, 'x' FROM chattui.imports",
            chat,
        )
        snapshots.save(ann, {"chat": chat})
        states.save(ann, chat, "the secret state")
        marks.bookmark(ann, chat, 1)
        searches.save(ann, "zyxquartz", "the secret")
        marks.note(ann, chat, 1, "a qwertynote on the mat")
        chats.tag(ann, chat, ["qwertytag"])
        search_index.refresh_words(ann)
        begin(bob, "nothing of interest", title="Bob's chat")
        yield ann, bob
        ann.close()
        bob.close()


def owner_of(db: Database) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(db.conninfo)["user"])


def anns_chat(ann: Database) -> int:
    return chats.recents(ann)[0].id


@pytest.mark.parametrize("table", PERSONAL)
def test_every_personal_table_shows_only_ones_own_rows(pair: tuple[Database, Database], table: str) -> None:
    ann, bob = pair
    assert value(ann, f"SELECT count(*) FROM chattui.{table}") > 0
    assert value(bob, f"SELECT count(*) FROM chattui.{table} WHERE owner <> CURRENT_USER") == 0
    assert value(bob, f"SELECT count(*) FROM chattui.{table} WHERE owner = %s", owner_of(ann)) == 0


def test_no_table_with_an_owner_is_left_without_a_policy(conninfo: str) -> None:
    open_tables = rows(
        conninfo,
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'owner' "
        "WHERE c.relnamespace = 'chattui'::regnamespace AND c.relkind = 'r' AND NOT (c.relrowsecurity AND EXISTS "
        "(SELECT FROM pg_policy p WHERE p.polrelid = c.oid))",
    )
    assert open_tables == []


@pytest.mark.parametrize("table", PERSONAL[:8])
def test_nothing_of_anothers_can_be_changed_or_removed(pair: tuple[Database, Database], table: str) -> None:
    ann, bob = pair
    before = rows(ann, f"SELECT * FROM chattui.{table}")
    with connect(bob.conninfo, autocommit=True) as conn:
        assert (
            conn.execute(f"UPDATE chattui.{table} SET owner = owner WHERE owner = %s", (owner_of(ann),)).rowcount == 0
        )
        assert conn.execute(f"DELETE FROM chattui.{table} WHERE owner = %s", (owner_of(ann),)).rowcount == 0
    assert rows(ann, f"SELECT * FROM chattui.{table}") == before


def test_a_row_can_be_neither_made_nor_given_away_in_anothers_name(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    with pytest.raises(pg.InsufficientPrivilege):
        rows(bob, "INSERT INTO chattui.chats (owner, title) VALUES (%s, 'planted')", owner_of(ann))
    with pytest.raises(pg.InsufficientPrivilege):
        rows(bob, "UPDATE chattui.chats SET owner = %s", owner_of(ann))
    with pytest.raises(pg.InsufficientPrivilege):
        rows(
            bob,
            "INSERT INTO chattui.messages (owner, chat_id, seq, role, content) VALUES (%s, %s, 99, 'user', 'planted')",
            owner_of(ann),
            anns_chat(ann),
        )


def test_a_message_cannot_be_put_into_anothers_chat(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    with pytest.raises(pg.ForeignKeyViolation):
        rows(
            bob,
            "INSERT INTO chattui.messages (chat_id, seq, role, content) VALUES (%s, 99, 'user', 'planted')",
            anns_chat(ann),
        )
    with pytest.raises(Conflict):
        messages.append(bob, anns_chat(ann), "planted", key="k")


@pytest.mark.parametrize("table", ["day_counts", "words", "vocabularies", "schema_versions"])
def test_what_the_database_keeps_itself_is_not_written_by_people(pair: tuple[Database, Database], table: str) -> None:
    with pytest.raises(pg.InsufficientPrivilege):
        rows(pair[1], f"DELETE FROM chattui.{table}")


def test_the_store_shows_one_person_nothing_of_the_other(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    chat = anns_chat(ann)
    assert [r.title for r in chats.recents(bob)] == ["Bob's chat"]
    assert chats.recents(bob, status=ChatStatus.DELETED) == []
    assert chats.get(bob, chat) is None
    assert chats.find(bob, str(chat)) is None
    assert messages.page(bob, chat, 1, 10) == []
    assert messages.sizes(bob, chat) == []
    assert search.matching_seqs(bob, chat, "zyxquartz") == []
    assert imports.known(bob, "m") == {}
    assert imports.summaries(bob) == []
    assert snapshots.latest(bob) == {}
    assert marks.of_chat(bob, chat) == []
    assert searches.recent(bob) == searches.saved(bob) == []
    assert marks.bookmarks(bob) == []
    assert chats.all_tags(bob) == []
    with connect(bob.conninfo, autocommit=True) as conn:
        screen = startup.first_screen(conn, chat_id=chat)
    assert screen.chat is not None
    assert screen.chat.title == "Bob's chat"
    with pytest.raises(Conflict):
        chats.rename(bob, chat, "mine now")
    for change in (
        lambda: details.set_fact(bob, chat, "git_branch", "mine"),
        lambda: details.set_issue(bob, chat, "#1 mine"),
        lambda: details.set_quiet(bob, chat, True),
        lambda: portions.duplicate(bob, chat),
        lambda: portions.split(bob, chat, 2),
        lambda: portions.merge(bob, [chats.recents(bob)[0].id, chat]),
    ):
        with pytest.raises(Conflict):
            change()
    assert [r.title for r in chats.recents(bob)] == ["Bob's chat"]


def test_counting_counts_only_ones_own(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    assert (health.counts(ann).messages, health.counts(bob).messages) == (5, 1)
    assert health.counts(bob).bytes == len("nothing of interest")


@pytest.mark.parametrize("is_indexed", [True, False])
def test_search_finds_and_estimates_nothing_of_anothers(
    pair: tuple[Database, Database], conninfo: str, is_indexed: bool
) -> None:
    ann, bob = pair
    if not is_indexed:
        rows(conninfo, "DROP INDEX chattui.messages_search")
    for text in ("zyxquartz", "zyxquartz ", '"under the mat"', "password mat", "zy"):
        page = search.search(bob, text)
        assert page.hits == ()
        assert page.more is None
        assert search.search(ann, text).hits


@pytest.mark.parametrize("text", ["qwertynote ", "qwerty", '"on the mat"', "qwertytag "])
def test_notes_and_tags_are_found_and_filtered_only_by_who_wrote_them(
    pair: tuple[Database, Database], text: str
) -> None:
    ann, bob = pair
    assert any(hit.found_in is FoundIn.NOTE for hit in search.search(ann, text).hits)
    assert search.search(bob, text).hits == ()
    assert chats.recents(bob, needle="qwerty") == chats.recents(bob, needle="tag:qwerty") == []
    assert chats.recents(bob, needle="has:note") == chats.recents(bob, needle="has:bookmark") == []


def test_a_mark_cannot_be_put_on_anothers_message(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    with pytest.raises(Conflict):
        marks.bookmark(bob, anns_chat(ann), 1)
    with pytest.raises(Conflict):
        chats.describe(bob, anns_chat(ann), "mine now")
    with pytest.raises(pg.ForeignKeyViolation):
        rows(bob, "INSERT INTO chattui.marks (chat_id, source_id, seq, note) VALUES (%s, 'x', 1, 'x')", anns_chat(ann))


def test_words_are_suggested_only_to_who_wrote_them(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    assert "zyxquartz" in search.suggest(ann, "zyxqartz")
    assert search.suggest(bob, "zyxqartz") == []
    search_index.refresh_words(bob)
    assert search.suggest(bob, "zyxqartz") == []


def test_functions_that_take_an_owner_cannot_be_called(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    risky = rows(
        ann,
        "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'chattui'::regnamespace "
        "AND 'p_owner' = ANY (p.proargnames) AND p.proname <> 'channel' AND has_function_privilege(p.oid, 'EXECUTE')",
    )
    assert risky == []
    for call in (
        "plan(%s, '{}', false, true, 1, true)",
        "few_chats(%s, '[]', 1)",
        "few_messages(%s, '{}')",
        "known_values(%s, 'tool', '{%%}')",
        "scan(%s, NULL, 1, NULL, 9, 'infinity')",
    ):
        with pytest.raises(pg.InsufficientPrivilege):
            rows(bob, f"SELECT * FROM chattui.{call}", owner_of(ann))


def test_upkeep_touches_nothing_of_anothers(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    gone = begin(ann, "deleted by ann")
    chats.delete(ann, gone)
    rows(ann, "INSERT INTO chattui.blobs (sha256, size, data) VALUES (sha256('y'), 1, 'y')")
    before = [
        rows(ann, f"SELECT * FROM chattui.{table} ORDER BY 1, 2")
        for table in ("chats", "messages", "blobs", "archived_chats")
    ]
    rows(
        ann,
        "UPDATE chattui.chats SET updated_at = now() - interval '9 days', last_message_at = now() - interval '9 days'",
    )
    aged = rows(ann, "SELECT * FROM chattui.chats ORDER BY 1, 2")
    for call in ("archive_chats(1)", "purge_deleted(0)", "remove_orphans()", "unarchive_chats()"):
        assert value(bob, f"SELECT chattui.{call}") == 0
    assert rows(ann, "SELECT * FROM chattui.chats ORDER BY 1, 2") == aged
    for table, was in zip(("messages", "blobs", "archived_chats"), before[1:], strict=True):
        assert rows(ann, f"SELECT * FROM chattui.{table} ORDER BY 1, 2") == was


def test_functions_with_their_owners_rights_pin_the_search_path(conninfo: str) -> None:
    loose = rows(
        conninfo,
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'chattui'::regnamespace AND p.prosecdef "
        "AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE '%%search_path=%%pg_temp%%', false)",
    )
    assert loose == []


def test_under_set_role_one_is_that_person_also_in_search(server: str, pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    with connect(bob.conninfo.replace(owner_of(bob), "chattui"), autocommit=True) as conn:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner_of(bob))))
        assert conn.execute(SEARCH, (as_json(parse("zyxquartz ")),)).fetchall() == []
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(owner_of(ann))))
        assert len(conn.execute(SEARCH, (as_json(parse("zyxquartz ")),)).fetchall()) == 5


def test_a_notification_tells_numbers_and_nothing_else(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    with connect(bob.conninfo, autocommit=True) as conn:
        channel = value(ann, "SELECT chattui.channel(CURRENT_USER)")
        conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        chats.rename(ann, begin(ann, SECRET), SECRET)
        payloads = [n.payload for n in conn.notifies(timeout=5, stop_after=2)]
    assert len(payloads) >= 2
    assert all(set(p) <= set("0123456789:*") for p in payloads)


def test_a_listener_hears_only_of_ones_own_chats(pair: tuple[Database, Database]) -> None:
    ann, bob = pair
    heard: list[frozenset[int] | None] = []
    states: list[bool] = []
    listener = Listener(bob.conninfo, heard.append, states.append)
    listener.start()
    try:
        until(lambda: states)
        begin(ann, SECRET)
        own = begin(bob, "of my own")
        until(lambda: heard)
        assert set().union(*(h or {-1} for h in heard)) == {own}
    finally:
        listener.stop()


def test_an_ordinary_person_searches_by_the_index(pair: tuple[Database, Database], conninfo: str) -> None:
    _, bob = pair
    for db in pair:
        texts = [(f"common word {n} rare{n}", NOON - timedelta(hours=n)) for n in range(600)]
        fill(db, begin(db), texts)
    rows(conninfo, "ANALYZE chattui.messages")
    scans = (
        "SELECT i.idx_scan, t.seq_scan FROM pg_stat_user_indexes i JOIN pg_stat_user_tables t USING (relid) "
        "WHERE i.indexrelid = 'chattui.messages_search'::regclass"
    )
    wanted = (
        ("rare77 ", 1),
        ("common ", 20),
        ("common rare7", 11),
        ("rare77 OR rare78 ", 2),
        ("common -rare599 role:user ", 20),
    )
    for text, found in wanted:
        before = rows(conninfo, scans)[0]
        with connect(bob.conninfo, autocommit=True) as conn:
            conn.execute("SELECT pg_stat_force_next_flush()")
            hits = conn.execute(SEARCH, (as_json(parse(text)),)).fetchall()
        assert len(hits) == found
        until(lambda: rows(conninfo, scans)[0][0] > before[0])  # noqa: B023
        assert rows(conninfo, scans)[0][1] == before[1]


def test_a_person_who_does_not_own_the_tables_feeds_the_index_instead_of_dropping_it(
    pair: tuple[Database, Database],
) -> None:
    ann, _ = pair
    assert not search_index.set_aside(ann, 1 << 40)
    assert search_index.is_ready(ann)
    assert not search_index.build(ann)


def test_who_is_no_user_of_chattui_is_told_so(server: str, conninfo: str) -> None:
    with people(server, conninfo, "eve") as (eve,):
        role = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(eve)["user"]))
        with connect(server, autocommit=True) as conn:
            conn.execute(sql.SQL("REVOKE chattui_user FROM {}").format(role))
        db = Database(eve)
        with pytest.raises(DatabaseError, match="chattui_user"):
            chats.recents(db)
        db.close()
