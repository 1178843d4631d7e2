"""Histories of every source, and how they are damaged: bytes, lines, JSON values, members of archives, rows of databases."""

from __future__ import annotations

import io
import json
import random
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import container_makers
import export_makers
import test_opencode
import test_source_contract
import test_whole_files
import zstandard
from histories import SESSION, THREAD, jsonl, stamp

from chattui.sources.chattui_json import ChattuiJson
from chattui.sources.codex import Codex
from chattui.sources.goose import Goose
from chattui.sources.opencode import OpenCode
from chattui.sources.protocol import Source
from chattui.sources.transcripts import Transcripts

Rng = random.Random

SMALL = 8_000
"""Bytes up to which every change of a file that is read on shows in its first or last 4 KiB."""


@dataclass(frozen=True)
class Original:
    """A whole history: the files it is made of by their names, of which ``main`` is the one that is imported."""

    source: Source
    main: str
    files: dict[str, bytes]

    @property
    def id(self) -> str:
        return f"{self.source.name}-{self.main.rpartition('/')[2]}"


def originals(seed: int, chats: int = 3) -> list[Original]:
    """One history for each way in which a source keeps it, of so many chats where it holds many; the same for a seed."""
    rng = random.Random(seed)
    made = [_lines(case, rng) for case in test_source_contract.CASES]
    made += [
        Original(case.source, case.name, {case.name: case.encode(case.make(rng, 6))}) for case in test_whole_files.CASES
    ]
    made += [_container(case, rng, chats) for case in container_makers.CASES]
    made += [_packed_rollout(rng), _goose_lines(rng), _opencode_tree(seed), _subtitles(rng), _portable(rng)]
    return made


def _lines(case: test_source_contract.Case, rng: Rng) -> Original:
    size = 14
    while len(raw := jsonl(case.make(rng, size))) > SMALL:
        size -= 2
    return Original(case.source, case.name, {case.name: raw})


def _container(case: container_makers.Case, rng: Rng, chats: int) -> Original:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        case.write(path, rng, chats)
        return Original(case.source, case.name, {case.name: path.read_bytes()})


def _packed_rollout(rng: Rng) -> Original:
    raw = jsonl(test_source_contract.codex_records(rng, 14))
    name = f"rollout-2026-03-01T11-00-00-{THREAD}.jsonl.zst"
    return Original(Codex(), name, {name: zstandard.ZstdCompressor(write_checksum=True).compress(raw)})


def _goose_lines(rng: Rng) -> Original:
    head = {"working_dir": "/work/boat", "description": "Boats", "message_count": 4, "total_tokens": 12}
    said = [
        {"id": f"g{n}", "role": role, "created": 1_772_366_400 + n, "content": content}
        for n in range(4)
        for role, content in (container_makers.goose_message(rng, n),)
    ]
    return Original(Goose(), "20260301_120000.jsonl", {"20260301_120000.jsonl": jsonl([head, *said])})


def _opencode_tree(seed: int) -> Original:
    with tempfile.TemporaryDirectory() as folder:
        main = test_opencode.tree(Path(folder), messages=4, seed=seed)
        files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(Path(folder).rglob("*.json"))}
        return Original(OpenCode(), str(main.relative_to(folder)), files)


def _subtitles(rng: Rng) -> Original:
    cues = "".join(
        f"{n + 1}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{rng.choice(['Ann: words', 'Ben: more', 'loose'])} {n}\n\n"
        for n in range(8)
    )
    return Original(Transcripts(), "talk.srt", {"talk.srt": cues.encode()})


def _portable(rng: Rng) -> Original:
    """As ``chattui export --format json`` writes a chat (chattui/export)."""
    said = [
        {
            "seq": n,
            "id": f"m{n}",
            "role": rng.choice(["user", "assistant"]),
            "kind": "text",
            "content": f"words {n}",
            "content_type": "markdown",
            "time": stamp(n),
            "parent_id": f"m{n - 1}" if n > 1 else None,
            "tool": {"call_id": f"c{n}", "name": "Bash", "status": "completed"} if n == 3 else None,
            "attachments": [{"name": "a.txt", "mime": "text/plain", "base64": "Ym9hdA=="}] if n == 2 else [],
        }
        for n in range(1, 6)
    ]
    chat = {"source": "claude-code", "source_id": f"{SESSION[:-4]}ffff", "title": "Boats", "created_at": stamp(0)}
    lines = ",\n".join(json.dumps(one) for one in said)
    raw = f'{{"chattui": 1,\n"chat": {json.dumps(chat)},\n"messages": [\n{lines}\n]}}\n'
    return Original(ChattuiJson(), "boats.json", {"boats.json": raw.encode()})


