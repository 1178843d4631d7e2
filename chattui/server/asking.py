"""A question to the server through psql, a child of 8 ms: importing the driver takes ten times as long."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

from chattui.config import Settings
from chattui.server.binaries import existing_binaries, package_programs
from chattui.server.places import DATABASE, USER, Places
from chattui.server.programs import child_environment
from chattui.server.running import find_running

_PATIENCE = 20.0
# user, password, hosts, the rest; what does not look like this is left to the driver
_URL = r"(postgresql://[^:@/?#]*)(?::([^@/?#]*))?@([^@/?#]*)(/[^@?#]*)?(\?[^#]*)?\Z"
_HOST = r"(?i)(?:\A|[\s?&])host(?:addr)?\s*=\s*'?([^'\s&]*)"
_ELSEWHERE = (
    r"(?i)ssl|service|gss|hostaddr"  # the packaged psql has no TLS: a connection may not be less safe for speed
)
_HERE = re.compile(r"(?:|localhost|127\.0\.0\.1|\[?::1\]?|(?:/|%2F).*)(?::\d*)?", re.IGNORECASE)


def ask(settings: Settings, script: str, meanwhile: Callable[[], None] | None = None) -> list[str] | None:
    """The lines that a psql script prints; None when it cannot be asked so, for whatever reason. Starts nothing.

    No password is on the command line. The script ends at its first error. ``meanwhile`` is done while the answer is waited
    for, where there is one to wait for.
    """
    psql = _psql(settings)
    if psql is None:
        return None
    command = [str(psql), "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    if settings.database.kind == "embedded":
        server = find_running(Places(settings.data_dir))
        if server is None:
            return None
        command += ["-h", str(server.socket_dir), "-p", str(server.port), "-U", USER, "-d", DATABASE]
        env: Mapping[str, str] = child_environment()
    else:
        conninfo = settings.database.conninfo or ""
        split = without_password(conninfo)
        if split is None or not is_on_this_machine(conninfo, os.environ):
            return None
        public, secrets = split
        command += ["-w", *(["-d", public] if public else [])]
        env = {**os.environ, "PGCONNECT_TIMEOUT": os.environ.get("PGCONNECT_TIMEOUT", "5"), **secrets}
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env, cwd="/") as asked:
            assert asked.stdin is not None
            asked.stdin.write(script)  # less than a pipe holds
            asked.stdin.close()
            asked.stdin = None
            if meanwhile is not None:
                meanwhile()
            try:
                said, _ = asked.communicate(timeout=_PATIENCE)
            except BaseException:
                asked.kill()
                raise
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return None if asked.returncode else said.splitlines()


def without_password(conninfo: str) -> tuple[str, dict[str, str]] | None:
    """(the address without its password, {"PGPASSWORD": …} if it had one); None where it is written in another way."""
    if "://" not in conninfo:
        return None if "password" in conninfo.lower() else (conninfo, {})
    found = re.match(_URL, conninfo)
    if found is None or "password" in (found[5] or "").lower():
        return None
    user, password, hosts, path, rest = found.groups()
    return f"{user}@{hosts}{path or ''}{rest or ''}", {"PGPASSWORD": unquote(password)} if password else {}


def is_on_this_machine(conninfo: str, env: Mapping[str, str]) -> bool:
    """Whether every server of an address is here, and nothing is said of encryption. In doubt it is not."""
    if any(env.get(name) for name in ("PGSERVICE", "PGSSLMODE", "PGHOSTADDR", "PGREQUIREAUTH", "PGCHANNELBINDING")):
        return False
    if re.search(_ELSEWHERE, conninfo):
        return False
    hosts = [env.get("PGHOST", "")]
    if found := re.match(_URL, conninfo):
        hosts = [found[3]]
    elif "://" in conninfo:
        return False
    hosts = re.findall(_HOST, conninfo) or hosts
    return all(_HERE.fullmatch(host) for named in hosts for host in named.split(","))


def _psql(settings: Settings) -> Path | None:
    """Some psql that is here, the embedded server's own first: what a system has may be a script in front of it."""
    copy = existing_binaries(Places(settings.data_dir), settings.pg_bin)
    for directory in (copy.bin if copy else None, package_programs()):
        if directory is not None and (directory / "psql").exists():
            return directory / "psql"
    return None
