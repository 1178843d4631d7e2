"""What a search must find of single words: mistyped ones, names by every part, Han of one to four characters."""

from __future__ import annotations

import json

from chattui.server import conninfo
from chattui.store import search
from chattui.store.connection import connect
from chattui.store.database import Database
from tests.bench.places import Home
from tests.bench.report import Row

NAMES: dict[str, list[str]] = {
    "def fetchUserSessionById(id): ...": ["fetchUserSessionById", "fetch", "User", "session", "byid", "SessionById"],
    "call parse_quux_header_v2 first": ["parse_quux_header_v2", "parse", "quux", "header", "v2", "quux_header"],
    "p = os.quuxpath.join(a, b)": ["os.quuxpath.join", "os", "quuxpath", "join", "quuxpath.join"],
    "see /usr/lib/quuxd/x.service there": ["/usr/lib/quuxd/x.service", "usr", "lib", "quuxd", "service", "lib/quuxd"],
    "git push --force-with-quux": ["--force-with-quux", "force", "with", "quux", "force-with-quux"],
    "release v14.22.73 is out": ["v14.22.73", "v14", "14.22.73", "22.73", "73"],
    "commit 9f3c2e7ab14d5566 broke it": ["9f3c2e7ab14d5566", "9f3c2e7", "9f3c2e7ab14d"],
    "error E4711-QX came back": ["E4711-QX", "E4711", "QX", "e4711-qx"],
    "https://example.org/quux/page?id=77": ["https://example.org/quux/page?id=77", "example.org", "quux", "page", "77"],
    "write to nora.quux@example.org": ["nora.quux@example.org", "nora", "quux", "example", "nora.quux"],
}
HAN = "龘驫靐齉爩麤"
"""Characters that no generator of ours uses."""


def rows(home: Home) -> list[Row]:
    """The rows. Messages are written by `chattui new`, mistyped words are of the corpus."""
    db = Database(conninfo(home.settings), pool_size=1)
    try:
        return [_mistyped(home, db), _names(home, db), _han(home, db)]
    finally:
        db.close()


def _said(what: str, target: str, found: int, total: int, missed: list[str]) -> Row:
    said = f"{found} of {total}" + (f"; missed {', '.join(missed[:6])}" if missed else "")
    holds = found == total
    return Row(what, target, said, verdict="kept" if holds else "FAILED", failed=not holds)


def _mistyped(home: Home, db: Database) -> Row:
    """The commonest long words of the vocabulary: one with a letter less, one with two changed over, one with one doubled."""
    with connect(conninfo(home.settings)) as conn:
        words = [
            str(word)
            for (word,) in conn.execute(
                "SELECT word FROM chattui.words WHERE word ~ '^[a-z]{9,}$' ORDER BY n DESC, word LIMIT 3"
            )
        ]
    typed = [
        words[0][:4] + words[0][5:],
        words[1][:4] + words[1][5] + words[1][4] + words[1][6:],
        words[2][:4] + words[2][4] + words[2][4:],
    ]
    missed = [t for t, word in zip(typed, words, strict=True) if word not in search.suggest(db, t)]
    return _said("a mistyped word: the right one is suggested", "3 of 3", 3 - len(missed), 3, missed)


def _names(home: Home, db: Database) -> Row:
    made = {_new(home, text): parts for text, parts in NAMES.items()}
    missed = [part for chat, parts in made.items() for part in parts if chat not in _found(db, part)]
    total = sum(len(parts) for parts in NAMES.values())
    what = "names, paths, flags, versions, hashes, addresses by every part"
    return _said(what, f"{total} of {total}", total - len(missed), total, missed)


def _han(home: Home, db: Database) -> Row:
    """Every run of one to four characters of a text, in it and nowhere else."""
    chat = _new(home, f"the log says {HAN}, again")
    runs = [HAN[at : at + size] for size in range(1, 5) for at in range(len(HAN) - size + 1)]
    missed = [run for run in runs if _found(db, run) != {chat}]
    what, total = "Han of 1, 2, 3 and 4 characters, at every place", len(runs)
    return _said(what, f"{total} of {total}", total - len(missed), total, missed)


def _new(home: Home, text: str) -> int:
    done = home.run("new", "--json", "--", text)
    if done.code:
        raise RuntimeError(f"a chat could not be made: {done.err.strip()}")
    return int(json.loads(done.out)["chat_id"])


def _found(db: Database, text: str) -> set[int]:
    """Chats that are found for a text as it stands in the search bar."""
    return {hit.chat_id for hit in search.search(db, text, limit=500).hits}
