"""Gemini CLI: its sessions, as JSON documents and as logs of operations."""

from chattui.sources.gemini_cli.source import GeminiCli

__all__ = ["GeminiCli"]
