"""The door to the database: what happens when the server ends a connection, a statement takes long, the pool is full."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text
from steps import begin, is_running, kill_backends, rows, until, value

from chattui.domain.errors import Cancelled, Conflict, DatabaseError
from chattui.store import chats, messages
from chattui.store.database import Database

MARK = "SELECT 'mark', pg_sleep(30)"


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Run ``work`` beside the test; its result or error is put into the list."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_a_read_whose_connection_is_lost_is_answered_all_the_same(db: Database) -> None:
    attempts: list[int] = []

    def work(conn: Connection) -> int:
        attempts.append(1)
        pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        if len(attempts) == 1:
            rows(db, "SELECT pg_terminate_backend(%s)", pid)
            until(lambda: not rows(db, "SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid))
        return int(conn.execute(text("SELECT 42")).scalar_one())

    assert db.read(work) == 42
    assert len(attempts) == 2


def test_reads_go_on_after_the_server_ended_every_connection(db: Database) -> None:
    begin(db, "one")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: chats.recents(db), range(8)))
    assert kill_backends(db.conninfo) >= 1
    assert len(chats.recents(db)) == 1
    with db.raw() as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_connections_that_nobody_uses_are_given_back_and_opened_again(db: Database) -> None:
    held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: db.read(lambda conn: conn.execute(text("SELECT pg_sleep(0.1)"))), range(3)))
    assert value(db, held) >= 2
    db.rest()
    assert value(db, held) >= 2, "just used"
    db.rest(after=0)
    until(lambda: value(db, held) == 0)
    assert chats.recents(db) == []


def test_a_write_whose_connection_is_lost_is_done_once(db: Database) -> None:
    attempts: list[int] = []

    def work(conn: Connection) -> None:
        attempts.append(1)
        conn.execute(text("INSERT INTO chattui.chats (title) VALUES ('written')"))
        if len(attempts) == 1:
            pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
            rows(db, "SELECT pg_terminate_backend(%s)", pid)
        conn.execute(text("SELECT 1"))

    db.write(work)
    assert len(attempts) == 2
    assert value(db, "SELECT count(*) FROM chattui.chats WHERE title = 'written'") == 1


@pytest.mark.parametrize("idempotent", [True, False])
def test_a_write_lost_at_its_commit_is_repeated_only_if_that_does_no_harm(db: Database, idempotent: bool) -> None:
    """Whether a COMMIT that was not answered happened, nobody knows."""
    rows(
        db,
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT count(*) FROM chattui.snapshots) < 1 THEN NULL; END IF; "
        "IF nextval('deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); END IF; "
        "RETURN NULL; END $$",
    )
    rows(db, "CREATE SEQUENCE deaths")
    rows(
        db,
        "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON chattui.chats DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die()",
    )
    attempts: list[int] = []

    def work(conn: Connection) -> None:
        attempts.append(1)
        conn.execute(text("INSERT INTO chattui.chats (title) VALUES ('written')"))

    if idempotent:
        db.write(work, idempotent=True)
        assert len(attempts) == 2
    else:
        with pytest.raises(DatabaseError, match="connection to the database was lost"):
            db.write(work)
        assert len(attempts) == 1
    assert value(db, "SELECT count(*) FROM chattui.chats") == len(attempts) - 1


def test_a_write_that_fails_leaves_nothing(db: Database) -> None:
    def work(conn: Connection) -> None:
        conn.execute(text("INSERT INTO chattui.chats (title) VALUES ('half')"))
        conn.execute(text("SELECT 1/0"))

    with pytest.raises(DatabaseError):
        db.write(work)
    assert value(db, "SELECT count(*) FROM chattui.chats") == 0


def test_a_stale_search_is_ended_in_the_server_and_the_connection_goes_on(db: Database) -> None:
    thread, outcome = in_thread(lambda: db.read(lambda c: c.execute(text(MARK)).all(), slot="search"))
    until(lambda: is_running(db.conninfo, "SELECT 'mark'%"))
    db.cancel("other")
    assert is_running(db.conninfo, "SELECT 'mark'%")
    db.cancel("search")
    thread.join(20)
    assert isinstance(outcome[0], Cancelled)
    until(lambda: not is_running(db.conninfo, "SELECT 'mark'%"))
    for _ in range(6):
        assert db.read(lambda c: c.execute(text("SELECT 7")).scalar(), slot="search") == 7
    db.cancel("search")
    assert chats.recents(db) == []


def test_a_statement_that_takes_too_long_is_a_sentence(db: Database) -> None:
    with pytest.raises(DatabaseError, match="took too long"):
        db.read(lambda c: c.execute(text("SELECT pg_sleep(30)")), timeout_ms=50)
    with pytest.raises(DatabaseError, match="took too long"):
        db.write(lambda c: c.execute(text("SELECT pg_sleep(30)")), timeout_ms=50)
    assert db.read(lambda c: c.execute(text("SHOW statement_timeout")).scalar(), timeout_ms=1234) == "1234ms"


def test_limits_end_with_their_transaction(db: Database) -> None:
    """Behind a pooler a setting of the session would be somebody else's."""
    db.read(lambda c: None, timeout_ms=77)
    with db.raw() as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_row_that_somebody_holds_is_a_conflict_after_a_while(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = begin(db, "held")
    monkeypatch.setattr("chattui.store.database.LOCK_TIMEOUT_MS", 50)
    with db.raw() as conn, conn.transaction():
        conn.execute("SELECT 1 FROM chattui.chats FOR UPDATE")
        with pytest.raises(Conflict, match="Another program holds"):
            chats.rename(db, chat, "x")


def test_a_full_pool_is_a_sentence(conninfo: str) -> None:
    db = Database(conninfo, pool_size=1, pool_timeout=0.05)
    with db.raw(), db.raw(), db.raw():
        for work in (db.read, db.write):
            with pytest.raises(DatabaseError, match="connections"):
                work(lambda c: c.execute(text("SELECT 1")))
    assert db.read(lambda c: c.execute(text("SELECT 1")).scalar()) == 1
    db.close()


@pytest.fixture
def debug() -> Iterator[list[str]]:
    """What the store logs at debug level."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    log = logging.getLogger("chattui.store")
    handler, before = Keep(), log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield lines
    log.setLevel(before)
    log.removeHandler(handler)


def test_the_query_log_has_times_and_rows_but_never_what_was_said(conninfo: str, debug: list[str]) -> None:
    db = Database(conninfo)
    chat = begin(db, "the zyxquartz secret", title="my zyxquartz title")
    chats.rename(db, chat, "zyxquartz again")
    messages.page(db, chat, 1, 5)
    with pytest.raises(DatabaseError):
        db.read(lambda c: c.execute(text("SELECT 1/:n"), {"n": 0}))
    db.close()
    assert any(" ms, 1 rows: INSERT INTO chattui.messages" in line for line in debug)
    assert any("SELECT chattui.messages.chat_id" in line for line in debug)
    assert not any("zyxquartz" in line for line in debug)


def test_appending_twice_with_one_key_adds_one_message(db: Database) -> None:
    chat = begin(db, "first")
    once = messages.append(db, chat, "said", key="k")
    assert messages.append(db, chat, "said", key="k") == once
    assert messages.append(db, chat, "said", key="other").seq == once.seq + 1


def test_programs_that_append_together_leave_no_gap(db: Database) -> None:
    chat = begin(db)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: messages.append(db, chat, f"line {n}", key=str(n % 30)), range(40)))
    assert len({m.seq for m in made}) == 30
    assert [m.seq for m in messages.page(db, chat, 1, 100)] == list(range(1, 31))
    found = chats.get(db, chat)
    assert found is not None
    assert found.message_count == 30


def test_a_key_makes_one_chat(db: Database) -> None:
    assert chats.create(db, key="k") == chats.create(db, key="k")


def test_bytes_that_are_no_text_are_stored_as_what_one_can_see(db: Database) -> None:
    bad = "a\x00b\ud800c"
    chat = chats.create(db, title=bad, project=bad, tags=[bad])
    messages.append(db, chat.id, bad, key="k")
    found = chats.get(db, chat.id)
    assert found is not None
    assert (found.title, found.project, found.tags) == ("a␀b\ufffdc", "a␀b\ufffdc", ("a␀b\ufffdc",))
    assert messages.page(db, chat.id, 1, 1)[0].content == "a␀b\ufffdc"
    assert chats.tag(db, chat.id, [bad]).tags == ("a␀b\ufffdc",)
    assert chats.find(db, bad) is None
    assert chats.recents(db, source=bad) == []
    assert [r.id for r in chats.recents(db, needle=bad)] == [chat.id]
