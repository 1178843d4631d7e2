"""``chattui export``: chats as files, or one of them to standard output."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, EXIT_NOT_FOUND, Context
from chattui.cli.revealing import reveal_option
from chattui.domain.errors import ConfigError, ExportError
from chattui.domain.visible import visible_line
from chattui.export.formats import NAMES, Format, format_of

if TYPE_CHECKING:
    from chattui.export.run import Span, Written
    from chattui.store.database import Database

_SPAN = re.compile(r"(\d{1,9})?(-)?(\d{1,9})?")
_HITS = 500


@click.command()
@click.argument("references", nargs=-1, metavar="[CHAT]…")
@click.option(
    "--format", "name", type=click.Choice(NAMES), default="markdown", show_default=True, help="What to write."
)
@click.option("--to", "directory", metavar="DIR", help="The directory for the files; - or nothing: standard output.")
@click.option("--all", "everything", is_flag=True, help="Every chat but the deleted ones.")
@click.option("--search", "query", metavar="TEXT", help="Every chat in which a search for TEXT finds something.")
@click.option("--messages", "selection", metavar="10-20", help="Only these messages of one chat; also 10-, -20, 7.")
@reveal_option
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option("--json", "as_json", is_flag=True, help="Print {format, directory, written: […], failed: […]}.")
@click.pass_obj
def export(
    context: Context,
    references: tuple[str, ...],
    name: str,
    directory: str | None,
    everything: bool,
    query: str | None,
    selection: str | None,
    reveal: bool | None,
    force: bool,
    as_json: bool,
) -> int:
    """Write chats down, named by their ids or by their source's ids: as Markdown, HTML, text, or as JSON that
    `chattui import` takes back whole.

    Files are called by day, title and id, so the next export with --force replaces them.
    """
    if sum((bool(references), everything, query is not None)) != 1:
        raise click.UsageError("Name the chats, or give --all, or --search TEXT: one of the three.")
    one = len(references) == 1
    to_stdout = directory in (None, "-")
    if to_stdout and not one:
        raise click.UsageError("Several chats need a directory: --to DIR.")
    if to_stdout and (as_json or force):
        raise click.UsageError("--json and --force are about files: give --to DIR.")
    if selection is not None and not one:
        raise click.UsageError("--messages selects from one chat: name one.")
    span, form, shows = _span(selection), format_of(name), context.reveals(reveal)
    with context.store() as db:
        chosen = _chosen(db, references, query)
        if chosen is None:
            return EXIT_NOT_FOUND
        if to_stdout:
            _print(db, chosen[0], form, span, reveal=shows)
            return 0
        assert directory is not None
        return _write(db, chosen, form, Path(directory).expanduser(), span, reveal=shows, force=force, as_json=as_json)


def _span(selection: str | None) -> Span:
    from chattui.export.run import Span

    if selection is None:
        return Span()
    found = _SPAN.fullmatch(selection.strip())
    if found is None or not (found[1] or found[3]):
        raise ConfigError(f"{visible_line(selection)!r} is no selection of messages. Write 10-20, 10-, -20 or 7.")
    first = int(found[1] or 1)
    last = int(found[3]) if found[3] else None if found[2] else first
    if first < 1 or (last is not None and last < first):
        raise ConfigError(
            f"{visible_line(selection)!r} selects nothing: messages count from 1, the smaller number first."
        )
    return Span(first, last)


def _chosen(db: Database, references: Sequence[str], query: str | None) -> list[int] | None:
    """Ids of the chats that are meant, each once; None, and a sentence is printed, when one is not there."""
    from chattui.store import chats, taking

    if query is not None:
        return _with_hit(db, query)
    if not references:
        return taking.every_id(db)
    ids: dict[int, None] = {}
    for reference in references:
        found = chats.find(db, reference)
        if found is None:
            click.echo(
                f"chattui: there is no chat {visible_line(reference)!r}. `chattui list` shows what there is.", err=True
            )
            return None
        ids[found.id] = None
    return list(ids)


def _with_hit(db: Database, query: str) -> list[int]:
    """Every chat with a hit, the best hit first."""
    from chattui.store import search

    ids: dict[int, None] = {}
    page = search.search(db, query + " ", limit=_HITS)
    ids.update((hit.chat_id, None) for hit in page.hits)
    while page.more is not None:
        page = search.search(db, query + " ", limit=_HITS, after=page.more)
        ids.update((hit.chat_id, None) for hit in page.hits)
    return list(ids)


def _print(db: Database, chat_id: int, form: Format, span: Span, *, reveal: bool) -> None:
    from chattui.export.run import pieces_of

    sys.stdout.flush()
    for piece in pieces_of(db, chat_id, form, span, reveal=reveal):
        sys.stdout.buffer.write(piece.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _write(
    db: Database,
    chosen: Sequence[int],
    form: Format,
    directory: Path,
    span: Span,
    *,
    reveal: bool,
    force: bool,
    as_json: bool,
) -> int:
    from chattui.domain.errors import Conflict
    from chattui.export.folder import Folder
    from chattui.export.run import export_chat

    written: list[Written] = []
    failed: list[tuple[int, str]] = []
    shows = sys.stderr.isatty() and len(chosen) > 1
    with Folder(directory) as folder:
        for number, chat_id in enumerate(chosen, 1):
            if shows:
                click.echo(f"\r{number:,} of {len(chosen):,} chats\x1b[K", err=True, nl=False)
            try:
                written.append(export_chat(db, chat_id, form, folder, span=span, replace=force, reveal=reveal))
            except (ExportError, Conflict) as error:
                failed.append((chat_id, str(error)))
                if isinstance(error, ExportError) and not error.exists:
                    break  # what hinders this file hinders the next: a full disk, a directory that may not be written to
    if shows:
        click.echo("\r\x1b[K", err=True, nl=False)
    _report(form, directory, written, failed, total=len(chosen), as_json=as_json)
    return EXIT_ERROR if failed else 0


def _report(
    form: Format,
    directory: Path,
    written: Sequence[Written],
    failed: Sequence[tuple[int, str]],
    *,
    total: int,
    as_json: bool,
) -> None:
    if as_json:
        output.print_json(
            {
                "format": form.name,
                "directory": str(directory),
                "written": [
                    {
                        "chat_id": w.chat_id,
                        "title": w.title,
                        "path": str(w.path),
                        "messages": w.messages,
                        "bytes": w.size,
                    }
                    for w in written
                ],
                "failed": [{"chat_id": chat_id, "reason": reason} for chat_id, reason in failed],
            }
        )
        return
    for one in written:
        click.echo(visible_line(str(one.path)))
    for _, reason in failed[:20]:
        click.echo(f"chattui: {reason}", err=True)
    if len(failed) > 20:
        click.echo(f"  … and {len(failed) - 20} more", err=True)
    if any("is there already" in reason for _, reason in failed):
        click.echo("--force replaces files that are there already.", err=True)
    if total > 1 or not total:
        click.echo(f"{len(written):,} of {total:,} chats written.", err=True)
