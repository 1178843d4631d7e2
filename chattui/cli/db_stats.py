"""``chattui db stats``: sizes, growth, cache, connections, slow statements, replicas, and what to do where it is bad."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.config.log import start_log
from chattui.domain.visible import visible

if TYPE_CHECKING:
    from chattui.domain.state import Check, DatabaseState

_SHOWN = 12
_MARKS = {"good": "right", "warning": "look", "bad": "WRONG"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print {version, held, relations, days, …, checks}.")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 30), help="How many days of growth.")
@click.pass_obj
def stats(context: Context, as_json: bool, days: int) -> int:
    """Tell sizes, growth, cache, connections, slow statements and replicas, and what to do about what is bad.

    Starts nothing and changes nothing.
    """
    from chattui.store.survey import survey

    settings = context.settings()
    start_log(settings, verbose=context.verbose)
    state, checks = survey(settings, _conninfo(context))
    if as_json:
        document = asdict(state) | {"checks": [asdict(check) for check in checks]}
        output.print_json(document)
        return 0
    for line in lines(state, checks, days):
        click.echo(visible(line))
    return 0


def _conninfo(context: Context) -> str:
    from chattui.domain.errors import ServerError
    from chattui.server import conninfo, ping_socket

    settings = context.settings()
    if not ping_socket(settings):
        raise ServerError("The embedded server is not running. `chattui db start` starts it.")
    return conninfo(settings)


def lines(state: DatabaseState, checks: list[Check], days: int) -> list[str]:
    """The state as lines for people."""
    from chattui.domain.state import size_words, span_words

    up = span_words((datetime.now(UTC) - state.started_at).total_seconds())
    found = [
        f"PostgreSQL {state.version}, up for {up}; {size_words(state.held.database_bytes)} in the database",
        f"{state.held.chats:,} chats, {state.held.messages:,} messages, {size_words(state.held.text_bytes)} of text",
        "",
        f"{'table or index':<34} {'size':>9} {'rows':>12} {'dead':>9} {'to spare':>9} {'used':>11}  last vacuum",
    ]
    for one in state.relations[:_SHOWN]:
        name = f"  {one.name}" if one.is_index else one.name
        when = one.last_vacuum.astimezone().strftime("%Y-%m-%d %H:%M") if one.last_vacuum else ""
        spare = size_words(one.spare) if one.spare else ""
        dead = "" if one.is_index else f"{one.dead:,}"
        flag = "" if one.is_valid else "  not valid"
        found.append(
            f"{name:<34} {size_words(one.bytes):>9} {one.rows:>12,} {dead:>9} {spare:>9} {one.scans:>11,}  {when}{flag}"
        )
    if len(state.relations) > _SHOWN:
        rest = sum(one.bytes for one in state.relations[_SHOWN:])
        found.append(f"… and {len(state.relations) - _SHOWN} smaller ones, {size_words(rest)} together")
    if state.days:
        most = max(n for _, n in state.days[:days])
        found += ["", "messages by day"]
        found += [f"{day} {n:>9,} {'▪' * max(1, round(30 * n / most))}" for day, n in state.days[:days]]
    found += [
        "",
        "connections  " + (", ".join(f"{n} {name}" for name, n in state.connections.items()) or "none but this"),
    ]
    for replica in state.replicas:
        behind = f", {span_words(replica.lag_seconds)} behind" if replica.lag_seconds is not None else ""
        found.append(f"replica      {replica.name}: {replica.state}{behind}")
    if state.slow:
        found += ["", f"slow statements, from {'the log' if state.slow_from == 'log' else state.slow_from}"]
        found += [f"{s.mean_ms:>9,.0f} ms {s.calls:>7,} times  {s.text[:100]}" for s in state.slow]
    found.append("")
    for check in checks:
        found.append(f"{_MARKS[check.level]:<8} {check.name}: {check.said}{' ' + check.advice if check.advice else ''}")
    return found
