"""Driver errors as sentences: what failed, on what, what to do next. Nothing in them repeats a password or a chat."""

from __future__ import annotations

import psycopg
from psycopg import errors as pg

from chattui.domain.errors import Cancelled, Conflict, DatabaseError, ReadOnly, Refused, Unreachable

_HINT_URL = "Check --database, CHATTUI_DATABASE_URL, DATABASE_URL or the PG* variables."

NOT_AN_ADDRESS = (
    "The database's address cannot be understood: it is written like postgresql://user@host:5432/name. " + _HINT_URL
)

_REFUSED = "The database server refused the password. Correct it in the URL, in PGPASSWORD or in ~/.pgpass."

_CONNECTION_CLASSES = ("08", "28", "3D", "53", "57P")  # in all others the text may repeat what a chat says


def _unreachable(text: str) -> str | None:
    """A sentence for a failed connection attempt, from libpq's words, which carry no SQLSTATE."""
    low = text.lower()
    if (
        "connection info string" in low
        or "connection option" in low
        or "invalid port" in low
        or "invalid integer" in low
    ):
        return NOT_AN_ADDRESS
    if "hot standby mode" in low or "session is read-only" in low or "session is not read-only" in low:
        return (
            "None of the servers in the address is of the kind that its target_session_attrs asks for. "
            "Is the primary up? " + _HINT_URL
        )
    if "password authentication failed" in low or "no password supplied" in low:
        return _REFUSED
    if "does not exist" in low and "database" in low:
        return "The server has no such database. Create it (createdb NAME) or name another one. " + _HINT_URL
    if "does not exist" in low and "role" in low:
        return "The server knows no such user. Create the role or name another one. " + _HINT_URL
    if "no pg_hba.conf entry" in low:
        return "The server does not let this user in from here (pg_hba.conf). Ask whoever runs it for access."
    if "name or service not known" in low or "could not translate host name" in low or "resolve" in low:
        return "The database host's name cannot be found. " + _HINT_URL
    if "connection refused" in low or "no such file or directory" in low:
        return "No database server answers there. Start it, or correct the address. " + _HINT_URL
    if "timeout" in low or "timed out" in low:
        return "The database server did not answer in time. Check the address and the network. " + _HINT_URL
    if "too many clients" in low or "remaining connection slots" in low:
        return "The database server has no free connection. Close other programs, or raise max_connections."
    if "starting up" in low or "shutting down" in low or "recovery" in low:
        return "The database server is starting or stopping. Try again in a moment."
    if "ssl" in low or "certificate" in low:
        return "The encrypted connection to the database failed. Check sslmode and the certificates."
    if "permission denied" in low:
        return "The server does not let this user into that database. Ask whoever runs it for the right to connect."
    return None


def is_disconnect(error: BaseException | None) -> bool:
    """Whether the connection is gone (so that nothing further can be known from it)."""
    return isinstance(
        error,
        pg.AdminShutdown | pg.CrashShutdown | pg.CannotConnectNow | pg.IdleInTransactionSessionTimeout,
    ) or (
        isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        and getattr(error, "sqlstate", None) is None
    )


def translate(error: BaseException) -> DatabaseError:
    """The error of the tree that fits a driver's error; the original is its cause."""
    original = getattr(error, "orig", None) or error
    made = _translate(original)
    made.__cause__ = error
    return made


def _translate(error: BaseException) -> DatabaseError:
    text = str(error).strip()
    match error:
        case pg.QueryCanceled():
            if "statement timeout" in text:
                return DatabaseError(
                    "The database took too long over a statement and it was ended. Try again, or ask for less."
                )
            return Cancelled("The statement was cancelled.")
        case pg.DeadlockDetected():
            return DatabaseError(
                "Another program needed the same part of the database, and both waited for each other. Try again in a moment."
            )
        case pg.LockNotAvailable():
            return Conflict("Another program holds what was to be changed. Try again in a moment.")
        case pg.DiskFull():
            return DatabaseError(
                "The database's disk is full: nothing more can be saved. Free some space and try again."
            )
        case pg.InsufficientPrivilege():
            return DatabaseError(
                "This database user may not do that. Ask the owner of the database to grant the role chattui_user."
            )
        case pg.InvalidSchemaName() | pg.UndefinedTable() | pg.UndefinedFunction() | pg.UndefinedColumn():
            return DatabaseError("The database has no chattui tables, or older ones. Start chattui once as its owner.")
        case pg.ForeignKeyViolation() | pg.UniqueViolation():
            return Conflict("What was to be changed is not there any more, or exists already. Reload and try again.")
        case pg.ReadOnlySqlTransaction():
            return ReadOnly("This database server is read-only (a standby?). Connect to the primary.")
    state = getattr(error, "sqlstate", None)
    is_of_connection = state is None or state.startswith(_CONNECTION_CLASSES)
    if is_of_connection and (sentence := _unreachable(text)) is not None:
        return Refused(sentence) if sentence is _REFUSED else Unreachable(sentence)
    if is_disconnect(error):
        return Unreachable(
            "The connection to the database was lost. It is tried again; start the server if it is down."
        )
    code = f" (SQLSTATE {state})" if state else ""
    return DatabaseError(f"The database reported an error{code}. The log has the details.")
