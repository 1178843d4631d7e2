"""``chattui new``: begin a chat, here or in the app."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import click

from chattui.cli import output
from chattui.cli.context import EXIT_USAGE, Context
from chattui.domain.visible import visible_line


@click.command()
@click.argument("text", nargs=-1)
@click.option("--title", default="", help="A title; otherwise the first line names the chat.")
@click.option("--project", default=None, help="The directory the chat belongs to.  [default: this one]")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print the chat that was made.")
@click.pass_obj
def new(
    context: Context, text: tuple[str, ...], title: str, project: str | None, tags: tuple[str, ...], as_json: bool
) -> int:
    """Begin a chat with TEXT as its first message; `-` reads it from standard input.

    Without TEXT on a terminal the app opens, ready to write: bind a key of your shell or of tmux to it.
    """
    content = " ".join(text)
    if content == "-" or (not content and not sys.stdin.isatty()):
        content = sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
    if not content.strip():
        from chattui.cli.opening import AppArguments, can_draw, run_app

        if can_draw() and not as_json:
            return run_app(AppArguments(database=context.database, new=True))
        click.echo("chattui: give the first message as TEXT or on standard input.", err=True)
        return EXIT_USAGE
    from chattui.store import chats, messages

    with context.store() as db:
        chat = chats.create(db, title=title, project=project or str(Path.cwd()), tags=tags)
        messages.append(db, chat.id, content, key=uuid.uuid4().hex)
        made = chats.get(db, chat.id) or chat
    if as_json:
        output.print_json(output.chat_json(made))
    else:
        click.echo(f"{made.id}  {visible_line(made.title)}")
    return 0
