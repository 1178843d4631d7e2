"""``chattui new``: begin a chat, here or in the app, and print the reply to it."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, EXIT_USAGE, Context
from chattui.cli.revealing import reveal_option
from chattui.domain.errors import ChattuiError
from chattui.domain.visible import visible, visible_line

if TYPE_CHECKING:
    from chattui.domain.chat import Chat, Message
    from chattui.replies.events import Event
    from chattui.store.database import Database


@click.command()
@click.argument("text", nargs=-1)
@click.option("--title", default="", help="A title; otherwise the first line names the chat.")
@click.option("--project", default=None, help="The directory the chat belongs to.  [default: this one]")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option(
    "--reply/--no-reply", "wanted", default=None, help="Ask for a reply.  [default: where a model is configured]"
)
@click.option("--model", default="", metavar="NAME", help="The model that replies in this chat.")
@reveal_option
@click.option("--json", "as_json", is_flag=True, help="Print the chat that was made, and the reply.")
@click.pass_obj
def new(
    context: Context,
    text: tuple[str, ...],
    title: str,
    project: str | None,
    tags: tuple[str, ...],
    wanted: bool | None,
    model: str,
    reveal: bool | None,
    as_json: bool,
) -> int:
    """Begin a chat with TEXT as its first message; `-` reads it from standard input.

    Where a model is configured its reply is printed as it comes, and kept. Ctrl+C stops it; what came is kept too.

    Without TEXT on a terminal the app opens, ready to write: bind a key of your shell or of tmux to it.
    """
    content = " ".join(text)
    if content == "-" or (not content and not sys.stdin.isatty()):
        content = sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")
    if not content.strip():
        from chattui.cli.opening import AppArguments, can_draw, run_app

        if can_draw() and not as_json and sys.stdin.isatty():
            return run_app(AppArguments(database=context.database, new=True))
        click.echo("chattui: give the first message as TEXT or on standard input.", err=True)
        return EXIT_USAGE
    from chattui.cli.replying import can_reply
    from chattui.domain.replies import ReplySettings
    from chattui.store import chats, messages, replies

    asks = can_reply(context.settings(), wanted, model)
    with context.store() as db:
        chat = chats.create(db, title=title, project=project or str(Path.cwd()), tags=tags)
        if model:
            replies.set_settings(db, chat.id, ReplySettings(model=model))
        prompt = messages.append(db, chat.id, content, key=uuid.uuid4().hex)
        chat = chats.get(db, chat.id) or chat
        if asks:
            return _reply(context, db, chat, prompt, model, masks=not context.reveals(reveal), as_json=as_json)
    if as_json:
        output.print_json(output.chat_json(chat))
    else:
        click.echo(f"{chat.id}  {visible_line(chat.title)}")
    return 0


def _reply(
    context: Context, db: Database, chat: Chat, prompt: Message, model: str, *, masks: bool, as_json: bool
) -> int:
    """Print the reply, and on standard error which chat it is in and what went wrong; the exit code."""
    from chattui.cli.replying import Printed, reply_to
    from chattui.domain.secrets import masked
    from chattui.replies.events import Text, Warned
    from chattui.store import chats

    printed = Printed(masks=masks)

    def hear(event: Event) -> None:
        if isinstance(event, Text) and not as_json:
            printed.add(event.text)
        elif isinstance(event, Warned):
            click.echo(f"chattui: {visible_line(event.sentence)}", err=True)

    click.echo(f"{chat.id}  {visible_line(chat.title)}", err=True)
    try:
        live, _ = reply_to(db, context.settings(), prompt, model, hear)
    except OSError as error:
        raise ChattuiError(f"The model cannot be asked: {error.strerror}.") from error
    finally:
        if not as_json:
            printed.end()
    end = live.how_it_ended()
    if as_json:
        content = live.reply().content
        about = {"model": live.model, "content": masked(content) if masks else content, "ended": end.why}
        made = chats.get(db, chat.id) or chat
        output.print_json({**output.chat_json(made), "reply": {**about, "error": end.sentence or None}})
    if end.sentence:
        click.echo(f"chattui: {visible(end.sentence)} The message is kept: chattui --chat {chat.id}.", err=True)
    return EXIT_ERROR if end.why == "failed" else 0
