"""What ``chattui doctor`` looks at, one thing after another. Nothing is started, nothing is changed."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chattui import __version__
from chattui.config.settings import Settings
from chattui.domain.errors import ChattuiError

State = Literal["ok", "hint", "bad"]
_NARROW, _LOW = 70, 12
"""Columns and rows below which the app does without its list, and without titles."""
_LITTLE = 1 << 30
"""Bytes of free disk below which it is said."""
_WATCHES = 65_536
"""Folders that inotify should be able to watch."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing: "ok", "hint" (it works, with less) or "bad", and what mends it."""

    about: str
    state: State
    sentence: str
    fix: str = ""


def examine(settings: Settings, env: Mapping[str, str], has_terminal: bool) -> Iterator[Finding]:
    """Everything, from the terminal down to the models. What fails unexpectedly is a finding, and the rest is looked at."""
    yield Finding("chattui", "ok", f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    yield from _terminal(env, has_terminal)
    yield from _colours(env)
    yield from _clipboard(env)
    yield from _config(settings)
    for part in (_database, _sources, _watching, _models):
        try:
            yield from part(settings, env)
        except ChattuiError as error:
            fix = "start it, or name another: --database URL" if part is _database else "chattui config check"
            yield Finding(part.__name__.strip("_"), "bad", str(error), fix)


def _terminal(env: Mapping[str, str], has_terminal: bool) -> Iterator[Finding]:
    name = env.get("TERM", "")
    if not has_terminal:
        yield Finding("terminal", "hint", "The output is no terminal: the app cannot open here, the verbs can be used.")
    elif name in ("", "dumb"):
        yield Finding("terminal", "bad", f"TERM is '{name}': the app cannot draw.", "export TERM=xterm-256color")
    else:
        columns, rows = shutil.get_terminal_size()
        inside = " in tmux" if env.get("TMUX") else " in screen" if env.get("STY") else ""
        small = columns < _NARROW or rows < _LOW
        fix = f"{_NARROW} columns and {_LOW} rows show also the list and the titles" if small else ""
        yield Finding("terminal", "hint" if small else "ok", f"{name}{inside}, {columns} columns, {rows} rows", fix)
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        yield Finding("terminal", "bad", f"The output is in {encoding or 'no encoding'}.", "export LANG=C.UTF-8")


def _colours(env: Mapping[str, str]) -> Iterator[Finding]:
    depth, name = env.get("COLORTERM", ""), env.get("TERM", "")
    if "NO_COLOR" in env:
        yield Finding("colours", "hint", "NO_COLOR is set: the app does without colours.", "unset NO_COLOR")
    elif depth in ("truecolor", "24bit"):
        yield Finding("colours", "ok", "16 million")
    elif "256" in name:
        fix = "export COLORTERM=truecolor, if your terminal can: themes look as they were meant"
        yield Finding("colours", "ok", "256", fix)
    else:
        yield Finding(
            "colours", "hint", f"TERM={name or '(empty)'} promises few colours.", "export TERM=xterm-256color"
        )


def _clipboard(env: Mapping[str, str]) -> Iterator[Finding]:
    from chattui.tui.clipboard import program

    found = program(env)
    if found is not None:
        yield Finding("clipboard", "ok", f"{found[0]}, and OSC 52 through the terminal")
        return
    if env.get("SSH_CONNECTION"):
        fix = "your terminal has to allow OSC 52; in tmux also: set -g set-clipboard on"
    elif env.get("WAYLAND_DISPLAY"):
        fix = "install wl-clipboard"
    elif env.get("DISPLAY"):
        fix = "install xclip or xsel"
    else:
        fix = "your terminal has to allow OSC 52"
    yield Finding("clipboard", "hint", "Only OSC 52 through the terminal, which does not say whether it takes it.", fix)


def _config(settings: Settings) -> Iterator[Finding]:
    from chattui.tui.checking import every_problem

    problems = every_problem(settings)
    stops = any(problem.guards.value for problem in settings.problems)
    for sentence in problems:
        yield Finding("settings", "bad" if stops else "hint", sentence, "chattui config edit")
    if not problems:
        there = settings.config_file.exists()
        yield Finding("settings", "ok", f"{settings.config_file}{'' if there else ' (not there: defaults hold)'}")


def _database(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    from chattui.server import conninfo, status
    from chattui.store.database import Database
    from chattui.store.health import health

    if settings.undecided:
        yield Finding("database", "bad", "It is not known which one is meant.", "chattui config check")
        return
    server = status(settings)
    if not server.running and server.kind == "url":
        yield Finding(
            "database", "bad", f"{server.target} does not answer.", "start it, or name another: --database URL"
        )
        return
    if not server.running:
        yield Finding(
            "database", "ok", f"the embedded server is down, and starts when it is needed ({settings.data_dir})"
        )
        yield from _room(settings.data_dir)
        return
    db = Database(conninfo(settings), pool_size=1)
    try:
        facts = health(db)
    finally:
        db.close()
    what = f"PostgreSQL {facts.server_version}, schema {facts.schema_version}, {server.target}"
    yield Finding(
        "database", "bad" if facts.read_only else "ok", what, "it is a standby: name its primary" * facts.read_only
    )
    if not facts.index_ready:
        yield Finding("search", "hint", "The search index is not ready.", "chattui db reindex")
    if server.kind == "embedded":
        yield from _room(settings.data_dir)


def _room(place: Path) -> Iterator[Finding]:
    there = next((one for one in (place, *place.parents) if one.exists()), Path("/"))
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK):
        yield Finding("disk", "bad", f"{there} cannot be written.", "CHATTUI_HOME names another directory")
    elif free < _LITTLE:
        yield Finding(
            "disk", "hint", f"{free >> 20:,} MB are free at {there}.", "make room, or CHATTUI_HOME names another disk"
        )


def _sources(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:
    from chattui.sources.plugins import faults
    from chattui.sources.registry import all_sources
    from chattui.sync.ruled import LeftOutFiles, ruled

    every = all_sources()
    for fault in faults():
        yield Finding("sources", "hint", fault, "update or remove the package that brings it")
    on = {source.name for source in ruled(settings.rules, settings.config_file, LeftOutFiles(None))}
    home = Path.home()
    here = [one for one in every if any(_is_there(root) for root in one.roots(env, home))]
    read = [one.label for one in here if one.name in on]
    off = [one.label for one in here if one.name not in on]
    if read:
        yield Finding("sources", "ok", f"{', '.join(read)}")
    else:
        yield Finding("sources", "hint", "No histories are here.", "chattui import FILE, or paths in the config file")
    if off:
        yield Finding("sources", "hint", f"Switched off: {', '.join(off)}.", "F6 in the app switches them on")
    for one in here:
        if one.name in on:
            for root in one.roots(env, home):
                if _is_there(root) and not os.access(root, os.R_OK):
                    yield Finding("sources", "bad", f"{root} of {one.label} cannot be read.", f"chmod u+r {root}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _watching(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    limit = Path("/proc/sys/fs/inotify/max_user_watches")
    try:
        watches = int(limit.read_text())
    except (OSError, ValueError):
        return
    if watches < _WATCHES:
        fix = f"sudo sysctl fs.inotify.max_user_watches={_WATCHES * 8}"
        yield Finding("watching", "hint", f"The system watches only {watches:,} folders.", fix)
    else:
        yield Finding("watching", "ok", f"up to {watches:,} folders")


def _models(settings: Settings, env: Mapping[str, str]) -> Iterator[Finding]:  # noqa: ARG001
    from chattui.resume.agents import installed
    from chattui.semantic import is_installed

    agents = [agent.label for agent in installed(env)]
    if agents:
        yield Finding("agents", "ok", f"{', '.join(agents)} can go on with a chat")
    else:
        yield Finding("agents", "hint", "No agent is on the PATH: chats can be read, not gone on with.", "install one")
    if is_installed():
        yield Finding("models", "ok", "the model for search by meaning is installed (chattui semantic on)")
    else:
        fix = "pip install 'chattui[semantic]', then chattui semantic on"
        yield Finding("models", "hint", "Search by meaning has no model here; search by words needs none.", fix)
