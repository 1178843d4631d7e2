"""Opening the app from the command line, where there is a terminal to draw on."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

NO_TERMINAL = (
    "chattui needs a terminal to draw on, and the output is not one. These verbs work here: "
    "list, show, search, new, resume, import, export, snapshots, config, doctor, db (see chattui --help)."
)


class AppArguments(NamedTuple):
    """What the app is started with."""

    database: str | None = None
    chat: str | None = None
    search: str | None = None
    demo: bool = False
    new: bool = False
    fresh: bool = False

    @property
    def as_left(self) -> bool:
        """Whether the app opens as it was left."""
        return not (self.chat or self.search or self.demo or self.new or self.fresh)


def can_draw() -> bool:
    """Whether the app can draw on standard output and read keys from standard input."""
    return sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM") != "dumb"


def run_app(arguments: AppArguments) -> int:
    """Open the app; 2 without a terminal, 1 when a setting cannot be used."""
    if not can_draw():
        print(NO_TERMINAL, file=sys.stderr)
        return 2
    os.environ.setdefault("TEXTUAL_FPS", "240")  # Textual waits for its next frame: 60 a second cost up to 30 ms a key
    picture = None
    if arguments.as_left:
        from chattui.tui.picture import show

        picture = show(os.environ, arguments.database or "")  # before what takes long to import
    try:
        from chattui.tui.launch import launch

        return launch(
            database=arguments.database,
            chat=arguments.chat,
            search=arguments.search,
            demo=arguments.demo,
            new=arguments.new,
            fresh=arguments.fresh,
            picture=picture,
        )
    finally:
        if picture is not None:
            picture.take_down()
