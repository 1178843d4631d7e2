"""Decides between the app and the verbs, without importing either: the app's first paint waits for nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

NO_TERMINAL = (
    "chattui needs a terminal to draw on, and the output is not one. These verbs work here: "
    "list, show, search, new, import, db (see chattui --help)."
)
_VALUES = {"--database": "database", "--chat": "chat", "--search": "search"}
_FLAGS = {"--demo": "demo", "--new": "new"}


@dataclass(slots=True)
class AppArguments:
    """What the app is started with."""

    database: str | None = None
    chat: str | None = None
    search: str | None = None
    demo: bool = False
    new: bool = False


def app_arguments(argv: Sequence[str]) -> AppArguments | None:
    """The app's arguments; None when a verb or anything else is meant, which click then explains."""
    found = AppArguments()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, has_value, value = word.partition("=")
        if name in _VALUES and (has_value or rest):
            setattr(found, _VALUES[name], value if has_value else rest.pop(0))
        elif word in _FLAGS:
            setattr(found, _FLAGS[word], True)
        else:
            return None
    return found


def can_draw() -> bool:
    """Whether the app can draw on standard output and read keys from standard input."""
    return sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM") != "dumb"


def run(argv: Sequence[str]) -> int:
    """Run the app or a verb; returns the exit code."""
    arguments = app_arguments(argv)
    if arguments is None:
        import gc

        gc.enable()
        from chattui.cli.main import main

        return main(list(argv))
    return run_app(arguments)


def run_app(arguments: AppArguments) -> int:
    """Open the app; 2 without a terminal, 1 when a setting cannot be used."""
    if not can_draw():
        print(NO_TERMINAL, file=sys.stderr)
        return 2
    from chattui.tui.launch import launch

    return launch(
        database=arguments.database,
        chat=arguments.chat,
        search=arguments.search,
        demo=arguments.demo,
        new=arguments.new,
    )
