"""Sources as the configuration wants them: some are off, some look in further places, and some chats are left out.

Where a chat belongs is known only when its file was read. So that a file that is left out is not read again each time,
what its project is stays in a small file of this machine, not in the database, which is to hold nothing of it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chattui.config.rules import Rules, excludes
from chattui.domain.errors import ConfigError, LeftOut
from chattui.domain.history import ChatInfo, Chunk, HistoryFile
from chattui.sources.head import Head
from chattui.sources.protocol import ContainerSource, Report, Source, with_containers
from chattui.sources.registry import all_sources
from chattui.sync.masking import masked_chunk, masked_titles

log = logging.getLogger("chattui.sync")
_KEPT: Final = 50_000


class LeftOutFiles:
    """What was left out, by path: the file's inode and its project, of a container the projects of chats in it.

    Kept in a file that may be lost at any time.
    """

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._known: dict[str, tuple[int, str]] = {}
        self._chats: dict[str, tuple[int, frozenset[str]]] = {}
        self._changed = False
        self._met: set[Path] = set()  # read ahead and once more, or looked for again and again: each counts once
        try:
            raw = json.loads(place.read_bytes()) if place is not None else {}
            for path, (inode, left) in raw.items():
                if isinstance(left, list):
                    self._chats[str(path)] = int(inode), frozenset(map(str, left))
                else:
                    self._known[str(path)] = int(inode), str(left)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError):
            log.info("what was left out is looked for again: %s cannot be read", place)

    def project(self, file: HistoryFile) -> str:
        """The project of a file that was left out; "" when it was not."""
        inode, project = self._known.get(str(file.path), (0, ""))
        return project if inode == file.inode else ""

    def projects(self, file: HistoryFile) -> frozenset[str]:
        """Of a container the projects of chats that were left out; none when nothing was."""
        inode, projects = self._chats.get(str(file.path), (0, frozenset()))
        return projects if inode == file.inode else frozenset()

    @property
    def has_chats(self) -> bool:
        """Whether there are containers of which chats were left out."""
        return bool(self._chats)

    def set_chats(self, path: Path, projects: frozenset[str]) -> None:
        """A container was read, of which the chats of these projects are left out."""
        try:
            now = path.stat().st_ino, projects
        except OSError:
            return
        if projects and self._chats.get(str(path)) != now:
            self._chats[str(path)], self._changed = now, True
        elif not projects and self._chats.pop(str(path), None) is not None:
            self._changed = True

    @property
    def count(self) -> int:
        """How many files were met that are left out."""
        return len(self._met)

    def meet(self, path: Path) -> None:
        """A file was met that is left out."""
        self._met.add(path)

    def add(self, path: Path, project: str) -> None:
        """A file was met whose chat is left out."""
        self.meet(path)
        try:
            self._known[str(path)] = (path.stat().st_ino, project)
        except OSError:
            return
        self._changed = True

    def save(self) -> None:
        """Keep it for the next time, where it can be kept."""
        if not self._changed or self._place is None:
            return
        self._changed = False
        newest: dict[str, tuple[int, str | list[str]]] = dict(list(self._known.items())[-_KEPT:])
        newest |= {path: (inode, sorted(projects)) for path, (inode, projects) in self._chats.items()}
        made = self._place.with_name(f"{self._place.name}.{os.getpid()}")
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made.write_text(json.dumps(newest), encoding="utf-8")
            made.chmod(0o600)
            made.replace(self._place)
        except (OSError, ValueError):
            log.info("what was left out cannot be kept in %s", self._place, exc_info=True)


class RuledSource:
    """A source as its rule wants it. ``mask``: the secrets in what it reads are replaced."""

    def __init__(self, inner: Source, rules: Rules, left_out: LeftOutFiles, *, mask: bool = False) -> None:
        rule = rules.of(inner.name)
        self._inner = inner
        self._paths = tuple(Path(place).expanduser() for place in rule.paths)
        self._exclude = rule.exclude
        self._projects = rule.exclude + rules.projects
        self._left_out = left_out
        self._keeps_raw = rules.keeps_raw(inner.name)
        self._masks = mask
        self.name = inner.name
        self.label = inner.label

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        return tuple(dict.fromkeys((*self._inner.roots(env, home), *self._paths)))

    def recognises(self, head: Head) -> bool:
        return self._inner.recognises(head)

    def is_whole(self, path: Path) -> bool:
        return self._inner.is_whole(path)

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        if not self._projects:
            yield from self._inner.discover(root, report)
            return
        for file in self._inner.discover(root, report):
            if excludes(self._exclude, str(file.path)) or excludes(self._projects, self._left_out.project(file)):
                self._left_out.meet(file.path)
            else:
                yield file

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        """The file; raises ``LeftOut`` where its chat is not taken. Of a file with many chats only theirs are passed over."""
        taken = False
        for chunk in self._inner.read(path, offset=offset, line=line, state=state):
            if not self._projects or not excludes(self._projects, chunk.chat.project):
                taken = taken or bool(chunk.messages)
                yield self._as_wanted(chunk)
            elif taken:
                yield replace(chunk, chat=ChatInfo(self.name, ""), messages=(), problems=(), tool_updates=(), raw=())
            else:
                self._left_out.add(path, chunk.chat.project)
                raise LeftOut(f"{path} is left out by a rule.")

    def _as_wanted(self, chunk: Chunk) -> Chunk:
        """Without what is not to be kept, and without secrets where they are not to be stored."""
        if not self._keeps_raw:
            problems = tuple(replace(problem, raw=b"", raw_size=0, long=None) for problem in chunk.problems)
            chunk = replace(chunk, raw=(), problems=problems)
        return masked_chunk(chunk) if self._masks else chunk

    def titles(self, root: Path) -> Mapping[str, str]:
        titles = self._inner.titles(root)
        return masked_titles(titles) if self._masks else titles

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return self._inner.resume_command(source_id)


class RuledContainer(RuledSource):
    """The same for a source with files that hold many chats: of those each is taken or left out by itself."""

    def __init__(self, inner: ContainerSource, rules: Rules, left_out: LeftOutFiles, *, mask: bool = False) -> None:
        super().__init__(inner, rules, left_out, mask=mask)
        self._container = inner

    def is_container(self, path: Path) -> bool:
        return self._container.is_container(path)

    def companions(self, path: Path) -> Iterable[Path]:
        return self._container.companions(path)

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        left: set[str] = set()
        for chunk in self._container.read_chats(path, known):
            if not self._projects or not excludes(self._projects, chunk.chat.project):
                yield self._as_wanted(chunk)
            else:
                left.add(chunk.chat.project)
        self._left_out.set_chats(path, frozenset(left))

    def comes_back(self, file: HistoryFile) -> bool:
        """Whether chats of a container were left out by rules that are gone."""
        left = self._left_out.projects(file)
        return any(not excludes(self._projects, project) for project in left)


def wanted_again(source: Source, file: HistoryFile) -> HistoryFile:
    """The file, which says so where it is to be read although it has not changed."""
    comes_back = isinstance(source, RuledContainer) and file.container and source.comes_back(file)
    return replace(file, again=True) if comes_back else file


def ruled(
    rules: Rules, origin: Path, left_out: LeftOutFiles, *, named: Sequence[str] = (), mask: bool = False
) -> list[Source]:
    """The sources that are on, or those ``named``, each as its rule wants it. ``mask``: what they read is without secrets.

    Raises ConfigError when the rules, which stand at ``origin``, are for a source that there is none of.
    """
    known = all_sources()
    names = [one.name for one in known]
    for name, rule in rules.sources.items():
        if name not in names:
            where = f", line {rule.line}," if rule.line else ""
            raise ConfigError(
                f"The config file {origin}{where} has rules for '{name}', and there is no such source. "
                f"The sources are: {', '.join(names)}."
            )
    return [
        _ruled(one, rules, left_out, mask=mask)
        for one in known
        if (one.name in named if named else rules.of(one.name).enabled)
    ]


def _ruled(source: Source, rules: Rules, left_out: LeftOutFiles, *, mask: bool) -> Source:
    rule = rules.of(source.name)
    container = with_containers(source)
    has_rules = bool(rule.exclude or rule.paths or rules.projects or mask or not rules.keeps_raw(source.name))
    if not has_rules and (container is None or not left_out.has_chats):
        return source
    if container is not None:
        return RuledContainer(container, rules, left_out, mask=mask)
    return RuledSource(source, rules, left_out, mask=mask)
