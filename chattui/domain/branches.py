"""Branches of a chat: prompts that were edited and replies that were made again, told from who answers whom."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Fork:
    """A message that was answered more than once: ``heads`` are the answers, ascending, one of which is shown."""

    parent: int
    heads: tuple[int, ...]


class Branches:
    """Which branch each message is on, and which branches are shown.

    ``parents`` has the message that each one answers, 0 for none. A message whose parent is missing or comes after it is
    a root, on the trunk, which is always shown: hidden is only what is certainly on another branch.
    """

    def __init__(self, parents: Sequence[int], forks: Sequence[Fork]) -> None:
        self.forks = {fork.parent: fork for fork in forks}
        self.count = len(parents)
        self._picked: dict[int, int] = {}  # the head that is shown of a fork, by the fork's parent
        self._fork_of = {head: fork for fork in forks for head in fork.heads}
        self._up: list[tuple[int, int]] = [
            (0, 0)
        ]  # of each branch the one that it leaves, and its head; 0 is the trunk
        self._runs: list[tuple[int, int]] = []  # where another branch begins in the order of the chat
        branch_of = [0] * (self.count + 1)
        for seq, parent in enumerate(parents, 1):
            branch = branch_of[parent] if 0 < parent < seq else 0
            if seq in self._fork_of:
                self._up.append((branch, seq))
                branch = len(self._up) - 1
            branch_of[seq] = branch
            if not self._runs or self._runs[-1][1] != branch:
                self._runs.append((seq, branch))
        for fork in forks:
            self._picked[fork.parent] = fork.heads[-1]
        self.show(self.count)

    def _branch(self, seq: int) -> int:
        at = bisect_right(self._runs, seq, key=lambda run: run[0]) - 1
        return self._runs[at][1] if at >= 0 else 0

    def _heads(self, seq: int) -> list[int]:
        """The heads of the branches that a message is on, the last fork first."""
        heads, branch = [], self._branch(seq)
        while branch:
            branch, head = self._up[branch]
            heads.append(head)
        return heads

    def show(self, seq: int) -> bool:
        """Show the branches that lead to a message; False when they were shown."""
        hidden = [head for head in self._heads(seq) if self._picked[self._fork_of[head].parent] != head]
        for head in hidden:
            self._picked[self._fork_of[head].parent] = head
        return bool(hidden)

    def depth(self, seq: int) -> int:
        """On how many forks a message depends."""
        return len(self._heads(seq))

    def head(self, seq: int) -> int:
        """The first message of the last branch that a message is on; 0 on the trunk."""
        return next(iter(self._heads(seq)), 0)

    def place(self, head: int) -> tuple[int, int] | None:
        """Which of how many answers the first message of a branch is; None for other messages."""
        fork = self._fork_of.get(head)
        return (fork.heads.index(head) + 1, len(fork.heads)) if fork is not None else None

    def place_of(self, seq: int) -> tuple[int, int]:
        """Which of how many branches a message is on; of the last fork before it."""
        heads = self._heads(seq)
        return (self.place(heads[0]) if heads else None) or (1, 1)

    def sibling(self, seq: int, step: int) -> int | None:
        """The first message of the branch beside the one that ``seq`` is on, or, where it is on none, of the next fork's."""
        heads = self._heads(seq)
        after = (self._picked[parent] for parent in sorted(self.forks) if parent >= seq)
        head = heads[0] if heads else next(after, 0)
        fork = self._fork_of.get(head)
        if fork is None:
            return None
        return fork.heads[(fork.heads.index(head) + step) % len(fork.heads)]

    def mask(self, count: int) -> bytes:
        """A byte for each of ``count`` messages: 1 on a branch that is shown. What came later than these facts is shown."""
        shown = [True]
        for up, head in self._up[1:]:
            shown.append(shown[up] and self._picked[self._fork_of[head].parent] == head)
        edges = [*self._runs, (self.count + 1, 0)]
        parts = [bytes([shown[branch]]) * (end - first) for (first, branch), (end, _) in pairwise(edges)]
        return b"".join(parts)[:count].ljust(count, b"\x01")

    def keep(self, before: Branches) -> None:
        """Show what was shown of the forks that were known before, unless they have new answers."""
        for parent, fork in before.forks.items():
            if self.forks.get(parent) == fork:
                self._picked[parent] = before._picked[parent]
