"""What the records of a session tell about the chat as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import ChatInfo
from chattui.sources.claude_code.titles import Titles
from chattui.sources.content import moment, text_of

NAME: Final = "claude-code"


@dataclass(frozen=True, slots=True)
class Family:
    """What the place of a file tells before it is opened.

    ``chat_id`` names the chat unless a record does (``fixed`` False). ``agent_id`` is only set for a subagent, whose chat
    is called ``parent_id/agent_id``; ``call_id`` is the tool call that started it.
    """

    chat_id: str
    fixed: bool = True
    agent_id: str = ""
    parent_id: str = ""
    call_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class About:
    """Collects what a ``ChatInfo`` holds."""

    def __init__(self, family: Family, state: Mapping[str, Any]) -> None:
        self.family = family
        self.titles = Titles(state.get("titles"))
        self.model: str = state.get("model", "")
        self.repository: str = state.get("repository", "")
        self.cost: float | None = state.get("cost")
        self._chat_id: str = state.get("chat", family.chat_id)
        self._parent_id: str = state.get("parent", family.parent_id)
        self._fixed: bool = state.get("fixed", family.fixed)
        self._first_at: str = state.get("first_at", "")
        self._cwd: str = state.get("cwd", "")
        self._branch: str = state.get("branch", "")
        self._version: str = state.get("version", "")

    def state(self) -> dict[str, Any]:
        """For the chunk's state."""
        return {
            "titles": self.titles.state(),
            "model": self.model,
            "repository": self.repository,
            "cost": self.cost,
            "chat": self._chat_id,
            "parent": self._parent_id,
            "fixed": self._fixed,
            "first_at": self._first_at,
            "cwd": self._cwd,
            "branch": self._branch,
            "version": self._version,
        }

    def learn(self, record: Mapping[str, Any]) -> datetime | None:
        """Take in what every record of the chain repeats; the record's time."""
        if not self._cwd:
            self._cwd = text_of(record.get("cwd"))
        if not self._fixed and (session := text_of(record.get("sessionId"))):
            self._fixed = True
            if not self.family.agent_id:
                self._chat_id = session
            elif session != self._chat_id:
                self._parent_id = session
        version = record.get("version")
        if version and version != self._version:
            self._version = text_of(version) or self._version
        branch = record.get("gitBranch")
        if branch and branch not in (self._branch, "HEAD"):
            self._branch = text_of(branch) or self._branch
        stamp = record.get("timestamp")
        at = moment(stamp)
        if at is not None and isinstance(stamp, str) and (not self._first_at or stamp < self._first_at):
            self._first_at = stamp
        return at

    def chat(self, root: str) -> ChatInfo:
        """The chat as far as it is known."""
        title, origin = self.titles.best()
        metadata: dict[str, Any] = dict(self.family.metadata)
        if origin:
            metadata["title_from"] = origin
        if self.cost is not None:
            metadata["cost_usd"] = self.cost
        is_agent = self.family.agent_id and self._parent_id
        return ChatInfo(
            source=NAME,
            source_id=f"{self._parent_id}/{self.family.agent_id}" if is_agent else self._chat_id,
            title=title,
            project=self._cwd,
            git_branch=self._branch,
            repository=self.repository,
            agent=f"{NAME} {self._version}" if self._version else NAME,
            model=self.model,
            created_at=moment(self._first_at),
            parent_source_id=self._parent_id,
            parent_call_id=self.family.call_id,
            root_id=root,
            metadata=metadata,
        )
