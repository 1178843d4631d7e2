"""The filter of a list of chats, as it is typed: words, ``tag:NAME``, ``has:note``, ``has:bookmark``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TERM = re.compile(r'(?i:tag):"([^"]*)"?|(\S+)')
_MOST = 16
NOTE, BOOKMARK = "note", "bookmark"


@dataclass(frozen=True, slots=True)
class ChatFilter:
    """What a chat must have to be listed: all of it. Letters match in either case."""

    words: tuple[str, ...] = ()  # in title, project, repository, branch, issue, tags or notes
    tags: tuple[str, ...] = ()  # whole tags
    tag_beginnings: tuple[str, ...] = ()  # beginnings of tags, as while typing; "" is any tag
    noted: bool = False  # the chat or a message of it has a note
    bookmarked: bool = False  # a message of it is bookmarked


def parse_filter(text: str) -> ChatFilter:
    """The filter that was typed. ``tag:`` takes the beginning of a tag, in quotes when it has blanks; ``has:`` an
    unfinished word. What is neither is a word; at most 16 terms count."""
    words: list[str] = []
    beginnings: list[str] = []
    has: set[str] = set()
    for match in list(_TERM.finditer(text))[:_MOST]:
        term = match[2]
        if term is None:
            beginnings.append(match[1].strip())
            continue
        head, colon, rest = term.partition(":")
        key = head.casefold() if colon else ""
        wanted = [name for name in (NOTE, BOOKMARK) if name.startswith(rest.casefold())]
        if key == "tag":
            beginnings.append(rest)
        elif key == "has" and wanted:
            has.update(wanted if rest else ())
        else:
            words.append(term)
    return ChatFilter(tuple(words), (), tuple(beginnings), NOTE in has, BOOKMARK in has)
