"""The baseline of every start: a Textual app with nothing in it, started and collected like ours. Run as a program."""

import gc

gc.disable()

from textual.app import App  # noqa: E402

if __name__ == "__main__":
    App[None]().run()
