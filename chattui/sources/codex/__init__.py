"""OpenAI Codex: its rollout files, in every dialect they were written in."""

from chattui.sources.codex.source import Codex

__all__ = ["Codex"]
