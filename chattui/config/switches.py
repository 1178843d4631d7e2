"""Switching sources on and off in the config file: one line of it changes, everything else stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from chattui.config.file import parse_config
from chattui.config.replacing import replace_file
from chattui.config.rules import SourceRule
from chattui.domain.errors import ConfigError

_HEADER = re.compile(r"\s*\[")
_ENABLED = re.compile(r"(\s*[\"']?enabled[\"']?\s*=\s*)(true|false)(.*)", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def switch_source(path: Path, name: str, enabled: bool) -> None:
    """Write ``enabled`` for a source into the config file, which is made where there is none.

    The file is replaced whole or not at all. Raises ConfigError when it cannot be written, or is written in a way that
    cannot be changed line by line.
    """
    target = path.resolve()  # a link, as from a repository of settings, stays one
    try:
        text = target.read_bytes().decode()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The config file {path} cannot be read: {error}.") from error
    before = parse_config(text, path).rules
    changed = _changed(text, name, enabled)
    wanted = dict(before.sources) | {name: before.of(name)._replace(enabled=enabled)}
    try:
        after = parse_config(changed, path).rules
    except ConfigError:
        after = None
    if (
        after is None
        or _told(after.sources) != _told(wanted)
        or after._replace(sources={}) != before._replace(sources={})
    ):
        raise ConfigError(
            f"The config file {path} is written in a way that only you can change: put "
            f"enabled = {str(enabled).lower()} under [sources.{name}]."
        )
    replace_file(target, changed, path)


def _told(rules: Mapping[str, SourceRule]) -> dict[str, SourceRule]:
    """The rules without where they stand."""
    return {name: rule._replace(line=0) for name, rule in rules.items()}


def _changed(text: str, name: str, enabled: bool) -> str:
    lines = text.splitlines(keepends=True)
    value = str(enabled).lower()
    quoted = name if _PLAIN.fullmatch(name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    header = re.compile(rf"\s*\[\s*sources\s*\.\s*[\"']?{re.escape(name)}[\"']?\s*\]")
    at = next((nr for nr, line in enumerate(lines) if header.match(line)), None)
    if at is None:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[sources.{quoted}]\nenabled = {value}\n"
    for nr in range(at + 1, len(lines)):
        if _HEADER.match(lines[nr]):
            break
        if found := _ENABLED.match(lines[nr]):
            lines[nr] = f"{found[1]}{value}{found[3]}"
            return "".join(lines)
    if not lines[at].endswith("\n"):
        lines[at] += "\n"
    lines.insert(at + 1, f"enabled = {value}\n")
    return "".join(lines)
