"""The agents that a chat can be handed to as a new session, each declared once."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chattui.config.agents import AgentSettings
from chattui.domain.errors import ConfigError

PROMPT: Final = "{prompt}"
FOLDER: Final = "{folder}"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent. ``arguments`` follow its program, ``name``: they begin an interactive session with a first prompt.

    ``{prompt}`` stands for the prompt, ``{folder}`` for the directory that it must be able to read. Held against the help
    of the agents, in the versions that docs/verbs.md names; ``cursor-agent`` and ``goose`` from what is written about them.
    """

    name: str
    label: str
    arguments: tuple[str, ...]
    bare: tuple[str, ...] = ()  # the words that begin a session without a prompt

    def begin(self, prompt: str, folder: str) -> tuple[str, ...]:
        """The command that begins a session of its own in a directory; without a prompt, it waits for one."""
        return self.command(prompt, folder) if prompt else (self.name, *self.bare)

    def command(self, prompt: str, folder: str) -> tuple[str, ...]:
        """The command that begins with this prompt."""
        given = {PROMPT: prompt, FOLDER: folder}
        return (self.name, *(given.get(argument, argument) for argument in self.arguments))


AGENTS: Final = (
    Agent("claude", "Claude Code", (PROMPT, "--add-dir", FOLDER)),  # in this order: --add-dir takes all that follows
    Agent("codex", "Codex", (PROMPT,)),
    Agent("gemini", "Gemini CLI", ("--include-directories", FOLDER, "--prompt-interactive", PROMPT)),
    Agent("opencode", "OpenCode", ("--prompt", PROMPT)),  # of the interactive program; the other is `opencode run`
    Agent("copilot", "Copilot CLI", ("--add-dir", FOLDER, "--interactive", PROMPT)),
    Agent("cursor-agent", "Cursor", (PROMPT,)),
    Agent("qwen", "Qwen Code", ("--include-directories", FOLDER, "--prompt-interactive", PROMPT)),
    Agent("goose", "Goose", ("run", "--interactive", "--text", PROMPT), ("session",)),
    Agent("pi", "Pi", (PROMPT,)),
)


@dataclass(frozen=True, slots=True)
class OwnAgent(Agent):
    """An agent of the config file: its program need not be called as it is."""

    program: str = ""

    def begin(self, prompt: str, folder: str) -> tuple[str, ...]:
        """Its command; a prompt goes where that says so."""
        words = self.arguments if prompt else tuple(word for word in self.arguments if word != PROMPT)
        given = {PROMPT: prompt, FOLDER: folder}
        return (self.program, *(given.get(word, word) for word in words))

    def command(self, prompt: str, folder: str) -> tuple[str, ...]:
        """The command that begins with this prompt."""
        return self.begin(prompt, folder)


def own(configured: Sequence[AgentSettings]) -> tuple[Agent, ...]:
    """The agents of the config file that take a terminal."""
    return tuple(OwnAgent(a.name, a.title, a.command[1:], program=a.command[0]) for a in configured if not a.acp)


def installed(env: Mapping[str, str], configured: Sequence[AgentSettings] = ()) -> tuple[Agent, ...]:
    """The agents whose program is on the PATH, those of the config file first."""
    known = own(configured)
    names = {agent.name for agent in known}
    here = tuple(a for a in AGENTS if a.name not in names and shutil.which(a.name, path=env.get("PATH")))
    return (*known, *here)


def agent(name: str, configured: Sequence[AgentSettings] = ()) -> Agent:
    """The agent of that name. Raises ``ConfigError`` when it is not known."""
    every = (*own(configured), *AGENTS)
    for one in every:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in every)
    raise ConfigError(f"There is no agent named {name!r}. The agents are: {known}.")
