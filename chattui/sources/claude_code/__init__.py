"""Claude Code: its session files and the files of its subagents."""

from chattui.sources.claude_code.source import ClaudeCode

__all__ = ["ClaudeCode"]
