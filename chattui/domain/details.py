"""What a person says of a chat beside its title, tags and note: the issue that it works on, its place, whether it is quiet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chattui.domain.errors import ChattuiError

FACT_CHARS = 500
PLACES = ("project", "repository", "git_branch")
"""Facts that an import knows too: what a person has set stays."""

_LINK = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"#?([A-Za-z][\w-]*-\d+|\d+)\Z")
_IN_LINK = re.compile(r"/(?:issues|pull|merge_requests|browse)/([\w-]+)")


@dataclass(frozen=True, slots=True)
class Issue:
    """The issue that a chat works on. Each part may be empty, not all of them."""

    number: str = ""
    title: str = ""
    url: str = ""

    @property
    def line(self) -> str:
        """On one line, as ``parse_issue`` takes it."""
        number = f"#{self.number}" if self.number.isdigit() else self.number
        return " ".join(filter(None, (number, self.title, self.url)))


def parse_issue(text: str) -> Issue | None:
    """The issue in ``#12 Title https://…``, in any order; None for nothing. A number is also found in the link."""
    text = " ".join(text.split())
    url = found[0] if (found := _LINK.search(text)) else ""
    words = text.replace(url, " ", 1).split() if url else text.split()
    number = next((match[1] for word in words[:1] if (match := _NUMBER.match(word.rstrip(":")))), "")
    if number:
        words = words[1:]
    elif inside := _IN_LINK.search(url):
        number = inside[1]
    issue = Issue(number, " ".join(words), url)
    return issue if issue != Issue() else None


def issue_of(settings: Mapping[str, Any] | None) -> Issue | None:
    """The issue in a chat's settings."""
    kept = (settings or {}).get("issue")
    if not isinstance(kept, dict):
        return None
    return Issue(*(str(kept.get(name) or "") for name in ("number", "title", "url")))


def clean_fact(text: str) -> str:
    """A fact on one line. Raises ``ChattuiError`` when it is too long."""
    fact = " ".join(text.split())
    if len(fact) > FACT_CHARS:
        raise ChattuiError(f"That has at most {FACT_CHARS} characters, and this has {len(fact):,}. Shorten it.")
    return fact
