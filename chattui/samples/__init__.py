"""Sample chats, stored as Claude Code and Codex write them: for the demo, the pictures in the docs, and tests.

The people, projects and conversations are invented. Times in the stored files lie around ``BASE``; text of messages
names no dates, so that the chats can be moved to any moment.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

BASE: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The moment that is "now" in the stored files: all records are older, the newest by a few minutes."""

_FILES: Final = Path(__file__).parent
_PLACES: Final = (("claude-code", ".claude"), ("codex", ".codex"))

_TIME: Final = re.compile(
    r'(?<!\\)"(timestamp|updated_at|started_at|completed_at|resets_at|started_at_ms|completed_at_ms|startTime)":("?)'
    r'([^",}]+)'
)
_IN_MILLISECONDS: Final = frozenset({"started_at_ms", "completed_at_ms", "startTime"})
_ROLLOUT: Final = re.compile(r"rollout-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)-(.+)")
_ROLLOUT_TIME: Final = "%Y-%m-%dT%H-%M-%S"


def copy_to(home: Path, now: datetime) -> None:
    """Write the samples to ``home/.claude`` and ``home/.codex``, every time in them moved by ``now - BASE``.

    Ids stay as they are. Codex names its files by local time, which here is the time zone of ``now``. A file was last
    modified when its last record was written. Raises ``ValueError`` when ``now`` has no time zone, and
    ``FileExistsError``, before anything is written, when ``home`` has history of either tool already.
    """
    zone = now.tzinfo
    if zone is None:
        raise ValueError(f"Samples can only be moved to a time with a zone, not to {now}.")
    for _, folder in _PLACES:
        if (home / folder).exists():
            raise FileExistsError(f"Samples are not written over real history: {home / folder} exists.")
    by = timedelta(milliseconds=(now - BASE) // timedelta(milliseconds=1))
    for stored, folder in _PLACES:
        for file in (_FILES / stored).rglob("*.jsonl"):
            target = home / folder / _moved_path(file.relative_to(_FILES / stored), by, zone)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = _TIME.sub(lambda found: _moved(found, by), file.read_text(encoding="utf-8"))
            last = _latest(text)
            _write(target, text, last)
            about = file.with_suffix(".meta.json")
            if about.is_file():
                _write(target.with_suffix(".meta.json"), about.read_text(encoding="utf-8"), last)


def _write(target: Path, text: str, modified: datetime) -> None:
    target.write_text(text, encoding="utf-8", newline="\n")
    seconds = modified.timestamp()
    os.utime(target, (seconds, seconds))


def _moved_path(path: Path, by: timedelta, zone: tzinfo) -> Path:
    """The path of a rollout by its new beginning; any other path as it is."""
    found = _ROLLOUT.fullmatch(path.name)
    if found is None:
        return path
    begun = datetime.strptime(found[1], _ROLLOUT_TIME).replace(tzinfo=UTC) + by
    local = begun.astimezone(zone)
    return Path("sessions", f"{local:%Y}", f"{local:%m}", f"{local:%d}", f"rollout-{local:{_ROLLOUT_TIME}}-{found[2]}")


def _moved(found: re.Match[str], by: timedelta) -> str:
    name, quote, value = found.groups()
    if quote:
        value = (datetime.fromisoformat(value[:-1]) + by).isoformat(timespec="milliseconds") + "Z"
    elif name in _IN_MILLISECONDS:
        value = str(int(value) + by // timedelta(milliseconds=1))
    else:
        value = str(int(value) + by // timedelta(seconds=1))
    return f'"{name}":{quote}{value}'


def _latest(text: str) -> datetime:
    """The time of the latest record."""
    return datetime.fromisoformat(max(value for _name, quote, value in _TIME.findall(text) if quote))
