"""Measurements as rows of a table: what was promised, what was measured, and whether the one meets the other."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HEAD = ("what", "target", "measured", "ratio", "CPU", "others", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as text. ``failed`` is for a truth that does not hold or a measurement that was impossible."""

    what: str
    target: str
    measured: str
    ratio: str = ""
    cpu: str = ""
    others: str = ""
    verdict: str = ""
    failed: bool = False

    def cells(self) -> tuple[str, ...]:
        """In the order of ``HEAD``."""
        return (self.what, self.target, self.measured, self.ratio, self.cpu, self.others, self.verdict)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0 … 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def figure(value: float) -> str:
    """A number with the digits that mean something."""
    return f"{value:,.1f}" if abs(value) < 20 else f"{value:,.0f}"


def timing(
    what: str,
    values: Sequence[float],
    *,
    limit: float | None = None,
    p95: bool = False,
    unit: str = "ms",
    at_least: bool = False,
    baseline: Sequence[float] | None = None,
    limit_ratio: float | None = None,
    cpu: Sequence[float] = (),
    others: Iterable[float] = (),
) -> Row:
    """A row of several runs of one thing. The verdict is on the median, or on the 95th percentile when ``p95``.

    ``limit`` is the largest value that keeps the promise (the smallest when ``at_least``); ``limit_ratio`` holds the
    median against the ``baseline``'s median of the same run. ``cpu`` is milliseconds per run, ``others`` cores.
    """
    middle, high = statistics.median(values), percentile(values, 0.95)
    judged = high if p95 else middle
    word = "≥" if at_least else "≤"
    targets, kept = [], True
    if limit is not None:
        targets.append(f"{'p95 ' if p95 else ''}{word} {limit:,g} {unit}")
        kept = judged >= limit if at_least else judged <= limit
    ratio = ""
    if baseline:
        share = middle / statistics.median(baseline)
        ratio = f"{share:.2f}"
        if limit_ratio is not None:
            targets.append(f"≤ {limit_ratio:g} × baseline")
            kept = kept and share <= limit_ratio
    ends = f"lowest {figure(min(values))}" if at_least else f"p95 {figure(high)}, best {figure(min(values))}"
    spread = f" ({ends}, n {len(values)})" if len(values) > 1 else " (n 1)"
    busy = list(others)
    return Row(
        what,
        " and ".join(targets) or "–",
        f"{figure(middle)} {unit}{spread}",
        ratio,
        f"{figure(statistics.median(cpu))} ms" if cpu else "",
        f"{statistics.median(busy):.1f}" if busy else "",
        ("kept" if kept else "MISSED") if targets else "",
    )


def impossible(what: str, target: str, error: BaseException) -> Row:
    """A measurement that could not be made."""
    return Row(what, target, f"not measured: {str(error).splitlines()[0][:160]}", verdict="FAILED", failed=True)


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells()) + " |" for row in rows]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one group, the notes that explain them, and when they were measured."""

    title: str
    when: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]


def remember(path: Path, groups: Sequence[Group]) -> list[Group]:
    """Keep the groups in a file, in place of earlier ones of the same title; returns all that are kept there."""
    kept: dict[str, Group] = {}
    if path.exists():
        for value in json.loads(path.read_text("utf-8")):
            rows = tuple(Row(**row) for row in value["rows"])
            kept[value["title"]] = Group(value["title"], value["when"], tuple(value["notes"]), rows)
    kept |= {group.title: group for group in groups}
    path.write_text(json.dumps([asdict(group) for group in kept.values()], indent=1, ensure_ascii=False), "utf-8")
    return list(kept.values())


def document(groups: Sequence[Group], facts: Mapping[str, str], notes: Sequence[str]) -> str:
    """All of docs/benchmarks.md."""
    parts = [
        "# Benchmarks",
        "`make bench` measures this again; `python -m tests.bench --write` makes this page. No test depends on a timing.",
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        "\n".join(notes),
    ]
    for group in groups:
        parts += [f"## {group.title}", "\n".join((*group.notes, f"Measured {group.when}.")), markdown(group.rows)]
    return "\n\n".join(parts) + "\n"


def completed(page: str, before: str) -> str:
    """``page`` with the groups of the page ``before`` that it has not: they were measured on a machine that is gone.

    In the order of the page before; groups that only ``page`` has come where they stand in it.
    """
    head, *new = page.rstrip("\n").split("\n\n## ")
    _, *old = before.rstrip("\n").split("\n\n## ")
    sections = {text.partition("\n")[0]: text for text in old} | {text.partition("\n")[0]: text for text in new}
    order = [text.partition("\n")[0] for text in old]
    after = ""
    for title in (text.partition("\n")[0] for text in new):
        if title not in order:
            order.insert(order.index(after) + 1 if after in order else 0, title)
        after = title
    return "\n\n## ".join([head, *(sections[title] for title in order)]) + "\n"
