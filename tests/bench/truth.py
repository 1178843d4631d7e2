"""What a search must find, through ``chattui search --json``: the planted words, phrases, parts of names."""

from __future__ import annotations

import json
from typing import Any

from tests.bench import corpus, truth_words
from tests.bench.options import Options
from tests.bench.places import Home
from tests.bench.report import Row

TITLE = "Truth"
NOTES = ("Truth: a corpus of 200 sessions and 20,000 records with planted words; every check must hold.",)
_KINDS = ("rare_user", "rare_assistant", "rare_thinking", "rare_tooluse", "rare_toolres", "rare_subagent")


def measure(options: Options) -> list[Row]:
    """All rows of the group."""
    histories = corpus.small(options)
    home = Home(histories, options.cache / "truth")
    home.forget()
    done = home.run("import", "--json")
    if done.code:
        raise RuntimeError(f"the import failed: {done.err.strip()}")
    known = corpus.manifest(histories)
    try:
        return [
            _needles(home, known),
            _bare_phrase(home, known),
            _quoted_phrase(home, known),
            _part_of_a_name(home),
            *truth_words.rows(home),
        ]
    finally:
        home.forget()


def _hits(home: Home, text: str, limit: int) -> list[dict[str, Any]]:
    done = home.run("search", "--json", "--limit", str(limit), "--", text)
    if done.code not in (0, 1) or not done.out:
        raise RuntimeError(f"searching for {text!r} failed: {done.err.strip()}")
    hits: list[dict[str, Any]] = json.loads(done.out)["hits"]
    return hits


def _row(what: str, target: str, measured: str, *, holds: bool) -> Row:
    return Row(what, target, measured, verdict="kept" if holds else "FAILED", failed=not holds)


def _session(hit: dict[str, Any]) -> str:
    """The session that a hit belongs to; a subagent's is its session's id, a slash and its own."""
    return str(hit["source_id"])


def _needles(home: Home, known: dict[str, Any]) -> Row:
    """Every planted rare word, in the session where it was planted."""
    found, missed = 0, []
    for name in _KINDS:
        word = known["needles"][name]
        hits = _hits(home, word, 50)
        for place in known["needle_at"][name]:
            if any(place["session"] in _session(h) for h in hits):
                found += 1
            else:
                missed.append(f"{word} in {place['session'][:8]}")
    total = sum(len(known["needle_at"][name]) for name in _KINDS)
    what = "planted words in prompts, replies, thinking, tool input, tool output, subagents"
    said = f"{found} of {total}" + (f"; missed {', '.join(missed[:4])}" if missed else "")
    return _row(what, "18 of 18", said, holds=found == total == 18)


def _bare_phrase(home: Home, known: dict[str, Any]) -> Row:
    """Three bare words: of the first 20 chats, how many hold them as a phrase."""
    phrase = known["needles"]["phrase"]
    holding = {place["session"] for place in known["needle_at"]["phrase"]}
    first: list[str] = []
    for hit in _hits(home, phrase, 200):
        if (chat := _session(hit)) not in first:
            first.append(chat)
    right = sum(1 for chat in first[:20] if any(session in chat for session in holding))
    return _row("a bare three-word phrase: the first 20 chats hold it", "20 of 20", f"{right} of 20", holds=right == 20)


def _quoted_phrase(home: Home, known: dict[str, Any]) -> Row:
    """Quoted: every message that holds it, and no other."""
    phrase = known["needles"]["phrase"]
    hits = _hits(home, f'"{phrase}"', 1_000)
    wrong = sum(1 for hit in hits if phrase not in " ".join(hit["snippet"].lower().split()))
    wanted = len(known["needle_at"]["phrase"])
    said = f"{len(hits)} hits for {wanted} planted, {wrong} without the phrase"
    return _row("a quoted phrase is exact", f"{wanted} hits, 0 wrong", said, holds=len(hits) == wanted and not wrong)


def _part_of_a_name(home: Home) -> Row:
    """``path.join`` as it stands inside ``os.path.join``."""
    hits = _hits(home, "path.join", 50)
    whole = sum(1 for hit in hits if "os.path.join" in hit["snippet"])
    wrong = sum(1 for hit in hits if "path.join" not in hit["snippet"].lower())
    said = f"{whole} of {len(hits)} hits show os.path.join, {wrong} without path.join"
    return _row("path.join finds os.path.join", "some, and no wrong ones", said, holds=whole > 0 and not wrong)
