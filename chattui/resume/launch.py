"""A program that goes on with a chat: its command, its directory, and what hinders it here."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chattui.domain.visible import visible_line


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be run. ``command`` is a list of words, never a line for a shell; ``directory`` None: where one is.

    ``hindrance`` says in a sentence why it cannot be run here, "" when it can. ``file`` holds the conversation for
    another agent, with the ``left_out`` oldest messages missing.
    """

    chat_id: int
    label: str
    command: tuple[str, ...]
    directory: Path | None
    hindrance: str = ""
    file: Path | None = None
    left_out: int = 0

    @property
    def shell(self) -> str:
        """The same as a line for a shell, with everything quoted."""
        line = shlex.join(self.command)
        return line if self.directory is None else f"cd {shlex.quote(str(self.directory))} && {line}"

    def program(self, env: Mapping[str, str]) -> str:
        """The path of the program: found before the directory is changed, so that nothing in there is taken for it."""
        found = shutil.which(self.command[0], path=env.get("PATH"))
        return str(Path(found).absolute()) if found else self.command[0]

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """The environment that it is run in."""
        own = {name: value for name, value in env.items() if name != "TEXTUAL_FPS"}
        return own if self.directory is None else own | {"PWD": str(self.directory)}


def hindrance_of(command: tuple[str, ...], directory: Path | None, label: str, env: Mapping[str, str]) -> str:
    """Why a command cannot be run here: no such directory, no such program; "" when it can."""
    if directory is not None and not directory.is_dir():
        return f"The chat's directory {visible_line(str(directory))} is not there any more."
    if shutil.which(command[0], path=env.get("PATH")) is None:
        return f"{label} is not installed here: there is no program {visible_line(command[0])!r} on the PATH."
    return ""
