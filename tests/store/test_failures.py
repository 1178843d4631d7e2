"""Errors of the driver as sentences that say what to do, and never a password."""

from __future__ import annotations

import logging

import psycopg
import pytest
from psycopg import errors as pg

from chattui.domain.errors import Cancelled, Conflict, DatabaseError, ReadOnly, Unreachable
from chattui.store.connection import connect
from chattui.store.failures import is_disconnect, translate

LIBPQ = {
    'connection to server at "h", port 5432 failed: FATAL:  password authentication failed for user "ann"': "the password",
    'connection to server at "127.0.0.1", port 5432 failed: fe_sendauth: no password supplied': "refused the password",
    "failed to resolve host 'nowhere.invalid': [Errno -2] Name or service not known": "name cannot be found",
    'could not translate host name "x" to address: Temporary failure in name resolution': "name cannot be found",
    'connection to server at "127.0.0.1", port 1 failed: Connection refused': "No database server answers",
    'connection to server on socket "/nowhere/.s.PGSQL.5432" failed: No such file or directory': "No database server answers",
    'connection to server failed: FATAL:  database "x" does not exist': "no such database",
    'connection to server failed: FATAL:  role "x" does not exist': "no such user",
    'FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "x", database "y", no encryption': "does not let this user in",
    "connection timeout expired": "did not answer in time",
    "FATAL:  sorry, too many clients already": "no free connection",
    "FATAL:  the database system is starting up": "starting or stopping",
    'FATAL:  permission denied for database "x"\nDETAIL:  User does not have CONNECT privilege.': "right to connect",
    "server does not support SSL, but SSL was required": "encrypted connection",
    "server closed the connection unexpectedly": "connection to the database was lost",
    "the connection is closed": "connection to the database was lost",
}


@pytest.mark.parametrize(("said", "sentence"), LIBPQ.items(), ids=LIBPQ.values())
def test_a_failed_connection_says_what_to_do(said: str, sentence: str) -> None:
    error = translate(psycopg.OperationalError(said))
    assert isinstance(error, Unreachable)
    assert sentence in str(error)
    assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (pg.DiskFull('could not extend file "base/1/2": No space left on device'), DatabaseError, "disk is full"),
        (pg.InsufficientPrivilege("permission denied for table chats"), DatabaseError, "chattui_user"),
        (pg.UndefinedTable('relation "chattui.chats" does not exist'), DatabaseError, "no chattui tables"),
        (pg.LockNotAvailable("canceling statement due to lock timeout"), Conflict, "Another program"),
        (pg.UniqueViolation("duplicate key"), Conflict, "exists already"),
        (pg.QueryCanceled("canceling statement due to statement timeout"), DatabaseError, "took too long"),
        (pg.QueryCanceled("canceling statement due to user request"), Cancelled, "cancelled"),
        (pg.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"), ReadOnly, "read-only"),
        (pg.AdminShutdown("terminating connection due to administrator command"), Unreachable, "was lost"),
        (pg.DivisionByZero("division by zero"), DatabaseError, "SQLSTATE 22012"),
    ],
    ids=lambda e: type(e).__name__ if isinstance(e, Exception) else "",
)
def test_an_error_of_the_server_says_what_to_do(error: psycopg.Error, kind: type[DatabaseError], sentence: str) -> None:
    made = translate(error)
    assert type(made) is kind
    assert sentence in str(made)
    assert made.__cause__ is error


@pytest.mark.parametrize("words", ["timeout", "password authentication failed", 'database "x" does not exist', "ssl"])
def test_words_inside_a_statement_are_not_taken_for_a_failed_connection(words: str) -> None:
    """The server repeats values in its messages, and a value may be anything that a chat says."""
    error = translate(pg.InvalidTextRepresentation(f'invalid input syntax for type integer: "{words}"'))
    assert not isinstance(error, Unreachable)
    assert words not in str(error)


def test_only_a_lost_connection_is_a_disconnect() -> None:
    assert is_disconnect(pg.AdminShutdown("x"))
    assert is_disconnect(psycopg.OperationalError("server closed the connection unexpectedly"))
    assert not is_disconnect(pg.DivisionByZero("x"))
    assert not is_disconnect(pg.DiskFull("x"))
    assert not is_disconnect(None)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://ann:sesame@127.0.0.1:1/x", "No database server answers"),
        ("postgresql://ann:sesame@nowhere.invalid/x", "name cannot be found"),
        ("host=/nowhere user=ann password=sesame", "No database server answers"),
    ],
)
def test_a_wrong_address_is_a_sentence_without_the_password(
    address: str, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "chattui")
    with pytest.raises(Unreachable, match=sentence) as caught:
        connect(address)
    assert "sesame" not in str(caught.value)
    assert "sesame" not in caplog.text


def test_a_database_or_user_that_is_not_there_is_a_sentence(server: str) -> None:
    with pytest.raises(Unreachable, match="no such database"):
        connect(psycopg.conninfo.make_conninfo(server, dbname="nowhere"))
    with pytest.raises(Unreachable, match="no such user"):
        connect(psycopg.conninfo.make_conninfo(server, user="nobody_of_that_name"))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:sesame@host:notaport/x",
        "password=sesame nonsense",
        "host='x",
        "postgresql://ann:sesame@bad url",
    ],
)
def test_an_address_that_is_none_is_a_sentence_without_the_password(address: str) -> None:
    with pytest.raises(Unreachable, match=r"cannot be (understood|found)") as caught:
        connect(address)
    assert "sesame" not in str(caught.value)
