"""``python -m tests.bench``: all groups or some, printed as a table, and with ``--write`` kept in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    backup,
    find,
    importing,
    importing_kinds,
    keys,
    live,
    pane,
    peers,
    reading,
    replies,
    rivals,
    search,
    semantic,
    startup,
    state,
    truth,
)
from tests.bench.machine import facts, favour
from tests.bench.options import Options
from tests.bench.pace import pace
from tests.bench.places import REPOSITORY, Home, empty_histories, say
from tests.bench.report import Group, completed, document, impossible, markdown, remember

GROUPS = {
    "startup": startup,
    "status": state,
    "keys": keys,
    "search": search,
    "semantic": semantic,
    "rivals": rivals,
    "pane": pane,
    "reading": reading,
    "find": find,
    "live": live,
    "peers": peers,
    "replies": replies,
    "importing": importing,
    "importing-kinds": importing_kinds,
    "backup": backup,
    "truth": truth,
}
TEN_MILLION = ", 10 million messages"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
NOTES = (
    "Medians; the verdict is on the figure that the target names. CPU is the program's own CPU time, which other work on the "
    "machine hardly changes; others is how many cores programs that have nothing to do with it used meanwhile: with more "
    "than 0.3 the wall times are too long. The pace is what a fixed piece of work took on both cores when the group was done "
    "(tests/bench/pace.py): the less, the faster the machine was in that hour. As root the harness and the app "
    "get a larger share of the cores (autogroup −10).",
)


def main(arguments: list[str] | None = None) -> int:
    """Run; 1 when a truth does not hold or something could not be measured, whatever the timings are."""
    asked = _parser().parse_args(arguments)
    cache = (asked.keep or REPOSITORY / ".bench").absolute()
    cache.mkdir(parents=True, exist_ok=True)
    favour([os.getpid()])
    big = 10_000_000 if asked.ten_million else 1_000_000
    options = Options(cache, quick=asked.quick, big=big, generator=asked.generator)
    chosen = [name for name in GROUPS if not asked.only or name in asked.only.split(",")]
    if asked.only and set(asked.only.split(",")) - set(GROUPS):
        print(f"The groups are: {', '.join(GROUPS)}.", file=sys.stderr)
        return 2
    groups: list[Group] = []
    for name in chosen:
        module = GROUPS[name]
        say(f"{module.TITLE} …")
        try:
            rows = module.measure(options)
        except Exception as error:  # the other groups are still worth measuring
            print(error, file=sys.stderr)
            rows = [impossible(module.TITLE, "–", error)]
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC at a pace of {pace():.0f} ms"
        title = module.TITLE + (TEN_MILLION if asked.ten_million else "")
        groups.append(Group(title, when, module.NOTES, tuple(rows)))
        print(f"\n## {title}\n\n{markdown(rows)}\n", flush=True)
    about = facts() | {"PostgreSQL": _postgres(options)}
    print("\n".join(f"{name}: {value}" for name, value in about.items()))
    if asked.write:
        kept = {group.title: group for group in remember(cache / "results.json", groups)}
        titles = [module.TITLE + size for size in ("", TEN_MILLION) for module in GROUPS.values()]
        order = [kept[title] for title in titles if title in kept]
        PAGE.parent.mkdir(exist_ok=True)
        before = PAGE.read_text("utf-8") if PAGE.exists() else ""
        PAGE.write_text(completed(document(order, about, NOTES), before), "utf-8")
    return int(any(row.failed for group in groups for row in group.rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME,…", help=f"some of {', '.join(GROUPS)}")
    parser.add_argument("--quick", action="store_true", help="fewer runs, smaller imports")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where corpora and databases stay (.bench)")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the results into docs/benchmarks.md, beside earlier ones of other groups",
    )
    parser.add_argument(
        "--ten-million", action="store_true", help="the large database has 10 instead of 1 million messages"
    )
    parser.add_argument("--generator", type=Path, help="another generator of histories instead of our own")
    return parser


def _postgres(options: Options) -> str:
    """The embedded server's version."""
    from chattui.server import client_program

    home = Home(empty_histories(options.cache), options.cache / "version")
    try:
        program = client_program(home.settings, "psql")
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, env=dict(os.environ))
        return shown.stdout.split()[-1]
    except Exception as error:  # a fact for the page, not a measurement
        return f"unknown ({error})"
    finally:
        home.forget()


if __name__ == "__main__":
    sys.exit(main())
