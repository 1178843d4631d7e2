"""``chattui show``: one chat as Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterator

import click

from chattui.cli import output
from chattui.cli.context import EXIT_NOT_FOUND, Context
from chattui.cli.raw import print_raw
from chattui.cli.revealing import reveal_option
from chattui.domain.chat import Chat, Message
from chattui.domain.kinds import Kind
from chattui.domain.marks import Mark
from chattui.domain.visible import visible, visible_line

PAGE = 500


@click.command()
@click.argument("chat")
@click.option("--from", "first", default=1, type=click.IntRange(1), help="First message to print.")
@click.option("--to", "last", default=None, type=click.IntRange(1), help="Last message to print.")
@click.option("--talk", is_flag=True, help="Only prompts and replies, without tools and thinking.")
@click.option("--raw", is_flag=True, help="Print what was not understood of it, as its files have it.")
@reveal_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print {chat: {…}, messages: […]}; with --raw {chat: {…}, raw: […]}."
)
@click.pass_obj
def show(
    context: Context,
    chat: str,
    first: int,
    last: int | None,
    talk: bool,
    raw: bool,
    reveal: bool | None,
    as_json: bool,
) -> int:
    """Print a chat, named by its id, or by its source's id or the beginning of that."""
    from chattui.domain.secrets import masked_chat, masked_mark, masked_message
    from chattui.store import chats, marks, messages
    from chattui.store.database import Database

    shows = context.reveals(reveal)

    def pages(db: Database, found: Chat) -> Iterator[Message]:
        end = min(found.message_count, last or found.message_count)
        for start in range(first, end + 1, PAGE):
            for message in messages.page(db, found.id, start, min(end, start + PAGE - 1)):
                if not talk or message.kind in (Kind.TEXT, Kind.ATTACHMENT):
                    yield message if shows else masked_message(message)

    with context.store() as db:
        found = chats.find(db, chat)
        if found is None:
            click.echo(
                f"chattui: there is no chat {visible_line(chat)!r}. `chattui list` shows what there is.", err=True
            )
            return EXIT_NOT_FOUND
        of_chat = marks.of_chat(db, found.id)
        if raw:
            print_raw(db, found, shows=shows, as_json=as_json)
            return 0
        if not shows:
            found, of_chat = masked_chat(found), [masked_mark(mark) for mark in of_chat]
        if as_json:
            _print_json(found, pages(db, found), of_chat)
        else:
            _print_markdown(found, pages(db, found), of_chat)
    return 0


def _print_json(chat: Chat, messages: Iterator[Message], marks: list[Mark]) -> None:
    """One document, written message by message, so that a long chat is never held whole."""
    on = {mark.seq: mark for mark in marks}
    gone = [output.gone_mark_json(mark) for mark in marks if mark.seq is None]
    head = output.to_json(output.chat_json(chat) | {"gone_marks": gone}).replace("\n", "\n  ")
    click.echo(f'{{\n  "chat": {head},\n  "messages": [', nl=False)
    separator = "\n    "
    for message in messages:
        body = output.to_json(output.message_json(message, on.get(message.seq))).replace("\n", "\n    ")
        click.echo(separator + body, nl=False)
        separator = ",\n    "
    click.echo("\n  ]\n}")


def _print_markdown(chat: Chat, messages: Iterator[Message], marks: list[Mark]) -> None:
    from chattui.domain.portable import PortableChat
    from chattui.export.markdown import heading, message_markdown

    on = {mark.seq: mark for mark in marks}
    click.echo(heading(PortableChat(chat)), nl=False)
    if chat.tags:
        click.echo(visible_line(" ".join(f"#{tag}" for tag in chat.tags)) + "\n")
    if chat.description:
        click.echo(_note(chat.description))
    for message in messages:
        click.echo(message_markdown(message))
        if (mark := on.get(message.seq)) is not None:
            click.echo(_note(mark.note, star=mark.bookmarked))


def _note(text: str, *, star: bool = False) -> str:
    """A note as a quotation, as notes and bookmarks stand below what they are on."""
    note = "\n> ".join(visible(text).split("\n"))
    return "> " + " ".join(filter(None, ["★" if star else "", f"✎ {note}" if note else ""])) + "\n"
