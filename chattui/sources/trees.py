"""Chats that are trees: in which order their messages are told, so that the branch that was left last comes last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chattui.domain.history import NewMessage
from chattui.domain.kinds import ContentType, Kind, Role


def ancestors(parents: Mapping[str, str | None], leaf: str | None) -> set[str]:
    """A message and all that it answers; nothing for one that is not there. Circles end."""
    found: set[str] = set()
    while leaf is not None and leaf in parents and leaf not in found:
        found.add(leaf)
        leaf = parents[leaf]
    return found


def in_order(parents: Mapping[str, str | None], listed: Mapping[str, Sequence[str]], active: set[str]) -> Iterator[str]:
    """Every message once, each after what it answers; of several answers the ``active`` one comes last.

    ``parents`` has all messages in the order of the file, ``listed`` the order of the answers where the file tells it.
    A message whose parent is missing is a root; of a circle the first one is.
    """
    answers: dict[str, list[str]] = {}
    roots = []
    for one, parent in parents.items():
        if parent is None or parent not in parents:
            roots.append(one)
        else:
            answers.setdefault(parent, []).append(one)
    for parent, order in listed.items():
        found = answers.get(parent, [])
        if len(found) > 1:
            place = {one: n for n, one in reversed(list(enumerate(order)))}
            found.sort(key=partial(_place, place))
    met: set[str] = set()
    for first in (*sorted(roots, key=lambda one: one in active), *parents):
        waiting = [first]
        while waiting:
            one = waiting.pop()
            if one in met:
                continue
            met.add(one)
            yield one
            told = sorted(answers.get(one, ()), key=lambda other: other in active)
            waiting += reversed(told)


def _place(places: Mapping[str, int], one: str) -> int:
    return places.get(one, len(places))


def with_one_root(messages: Sequence[NewMessage]) -> Sequence[NewMessage]:
    """The messages, and before them one that all first prompts answer, where the first prompt was edited.

    Branches part at a message: without one, the versions of a first prompt would stand below each other as if all had been asked.
    """
    roots = [n for n, one in enumerate(messages) if one.parent_id is None]
    if sum(messages[n].role is Role.USER and messages[n].kind is Kind.TEXT for n in roots) < 2:
        return messages
    first = messages[0]
    words = "The first prompt was edited."
    root = NewMessage(Role.SYSTEM, Kind.EVENT, words, "first prompt", first.created_at, ContentType.TEXT)
    return [root, *(replace(one, parent_id=root.source_id) if one.parent_id is None else one for one in messages)]