def alike(made: Sequence[Original]) -> list[list[Original]]:
    """Sets in which each source occurs once: what one of them brings cannot be what another does."""
    by_source: dict[str, list[Original]] = {}
    for one in made:
        by_source.setdefault(one.source.name, []).append(one)
    count = max(map(len, by_source.values()), default=0)
    return [[many[n % len(many)] for many in by_source.values()] for n in range(count)]


def mutated(original: Original, others: Sequence[Original], rng: Rng) -> dict[str, bytes]:
    """The same history with one to three things wrong in one of its files."""
    files = dict(original.files)
    name = rng.choice([original.main, *files])
    other = rng.choice(others)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        raw = files[name]
        ways: list[Callable[[bytes, bytes, Rng], bytes]] = [*_ANY, *_ANY]
        if raw.startswith(b"SQLite format 3\0"):
            ways = [*_ANY[:4], *[_rows] * 5]
        elif raw.startswith(b"PK"):
            ways = [*_ANY[:4], *[_member] * 5]
        elif not name.endswith(".zst"):
            ways += [*_LINES, *[_value] * 5, _renamed]
        files[name] = rng.choice(ways)(raw, other.files[other.main], rng)
    return files


def _place(raw: bytes, rng: Rng) -> tuple[int, int]:
    """A stretch of the bytes."""
    at = rng.randrange(len(raw) + 1)
    return at, min(len(raw), at + rng.choice((0, 1, 2, 7, 60, 500)))


