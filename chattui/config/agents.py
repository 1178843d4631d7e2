"""Agents that are set in the config file: a table [agents.NAME] for each."""

from __future__ import annotations

from typing import NamedTuple

DEFAULT_PATIENCE = 60.0


class AgentSettings(NamedTuple):  # the app waits for this module before its first paint
    """An agent: ``command`` are words, the first of them a program. With ``acp`` it speaks the Agent Client Protocol on its
    standard input and output; without it is a program for a terminal, in whose words ``{prompt}`` stands for a first
    prompt. ``patience`` are the seconds in which it must have begun a session."""

    name: str
    command: tuple[str, ...]
    label: str = ""
    acp: bool = False
    patience: float = DEFAULT_PATIENCE

    @property
    def title(self) -> str:
        """What it is called."""
        return self.label or self.name
