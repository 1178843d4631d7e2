"""psql and the other client programs, with the address in the environment where nobody can read a password."""

from __future__ import annotations

import os
import shutil

from chattui.config import Settings
from chattui.domain.errors import ServerError
from chattui.server.binaries import find_binaries
from chattui.server.facts import OpenDatabase
from chattui.server.places import Places

SEARCH_PATH = "-c search_path=chattui,public"


def psql_command(settings: Settings, database: OpenDatabase) -> tuple[list[str], dict[str, str]]:
    """(argv, environment) for ``exec``. Raises ServerError when there is no psql."""
    env = dict(os.environ)
    env["PGOPTIONS"] = f"{env['PGOPTIONS']} {SEARCH_PATH}" if env.get("PGOPTIONS") else SEARCH_PATH
    if database.kind == "embedded":
        for name in [name for name in env if name.startswith("PG") and name not in {"PGOPTIONS", "PGTZ"}]:
            del env[name]  # they name another server
    public, secrets = split_password(database.conninfo)
    env.update(secrets)
    return [client_program(settings, "psql"), *([public] if public else [])], env


def client_program(settings: Settings, name: str) -> str:
    """The path of psql, pg_dump, …: of the embedded server's own version, else from PATH. Raises ServerError."""
    places = Places(settings.data_dir)
    if settings.database.kind == "embedded" or settings.pg_bin:
        return find_binaries(places, settings.pg_bin).program(name)
    return shutil.which(name) or find_binaries(places, None).program(name)


def split_password(conninfo: str) -> tuple[str, dict[str, str]]:
    """(conninfo without its password, {"PGPASSWORD": …} if it had one)."""
    if not conninfo:
        return "", {}
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        parts = conninfo_to_dict(conninfo)
    except ProgrammingError as error:
        raise ServerError("The database's address is not valid: check it with `chattui db status`.") from error
    password = parts.pop("password", None)
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}
