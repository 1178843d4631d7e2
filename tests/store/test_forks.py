"""Forks that no record tells of, held against every pair of chats."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from steps import NOON, rows

from chattui.store import forks
from chattui.store.database import Database

Said = tuple[str, datetime]


def family(rng: random.Random, size: int) -> list[list[Said]]:
    """Chats that begin with a copy of another one, or are it for now; with or without going on from there."""
    number = 0
    chats: list[list[Said]] = []
    for _ in range(size):
        copied = rng.choice(chats)[: rng.randint(1, 9)] if chats else [("r", NOON)]
        more: list[Said] = []
        for _ in range(rng.choice((0, 0, 1, 5))):
            number += 1
            more.append((f"m{number}", NOON + timedelta(minutes=rng.randint(1, 40))))
        chats.append([*copied, *more])
    rng.shuffle(chats)
    return chats


def expected(chats: list[list[Said]]) -> dict[int, tuple[int, int]]:
    """Of each fork by its place the original's, and how many messages they share: as many as any, the earliest chat's."""
    found = {}
    for place, fork in enumerate(chats):
        best: tuple[int, int] | None = None
        for other, chat in enumerate(chats):
            if other == place:
                continue
            shared = 0
            while shared < min(len(fork), len(chat)) and fork[shared][0] == chat[shared][0]:
                shared += 1
            if _went_on(chat, shared, other) < _went_on(fork, shared, place) and (best is None or shared > best[1]):
                best = other, shared
        if best is not None:
            found[place] = best
    return found


def _went_on(chat: list[Said], shared: int, place: int) -> tuple[datetime, int]:
    return (chat[shared][1] if shared < len(chat) else datetime.min.replace(tzinfo=NOON.tzinfo)), place


def put(db: Database, root: str, chats: list[list[Said]]) -> list[int]:
    ids = []
    for number, chat in enumerate(chats):
        ((chat_id,),) = rows(
            db,
            "INSERT INTO chattui.chats (source, source_id, root_id) VALUES ('claude-code', %s, %s) RETURNING id",
            f"{root} {number}",
            root,
        )
        rows(
            db,
            "INSERT INTO chattui.messages (chat_id, seq, created_at, role, content, source_id) "
            "SELECT %s, nr, x.at, 'user', 'said', x.id "
            "FROM unnest(%s::text[], %s::timestamptz[]) WITH ORDINALITY AS x (id, at, nr)",
            chat_id,
            [one for one, _ in chat],
            [at for _, at in chat],
        )
        ids.append(int(chat_id))
    return ids


def test_every_chat_is_linked_to_what_it_is_a_fork_of(db: Database) -> None:
    rng = random.Random(7)
    wanted: dict[int, tuple[int, int]] = {}
    for number in range(25):
        chats = family(rng, rng.randint(2, 9))
        ids = put(db, f"r{number}", chats)
        wanted |= {ids[fork]: (ids[original], shared) for fork, (original, shared) in expected(chats).items()}
    assert forks.link_forks(db) == len(wanted) > 40
    found = rows(db, "SELECT id, forked_from, forked_seq FROM chattui.chats WHERE forked_from IS NOT NULL")
    assert {fork: (original, shared) for fork, original, shared in found} == wanted
    assert forks.link_forks(db) == 0
