"""Where the program begins: the app at once, every other verb through click."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the program with ``sys.argv`` and exit with its code."""
    gc.disable()  # importing allocates much and frees nothing; the app switches collection on again after its first paint
    from chattui.cli.entry import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
