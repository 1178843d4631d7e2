"""Decides between the app and the verbs, without importing either: the app's first paint waits for nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from chattui.cli.opening import AppArguments, run_app

COMPLETING = "_CHATTUI_COMPLETE"
"""Set by the shell that wants to complete a command line (chattui completions)."""

_VALUES = {"--database": "database", "--chat": "chat", "--search": "search"}
_FLAGS = {"--demo": "demo", "--new": "new", "--fresh": "fresh"}


def app_arguments(argv: Sequence[str]) -> AppArguments | None:
    """The app's arguments; None when a verb or anything else is meant, which click then explains."""
    given: dict[str, Any] = {}
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, has_value, value = word.partition("=")
        if name in _VALUES and (has_value or rest):
            given[_VALUES[name]] = value if has_value else rest.pop(0)
        elif word in _FLAGS:
            given[_FLAGS[word]] = True
        else:
            return None
    return AppArguments(**given)


def run(argv: Sequence[str]) -> int:
    """Run the app or a verb; returns the exit code."""
    arguments = None if COMPLETING in os.environ else app_arguments(argv)
    if arguments is None:
        import gc

        gc.enable()
        from chattui.cli.main import main

        return main(list(argv))
    return run_app(arguments)
