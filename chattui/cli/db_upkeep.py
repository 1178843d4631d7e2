"""``chattui db upkeep``: archive what nobody opens, forget what was deleted, keep tables, indexes and logs small."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, EXIT_USAGE, Context
from chattui.domain.errors import ConfigError
from chattui.domain.upkeep import IndexProgress, Kept, UpkeepRules

if TYPE_CHECKING:
    from chattui.config import Settings
    from chattui.store.database import Database

LOGS = "logs"


@click.command()
@click.option(
    "--archive-after", metavar="TIME", help="Archive chats that nobody opened or wrote to for so long: 180d, 6m, 1y."
)
@click.option("--purge-after", metavar="TIME", help="Forget chats that were deleted so long ago, for good: 30d, 8w.")
@click.option("--unarchive", is_flag=True, help="Only bring back every chat that upkeep has archived.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask before chats are forgotten.")
@click.option("--json", "as_json", is_flag=True, help="Print {dry_run, steps, seconds}.")
@click.pass_obj
def upkeep(
    context: Context,
    archive_after: str | None,
    purge_after: str | None,
    unarchive: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Archive what nobody opens, forget what was deleted long ago, vacuum and rebuild what is worth it, remove old logs.

    Without options it does what [upkeep] in the config file says. Exit code 1 when a step failed.
    """
    settings = context.settings()
    rules = _rules(settings, archive_after, purge_after)
    began = time.perf_counter()
    with context.store() as db:
        if unarchive:
            return _bring_back(db, as_json=as_json)
        if purge_after is not None and not dry_run and not _may_purge(db, rules, yes=yes):
            return EXIT_USAGE
        done = _would_do(db, settings, rules) if dry_run else _do(db, settings, rules, quiet=as_json)
    failed = any(step.fault for step in done)
    if as_json:
        seconds = round(time.perf_counter() - began, 3)
        output.print_json({"dry_run": dry_run, "steps": [asdict(step) for step in done], "seconds": seconds})
    else:
        for step in done:
            click.echo(_line(step, dry_run=dry_run))
    return EXIT_ERROR if failed else 0


def _rules(settings: Settings, archive_after: str | None, purge_after: str | None) -> UpkeepRules:
    from chattui.config.upkeep import parse_days

    for problem in settings.problems:
        if "upkeep" in problem.sentence:
            raise ConfigError(problem.sentence)
    rules = settings.upkeep
    if archive_after is not None:
        rules = replace(rules, archive_after=parse_days(archive_after, "--archive-after"))
    if purge_after is not None:
        rules = replace(rules, purge_after=parse_days(purge_after, "--purge-after"))
    return rules


def _may_purge(db: Database, rules: UpkeepRules, *, yes: bool) -> bool:
    """Name what is lost, and ask. What the config file says was agreed to there."""
    from chattui.domain.state import size_words
    from chattui.store.keeping import would_lose

    if rules.purge_after is None:
        return True
    chats, messages, text, marks = would_lose(db, rules.purge_after)
    if not chats:
        return True
    click.echo(
        f"Forgotten for good: {_many(chats, 'chat')} with {_many(messages, 'message')} ({size_words(text)} of text) and "
        f"{_many(marks, 'mark')}, those of subagents too.",
        err=True,
    )
    if yes:
        return True
    if not sys.stdin.isatty():
        raise ConfigError("Nobody can be asked here: give --yes to forget these chats, or --dry-run to look.")
    return click.confirm("Go on?", err=True)


def _bring_back(db: Database, *, as_json: bool) -> int:
    from chattui.store.keeping import bring_back

    count = bring_back(db)
    if as_json:
        output.print_json({"unarchived": count})
    else:
        click.echo(f"{_many(count, 'chat')} brought back.")
    return 0


def _do(db: Database, settings: Settings, rules: UpkeepRules, *, quiet: bool) -> list[Kept]:
    from chattui.config.log import remove_old_logs
    from chattui.store.keeping import keep

    shows = sys.stderr.isatty() and not quiet
    done = keep(db, rules, _bar() if shows else None, _index_bar if shows else None)
    if shows:
        click.echo("\r\x1b[K", err=True, nl=False)
    if rules.keep_logs is not None:
        done.append(_logs(remove_old_logs(settings, rules.keep_logs)))
    return done


def _would_do(db: Database, settings: Settings, rules: UpkeepRules) -> list[Kept]:
    from chattui.config.log import remove_old_logs
    from chattui.store import keeping

    done = keeping.would_do(db, rules)
    if rules.keep_logs is not None:
        done.append(_logs(remove_old_logs(settings, rules.keep_logs, dry_run=True)))
    return done


def _logs(names: list[str]) -> Kept:
    return Kept(LOGS, "old logs removed", len(names), tuple(names))


def _line(step: Kept, *, dry_run: bool) -> str:
    names = f" ({', '.join(step.names)})" if step.names else ""
    if step.fault is not None:
        return f"{'FAILED':<8} {step.things}: {step.done:,}{names}. {step.fault}"
    return f"{'would' if dry_run else 'done':<8} {step.things}: {step.done:,}{names}"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _bar() -> Callable[[str, int, int], None]:
    """One line on a terminal that tells what is being done, how fast, and how long it will take."""
    began: dict[str, float] = {}

    def show(step: str, done: int, total: int) -> None:
        now = time.perf_counter()
        started = began.setdefault(step, now)
        text = f"Upkeep: {step} …"
        if total:
            text += f" {done:,} of {total:,}"
        if done and total and now > started:
            rate = done / (now - started)
            text += f" · {rate:,.0f}/s · {(total - done) / rate:,.0f} s left"
        click.echo(f"\r{text}\x1b[K", err=True, nl=False)

    return show


def _index_bar(progress: IndexProgress) -> None:
    from chattui.cli.upkeep import show_index

    show_index(progress)
