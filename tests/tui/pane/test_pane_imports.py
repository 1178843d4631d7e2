"""The first paint does not wait for what only messages need."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ["markdown_it", "pygments", "psycopg", "sqlalchemy", "linkify_it"]

PROGRAM = """
import sys
from chattui.tui.pane.message_pane import MessagePane
from chattui.tui.recents.recents_list import RecentsList
from chattui.tui.results.hit_list import HitList
from textual.app import App
import asyncio

class Shell(App):
    def compose(self):
        yield RecentsList()
        yield MessagePane()
        yield HitList()

async def paint():
    async with Shell().run_test() as pilot:
        await pilot.pause()

asyncio.run(paint())
print([name for name in sys.argv[1:] if name in sys.modules])
"""


def test_an_empty_shell_imports_no_parser_and_no_database() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, *HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
