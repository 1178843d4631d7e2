"""A session of an agent's own program, begun in a directory: nothing of a chat is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chattui.domain.errors import ChattuiError
from chattui.domain.visible import visible_line
from chattui.resume.agents import Agent
from chattui.resume.launch import Launch, hindrance_of

NO_CHAT = 0
"""In the place of a chat's id: what is begun has none yet."""


def begin(agent: Agent, directory: Path, prompt: str, env: Mapping[str, str]) -> Launch:
    """How a session begins, with a prompt where there is one."""
    command = agent.begin(prompt, str(directory))
    return Launch(NO_CHAT, agent.label, command, directory, hindrance_of(command, directory, agent.label, env))


def directory_and_prompt(words: str, base: Path) -> tuple[Path, str]:
    """What stands behind an agent's name: a directory where the first word is written as one (``~/x``, ``/x``, ``./x``,
    ``..``), then a prompt. Without one it is ``base``. Raises ``ChattuiError`` for a directory that is not there."""
    first, _, rest = words.strip().partition(" ")
    if not (first.startswith(("~", "/", "./", "../")) or first in (".", "..")):
        return base, words.strip()
    try:
        place = (base / Path(first).expanduser()).resolve()
        is_there = place.is_dir()
    except (OSError, ValueError, RuntimeError):
        is_there = False
    if not is_there:
        raise ChattuiError(f"There is no directory {visible_line(first)}. A prompt must not begin as a path does.")
    return place, rest.strip()
