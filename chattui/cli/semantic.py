"""``chattui semantic``: search by meaning, switched on and off, and how far it is."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, EXIT_INTERRUPTED, Context
from chattui.domain.errors import ConfigError
from chattui.domain.semantic import IS_OFF, EmbeddingProgress, SemanticStatus
from chattui.semantic import MODEL, NOT_INSTALLED, is_installed

if TYPE_CHECKING:
    from chattui.store.database import Database


@click.group()
def semantic() -> None:
    """Search by meaning: embeddings made on this machine, asked for by ~words in a search. Off until it is switched on."""


@semantic.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status afterwards.")
@click.pass_obj
def on(context: Context, as_json: bool) -> int:
    """Switch it on, and embed every message; Ctrl+C ends that, and it goes on with the next import."""
    from chattui.store import embeddings

    if not is_installed():
        raise ConfigError(NOT_INSTALLED)
    with context.store() as db:
        embeddings.switch_on(db, MODEL)
        return _embed(db, as_json=as_json)


@semantic.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status afterwards.")
@click.pass_obj
def off(context: Context, as_json: bool) -> int:
    """Switch it off, and forget every embedding."""
    from chattui.store import embeddings

    with context.store() as db:
        embeddings.switch_off(db)
        _print_status(embeddings.status(db, installed=is_installed()), as_json=as_json)
    return 0


@semantic.command()
@click.option(
    "--json", "as_json", is_flag=True, help="Print {on, installed, server, embedded, waiting, chunks, bytes}."
)
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """Tell whether it is on, what it takes, and how many messages are waiting."""
    from chattui.store import embeddings

    with context.store() as db:
        _print_status(embeddings.status(db, installed=is_installed()), as_json=as_json)
    return 0


@semantic.command()
@click.option("--progress", "lines", is_flag=True, help="Print progress as one JSON object a line.")
@click.pass_obj
def update(context: Context, lines: bool) -> int:
    """Embed what is not embedded yet, out of the way of everything else. Imports and the app do it by themselves."""
    from chattui.store import embeddings

    os.nice(19)
    with context.store() as db:
        if not embeddings.is_on(db):
            click.echo(IS_OFF, err=True)
            return EXIT_ERROR
        if not is_installed():
            raise ConfigError(NOT_INSTALLED)
        return _embed(db, lines=lines, quiet=lines)


def embed_after_import(db: Database, *, quiet: bool) -> bool:
    """Embed what an import has brought, where it is on and can be done. False: it was interrupted."""
    from chattui.store import embeddings

    if not embeddings.is_on(db) or not is_installed():
        return True
    return _run(db, quiet=quiet)


def _embed(db: Database, *, as_json: bool = False, lines: bool = False, quiet: bool = False) -> int:
    from chattui.store import embeddings

    went_through = _run(db, lines=lines, quiet=quiet or as_json)
    if not quiet:
        _print_status(embeddings.status(db, installed=True), as_json=as_json)
    return 0 if went_through else EXIT_INTERRUPTED


def _run(db: Database, *, lines: bool = False, quiet: bool = False) -> bool:
    from chattui.sync.embedding import embed_missing

    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.append(1))
    shows = sys.stderr.isatty() and not quiet
    embed_missing(db, _print_line if lines else _bar if shows else None, lambda: bool(ended))
    if shows:
        click.echo("\r\x1b[K", err=True, nl=False)
    return not ended


def _print_line(progress: EmbeddingProgress) -> None:
    print(json.dumps(asdict(progress) | {"remaining": progress.remaining}), flush=True)


def _bar(progress: EmbeddingProgress) -> None:
    """One line on a terminal, written over itself."""
    text = f"Embedding … {progress.done:,} of about {progress.total:,} messages"
    if progress.rate is not None and progress.remaining is not None:
        text += f" · {progress.rate:,.0f}/s · {progress.remaining:,.0f} s left"
    click.echo(f"\r{text}\x1b[K", err=True, nl=False)


def _print_status(found: SemanticStatus, *, as_json: bool) -> None:
    if as_json:
        output.print_json(asdict(found))
        return
    if not found.on:
        click.echo(IS_OFF)
        if found.server is None:
            click.echo("This PostgreSQL has no pgvector (0.8 or newer), which it needs.")
        if not found.installed:
            click.echo(NOT_INSTALLED)
        return
    click.echo(
        f"Search by meaning is on: {found.embedded:,} messages in {found.chunks:,} chunks, {found.bytes / 1e6:,.0f} MB"
        f" with pgvector {found.server}; {found.waiting:,} messages are waiting."
    )
    if not found.installed:
        click.echo(NOT_INSTALLED)
