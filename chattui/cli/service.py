"""The service that watches by itself: a unit of systemd's user manager, an agent of launchd. Written, never started."""

from __future__ import annotations

import os
import plistlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from chattui.config import Settings
from chattui.domain.errors import ChattuiError, ConfigError
from chattui.domain.visible import visible_line

UNIT: Final = "chattui-watch.service"
LABEL: Final = "chattui.watch"
_MARK: Final = "# Written by chattui watch --install; chattui watch --uninstall removes it."
_KEPT: Final = re.compile(
    r"(CHATTUI|CLAUDE|CODEX|GEMINI|COPILOT|PI|AIDER|CONTINUE|GOOSE|LLM|OTERM)_[A-Z0-9_]*(DIR|HOME|CONFIG|FILE|PATH|LINGER|PG_BIN)"
    r"|XDG_(DATA|CONFIG|STATE)_HOME|PG(HOST|HOSTADDR|PORT|USER|DATABASE|SERVICE|SERVICEFILE|PASSFILE|SSLMODE)"
)
"""Variables that say where histories and the database are, and hold no secret."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is written, where, and what a person then does."""

    path: Path
    content: bytes
    start: tuple[str, ...]
    stop: tuple[str, ...]


def install(settings: Settings) -> int:
    """Write the service, and print what and where; exit code 0."""
    made = service(sys.platform, os.environ, Path.home(), _program(), _environment(settings))
    _refuse_foreign(made.path)
    try:
        made.path.parent.mkdir(parents=True, exist_ok=True)
        beside = made.path.with_name(f".{made.path.name}.{os.getpid()}")
        beside.write_bytes(made.content)
        beside.chmod(0o600)
        beside.replace(made.path)
    except OSError as error:
        raise ChattuiError(f"{made.path} cannot be written: {error.strerror or error}.") from error
    click.echo(f"Wrote {visible_line(str(made.path))}:\n")
    click.echo("".join(f"    {visible_line(line)}\n" for line in made.content.decode().splitlines()))
    click.echo("Nothing was started. To start it now and at every login:\n")
    click.echo("".join(f"    {line}\n" for line in made.start), nl=False)
    return 0


def uninstall() -> int:
    """Remove the service, and print what is left to do; exit code 0."""
    made = service(sys.platform, os.environ, Path.home(), _program(), {})
    _refuse_foreign(made.path)
    wanted = made.path.parent / "default.target.wants" / UNIT
    try:
        there = made.path.exists()
        made.path.unlink(missing_ok=True)
        if wanted.is_symlink() and not wanted.exists():  # what `systemctl enable` has left, and now leads nowhere
            wanted.unlink()
    except OSError as error:
        raise ChattuiError(f"{made.path} cannot be removed: {error.strerror or error}.") from error
    if not there:
        click.echo(f"There is no service at {visible_line(str(made.path))}.")
        return 0
    click.echo(f"Removed {visible_line(str(made.path))}. If it runs, end it:\n")
    click.echo("".join(f"    {line}\n" for line in made.stop), nl=False)
    return 0


def service(
    platform: str, env: Mapping[str, str], home: Path, program: tuple[str, ...], environment: Mapping[str, str]
) -> Service:
    """The service for this kind of system. Raises ``ChattuiError`` where there is none."""
    for text in (*program, *environment.values()):
        if re.search(r"[\x00-\x1f\x7f]", text):
            raise ConfigError(f"A service cannot be written for a path with control characters: {visible_line(text)}.")
    if platform == "darwin":
        return _launchd(home, program, environment)
    if platform.startswith("linux"):
        return _systemd(env, home, program, environment)
    raise ChattuiError(
        "A service can be written for systemd and launchd. Have `chattui watch` started by other means here."
    )


def _systemd(env: Mapping[str, str], home: Path, program: tuple[str, ...], environment: Mapping[str, str]) -> Service:
    config = env.get("XDG_CONFIG_HOME", "")
    folder = (Path(config) if Path(config).is_absolute() else home / ".config") / "systemd" / "user"
    # variables are looked for in all words but the first
    command = " ".join([_quoted(program[0]), *(_quoted(word).replace("$", "$$") for word in program[1:])])
    lines = [
        _MARK,
        "[Unit]",
        "Description=chattui: brings in chats as their tools write them",
        "",
        "[Service]",
        f"ExecStart={command}",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in sorted(environment.items())),
        "Restart=on-failure",
        "RestartSec=10",
        "Nice=10",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    return Service(
        folder / UNIT,
        "\n".join(lines).encode("utf-8", "surrogateescape"),
        ("systemctl --user daemon-reload", f"systemctl --user enable --now {UNIT}"),
        (f"systemctl --user stop {UNIT}", "systemctl --user daemon-reload"),
    )


def _quoted(word: str) -> str:
    """A word as systemd takes it: in double quotes, with its specifiers and escapes meant as they are written."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'


def _launchd(home: Path, program: tuple[str, ...], environment: Mapping[str, str]) -> Service:
    path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    content = {
        "Label": LABEL,
        "ProgramArguments": list(program),
        "EnvironmentVariables": dict(sorted(environment.items())),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ProcessType": "Background",
        "ThrottleInterval": 10,
    }
    return Service(
        path,
        plistlib.dumps(content),
        (f"launchctl bootstrap gui/$(id -u) {_shell(str(path))}",),
        (f"launchctl bootout gui/$(id -u)/{LABEL}",),
    )


def _shell(word: str) -> str:
    import shlex

    return shlex.quote(word)


def _program() -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "chattui", "watch", "--quiet")


def _environment(settings: Settings) -> dict[str, str]:
    """What the service is told of where things are. An address with a password is not written into it."""
    kept = {name: value for name, value in os.environ.items() if value and _KEPT.fullmatch(name)}
    target = settings.database
    if target.kind == "url" and target.conninfo and str(settings.config_file) not in target.origin:
        if target.redacted() != target.conninfo:
            raise ConfigError(
                f"The address in {target.origin} holds a password, which does not belong into a service's file. Put the address "
                f"under [database] in {settings.config_file}, or the password into ~/.pgpass."
            )
        kept["CHATTUI_DATABASE_URL"] = target.conninfo
    return kept


def _refuse_foreign(path: Path) -> None:
    """Raise ``ChattuiError`` where there is a file that we did not write."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ChattuiError(f"{path} cannot be read: {error.strerror or error}.") from error
    if _MARK.encode() not in text and LABEL.encode() not in text:
        raise ChattuiError(f"{path} was not written by chattui, and stays as it is. Move it away first.")
