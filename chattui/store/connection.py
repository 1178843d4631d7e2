"""One driver connection, as everything here wants it."""

from __future__ import annotations

import logging
from typing import Any

import psycopg

from chattui.domain.errors import Unreachable
from chattui.store.failures import NOT_AN_ADDRESS, translate

log = logging.getLogger("chattui.store")


def connect(conninfo: str, *, keepalive: float = 30.0, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """A driver connection as chattui wants it: named, alive, and safe behind a pooler in transaction mode.

    ``keepalive`` is how many seconds of silence are trusted. Whatever the address says itself is left as it says.

    Server-side prepared statements are off, because a pooler may hand each transaction to another server connection.
    Raises ``DatabaseError``.
    """
    defaults: dict[str, Any] = {"connect_timeout": 5, "application_name": "chattui"}
    silent = max(1, round(keepalive))  # seconds; three questions in the same time again, and it is given up
    defaults |= {"keepalives_idle": silent, "keepalives_interval": max(1, silent // 3), "keepalives_count": 3}
    defaults["tcp_user_timeout"] = 2000 * silent
    try:
        given = psycopg.conninfo.conninfo_to_dict(conninfo)
        extra = {k: v for k, v in defaults.items() if k not in given}
        return psycopg.connect(conninfo, prepare_threshold=None, **extra, **options)
    except psycopg.ProgrammingError:  # its text repeats what was given, which may be a password
        raise Unreachable(NOT_AN_ADDRESS) from None
    except psycopg.Error as error:
        log.info("connect failed: %s", type(error).__name__)
        made = translate(error)
        if str(made) == NOT_AN_ADDRESS:  # so may the text of this one: a password with a slash in it looks like a port
            raise Unreachable(NOT_AN_ADDRESS) from None
        raise made from error
