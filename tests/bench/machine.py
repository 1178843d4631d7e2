"""The machine: what it is, how busy other programs keep it, and the CPU time of the processes under measurement."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

TICK = os.sysconf("SC_CLK_TCK")
_TREE_FIELDS = slice(11, 15)  # utime, stime, cutime, cstime behind the command's name


def busy_seconds() -> float:
    """CPU seconds that everything on this machine has used since it was started."""
    fields = [int(v) for v in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def wait_quiet(limit: float = 4.0, share: float = 0.25, window: float = 0.3) -> None:
    """Wait until all programs together use less than ``share`` of a core, at most ``limit`` seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(window)
        if (busy_seconds() - before) / window < share:
            return


def _stat(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def family(roots: Iterable[int]) -> list[int]:
    """``roots`` and all their descendants that are alive."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.append(pid)
            waiting += children.get(pid, [])
    return found


def family_seconds(roots: Iterable[int]) -> float:
    """CPU seconds of ``roots``, their descendants, and the descendants that have ended and were waited for."""
    total = 0
    for pid in family(roots):
        if fields := _stat(pid):
            total += sum(int(v) for v in fields[_TREE_FIELDS])
    return total / TICK


def process_ms(pid: int) -> float:
    """CPU milliseconds of all threads of one process so far, in nanosecond steps; 0 when it is gone."""
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except OSError:
        pass
    return total / 1e6


def favour(pids: Iterable[int]) -> bool:
    """Give sessions of processes a larger share of the cores than other work has, where the system lets us (root).

    Linux shares cores between sessions first (autogroup), so that a plain nice value would change nothing.
    """
    done = False
    for pid in pids:
        try:
            Path(f"/proc/{pid}/autogroup").write_text("-10")
            done = True
        except OSError:
            return done
    return done


def memory_mib(pid: int) -> tuple[float, float]:
    """(RSS, PSS) of one process. Pages shared with others count whole in the one and by their share in the other."""
    values = {"Rss": 0.0, "Pss": 0.0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in values:
            values[name] = int(rest.split()[0]) / 1024
    return values["Rss"], values["Pss"]


class Others:
    """How many cores programs that have nothing to do with the measurement used while it ran.

    ``mine`` are processes beside this one whose families belong to the measurement, the server for example; ``include``
    adds one that was started inside the block, just before it ends. Read ``cores`` after the block.
    """

    def __init__(self, *mine: int) -> None:
        self._mine = (os.getpid(), *mine)
        self._included = 0.0
        self.cores = 0.0

    def __enter__(self) -> Others:
        self._began = time.perf_counter()
        self._busy, self._own = busy_seconds(), family_seconds(self._mine)
        return self

    def include(self, pid: int) -> None:
        """Count all that a process and its family have used until now as the measurement's own."""
        self._included += family_seconds([pid]) if pid else 0.0

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        own = family_seconds(self._mine) - self._own + self._included
        wall = max(1e-3, time.perf_counter() - self._began)
        self.cores = max(0.0, (busy_seconds() - self._busy - own) / wall)


def facts() -> dict[str, str]:
    """What a reader must know of this machine to compare."""
    import textual

    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next(
        (int(line.split()[1]) / 2**20 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0.0
    )
    return {
        "CPU": f"{model}, {os.cpu_count()} cores",
        "Memory": f"{memory:.0f} GiB",
        "System": f"Linux {platform.release()}",
        "Python": platform.python_version(),
        "Textual": textual.__version__,
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
