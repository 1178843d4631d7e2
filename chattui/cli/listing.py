"""``chattui list``: recents, page by page."""

from __future__ import annotations

import shutil

import click

from chattui.cli import output
from chattui.cli.context import Context
from chattui.cli.revealing import reveal_option


@click.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many chats at most.")
@click.option(
    "--match",
    "needle",
    default="",
    metavar="TEXT",
    help="Only chats with these words in title, project, tags or notes.",
)
@click.option("--tag", "tags", multiple=True, metavar="NAME", help="Only chats with this tag; again for further ones.")
@click.option(
    "--has",
    multiple=True,
    type=click.Choice(["note", "bookmark"]),
    help="Only chats with a note, or a bookmark, in them.",
)
@click.option("--source", metavar="NAME", help="Only chats of one source, such as claude-code.")
@click.option("--archived", is_flag=True, help="Archived chats instead.")
@click.option("--deleted", is_flag=True, help="Deleted chats instead.")
@reveal_option
@click.option("--json", "as_json", is_flag=True, help="Print {chats: […], more: true|false}.")
@click.pass_obj
def list_(
    context: Context,
    limit: int,
    needle: str,
    tags: tuple[str, ...],
    has: tuple[str, ...],
    source: str | None,
    archived: bool,
    deleted: bool,
    reveal: bool | None,
    as_json: bool,
) -> int:
    """List chats, pinned first, then the latest first."""
    from chattui.domain.kinds import ChatStatus
    from chattui.domain.secrets import masked_row
    from chattui.store import chats

    status = ChatStatus.DELETED if deleted else ChatStatus.ARCHIVED if archived else ChatStatus.ACTIVE
    with context.store() as db:
        rows = chats.recents(
            db,
            limit=limit + 1,
            needle=needle,
            tags=tags,
            noted="note" in has,
            bookmarked="bookmark" in has,
            source=source,
            status=status,
        )
    shown, more = rows[:limit], len(rows) > limit
    shown = shown if context.reveals(reveal) else [*map(masked_row, shown)]
    if as_json:
        output.print_json({"chats": [output.chat_row_json(r) for r in shown], "more": more})
        return 0
    width = shutil.get_terminal_size((100, 24)).columns
    for row in shown:
        click.echo(output.chat_line(row, width))
    if not shown and (needle or tags or has or source):
        click.echo("No chat is like this.", err=True)
    elif not shown:
        click.echo("No chats yet. `chattui import` brings in what your agents left here.", err=True)
    elif more:
        click.echo(f"… more: raise --limit {limit}", err=True)
    return 0
