"""What the other rooms use of the server: open, look, stop. Importing it is cheap; starting imports the rest."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from chattui.config import Settings
from chattui.domain.errors import ConfigError, ServerError
from chattui.server.facts import OpenDatabase, ServerStatus
from chattui.server.places import PORT, Places
from chattui.server.running import conninfo_for, find_running, mark_used


def open_database(settings: Settings, notify: Callable[[str], None] | None = None) -> OpenDatabase:
    """The database of ``settings``, with the embedded server started if it is not up. Raises ServerError.

    Up: about a millisecond, nothing heavy is imported, and the caller's connect is the first. ``notify`` gets
    sentences for a person while a start takes longer. Call it again when a connection is lost: the server may have been
    stopped. A url is returned as it is; only connecting tells whether anybody is there. Raises ConfigError where a mistake in
    the config file leaves open which database is meant.
    """
    if settings.undecided:
        raise ConfigError(f"{settings.undecided} No database is opened until that is mended: chattui config edit.")
    if settings.database.kind == "url":
        return OpenDatabase(settings.database.conninfo or "", "url", started=False, initialised=False, data_dir=None)
    places = _places(settings)
    mark_used(places, settings.linger)
    server = None if _exists(places.stopping) else find_running(places)
    started = initialised = False
    if server is None:
        from chattui.server.embedded import ensure

        done = ensure(places, settings.pg_bin, settings.linger, notify or _nobody)
        server, started, initialised = done.server, done.started, done.initialised
    elif settings.linger is not None:
        from chattui.server.locks import is_held

        if not is_held(places.watcher_lock):  # it was killed, or the server was to stay for ever until now
            from chattui.server.linger import ensure_watcher

            ensure_watcher(places, settings.pg_bin, settings.linger)
    return OpenDatabase(conninfo_for(server.socket_dir, server.port), "embedded", started, initialised, places.data_dir)


def ping_socket(settings: Settings) -> bool:
    """Whether the embedded server is up, by its socket alone. True for a url, of which only connecting can tell."""
    return settings.database.kind == "url" or find_running(_places(settings)) is not None


def conninfo(settings: Settings) -> str:
    """What libpq takes to connect, without starting anything."""
    if settings.database.kind == "url":
        return settings.database.conninfo or ""
    places = _places(settings)
    if server := find_running(places):
        return conninfo_for(server.socket_dir, server.port)
    from chattui.server.sockets import usual_socket_dir

    return conninfo_for(usual_socket_dir(places), PORT)


def stop(settings: Settings) -> bool:
    """Stop the embedded server; False when it was not running. Raises ServerError, also for somebody else's server."""
    if settings.database.kind == "url":
        raise ServerError(
            f"The database comes from {settings.database.origin} ({settings.database.redacted()}): chattui did not "
            "start it and does not stop it."
        )
    from chattui.server.stop import stop_server

    return stop_server(_places(settings))


def status(settings: Settings) -> ServerStatus:
    """How the server is, without starting it. Raises Unreachable when the server of a url does not answer."""
    from chattui.server import look

    if settings.database.kind == "url":
        return look.at_url(settings.database)
    return look.at_embedded(_places(settings), settings.pg_bin)


def shell_command(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """(argv, environment) of a psql in our schema; starts the embedded server. No password is on the command line."""
    from chattui.server.shell import psql_command

    return psql_command(settings, open_database(settings))


def client_program(settings: Settings, name: str) -> str:
    """The path of psql, pg_dump, pg_restore, …: of the embedded server's version, else from PATH. Raises ServerError."""
    from chattui.server import shell

    return shell.client_program(settings, name)


def log_path(settings: Settings) -> Path | None:
    """The embedded server's log, which may not exist yet; ``None`` for a server of somebody else's."""
    return _places(settings).log if settings.database.kind == "embedded" else None


def _places(settings: Settings) -> Places:
    if os.name == "nt":
        raise ServerError(
            "The embedded database is not there on Windows yet, as it needs UNIX sockets. Use --database or "
            "CHATTUI_DATABASE_URL with a PostgreSQL server, for example the one that `docker compose up -d` starts."
        )
    return Places(settings.data_dir)


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _nobody(_: str) -> None:
    """Where nobody listens."""
