"""The agents that a chat can be handed to as a new session, each declared once."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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
    Agent("goose", "Goose", ("run", "--interactive", "--text", PROMPT)),
    Agent("pi", "Pi", (PROMPT,)),
)


def installed(env: Mapping[str, str]) -> tuple[Agent, ...]:
    """The agents whose program is on the PATH."""
    return tuple(agent for agent in AGENTS if shutil.which(agent.name, path=env.get("PATH")))


def agent(name: str) -> Agent:
    """The agent of that name. Raises ``ConfigError`` when it is not known."""
    for one in AGENTS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in AGENTS)
    raise ConfigError(f"There is no agent named {name!r}. The agents are: {known}.")
