"""Which histories are taken: sources that are switched off, other places of theirs, and directories that are left out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import re


class SourceRule(NamedTuple):
    """What holds for one source. ``paths`` are places beside its usual ones; ``exclude`` is what ``excludes`` takes."""

    enabled: bool = True
    exclude: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    keep_raw: bool | None = None
    """Whether records that are not understood are kept; None: as for all sources."""
    line: int = 0
    """Where the file begins to speak of it."""


class Rules(NamedTuple):
    """What holds for all of them. ``projects`` leaves chats out whichever source they come from."""

    sources: Mapping[str, SourceRule] = MappingProxyType({})
    projects: tuple[str, ...] = ()
    keep_raw: bool = True
    """Whether records that are not understood are kept."""

    def of(self, source: str) -> SourceRule:
        """What holds for a source; one that the file does not name is on."""
        return self.sources.get(source) or SourceRule()

    def keeps_raw(self, source: str) -> bool:
        """Whether the records of a source that are not understood are kept."""
        own = self.of(source).keep_raw
        return self.keep_raw if own is None else own


def excludes(patterns: tuple[str, ...], path: str) -> bool:
    """Whether a path, or a directory above it, is one that the patterns name.

    ``~`` is the home directory, ``*`` and ``?`` stand for any characters of one name, ``**`` for any number of names. A
    pattern that does not begin at the root or at home is looked for at any depth.
    """
    return bool(path) and any(_expression(pattern).match(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    import re

    given = os.path.expanduser(pattern)  # noqa: PTH111 - a pattern is no path
    while given.endswith("/**"):
        given = given.removesuffix("/**")
    given = given.rstrip("/")
    made = "" if given.startswith(("/", "**/")) or not given else ".*/"
    at = 0
    while at < len(given):
        if given.startswith("**/", at):
            made, at = made + "(?:.*/)?", at + 3
        elif given.startswith("**", at):
            made, at = made + ".*", at + 2
        else:
            one = given[at]
            made, at = made + {"*": "[^/]*", "?": "[^/]"}.get(one, re.escape(one)), at + 1
    return re.compile(f"(?s:{made}(?:/.*)?)\\Z")
