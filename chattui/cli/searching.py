"""``chattui search``: the same search as the bar of the app."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, Context
from chattui.cli.revealing import reveal_option
from chattui.domain.search import BY, FoundBy, Hit, Page, counted
from chattui.domain.secrets import masked_hit
from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.domain.query_tree import Query
    from chattui.store.database import Database


# -word is a word that must not be, -h too when it begins a longer one
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many messages at most."
)
@click.option("--prefix", is_flag=True, help="The last word is the beginning of a word, as while typing.")
@click.option("--meaning", is_flag=True, help="Also by meaning, as ~ before a word says.")
@click.option("--budget", default=5_000, show_default=True, type=click.IntRange(1), help="Milliseconds to look for.")
@reveal_option
@click.option("--json", "as_json", is_flag=True, help="Print {query, problems, about, exact, complete, hits: […]}.")
@click.pass_obj
def search(
    context: Context,
    query: tuple[str, ...],
    limit: int,
    prefix: bool,
    meaning: bool,
    budget: int,
    reveal: bool | None,
    as_json: bool,
) -> int:
    """Find messages: all words, "a quoted phrase", parts of names as path.join.

    Notes and tags come first, then messages that hold the words as a phrase, then those that hold all
    of them; the newest first in each group. What is mistaken in a query is told on standard error.

    \b
    chattui search pool exhausted -redis
    chattui search '"pool exhausted" (redis OR valkey) last:3w'
    chattui search role:user project:web before:2026-10
    chattui search has:error tool:Bash '/time[ds]?out/'
    chattui search '~database runs out of connections'

    docs/search.md describes the whole language.
    """
    from chattui.domain.language import Word, parse
    from chattui.store import search as searching

    words = " ".join(query)
    if words == "-h":
        click.echo(click.get_current_context().get_help())
        return 0
    asked = parse(words if prefix else words + " ")
    with context.store() as db:
        page = searching.search(db, asked, limit=limit, budget_ms=budget)
        if meaning or asked.by_meaning:
            page = _by_meaning(db, asked, page, limit)
        typed = [leaf.text for leaf in asked.positive if isinstance(leaf, Word)]
        similar = searching.suggest(db, typed[-1]) if typed and not page.hits else []
    if not context.reveals(reveal):
        page = replace(page, hits=tuple(map(masked_hit, page.hits)))
    for problem in page.problems:
        click.echo(visible_line(problem), err=True)
    if as_json:
        output.print_json(
            {
                "query": words,
                "problems": list(page.problems),
                "about": page.about,
                "exact": page.exact,
                "complete": page.complete,
                "hits": [output.hit_json(h) for h in page.hits],
            }
        )
        return 0 if page.hits else EXIT_ERROR
    if not page.hits:
        hint = f" Did you mean {', '.join(similar[:3])}?" if similar else ""
        click.echo(f"Nothing found for {visible_line(words)!r}.{hint}", err=True)
        return EXIT_ERROR
    for hit in page.hits:
        _print_hit(hit)
    total = f"{page.about}" if page.exact else f"about {page.about}"
    said = counted(page.hits)
    by_words = sum(hit.found_by is not FoundBy.MEANING for hit in said)
    also = f", {len(said) - by_words} by meaning" if page.fused else ""
    if names := len(page.hits) - len(said):
        also += f", {names} name{'' if names == 1 else 's'}"
    click.echo(f"{by_words} of {total} messages{also}" + ("" if page.complete else "; time ran out"), err=True)
    return 0


def _by_meaning(db: Database, asked: Query, page: Page, limit: int) -> Page:
    """The page with hits by meaning among its own; as it was, with a sentence, where that cannot be."""
    from chattui.domain.semantic import IS_OFF, NOT_YET, fuse
    from chattui.semantic import NOT_INSTALLED, is_installed
    from chattui.store import embeddings, meaning

    said = meaning.said(asked)
    if not said:
        return page
    if not embeddings.is_on(db):
        return replace(page, problems=(*page.problems, IS_OFF))
    if not is_installed():
        return replace(page, problems=(*page.problems, NOT_INSTALLED))
    from chattui.semantic.model import Model

    [vector] = Model().embed([said])
    near = meaning.near(db, asked, vector, limit=limit) if vector is not None else []
    page = fuse(page, near)
    problems = page.problems if near or not embeddings.is_empty(db) else (*page.problems, NOT_YET)
    return replace(page, hits=page.hits[:limit], problems=problems)


def _print_hit(hit: Hit) -> None:
    when = hit.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    title = visible_line(hit.title) or "(untitled)"
    place = f"{hit.chat_id}:{hit.seq}" if hit.seq else f"{hit.chat_id}"
    kind = f"{hit.role.value} · {hit.kind.value.replace('_', ' ')}" if hit.is_message else hit.found_in.value
    by = f" · {BY[hit.found_by]}" if hit.found_by is not FoundBy.WORDS else ""
    click.secho(f"{place}  {title[:100]}", bold=True)
    click.echo(f"  {hit.source} · {kind} · {when}{by}")
    width = max(40, shutil.get_terminal_size((100, 24)).columns - 2)
    click.echo("  " + _marked(hit, width))


def _marked(hit: Hit, width: int) -> str:
    """The snippet on one line with its matches bold (on a terminal) around the first match."""
    start = max(0, hit.ranges[0][0] - width // 3) if hit.ranges else 0
    end = start + width
    parts, at = [], start
    for left, right in hit.ranges:
        if left >= end or left < at:
            continue
        parts.append(_line(hit.snippet[at:left]))
        match = _line(hit.snippet[left : min(right, end)])
        parts.append(click.style(match, bold=True, underline=True) if sys.stdout.isatty() else match)
        at = min(right, end)
    parts.append(_line(hit.snippet[at:end]))
    return "".join(parts)


def _line(text: str) -> str:
    """On one line, blanks at its ends kept."""
    if not text:
        return ""
    inner = visible_line(text)
    return (" " if text[0].isspace() else "") + inner + (" " if inner and text[-1].isspace() else "")
