"""``chattui resume``: go on with a chat in its own tool, or in another agent."""

from __future__ import annotations

import os
import sys

import click

from chattui.cli import output
from chattui.cli.context import EXIT_NOT_FOUND, Context
from chattui.domain.errors import ChattuiError
from chattui.domain.visible import visible_line


@click.command()
@click.argument("chat")
@click.option(
    "--with", "name", metavar="AGENT", help="Begin a new session of this agent with the conversation in a file."
)
@click.option("--print", "printed", is_flag=True, help="Only print the command.")
@click.option("--json", "as_json", is_flag=True, help="Only print {chat_id, command, directory, shell, file, …}.")
@click.pass_obj
def resume(context: Context, chat: str, name: str | None, printed: bool, as_json: bool) -> int:
    """Go on with a chat where it was written: in its own tool, in its directory.

    With --with AGENT (claude, codex, gemini, opencode, …) another agent goes on with it: it begins a new session by
    reading the conversation, or its newest part, from a file.
    """
    from chattui.resume import resuming
    from chattui.resume.agents import agent
    from chattui.store import chats

    other = agent(name) if name is not None else None
    with context.store() as db:
        found = chats.find(db, chat)
        if found is None:
            click.echo(
                f"chattui: there is no chat {visible_line(chat)!r}. `chattui list` shows what there is.", err=True
            )
            return EXIT_NOT_FOUND
        here = resuming.here(os.environ, context.settings().state_dir)
        launch = resuming.hand_over(db, found.id, other, here) if other else resuming.resume(db, found.id, here)
    if as_json:
        output.print_json(
            {
                "chat_id": launch.chat_id,
                "agent": launch.label,
                "command": list(launch.command),
                "directory": str(launch.directory) if launch.directory is not None else None,
                "shell": launch.shell,
                "file": str(launch.file) if launch.file is not None else None,
                "left_out": launch.left_out,
                "hindrance": launch.hindrance or None,
            }
        )
        return 0
    if launch.left_out:
        click.echo(f"The first {launch.left_out:,} messages are left out of {launch.file}: the chat is long.", err=True)
    if printed:
        if launch.hindrance:
            click.echo(f"chattui: {launch.hindrance}", err=True)
        click.echo(visible_line(launch.shell))
        return 0
    if launch.hindrance:
        raise ChattuiError(launch.hindrance)
    program, environment = launch.program(os.environ), launch.environment(os.environ)
    sys.stdout.flush()
    try:
        if launch.directory is not None:
            os.chdir(launch.directory)
        os.execve(program, list(launch.command), environment)  # noqa: S606 - that no shell is between is meant
    except OSError as error:
        raise ChattuiError(f"{launch.label} cannot be started: {error.strerror}.") from error
