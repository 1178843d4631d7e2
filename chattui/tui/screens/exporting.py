"""Exporting a chat from the app: asks, has it done in the background, and says what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.visible import visible_line
from chattui.tui import messages as told
from chattui.tui.screens.export_dialog import ExportDialog, ExportWish, ReplaceDialog

if TYPE_CHECKING:
    from chattui.tui.screens.shell import Shell


def ask_and_export(screen: Shell, chat_ids: Sequence[int], title: str, part: tuple[int, int] | None = None) -> None:
    """Ask for format and directory, beginning with the current directory, and export the chats or ``part`` of the one."""

    def answered(wish: ExportWish | None) -> None:
        if wish is not None:
            _start(screen, chat_ids, wish)

    screen.app.push_screen(ExportDialog(title, Path.cwd(), part=part), answered)


def export_ended(screen: Shell, event: told.ExportEnded) -> None:
    """Say what was written or why not; ask where a file is in the way."""
    if not event.exists:
        if event.failed:
            screen.notify(
                visible_line(event.sentence), title="Not exported", severity="error", timeout=10, markup=False
            )
        else:
            screen.notify(visible_line(event.sentence), title="Exported", timeout=8, markup=False)
        return

    def answered(yes: bool | None) -> None:
        if yes:
            _start(screen, event.chat_ids, replace(event.wish, replace=True))

    screen.app.push_screen(ReplaceDialog(event.sentence), answered)


def _start(screen: Shell, chat_ids: Sequence[int], wish: ExportWish) -> None:
    screen.notify("Exporting …", timeout=2, markup=False)
    screen.session.exports.write(chat_ids, wish)
