"""Sources of other packages: found by their entry point, and kept from doing harm when they are broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from chattui.domain.errors import SourceError
from chattui.domain.history import Chunk, HistoryFile
from chattui.sources.head import Head
from chattui.sources.protocol import ContainerSource, Report, Source

GROUP: Final = "chattui.sources"
log = logging.getLogger("chattui.sources")
_faults: list[str] = []
Value = TypeVar("Value")


def installed(taken: frozenset[str], own: frozenset[str]) -> tuple[Source, ...]:
    """The sources that installed packages offer. ``own``: entry points that are known already; ``taken``: their names."""
    from importlib.metadata import entry_points

    names, found = set(taken), []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        if entry.value in own:
            continue
        try:
            made = entry.load()()
            if not isinstance(made, Source) or not made.name or made.name in names:
                raise SourceError(
                    f"there is a source named {made.name!r} already"
                    if isinstance(made, Source)
                    else "it is not what chattui calls a source"
                )
        except Exception as error:
            log.warning("cannot load the source %s", entry.name, exc_info=True)
            _faults.append(f"The source {entry.name!r} ({entry.value}) cannot be used: {_sentence(error)}.")
            continue
        names.add(made.name)
        found.append(GuardedContainer(made) if isinstance(made, ContainerSource) else Guarded(made))
    return tuple(found)


def faults() -> tuple[str, ...]:
    """A sentence for each installed source that could not be loaded."""
    return tuple(_faults)


class Guarded:
    """A source of another package, whose errors are told as what could not be read, and end nothing else."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self.name = str(inner.name)
        self.label = str(inner.label)

    def roots(self, env: Mapping[str, str], home: Path) -> tuple[Path, ...]:
        return self._tried(lambda: tuple(self._inner.roots(env, home)), ())

    def recognises(self, head: Head) -> bool:
        return self._tried(lambda: bool(self._inner.recognises(head)), False)

    def is_whole(self, path: Path) -> bool:
        return self._tried(lambda: bool(self._inner.is_whole(path)), True)

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        try:
            yield from self._inner.discover(root, report)
        except Exception as error:
            log.warning("the source %s failed", self.name, exc_info=True)
            report(root, f"{self.label} could not look here: {_sentence(error)}")

    def read(
        self, path: Path, *, offset: int = 0, line: int = 0, state: Mapping[str, Any] | None = None
    ) -> Iterator[Chunk]:
        yield from self._chunks(path, lambda: self._inner.read(path, offset=offset, line=line, state=state))

    def _chunks(self, path: Path, read: Callable[[], Iterator[Chunk]]) -> Iterator[Chunk]:
        try:
            yield from read()
        except (SourceError, OSError):
            raise
        except Exception as error:
            log.warning("the source %s failed", self.name, exc_info=True)
            raise SourceError(f"{self.label} could not read {path}: {_sentence(error)}.") from error

    def titles(self, root: Path) -> Mapping[str, str]:
        return self._tried(lambda: self._inner.titles(root), {})

    def resume_command(self, source_id: str) -> tuple[str, ...]:
        return self._tried(lambda: tuple(self._inner.resume_command(source_id)), ())

    def _tried(self, ask: Callable[[], Value], otherwise: Value) -> Value:
        try:
            return ask()
        except Exception:
            log.warning("the source %s failed", self.name, exc_info=True)
            return otherwise


class GuardedContainer(Guarded):
    """The same for a source with files that hold many chats."""

    def __init__(self, inner: ContainerSource) -> None:
        super().__init__(inner)
        self._container = inner

    def is_container(self, path: Path) -> bool:
        return self._tried(lambda: bool(self._container.is_container(path)), False)

    def companions(self, path: Path) -> Iterable[Path]:
        return self._tried(lambda: tuple(self._container.companions(path)), ())

    def read_chats(self, path: Path, known: Mapping[str, str]) -> Iterator[Chunk]:
        yield from self._chunks(path, lambda: self._container.read_chats(path, known))


def _sentence(error: Exception) -> str:
    words = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {words}" if not isinstance(error, SourceError) else words
