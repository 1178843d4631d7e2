"""Turns of agents for the app: which agent is meant, where it works, what it is told, and whether its session goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.errors import ChattuiError
from chattui.domain.turns import TURN
from chattui.domain.visible import visible_line

if TYPE_CHECKING:
    from chattui.config.agents import AgentSettings
    from chattui.domain.chat import Message
    from chattui.domain.replies import Turn
    from chattui.replies.acp.process import Talks
    from chattui.replies.acp.process import Turn as Held
    from chattui.replies.events import Event, Session
    from chattui.store.database import Database
    from chattui.tui.data.live_reply import LiveReply

MOST_BEFORE = 120_000
"""Characters of a conversation that an agent is told when its session begins in the middle of a chat, the newest."""


class AgentTurns:
    """Works on the thread of replies, but for ``names`` and ``answer``."""

    def __init__(self, db: Callable[[], Database], configured: Sequence[AgentSettings]) -> None:
        self._database = db
        self._configured = configured
        self._talks: Talks | None = None
        self._lock = threading.Lock()
        self._last: dict[int, int] = {}  # by chat, the last message that its agent's session knows of
        self._agents: dict[int, str] = {}  # by chat, the agent that was asked last
        self._sessions: dict[int, tuple[str, str]] = {}  # by chat, the agent and its session that can be taken up again

    @property
    def names(self) -> tuple[str, ...]:
        """The agents that are configured or installed, as models are named."""
        from chattui.replies.acp import PREFIX, is_installed, speaking

        return tuple(PREFIX + a.name for a in speaking(self._configured, os.environ)) if is_installed() else ()

    def meant(self, model: str) -> AgentSettings | None:
        """The agent that a model's name means, None for a model. Raises ``ChattuiError`` where it cannot be spoken to."""
        from chattui.replies.acp import NOT_INSTALLED, PREFIX, agent_of, is_installed

        if not model.startswith(PREFIX):
            return None
        agent = agent_of(model, self._configured)
        if agent is None:
            raise ChattuiError(
                f"There is no agent {visible_line(model.removeprefix(PREFIX))!r} here that speaks the Agent Client "
                "Protocol. Ctrl+O shows those there are; [agents.NAME] in the config file adds one."
            )
        if not is_installed():
            raise ChattuiError(NOT_INSTALLED)
        return agent

    def hold(
        self,
        live: LiveReply,
        agent: AgentSettings,
        turns: Sequence[Turn],
        system: str,
        on_event: Callable[[Event], None],
    ) -> Held:
        """Hold a turn. Raises ``ChattuiError`` where its directory is gone, ``OSError`` where no process can be started."""
        from chattui.replies.acp.process import Talks
        from chattui.replies.acp.request import TurnRequest

        chat_id, prompt = live.chat_id, turns[-1]
        with self._lock:
            if self._talks is None:
                self._talks = Talks()
        parent = self._parent_of(live)
        kept = "" if live.wanted.again else self._kept_session(chat_id, agent.name, parent)
        fresh = live.wanted.again or (not kept and self._last.get(chat_id) != parent)
        request = TurnRequest(
            agent, self._directory(chat_id), prompt.text, prompt.files, _told(turns[:-1], system), fresh, kept
        )
        self._last[chat_id] = live.wanted.seq
        self._agents[chat_id] = agent.name
        return self._talks.hold(chat_id, request, on_event)

    def _kept_session(self, chat_id: int, agent: str, parent: int | None) -> str:
        """The session that this agent can take up again where the chat has not parted since; empty for none."""
        from chattui.store import replies

        kept = replies.session(self._database(), chat_id)
        return kept.id if kept is not None and (kept.agent, kept.seq) == (agent, parent) else ""

    def began(self, live: LiveReply, session: Session) -> str:
        """A turn is held in this session; what is to be said of it, in a line. From any thread."""
        if session.kept:
            self._sessions[live.chat_id] = (self._agents[live.chat_id], session.session)
        else:
            self._sessions.pop(live.chat_id, None)
        name = visible_line(live.model)
        if session.loaded:
            return f"{name} goes on with the session that it had here."
        return f"{name} begins a new session, and was told what was said before." if session.told else ""

    def made(self, live: LiveReply, messages: Sequence[Message], *, is_over: bool = False) -> None:
        """These messages came of a turn, or a reply, of which the session knows nothing."""
        if messages and live.key.startswith(TURN):
            self._last[live.chat_id] = messages[-1].seq
            if is_over:
                self._remember(live.chat_id, messages[-1].seq)

    def _remember(self, chat_id: int, seq: int) -> None:
        from chattui.domain.replies import KeptSession
        from chattui.store import replies

        if (known := self._sessions.get(chat_id)) is not None:
            replies.keep_session(self._database(), chat_id, KeptSession(*known, seq))

    def answer(self, live: LiveReply, ask: str, option: str) -> None:
        """Answer what an agent asked; an empty option refuses."""
        live.answered(ask)
        held = live.asking
        if held is not None:
            held.answer(ask, option)

    def close(self) -> None:
        """End every agent."""
        with self._lock:
            talks, self._talks = self._talks, None
        if talks is not None:
            talks.close()

    def _parent_of(self, live: LiveReply) -> int | None:
        """What the prompt comes after, or the reply itself that is gone on with."""
        from chattui.domain.kinds import Role
        from chattui.store import messages

        seq = live.wanted.seq
        found = messages.page(self._database(), live.chat_id, seq, seq)
        if not found or found[0].role is not Role.USER:
            return seq
        return found[0].parent_seq if found[0].parent_seq is not None else seq - 1

    def _directory(self, chat_id: int) -> str:
        from chattui.store import chats

        chat = chats.get(self._database(), chat_id)
        if chat is None:
            raise ChattuiError("The chat is not there any more. It may have been deleted elsewhere.")
        directory = Path(chat.project) if chat.project else Path.cwd()
        if not directory.is_absolute() or "\0" in str(directory) or not directory.is_dir():
            raise ChattuiError(
                f"The chat's directory {visible_line(str(directory))} is not there, so the agent cannot work in it."
            )
        return str(directory)


def _told(turns: Sequence[Turn], system: str) -> str:
    said = "\n\n".join(f"{'User' if turn.role == 'user' else 'Assistant'}: {turn.text}" for turn in turns)
    return "\n\n".join(filter(None, (system, said[-MOST_BEFORE:])))
