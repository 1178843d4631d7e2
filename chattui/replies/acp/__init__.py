"""Agents that speak the Agent Client Protocol (agentclientprotocol.com): a prompt in, a stream of events out, questions
between. What is imported here is small; the library only in the process that speaks to an agent (``__main__``)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Final

from chattui.config.agents import AgentSettings

PREFIX: Final = "agent:"
"""What the name of an agent begins with where models are chosen."""

NOT_INSTALLED: Final = (
    "Agents inside the app need the extra `agents`, which is not installed: pip install 'chattui[agents]', "
    "or in a checkout .venv/bin/pip install -r requirements/replies.lock. /agent NAME hands the terminal to one without it."
)

KNOWN: Final = (
    AgentSettings("claude-code-acp", ("claude-code-acp",), "Claude Code", acp=True),
    AgentSettings("claude-agent-acp", ("claude-agent-acp",), "Claude Code", acp=True),
    AgentSettings("codex-acp", ("codex-acp",), "Codex", acp=True),
    AgentSettings("gemini", ("gemini", "--experimental-acp"), "Gemini CLI", acp=True),
    AgentSettings("opencode", ("opencode", "acp"), "OpenCode", acp=True),
    AgentSettings("goose", ("goose", "acp"), "Goose", acp=True),
    AgentSettings("copilot", ("copilot", "--acp"), "Copilot CLI", acp=True),
    AgentSettings("qwen", ("qwen", "--experimental-acp"), "Qwen Code", acp=True),
)
"""Agents that speak it, and with which words."""


def is_installed() -> bool:
    """Whether the library of the protocol is here. Imports nothing."""
    return find_spec("acp") is not None


def speaking(configured: Sequence[AgentSettings], env: Mapping[str, str]) -> tuple[AgentSettings, ...]:
    """The agents that can be spoken to: those of the config file, then known ones whose program is on the PATH."""
    own = [agent for agent in configured if agent.acp]
    names = {agent.name for agent in configured}
    return (
        *own,
        *(a for a in KNOWN if a.name not in names and shutil.which(a.command[0], path=env.get("PATH"))),
    )


def agent_of(model: str, configured: Sequence[AgentSettings]) -> AgentSettings | None:
    """The agent that a model's name means; None for a model, and for an agent that nobody knows."""
    if not model.startswith(PREFIX):
        return None
    name = model.removeprefix(PREFIX)
    return next((agent for agent in (*configured, *KNOWN) if agent.name == name and agent.acp), None)
