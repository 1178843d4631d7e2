"""Another program that adds a reply to a chat of its own, block by block: told when by a line on its standard input.

Arguments: seconds, tokens a second, tokens of a block. The chat is removed when the input ends.
"""

from __future__ import annotations

import os
import random
import sys
import time

from sqlalchemy import text

from chattui.config import load_settings
from chattui.domain.kinds import Role
from chattui.server import open_database
from chattui.store import chats, messages
from chattui.store.database import Database

FIRST, LAST = "the stream begins here", "the stream ends here"
_TOKENS = ("the", "plan", "ner", "takes", "a", "cheap", "er", "path", "which", "**is**", "`fast`", "when", "new", ".")
_BEFORE = 60
"""Messages that the chat has already."""


def main() -> None:
    """Write as the arguments say."""
    seconds, rate, size = map(int, sys.argv[1:4])
    words = random.Random(7)
    db = Database(open_database(load_settings(os.environ)).conninfo)
    chat = chats.create(db, title="A reply that is being written")
    try:
        for number in range(_BEFORE):
            messages.append(db, chat.id, "An answer that was given before. " * 8, key=f"b{number}", role=Role.ASSISTANT)
        messages.append(db, chat.id, FIRST, key="first")
        print("ready", flush=True)
        sys.stdin.readline()
        begun = time.perf_counter()
        for number in range(seconds * rate // size):
            time.sleep(max(0.0, begun + number * size / rate - time.perf_counter()))
            reply = " ".join(words.choices(_TOKENS, k=size))
            messages.append(db, chat.id, reply, key=f"r{number}", role=Role.ASSISTANT)
        messages.append(db, chat.id, LAST, key="last", role=Role.ASSISTANT)
        sys.stdin.readline()
    finally:
        statement = text("DELETE FROM chattui.chats WHERE id = :id")
        db.write(lambda conn: conn.execute(statement, {"id": chat.id}), idempotent=True)
        db.close()


if __name__ == "__main__":
    main()
