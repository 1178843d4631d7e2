"""Damaged histories of every source: no crash, no part of a chat, each problem with file and place, and nothing is left
of it when the file is whole again.

A few hundred by default; ``CHATTUI_TEST_MUTATIONS`` is how many, ``CHATTUI_TEST_SEED`` where they begin, and with
``CHATTUI_SAMPLES`` published histories are damaged too.
"""

from __future__ import annotations

import os
import random
import shutil
import time
import traceback
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from homes import CALLS, CHATS, EMPTIED, FILES, MACHINE, MESSAGES
from mutations import Original, alike, mutated, originals
from test_source_contract import check_message

from chattui.domain.errors import SourceError
from chattui.domain.history import ChatInfo, HistoryFile, NewMessage
from chattui.sources.protocol import Source, with_containers
from chattui.sources.registry import recognise, source
from chattui.sources.walk import history_file
from chattui.store.database import Database
from chattui.store.storable import storable, storable_path
from chattui.sync.engine import Sync
from chattui.sync.fingerprint import fingerprint

MUTATIONS = int(os.environ.get("CHATTUI_TEST_MUTATIONS", "250"))
FIRST_SEED = int(os.environ.get("CHATTUI_TEST_SEED", "1"))
SAMPLES = Path(os.environ.get("CHATTUI_SAMPLES") or "/nowhere")
LARGEST_SAMPLE = 400_000
MOST_FAILURES = 20
SLOWEST = 20.0
"""Seconds that one file of a few kilobytes may take at most, however slow the machine is at the moment."""

WRITTEN = 1_772_400_000
"""When every file was written: messages without a time of their own get that of their file."""

Key = tuple[str, str]
ChatRows = dict[str, list[tuple[Any, ...]]]
Held = dict[Key, ChatRows]


@dataclass
class Expected:
    """What a file says when it is read: whole chats, those that could not be read to their end, and what went wrong."""

    whole: dict[Key, list[NewMessage]] = field(default_factory=dict)
    part: dict[Key, list[NewMessage]] = field(default_factory=dict)
    versions: dict[Key, str] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    unsure: set[Key] = field(default_factory=set)  # chats with a problem: they are read again
    copies: set[Key] = field(default_factory=set)
    chats: dict[Key, ChatInfo] = field(default_factory=dict)
    fault: str = ""


def expected_of(known: Source, path: Path, file: HistoryFile) -> Expected:
    """Read the file as the protocol says. Anything but ``SourceError`` fails the test."""
    found = Expected()
    container = with_containers(known) if file.container else None
    try:
        for chunk in container.read_chats(path, {}) if container else known.read(path):
            key = (storable(chunk.chat.source), storable(chunk.chat.source_id))
            found.chats[key] = chunk.chat
            found.part.setdefault(key, []).extend(chunk.messages)
            found.problems += [(problem.line, problem.reason) for problem in chunk.problems]
            if chunk.chat.is_copy:
                found.copies.add(key)
            if chunk.problems:
                found.unsure.add(key)
            if chunk.version is not None:
                found.versions[key] = storable(chunk.version)
                found.whole[key] = found.part.pop(key)
    except SourceError as error:
        found.fault = str(error)
    if not container and not found.fault:
        found.whole, found.part = found.part, {}
    return found


