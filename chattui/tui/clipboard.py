"""Copying: OSC 52 through the terminal, and the system's clipboard where a program for it is there."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual.app import App

OSC52_LIMIT = 74_994
"""Bytes of text that terminals commonly take in one OSC 52 sequence (100 kB of base64, less its frame)."""

_PATIENCE = 3  # seconds


@dataclass(frozen=True, slots=True)
class Copied:
    """How copying went. ``size`` in bytes; ``program`` is the one that was tried, if any."""

    size: int
    by_terminal: bool
    program: str = ""
    by_program: bool = False

    @property
    def done(self) -> bool:
        """Whether the text is in a clipboard, as far as can be known: a terminal does not say."""
        return self.by_terminal or self.by_program

    def sentence(self, what: str) -> str:
        """What served and what did not, for the person."""
        failed = f"{self.program} failed" if self.program and not self.by_program else ""
        if not self.done:
            limits = f"{self.size:,} bytes, OSC 52 takes {OSC52_LIMIT:,}"
            why = failed or "no clipboard program is here"
            return f"Too long for this terminal's clipboard ({limits}), and {why}. x exports to a file."
        ways = " and ".join(["OSC 52"] * self.by_terminal + [self.program] * self.by_program)
        but = failed if self.by_terminal else "too long for OSC 52"
        return f"Copied the {what} ({'; '.join(filter(None, (ways, but)))})."


async def copy(app: App[Any], text: str, env: Mapping[str, str] = os.environ) -> Copied:
    """Copy ``text`` in every way that there is here. A program runs beside the app, which goes on meanwhile."""
    data = text.encode("utf-8", "replace")
    by_terminal = len(data) <= OSC52_LIMIT
    if by_terminal:
        app.copy_to_clipboard(text)
    command = program(env)
    if command is None:
        return Copied(len(data), by_terminal)
    return Copied(len(data), by_terminal, command[0], await asyncio.to_thread(_run, command, data))


def _run(program: list[str], data: bytes) -> bool:
    """Give a program the text. Its output is nobody's: what stays behind to serve the clipboard would keep a pipe open."""
    try:
        subprocess.run(
            program,
            input=data,
            timeout=_PATIENCE,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def program(env: Mapping[str, str]) -> list[str] | None:
    """The command of the system's clipboard here; None where there is none."""
    if env.get("TMUX") and shutil.which("tmux"):
        return ["tmux", "load-buffer", "-w", "-"]
    candidates = [["pbcopy"]]
    if env.get("WAYLAND_DISPLAY"):
        candidates.append(["wl-copy"])
    if env.get("DISPLAY"):
        candidates += [["xclip", "-selection", "clipboard"], ["xsel", "-b", "-i"]]
    return next((c for c in candidates if shutil.which(c[0])), None)
