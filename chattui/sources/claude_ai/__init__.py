"""Claude.ai: exports of an account, and single conversations that browser extensions save."""

from chattui.sources.claude_ai.source import ClaudeAi

__all__ = ["ClaudeAi"]