def _flip(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.choice((1, 1, 3, 20)) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut_off(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _cut_out(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    at, end = _place(raw, rng)
    return raw[:at] + raw[end:]


def _splice(raw: bytes, other: bytes, rng: Rng) -> bytes:
    at, end = _place(raw, rng)
    begin, stop = _place(rng.choice((raw, other)), rng)
    return raw[:at] + rng.choice((raw, other))[begin:stop] + raw[end:]


def _insert(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    at, end = _place(raw, rng)
    return raw[:at] + rng.choice(_JUNK) + raw[rng.choice((at, end)) :]


def _double_line(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    lines = raw.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"\n".join(lines)


def _swap_lines(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    lines = raw.split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def _foreign_line(raw: bytes, other: bytes, rng: Rng) -> bytes:
    lines = raw.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(other.split(b"\n")))
    return b"\n".join(lines)


def _glue_lines(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    at = [found.start() for found in re.finditer(b"\n", raw)]
    if not at:
        return raw + raw
    here = rng.choice(at)
    return raw[:here] + rng.choice((b"", b"\r", b" ", b"\x00", b"\xe2\x80\xa8")) + raw[here + 1 :]


_DEEP = 3_000
_JUNK: Sequence[bytes] = (
    b"\x00",
    b"\x00" * 5_000,
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\x1b[2J\x1b]0;x\x07",
    b"\r\n",
    b"\n\n\n",
    b"{}\n",
    b"null\n",
    b"[" * _DEEP,
    b'{"a":' * _DEEP,
    b"[" * _DEEP + b"]" * _DEEP,
    b"9" * 5_000,
    b'"',
    b"\\",
    b"}",
    b",",
    b"\nUser: boo\n",
    b"\n# aider chat started at 2026-13-45 99:99:99\n",
    b"\n00:00:99,999 --> 99999999:00:00,000\nx\n",
)
_VALUES: Sequence[bytes] = (
    *(
        b"null",
        b"true",
        b"0",
        b"-1",
        b"-0.0",
        b"1e999",
        b"-1e308",
        b"NaN",
        b"Infinity",
        b"9" * 400,
        b"1" + b"0" * 5_000,
    ),
    *(b"9223372036854775808", b"-9223372036854775809", b"1e-400", b"253402300800000", b"-62135596800000000", b"0.1e1"),
    *(
        b'""',
        b'"\\ud83d"',
        b'"\\udc00\\ud83d"',
        b'"\\u0000"',
        b'"a\\u0000b"',
        b'"\\u001b[2J"',
        b'"2026-02-30T25:61:61Z"',
    ),
    *(
        b'"9999-12-31T23:59:59.999999-23:59"',
        b'"0001-01-01T00:00:00+23:59"',
        b'"' + b"x" * 5_000 + b'"',
        b'"../../etc"',
    ),
    *(b'"\xff\xfe"', b'"\xed\xa0\x80"', b"[]", b"{}", b"[null]", b"[[[]]]", b'{"": {"": null}}', b'{"a": 1, "a": [2]}'),
    *(b"[" * _DEEP + b"]" * _DEEP, b'{"a":' * _DEEP + b"1" + b"}" * _DEEP, b"[" * 600 + b"]" * 600),
    *(
        b'[{"type": 5, "text": {}}, 1, null, "x"]',
        b'{"type": "text", "text": {"value": ["x"]}}',
        b'"user"',
        b'"assistant"',
    ),
    *(b'"data:image/png;base64,AAAA"', b'"data:image/png;base64,' + b"*" * 90 + b'"', b'"file-service://file-abc"'),
    *('"\u202e\u2028\U000e0041"'.encode(), b'"2026-03-01"', b"1772366400", b'"1772366400"', b"[1,2", b"{", b"tru"),
)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|\{\s*\}|\[\s*\]')
_KEY = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:')


def _value(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    """Another value, of whatever type, in a place where one stands; or a key that is there twice."""
    if rng.random() < 0.2 and (keys := list(_KEY.finditer(raw))):
        key = rng.choice(keys)
        return raw[: key.start()] + key[0] + rng.choice(_VALUES) + b"," + raw[key.start() :]
    found = list(_TOKEN.finditer(raw))
    if not found:
        return _insert(raw, raw, rng)
    place = rng.choice(found)
    return raw[: place.start()] + rng.choice((*_VALUES, rng.choice(found)[0])) + raw[place.end() :]


def _renamed(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    """A field under another name."""
    keys = list(_KEY.finditer(raw))
    if not keys:
        return _flip(raw, raw, rng)
    key = rng.choice(keys)
    name = rng.choice((rng.choice(keys)[0], b'"":', b'"type":', b'"\\u0000":', b'"\\ud800":', b'"id":'))
    return raw[: key.start()] + name + raw[key.end() :]


def _member(raw: bytes, other: bytes, rng: Rng) -> bytes:
    """A damaged document in a sound archive, or an archive that is odd."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # damaged before
        return _flip(raw, other, rng)
    if not members or rng.random() < 0.1:
        members[rng.choice(("../x.json", "/etc/x.json", "conversations-1.json", "a" * 300, "x\x00y.json"))] = b"[]"
        return export_makers.packed(members)
    name = rng.choice(list(members))
    members[name] = rng.choice([*_ANY, *_LINES, *[_value] * 8, _renamed])(members[name], other, rng)
    return export_makers.packed(members)


def _rows(raw: bytes, _other: bytes, rng: Rng) -> bytes:
    """Other values in a database that is sound, or other JSON in its columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        path.write_bytes(raw)
        with suppress(sqlite3.Error, OverflowError):
            if rng.random() < 0.5:
                container_makers.spoil_database(path, rng, rng.choice((0.005, 0.02, 0.1)))
            else:
                _spoil_json(path, rng)
        return path.read_bytes()


def _spoil_json(path: Path, rng: Rng) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        places: list[tuple[str, str, int, Any]] = []
        for table in tables:
            for _cid, column, *_rest in conn.execute(f'PRAGMA table_info("{table}")').fetchall():
                cells = conn.execute(f'SELECT rowid, "{column}" FROM "{table}"').fetchall()
                places += [(table, column, row, cell) for row, cell in cells if isinstance(cell, str | bytes)]
        wanted = [place for place in places if place[3][:1] in ("{", "[", b"{", b"[")] or places
        if not wanted:
            return
        table, column, row, cell = rng.choice(wanted)
        raw = cell if isinstance(cell, bytes) else cell.encode("utf-8", "surrogatepass")
        changed = rng.choice((_value, _value, _renamed, _flip, _cut_off))(raw, raw, rng)
        put: str | bytes = changed if isinstance(cell, bytes) else changed.decode("utf-8", "replace")
        conn.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?', (put, row))


_ANY = (_flip, _cut_off, _cut_out, _splice, _insert)
_LINES = (_double_line, _swap_lines, _foreign_line, _glue_lines)
