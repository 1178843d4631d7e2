"""Writing in the editor that a person has: $VISUAL or $EDITOR, in the terminal that the app gives up meanwhile."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from chattui.domain.errors import ChattuiError
from chattui.tui.handing_over import signals_left_to_it, terminal_kept, wait_for

FALLBACK = "vi"


def edit_outside(app: App[Any], text: str) -> str:
    """Let a text be edited in another program; returns what became of it.

    Raises ``ChattuiError`` when the program cannot be started or fails; what was written so far is then in the file that
    the sentence names.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or FALLBACK
    with tempfile.NamedTemporaryFile(
        "w", suffix=".md", prefix="chattui-", delete=False, encoding="utf-8", errors="replace"
    ) as file:
        file.write(text)
    path = Path(file.name)
    code: int | OSError | ValueError
    try:
        with app.suspend():  # nothing in here may raise, or the app would not come back
            try:
                code = _run([*shlex.split(command), str(path)])
            except (OSError, ValueError) as error:
                code = error
    except SuspendNotSupported:
        path.unlink()
        raise ChattuiError("This terminal cannot be handed to an editor.") from None
    if isinstance(code, OSError | ValueError):
        path.unlink()
        raise ChattuiError(f"The editor '{command}' cannot be started. $VISUAL or $EDITOR names it.")
    written = path.read_text(encoding="utf-8", errors="replace")
    if code != 0:
        raise ChattuiError(f"The editor ended with code {code}. The draft is as it was; what was written is in {path}.")
    path.unlink()
    return written.rstrip("\n")


def _run(command: list[str]) -> int:
    with terminal_kept(), signals_left_to_it():
        process = subprocess.Popen(command)
        process.returncode = wait_for(process.pid)
    return process.returncode