class Folder:
    """Where the histories of one round lie, and how they come into a database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writes = 0

    def put(self, n: int, original: Original, files: dict[str, bytes]) -> Path:
        """Write a history; the time differs a little each time, the inode always."""
        self._writes += 1
        when = WRITTEN * 1_000_000_000 + self._writes % 100_000 * 1_000
        for name in {*original.files, *files}:
            path = self.path / str(n) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name not in files:
                path.unlink(missing_ok=True)
                continue
            fresh = path.with_name(f"{path.name}.new")
            fresh.write_bytes(files[name])
            os.utime(fresh, ns=(when, when))
            fresh.replace(path)
        return self.path / str(n) / original.main


def found_in(sets: Sequence[tuple[Original, Path]]) -> list[tuple[Source, HistoryFile]]:
    return [(one.source, history_file(one.source, path, path.stat())) for one, path in sets]


def take(db: Database, found: list[tuple[Source, HistoryFile]]) -> Any:
    sync = Sync(db, [], machine=MACHINE)
    return sync.run_work(sync.compare(found), found=len(found), index=False)


def rows(db: Database, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement on one of the database's own connections: a round asks many times."""
    with db.raw() as conn, conn.transaction():
        cursor = conn.execute(statement)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def to_seconds(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(v.replace(microsecond=0) if isinstance(v, datetime) else v for v in row)


def held_by_chat(db: Database) -> Held:
    """Everything of every chat with messages but ids, by its source and id; others are only named as parents."""
    found: Held = defaultdict(lambda: {"chats": [], "messages": [], "calls": [], "files": []})
    for name, statement in (("chats", CHATS), ("messages", MESSAGES), ("calls", CALLS), ("files", FILES)):
        if name == "chats":
            for row in rows(db, statement):
                if row[15]:  # that it is archived stays, as if a person had done it
                    found[row[0], row[1]][name].append(to_seconds((*row[:3], "", *row[4:])))
            continue
        by_source = statement.replace("SELECT c.source_id", "SELECT c.source, c.source_id").replace(
            "BY 1, 2", "BY 1, 2, 3"
        )
        for row in rows(db, by_source):
            found[row[0], row[1]][name].append(to_seconds(row[1:]))
    return dict(found)


def said(messages: Iterable[NewMessage]) -> list[tuple[str, str, str, str]]:
    return [(str(m.role), str(m.kind), storable(m.content), storable(m.source_id)) for m in messages]


def stored(chat: ChatRows) -> list[tuple[str, str, str, str]]:
    return [(row[3], row[4], row[6], row[7]) for row in chat["messages"]]


FORKED = (11, 12, 13, 18, 19, 20)
"""Columns of ``CHATS`` that a chat gets from another that begins like it: what it was forked from, and its tokens.
Those of the messages that both have are counted once too."""


def differences(there: ChatRows, wanted: ChatRows) -> str:
    """What one chat has and the other has not, for a person to read."""
    lines = []
    for name in wanted:
        lines += [f"+ {row}" for row in there[name] if row not in wanted[name]]
        lines += [f"- {row}" for row in wanted[name] if row not in there[name]]
    return "\n".join(lines)


def without_links(chat: ChatRows) -> ChatRows:
    bare = [tuple(v for n, v in enumerate(row) if n not in FORKED) for row in chat["chats"]]
    return {**chat, "chats": bare, "messages": [(*row[:13], *row[16:]) for row in chat["messages"]]}


def clear(db: Database) -> None:
    rows(db, EMPTIED)


class Round:
    """Histories of different sources, damaged, imported, mended and imported again."""

    def __init__(self, tmp_path: Path, db: Database, other: Database, sets: Sequence[Original]) -> None:
        self.sets = sets
        self.db = db
        self.folder = Folder(tmp_path)
        places = [(one, self.folder.put(n, one, one.files)) for n, one in enumerate(sets)]
        clear(other)
        report = take(other, found_in(places))
        assert not report.faults, report.faults
        self.fresh = held_by_chat(other)
        self.whole = [
            expected_of(one.source, path, file) for (one, path), (_, file) in zip(places, found_in(places), strict=True)
        ]
        self.is_clear = False

    def run(self, rng: random.Random, others: Sequence[Original], *, afresh: bool) -> None:
        if afresh or not self.is_clear:
            clear(self.db)
            before: Held = {}
        else:
            before = self.fresh
        damaged = [mutated(one, others, rng) for one in self.sets]
        places = [
            (one, self.folder.put(n, one, files)) for n, (one, files) in enumerate(zip(self.sets, damaged, strict=True))
        ]
        found = found_in(places)
        expected = []
        for (one, path), (_, file) in zip(places, found, strict=True):
            began = time.monotonic()
            recognise(path)
            expected.append(expected_of(one.source, path, file))
            assert time.monotonic() - began < SLOWEST, f"{path} took long"
        take(self.db, found)
        now = held_by_chat(self.db)
        told = self._told()
        excused = set()
        for (one, path), (_, file), reading, pure in zip(places, found, expected, self.whole, strict=True):
            self._check_messages(reading)
            self._check_chats(file, reading, before, now)
            self._check_told(path, file, reading, told, afresh=not before)
            excused |= self._excused(one, file, reading, pure, now)
        mended = [(one, self.folder.put(n, one, one.files)) for n, one in enumerate(self.sets)]
        excused |= self._unnoticed(found_in(mended), places, damaged)
        report = take(self.db, found_in(mended))
        assert not report.faults, report.faults
        after = held_by_chat(self.db)
        strange = {key[0] for key in set(after) - set(self.fresh)}
        copies = {key for pure in self.whole for key in pure.copies}
        for key, chat in self.fresh.items():
            if key in excused:
                continue
            if key in copies:
                assert {row[3] for row in stored(chat)} <= {row[3] for row in stored(after[key])}, key
                continue
            there = after[key]
            if key[0] in strange:
                there, chat = without_links(there), without_links(chat)
            assert there == chat, f"{key}\n{differences(there, chat)}"
        self.is_clear = not strange and not excused and not copies

    def _told(self) -> dict[str, tuple[str, str, list[dict[str, Any]]]]:
        found = rows(self.db, "SELECT path, outcome::text, error, problems FROM chattui.imports")
        return {path: (outcome, error or "", problems) for path, outcome, error, problems in found}

    @staticmethod
    def _check_messages(reading: Expected) -> None:
        for key, messages in (*reading.whole.items(), *reading.part.items()):
            ids = [m.source_id for m in messages]
            assert len(set(ids)) == len(ids)
            for n, message in enumerate(messages):
                check_message(message)
                assert message.parent_id is None or message.parent_id in ids[:n] or key not in reading.versions

    @staticmethod
    def _check_chats(file: HistoryFile, reading: Expected, before: Held, now: Held) -> None:
        """Each chat is what was read, or as it was: nothing between the two."""
        for key, messages in reading.whole.items():
            there = stored(now[key]) if key in now else []
            was = stored(before[key]) if key in before else []
            if key in reading.copies and was:
                assert there[: len(was)] == was
            elif not messages or was:
                assert there in (said(messages), was), key
            else:
                assert there == said(messages), key
        for key, messages in reading.part.items():
            if key in reading.whole:
                continue
            there = stored(now[key]) if key in now else []
            was = stored(before[key]) if key in before else []
            if file.container:
                assert there == was, f"a part of {key}"
            else:
                assert there in (was, said(messages)), key

    @staticmethod
    def _check_told(path: Path, file: HistoryFile, reading: Expected, told: dict[str, Any], *, afresh: bool) -> None:
        """Every problem is kept with the file's name and a place in it."""
        outcome, error, problems = told.get(storable_path(path), ("", "", []))
        if reading.fault:
            assert storable_path(path) in reading.fault
            assert "\n" not in reading.fault
            assert not afresh or (outcome in ("failed", "partial") and error == reading.fault), (
                outcome,
                error,
                reading.fault,
            )
        for line, reason in reading.problems:
            assert line >= 1, reason
            assert reason
            assert "\n" not in reason
        if afresh and not reading.fault:
            assert [tuple(one) for one in problems] == [(line, storable(reason)) for line, reason in reading.problems][
                : len(problems)
            ]
            assert bool(problems) == bool(reading.problems)

    @staticmethod
    def _excused(one: Original, file: HistoryFile, reading: Expected, pure: Expected, now: Held) -> set[Key]:
        """Chats of a container that were changed behind its back: their version is that of the whole one."""
        return {
            key
            for key, version in reading.versions.items()
            if pure.versions.get(key) == version
            and (reading.whole[key], reading.chats[key]) != (pure.whole[key], pure.chats[key])
            and key not in reading.unsure
        }

    def _unnoticed(
        self,
        mended: Sequence[tuple[Source, HistoryFile]],
        places: Sequence[tuple[Original, Path]],
        damaged: Sequence[dict[str, bytes]],
    ) -> set[Key]:
        """Chats of a file that is read on, where it differs only far from its ends."""
        excused = set()
        known = {
            row[0]: row[1:]
            for row in rows(self.db, "SELECT path, byte_offset, head_hash, tail_hash FROM chattui.imports")
        }
        for (_, file), (one, path), files, pure in zip(mended, places, damaged, self.whole, strict=True):
            offset, head, tail = known.get(storable_path(path), (0, None, None))
            if file.whole or file.container or not offset:
                continue
            same = offset <= file.size and fingerprint(file, offset) == (
                head and bytes(head),
                tail and bytes(tail),
            )
            if same and one.files[one.main][:offset] != files.get(one.main, b"")[:offset]:
                excused |= set(pure.whole)
        return excused


def published(folder: Path) -> list[Original]:
    """The samples that are there and can be read alone, none of them large."""
    formats = {"chatgpt-export": "chatgpt", "claude-ai-export": "claude-ai", "open-webui-export": "open-webui"}
    found = []
    table = SAMPLES / "TRUTH.tsv"
    names = [line.split("\t")[:2] for line in table.read_text("utf-8").splitlines()[1:]] if table.is_file() else []
    for kind, name in dict.fromkeys(map(tuple, names)):
        path = SAMPLES / name
        if not path.is_file() or path.stat().st_size > LARGEST_SAMPLE:
            continue
        one = Original(source(formats.get(kind, kind)), path.name, {path.name: path.read_bytes()})
        put = Folder(folder).put(len(found), one, one.files)
        if not expected_of(one.source, put, history_file(one.source, put, put.stat())).fault:
            found.append(one)
    return found


def rounds(turns: int, folder: Path) -> Iterator[tuple[int, list[list[Original]]]]:
    """Seeds, and the sets of histories that are damaged with each."""
    done, seed = 0, FIRST_SEED
    fixed = alike(published(folder))
    while done < MUTATIONS:
        made = alike(originals(seed))
        if fixed:
            made.append(fixed[seed % len(fixed)])
        done += sum(map(len, made)) * turns
        yield seed, made
        seed += 1


def test_damaged_histories(tmp_path: Path, db: Database, other_db: Database) -> None:
    turns = 6 if MUTATIONS > 1000 else 2
    failures: list[str] = []
    for seed, sets in rounds(turns, tmp_path / "samples"):
        others = [one for many in sets for one in many]
        for n, many in enumerate(sets):
            folder = tmp_path / f"{seed}-{n}"
            round_ = Round(folder, db, other_db, many)
            for turn in range(turns):
                try:
                    round_.run(random.Random(f"{seed} {n} {turn}"), others, afresh=turn == 0)
                except Exception as error:
                    failures.append(f"seed {seed}, set {n}, turn {turn}: {last_lines(error)}")
                    print(failures[-1], flush=True)
                    round_.is_clear = False
            shutil.rmtree(folder)
        if len(failures) > MOST_FAILURES:
            break
    assert not failures, "\n".join(failures)


def last_lines(error: BaseException) -> str:
    """What went wrong, and the last places of ours where it did."""
    return "".join(traceback.format_exception(error)[-4:])[-1500:]
