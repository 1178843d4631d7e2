"""What is known of a rollout at a point: all that reading on from there needs, in values that never change in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from chattui.domain.history import ChatInfo
from chattui.sources.codex import items
from chattui.sources.codex.tokens import NOTHING, Counts
from chattui.sources.content import TITLE_LENGTH, first_line, moment, text_of

NAME: Final = "codex"
_TURNS: Final = 256


@dataclass(slots=True)
class At:
    """A record's place: its line and number in it as an id, its time, and whether it stands without an envelope."""

    record_id: str
    line: int
    time: datetime | None
    bare: bool = False


@dataclass
class Rollout:
    """``vars`` of it is a chunk's state: every value is JSON, and is replaced, never changed."""

    chat_id: str
    identified: bool = False
    first_at: str = ""
    cwd: str = ""
    branch: str = ""
    repository: str = ""
    version: str = ""
    model: str = ""
    parent: str = ""
    forked_from: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    title_from: str = ""
    paginated: bool = False
    own_from: int = 0  # records with a lower ordinal are the parent's
    copied: bool | None = False  # inside the copied turns of a fork; None: not known yet
    user_events: bool = False  # prompts come as events: items that repeat them are to be left out
    agent_events: bool = False
    flushed_item: str = ""  # an answer that was taken from its item, should its event still follow
    twins: tuple[str, ...] = ()  # thoughts whose second appearance is to be left out
    last: str | None = None  # source_id of the last message
    before_prompts: tuple[str | None, ...] = ()  # for each prompt, the message it was given after
    total: Counts | None = None
    owed: Counts = NOTHING  # tokens for the next message

    @classmethod
    def restored(cls, chat_id: str, state: Mapping[str, Any] | None) -> Rollout:
        """From a chunk's state, which may have been JSON in between."""
        known = {entry.name for entry in fields(cls)}
        values = {name: value for name, value in (state or {}).items() if name in known}
        for name, value in values.items():
            if isinstance(value, list):
                values[name] = tuple(value)
        return cls(**{"chat_id": chat_id, **values})

    def snapshot(self) -> dict[str, Any]:
        """As it is now."""
        return dict(vars(self))

    def identify(self, meta: Mapping[str, Any], ordinal: object) -> None:
        """Take the first ``session_meta`` as the thread's own; later ones may be a copied parent's."""
        if self.identified:
            return
        self.identified = True
        self.chat_id = text_of(meta.get("id")) or self.chat_id
        self.cwd = text_of(meta.get("cwd"))
        self.version = text_of(meta.get("cli_version"))
        self.forked_from = text_of(meta.get("forked_from_id"))
        self.parent = text_of(meta.get("parent_thread_id"))
        self.paginated = meta.get("history_mode") == "paginated"
        self.copied = None if self.forked_from and not self.paginated else False
        git = meta.get("git")
        if isinstance(git, dict):
            branch = text_of(git.get("branch"))
            self.branch = "" if branch == "HEAD" else branch
            self.repository = text_of(git.get("repository_url"))
        about: dict[str, Any] = {}
        if originator := text_of(meta.get("originator")):
            about["originator"] = originator
        self._identify_subagent(meta.get("source"), about)
        start = meta.get("subagent_history_start_ordinal")
        self.own_from = start if isinstance(start, int) else 0
        base = meta.get("history_base")
        if isinstance(base, dict):
            self.forked_from = self.forked_from or text_of(base.get("thread_id"))
            if isinstance(end := base.get("end_ordinal_exclusive"), int):
                about["forked_ordinal"] = end
        if isinstance(ordinal, int) and ordinal:
            about["first_ordinal"] = ordinal
        self.metadata = about

    def _identify_subagent(self, source: object, about: dict[str, Any]) -> None:
        spawned = source.get("subagent") if isinstance(source, dict) else None
        if isinstance(spawned, str):
            about["agent_role"] = spawned
            return
        spawn = spawned.get("thread_spawn") if isinstance(spawned, dict) else None
        if not isinstance(spawn, dict):
            return
        self.parent = self.parent or text_of(spawn.get("parent_thread_id"))
        for name in ("agent_role", "agent_nickname"):
            if value := text_of(spawn.get(name)):
                about[name] = value

    def name(self, title: str, origin: str) -> None:
        """A title was given, or (origin ``prompt``) a prompt met: the first prompt counts until there is a title."""
        if origin == "prompt":
            if self.title:
                return
            title = items.request_in(title)
        line = first_line(title, TITLE_LENGTH)
        if line:
            self.title, self.title_from = line, origin

    def roll_back(self, turns: int) -> None:
        """Go on from the message before the last ``turns`` prompts."""
        if not self.before_prompts or turns < 1:
            return
        kept = max(len(self.before_prompts) - turns, 0)
        self.last = self.before_prompts[kept]
        self.before_prompts = self.before_prompts[:kept]

    def prompted(self) -> None:
        """A prompt is about to follow the last message."""
        self.before_prompts = (*self.before_prompts, self.last)[-_TURNS:]

    def chat(self, *, archived: bool) -> ChatInfo:
        """The chat as far as it is known."""
        return ChatInfo(
            source=NAME,
            source_id=self.chat_id,
            title=self.title,
            project=self.cwd,
            git_branch=self.branch,
            repository=self.repository,
            agent=f"{NAME} {self.version}" if self.version else NAME,
            model=self.model,
            created_at=moment(self.first_at),
            parent_source_id=self.parent,
            forked_from_id=self.forked_from,
            archived=archived,
            metadata={"title_from": self.title_from, **self.metadata} if self.title_from else dict(self.metadata),
        )
