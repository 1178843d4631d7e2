"""Places that tools write as URIs."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

_DRIVE: Final = re.compile(r"/[A-Za-z]:(/|$)")


def directory_of(place: str) -> str:
    """A ``file:`` URI as the path that it names, anything else as it is; "" for a URI that is none."""
    if not place.startswith("file:"):
        return place
    try:
        path = unquote(urlsplit(place).path, errors="replace")
    except ValueError:
        return ""
    return path[1:] if _DRIVE.match(path) else path
