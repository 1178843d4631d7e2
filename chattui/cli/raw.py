"""``chattui show --raw``: what was not understood of a chat, as its history files have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.domain.history import RAW_PIECES
from chattui.domain.visible import visible, visible_line

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.store.database import Database
    from chattui.store.raw_records import KeptRecord


def print_raw(db: Database, chat: Chat, *, shows: bool, as_json: bool) -> None:
    """Every record that was kept, in the order of its file. ``shows``: secrets in them are shown as they are."""
    from chattui.domain.secrets import masked, masked_chat
    from chattui.store import raw_records

    records = raw_records.of_chat(db, chat.id)

    def text(record: KeptRecord) -> str:
        return record.text if shows else masked(record.text)

    if as_json:
        found = chat if shows else masked_chat(chat)
        rows = [_json(record, text(record)) for record in records]
        output.print_json({"chat": output.chat_json(found), "raw": rows})
        return
    if not records:
        click.echo(
            "Everything in this chat was understood, or nothing is kept: keep-raw is off for its source.", err=True
        )
    for record in records:
        place = f"{record.path}, record {record.line}" + (f".{record.part}" if 0 < record.part < RAW_PIECES else "")
        when = record.met_at.astimezone().strftime("%Y-%m-%d %H:%M")
        click.secho(f"{visible_line(record.machine)}: {visible_line(place)}", bold=True)
        click.echo(f"  {visible_line(record.what)} · {record.size:,} bytes · met {when}")
        click.echo(visible(text(record)))
        if not record.is_whole:
            click.echo("  … its end is not kept")
        click.echo()


def _json(record: KeptRecord, text: str) -> dict[str, object]:
    return {
        "machine": record.machine,
        "path": record.path,
        "line": record.line,
        "part": record.part,
        "what": record.what,
        "size": record.size,
        "whole": record.is_whole,
        "text": text,
        "met_at": record.met_at.isoformat(),
    }
