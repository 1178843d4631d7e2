"""psql and the other client programs, with the address in the environment where nobody can read a password."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import Any

from chattui.config import Settings
from chattui.domain.errors import ServerError
from chattui.server.asking import is_on_this_machine
from chattui.server.binaries import find_binaries, package_programs
from chattui.server.facts import OpenDatabase
from chattui.server.places import Places

SEARCH_PATH = "-c search_path=chattui,public"


def psql_command(settings: Settings, database: OpenDatabase) -> tuple[list[str], dict[str, str]]:
    """(argv, environment) for ``exec``. Raises ServerError when there is no psql."""
    public, env = clean_environment(settings, database.conninfo)
    env["PGOPTIONS"] = f"{env['PGOPTIONS']} {SEARCH_PATH}" if env.get("PGOPTIONS") else SEARCH_PATH
    return [client_program(settings, "psql"), *([public] if public else [])], env


def clean_environment(settings: Settings, conninfo: str) -> tuple[str, dict[str, str]]:
    """(address without its password, environment with it) for a client program. Raises ServerError."""
    env = dict(os.environ)
    if settings.database.kind == "embedded":
        for name in [name for name in env if name.startswith("PG") and name not in {"PGOPTIONS", "PGTZ"}]:
            del env[name]  # they name another server
    public, secrets = split_password(conninfo)
    env.update(secrets)
    return public, env


def client_program(settings: Settings, name: str) -> str:
    """The path of psql, pg_dump, …: of the embedded server's own version, else from PATH. Raises ServerError."""
    places = Places(settings.data_dir)
    if settings.database.kind == "embedded" or settings.pg_bin:
        return find_binaries(places, settings.pg_bin).program(name)
    return shutil.which(name) or find_binaries(places, None).program(name)


def dump_programs(settings: Settings) -> list[str]:
    """The pg_dumps to try, as one that is older than the server refuses: the packaged one is new, but has no TLS."""
    found = [client_program(settings, "pg_dump")]
    packaged = package_programs()
    if (
        settings.database.kind == "url"
        and packaged
        and is_on_this_machine(settings.database.conninfo or "", os.environ)
    ):
        found.append(str(packaged / "pg_dump"))
    return found


_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def connection_variables(conninfo: str) -> dict[str, str]:
    """An address as libpq's variables, without secrets; those of this environment for an empty one. Raises ServerError."""
    if not conninfo:
        return {name: os.environ[name] for name in sorted(_VARIABLES.values()) if os.environ.get(name)}
    parts = _parsed(conninfo)
    return {variable: str(parts[key]) for key, variable in _VARIABLES.items() if parts.get(key)}


def split_password(conninfo: str) -> tuple[str, dict[str, str]]:
    """(conninfo without its password, {"PGPASSWORD": …} if it had one)."""
    if not conninfo:
        return "", {}
    from psycopg.conninfo import make_conninfo

    parts = _parsed(conninfo)
    password = parts.pop("password", None)
    if parts.get("sslpassword"):
        raise ServerError(
            "The address holds the password of a key (sslpassword), which another program could only be given where "
            "everybody can read it. Put it into a service file (~/.pg_service.conf) and name that: service=NAME."
        )
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}


def _parsed(conninfo: str) -> dict[str, Any]:
    """The parts of an address. What is wrong with it is not repeated: it may be a password, with a slash in it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    parts: dict[str, Any] = {}
    with suppress(ProgrammingError):
        parts = dict(conninfo_to_dict(conninfo))
    if not parts or not all(not port or port.isdigit() for port in str(parts.get("port", "")).split(",")):
        raise ServerError("The database's address is not valid: it is written like postgresql://user@host:5432/name.")
    return parts
