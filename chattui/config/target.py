"""Which database to use: the order in which arguments, environment and config file are asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from chattui.domain.errors import ConfigError

# Any of these means that the person has described a server to libpq; PGUSER or PGPASSWORD alone do not name one.
LIBPQ_VARIABLES = ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGDATABASE")

# Compiled when they are needed: the app's first paint waits for this module.
# SQLAlchemy and other tools write the driver into the scheme: postgresql+psycopg://, postgres+asyncpg://.
_SCHEME = r"(?i)(?P<dialect>[a-z][a-z0-9.-]*)(?:\+[a-z0-9_]+)?://"
_KEYWORD = r"(?i)\s*[a-z_]+\s*="
_HIDE_IN_PAIRS = r"(?i)((?:^|\s)(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'?|(?:[^\s'\\]|\\.)+)"
_HIDE_IN_URL = r"(?i)^([a-z]+://[^:@/?#]*):.*@"  # greedy: an unescaped / or @ is hidden too
_HIDE_IN_QUERY = r"(?i)([?&](?:ssl)?password=)[^&#]*"


class DatabaseTarget(NamedTuple):
    """The database that was chosen, and who chose it.

    ``conninfo`` is what libpq takes: a ``postgresql://`` URL, ``key=value`` pairs, or the empty string, which makes
    libpq read ``PG*`` variables and service files. It is ``None`` for the embedded server, whose address the server
    room knows. ``origin`` is for people: "--database", "DATABASE_URL", the config file's path, ….
    """

    kind: Literal["embedded", "url"]
    conninfo: str | None
    origin: str

    def redacted(self) -> str:
        """The target without any password, fit for a screen or a log."""
        if self.kind == "embedded":
            return "embedded PostgreSQL"
        if not self.conninfo:
            return "the server that the PG* variables name"
        if "://" in self.conninfo:
            return re.sub(_HIDE_IN_QUERY, r"\1***", re.sub(_HIDE_IN_URL, r"\1:***@", self.conninfo))
        return re.sub(_HIDE_IN_PAIRS, r"\1***", self.conninfo)

    def __repr__(self) -> str:
        return f"DatabaseTarget({self.kind!r}, {self.redacted()!r}, origin={self.origin!r})"


def resolve_target(
    env: Mapping[str, str], *, argument: str | None, configured: str | None, config_file: str
) -> DatabaseTarget:
    """The first that speaks: argument, CHATTUI_DATABASE_URL, DATABASE_URL, PG* variables, config file; else embedded.

    An empty value counts as unset. The word "embedded" chooses the embedded server, also against a later source.
    A ``DATABASE_URL`` of another kind of database is another program's business and is passed over; the same in a place
    of our own raises ConfigError.
    """
    for value, origin in ((argument, "--database"), (env.get("CHATTUI_DATABASE_URL"), "CHATTUI_DATABASE_URL")):
        if value:
            return _target(value, origin)
    url = env.get("DATABASE_URL", "")
    scheme = re.match(_SCHEME, url) if url else None
    if scheme and _is_postgres(scheme["dialect"]):
        return _target(url, "DATABASE_URL")
    if named := next((name for name in LIBPQ_VARIABLES if env.get(name)), None):
        return DatabaseTarget("url", "", f"{named} and the other PG* variables")
    if configured:
        return _target(configured, config_file)
    return DatabaseTarget("embedded", None, "the default")


def mistaken_address(value: str) -> str:
    """What is wrong with an address, to go behind its name; "" when it is one."""
    try:
        if value.strip():
            _target(value, "")
    except ConfigError as error:
        return str(error).strip().rstrip(".")
    return ""


def _is_postgres(dialect: str) -> bool:
    return dialect.lower() in {"postgres", "postgresql"}


def _target(value: str, origin: str) -> DatabaseTarget:
    value = value.strip()
    if value.lower() == "embedded":
        return DatabaseTarget("embedded", None, origin)
    if scheme := re.match(_SCHEME, value):
        if not _is_postgres(scheme["dialect"]):
            raise ConfigError(
                f"{origin} names a {scheme['dialect']} database, and chattui needs PostgreSQL 15 or newer: "
                "give postgresql://user@host/database, or 'embedded' for the built-in server."
            )
        return DatabaseTarget("url", f"postgresql://{value[scheme.end() :]}", origin)
    if re.match(_KEYWORD, value):
        return DatabaseTarget("url", value, origin)
    raise ConfigError(
        f"{origin} is not a database address: give postgresql://user@host/database, "
        "libpq pairs such as 'host=… dbname=…', or 'embedded' for the built-in server."
    )
