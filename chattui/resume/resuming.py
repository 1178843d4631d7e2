"""How a chat is gone on with: in the tool that it was held in, or in another agent as a new session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chattui.domain.chat import Chat
from chattui.domain.errors import ChattuiError, Conflict, SourceError
from chattui.domain.kinds import OWN_SOURCE
from chattui.domain.visible import visible_line
from chattui.resume.agents import Agent
from chattui.resume.context import write_context
from chattui.resume.launch import Launch, hindrance_of
from chattui.sources.registry import source
from chattui.store import chats, imports
from chattui.store.database import Database
from chattui.sync.engine import machine_name

_HAND_OVER: Final = "It can be handed to an agent as a new session: R in the app, or chattui resume --with."
_ID: Final = re.compile(r"[A-Za-z0-9_][\w.:+=@/-]{0,199}", re.ASCII)
_UP: Final = 32
"""Subagents of subagents that are gone up through, at most."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a chat is to be gone on with. ``machine`` is this one's name, ``state_dir`` where files are kept."""

    machine: str
    env: Mapping[str, str]
    state_dir: Path


def here(env: Mapping[str, str], state_dir: Path) -> Here:
    """This machine."""
    return Here(machine_name(), env, state_dir)


def resume(db: Database, chat_id: int, here: Here) -> Launch:
    """How a chat is gone on with in its own tool; a subagent's chat by that of its parent.

    Raises ``Conflict`` when it is gone, ``ChattuiError`` where there is no such command.
    """
    chat = _topmost(db, _chat(db, chat_id))
    if chat.source == OWN_SOURCE:
        raise ChattuiError(f"This chat was begun in chattui, so there is no other tool to resume it in. {_HAND_OVER}")
    try:
        known = source(chat.source)
    except SourceError:
        raise ChattuiError(
            f"How a chat of {visible_line(chat.source)!r} is resumed is not known here. {_HAND_OVER}"
        ) from None
    if not _ID.fullmatch(chat.source_id or ""):  # it goes into a command: nothing that could be an option there
        raise ChattuiError(f"The id of this chat is none that {known.label} gives, so it is not resumed. {_HAND_OVER}")
    command = known.resume_command(chat.source_id or "")
    if not command:
        raise ChattuiError(f"{known.label} cannot be told which chat to resume. {_HAND_OVER}")
    directory = _directory(chat)
    hindrance = _elsewhere(db, chat, directory, here) or hindrance_of(command, directory, known.label, here.env)
    return Launch(chat.id, known.label, command, directory, hindrance)


def hand_over(db: Database, chat_id: int, agent: Agent, here: Here) -> Launch:
    """How a chat is gone on with in an agent, as a new session that begins with the conversation in a file.

    The file is written, for this person alone. Raises ``Conflict`` when the chat is gone, ``ExportError`` when the file
    cannot be written.
    """
    chat = _chat(db, chat_id)
    context = write_context(db, chat, here.state_dir)
    command = agent.command(
        f"Read our conversation so far in the file {context.path} and go on from where it ends.",
        str(context.path.parent),
    )
    directory = _directory(chat)
    hindrance = hindrance_of(command, directory, agent.label, here.env)
    return Launch(chat.id, agent.label, command, directory, hindrance, context.path, context.left_out)


def _chat(db: Database, chat_id: int) -> Chat:
    chat = chats.get(db, chat_id)
    if chat is None:
        raise Conflict(f"There is no chat {chat_id} any more. It may have been deleted elsewhere.")
    return chat


def _topmost(db: Database, chat: Chat) -> Chat:
    """The chat that a subagent works for, itself for others: a tool resumes only what a person began."""
    for _ in range(_UP):
        parent = chats.get(db, chat.parent_id) if chat.parent_id is not None else None
        if parent is None:
            break
        chat = parent
    return chat


def _directory(chat: Chat) -> Path | None:
    """The chat's project; None where none is known. Raises ``ChattuiError`` for what is no path of a directory."""
    if not chat.project:
        return None
    directory = Path(chat.project)
    if not directory.is_absolute() or "\0" in chat.project:
        raise ChattuiError(f"The project {visible_line(chat.project)!r} of this chat is no directory here.")
    return directory


def _elsewhere(db: Database, chat: Chat, directory: Path | None, here: Here) -> str:
    """Why a chat that came from other machines alone cannot be resumed here; "" where its directory and history are."""
    places = imports.places(db, chat.id)
    machines = {place.machine for place in places}
    if not machines or here.machine in machines:
        return ""
    is_here = (directory is None or directory.is_dir()) and any(Path(place.path).is_file() for place in places)
    if is_here:  # a directory that machines share
        return ""
    return f"This chat was held on {visible_line(', '.join(sorted(machines)))}, and can be resumed only there."
