"""Who answers whom in a chat, where anything was answered more than once."""

from __future__ import annotations

from array import array
from collections import defaultdict

from sqlalchemy import Connection, and_, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from chattui.domain.branches import Branches, Fork
from chattui.domain.kinds import OWN_SOURCE, Kind, Role
from chattui.store.database import Database
from chattui.store.tables import ME, messages

_ASIDE, _OTHER, _PROMPT, _REPLY = b"a-pr"
_OURS = b"o"[0]
_FEW = 10_000
_UNKNOWN = -1
"""The parent of a root of which nobody says that it is another beginning of the chat."""


def of_chat(db: Database, chat_id: int, after: int = 0) -> Branches | None:
    """The branches of a chat; None when it has none, or no more than before its first ``after`` messages.

    A second answer never comes right behind what it answers: whether there is one is asked first, and only then who
    answers whom in the whole chat.
    """
    mine = and_(messages.c.owner == ME, messages.c.chat_id == chat_id)
    prompt = and_(messages.c.role == Role.USER.value, messages.c.kind == Kind.TEXT.value)
    reply = messages.c.role == Role.ASSISTANT.value
    kind = case(
        (messages.c.thread.is_not(None), chr(_ASIDE)), (prompt, chr(_PROMPT)), (reply, chr(_REPLY)), else_=chr(_OTHER)
    )
    second = exists().where(
        mine,
        messages.c.seq > after,
        messages.c.thread.is_(None),
        messages.c.parent_seq < messages.c.seq - 1,
        or_(prompt, reply),
    )
    whose = case((func.starts_with(messages.c.source_id, f"{OWN_SOURCE}:"), chr(_OURS)), else_="-")
    parent = func.coalesce(messages.c.parent_seq, _UNKNOWN)
    every = select(
        func.string_agg(func.int4send(parent), aggregate_order_by(literal(b""), messages.c.seq)),
        func.string_agg(kind, aggregate_order_by(literal(""), messages.c.seq)),
        func.string_agg(whose, aggregate_order_by(literal(""), messages.c.seq)),
    ).where(mine)

    def work(conn: Connection) -> Branches | None:
        if not conn.execute(select(second)).scalar():
            return None
        packed, kinds, owners = conn.execute(every).one()
        parents = array("i", bytes(packed))
        parents.byteswap()
        codes, whose = kinds.encode(), owners.encode()
        _follow(parents, codes, whose)
        forks, again = _forks(parents, codes)
        aside = _answered_before(parents, codes, whose, {fork.parent for fork in forks})
        wanted = [seq for heads in again.values() for seq in heads][:_FEW]
        if wanted:
            ids = select(messages.c.seq, messages.c.reply_id).where(mine, messages.c.seq.in_(wanted))
            replies = {seq: reply_id for seq, reply_id in conn.execute(ids) if reply_id}
            made = _made_again(again, replies)
            told = {fork.parent for fork in made if aside.get(fork.parent, fork.heads)[0] in fork.heads}
            forks += [fork for fork in made if fork.parent in told]
            aside = {parent: heads for parent, heads in aside.items() if parent not in told}
        forks += [Fork(parent, heads) for parent, heads in aside.items()]
        return Branches(parents, forks) if forks else None

    return db.read(work)


def _forks(parents: array[int], kinds: bytes) -> tuple[list[Fork], dict[int, list[int]]]:
    """Where prompts were edited, the first one too; and the first messages of replies to one prompt, by that prompt."""
    edited, again = defaultdict(list), defaultdict(list)
    for seq, parent in enumerate(parents, 1):
        if parent == 0 and kinds[seq - 1] == _PROMPT:
            edited[0].append(seq)
        if not 0 < parent < seq:
            continue
        if kinds[seq - 1] == _PROMPT:
            edited[parent].append(seq)
        elif kinds[seq - 1] == _REPLY and kinds[parent - 1] == _PROMPT:
            again[parent].append(seq)
    if edited[0] and (first := kinds.find(_PROMPT) + 1) < edited[0][0]:
        edited[0].insert(0, first)
    forks = [Fork(parent, tuple(heads)) for parent, heads in edited.items() if len(heads) > 1]
    known = {fork.parent for fork in forks}
    return forks, {parent: heads for parent, heads in again.items() if len(heads) > 1 and parent not in known}


def _follow(parents: array[int], kinds: bytes, whose: bytes) -> None:
    """Where something was written here into the chat of another tool that does not say who answers whom: what came from
    there follows what came before it from there."""
    if _OURS not in whose or whose.count(_OURS) == len(whose):
        return
    last = 0
    for at, parent in enumerate(parents):
        if whose[at] == _OURS or kinds[at] == _ASIDE:
            continue
        if parent == _UNKNOWN and last:
            parents[at] = last
        last = at + 1


def _answered_before(parents: array[int], kinds: bytes, whose: bytes, known: set[int]) -> dict[int, tuple[int, ...]]:
    """Prompts of another tool that were answered again here: the first message that followed there, then our replies.

    Ours are told by who wrote them, those of the tool by nothing that it need say: its replies may have no ids.
    """
    if _OURS not in whose or whose.count(_OURS) == len(whose):
        return {}
    ours, theirs = defaultdict[int, list[int]](list), dict[int, int]()
    for seq, parent in enumerate(parents, 1):
        if (
            not 0 < parent < seq
            or kinds[parent - 1] != _PROMPT
            or parent in known
            or kinds[seq - 1] in (_ASIDE, _PROMPT)
        ):
            continue
        if whose[seq - 1] != _OURS:
            first = theirs.setdefault(parent, seq)
            if kinds[first - 1] != _REPLY and kinds[seq - 1] == _REPLY:
                theirs[parent] = seq  # a reply that answers the prompt itself, not what stands beside it
        elif kinds[seq - 1] == _REPLY:
            ours[parent].append(seq)
    return {parent: (theirs[parent], *heads) for parent, heads in ours.items() if parent in theirs}


def _made_again(again: dict[int, list[int]], replies: dict[int, str]) -> list[Fork]:
    """Prompts with several replies, each of which has an id of its own."""
    forks = []
    for parent, heads in again.items():
        firsts: dict[str, int] = {}
        for seq in heads:
            if seq in replies:
                firsts.setdefault(replies[seq], seq)
        if len(firsts) > 1:
            forks.append(Fork(parent, tuple(sorted(firsts.values()))))
    return forks
