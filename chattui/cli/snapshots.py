"""``chattui snapshots``: the state of a chat at a moment, kept, listed, looked at, compared and gone back to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chattui.cli import output
from chattui.cli.context import EXIT_NOT_FOUND, Context
from chattui.cli.revealing import reveal_option
from chattui.domain.errors import Conflict
from chattui.domain.secrets import masked, masked_json, shown_line
from chattui.domain.snapshots import Desk, Section, SnapshotRow, compared, described
from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.domain.chat import Chat
    from chattui.store.database import Database
    from chattui.tui.drafts import Drafts

NOW = "now"


class NoSuchChat(click.ClickException):
    """The chat that was named is not there."""

    exit_code = EXIT_NOT_FOUND

    def show(self, file: Any = None) -> None:  # noqa: ARG002
        """As every verb says it."""
        click.echo(f"chattui: {self.message}", err=True)


@click.group()
def snapshots() -> None:
    """The state of a chat at a moment: to-do list, issue, results of tools, a reply being written, draft, place, details.

    One is taken by itself while a chat changes in the app; save keeps one by a name.
    """


@contextmanager
def _found(context: Context, reference: str) -> Iterator[tuple[Database, Chat, Drafts]]:
    from chattui.store import chats
    from chattui.tui.drafts import Drafts

    with context.store() as db:
        chat = chats.find(db, reference)
        if chat is None:
            raise NoSuchChat(f"there is no chat {visible_line(reference)!r}. `chattui list` shows what there is.")
        settings = context.settings()
        yield db, chat, Drafts(settings.state_dir, settings.database_name)


def _desk(db: Database, chat: Chat, drafts: Drafts) -> Desk:
    """What is known outside of the app: the draft that it has kept, and where the chat was left."""
    from chattui.store import snapshots as places

    place = places.place(db, chat.id)
    files = tuple(map(str, drafts.files(chat.id)))
    if place.get("at_end", True) or not isinstance(place.get("seq"), int):
        return Desk(drafts.get(chat.id), files)
    return Desk(drafts.get(chat.id), files, place["seq"], int(place.get("line") or 0), False)


@snapshots.command(name="list")
@click.argument("chat")
@reveal_option
@click.option("--json", "as_json", is_flag=True, help="Print {chat_id, snapshots: […]}.")
@click.pass_obj
def list_(context: Context, chat: str, reveal: bool | None, as_json: bool) -> int:
    """The snapshots of a chat, the newest first."""
    from chattui.store import states

    shows = context.reveals(reveal)
    with _found(context, chat) as (db, found, _):
        kept = states.of_chat(db, found.id)
    if as_json:
        output.print_json({"chat_id": found.id, "snapshots": [_row_json(row, shows=shows) for row in kept]})
    elif not kept:
        click.echo("No snapshots of this chat yet: `chattui snapshots save CHAT NAME` takes one.")
    else:
        for row in kept:
            click.echo(_line(row, shows=shows))
    return 0


@snapshots.command()
@click.argument("chat")
@click.argument("snapshot")
@reveal_option
@click.option("--json", "as_json", is_flag=True, help="Print {id, name, taken_at, messages, …, state}.")
@click.pass_obj
def show(context: Context, chat: str, snapshot: str, reveal: bool | None, as_json: bool) -> int:
    """What a snapshot keeps; SNAPSHOT is its number or its name, or now."""
    from chattui.store import states

    shows = context.reveals(reveal)
    with _found(context, chat) as (db, found, drafts):
        if snapshot == NOW:
            head: dict[str, Any] = {"id": None, "name": None, "taken_at": None}
            state = states.present(db, found.id, _desk(db, found, drafts))
        else:
            kept = states.find(db, found.id, snapshot)
            state, head = kept.state, {"id": kept.id, "name": kept.name or None, "taken_at": kept.taken_at}
    if as_json:
        document = head | {"state": state.as_json()}
        output.print_json(document if shows else masked_json(document))
    else:
        _print_sections(described(state), shows=shows)
    return 0


@snapshots.command()
@click.argument("chat")
@click.argument("before")
@click.argument("after", default=NOW)
@reveal_option
@click.option("--json", "as_json", is_flag=True, help="Print {before, after, changes: [{about, lines}]}.")
@click.pass_obj
def diff(context: Context, chat: str, before: str, after: str, reveal: bool | None, as_json: bool) -> int:
    """What differs between two snapshots, or between one and now."""
    from chattui.store import states

    shows = context.reveals(reveal)
    with _found(context, chat) as (db, found, drafts):
        both = [
            states.present(db, found.id, _desk(db, found, drafts))
            if reference == NOW
            else states.find(db, found.id, reference).state
            for reference in (before, after)
        ]
    sections = compared(*both)
    if as_json:
        changes = [{"about": label, "lines": list(lines)} for label, lines in sections]
        document = {"before": before, "after": after, "changes": changes}
        output.print_json(document if shows else masked_json(document))
    elif sections:
        _print_sections(sections, shows=shows)
    else:
        click.echo("Nothing differs.")
    return 0


@snapshots.command()
@click.argument("chat")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the snapshot as list does.")
@click.pass_obj
def save(context: Context, chat: str, name: str, as_json: bool) -> int:
    """Keep the state of a chat as it is now, by a name, until it is removed."""
    from chattui.store import states

    with _found(context, chat) as (db, found, drafts):
        row = states.save(db, found.id, name, _desk(db, found, drafts))
    if as_json:
        output.print_json(_row_json(row, shows=True))
    else:
        click.echo(f"Snapshot {row.id} “{visible_line(row.name)}” is kept.")
    return 0


@snapshots.command()
@click.argument("chat")
@click.argument("snapshot")
@click.option("--json", "as_json", is_flag=True, help="Print {restored, before, added}.")
@click.pass_obj
def restore(context: Context, chat: str, snapshot: str, as_json: bool) -> int:
    """Set a chat as it was. What it was before is a snapshot too, made first; no message is changed or removed."""
    from chattui.store import snapshots as places
    from chattui.store import states

    with _found(context, chat) as (db, found, drafts):
        kept = states.find(db, found.id, snapshot)
        back = states.go_back(db, kept, _desk(db, found, drafts))
        desk = kept.state.desk
        drafts.put(found.id, desk.draft)
        drafts.put_files(found.id, [Path(name) for name in desk.files])
        if desk.seq:
            places.save_place(db, found.id, {"seq": desk.seq, "line": desk.line, "at_end": desk.at_end})
    if as_json:
        output.print_json({"restored": kept.id, "before": back.before, "added": back.added})
    else:
        added = f" {back.added} messages were added at its end." if back.added else ""
        click.echo(f"The chat is as it was in snapshot {kept.id}.{added} Snapshot {back.before} is how it was before.")
    return 0


@snapshots.command()
@click.argument("chat")
@click.argument("snapshot")
@click.option("--json", "as_json", is_flag=True, help="Print {removed}.")
@click.pass_obj
def rm(context: Context, chat: str, snapshot: str, as_json: bool) -> int:
    """Forget a snapshot."""
    from chattui.store import states

    with _found(context, chat) as (db, found, _):
        kept = states.find(db, found.id, snapshot)
        if not states.remove(db, found.id, kept.id):
            raise Conflict("The snapshot is gone already.")
    if as_json:
        output.print_json({"removed": kept.id})
    else:
        click.echo(f"Snapshot {kept.id} is removed.")
    return 0


def _row_json(row: SnapshotRow, *, shows: bool) -> dict[str, Any]:
    name = row.name if shows else masked(row.name)
    return {
        "id": row.id,
        "name": name or None,
        "taken_at": row.taken_at,
        "messages": row.messages,
        "todo": {"done": row.done, "total": row.todo},
        "draft": row.has_draft,
        "reply": row.has_reply,
    }


def _line(row: SnapshotRow, *, shows: bool) -> str:
    when = row.taken_at.astimezone().strftime("%Y-%m-%d %H:%M")
    name = shown_line(row.name, not shows) or "(by itself)"
    facts = [f"{row.messages:,} messages"]
    if row.todo:
        facts.append(f"{row.done} of {row.todo} done")
    facts += ["a draft"] * row.has_draft + ["a reply being written"] * row.has_reply
    return f"{row.id:>8}  {when}  {name}  {', '.join(facts)}"


def _print_sections(sections: Sequence[Section], *, shows: bool) -> None:
    for label, lines in sections:
        text = "\n".join(lines)
        said = (text if shows else masked(text)).split("\n")
        if len(said) == 1:
            click.echo(f"{label:<16} {visible_line(said[0])}")
            continue
        click.echo(label)
        for line in said:
            click.echo(f"    {visible_line(line)}")
