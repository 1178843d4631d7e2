"""GitHub Copilot CLI: the events of its sessions."""

from chattui.sources.copilot_cli.source import CopilotCli

__all__ = ["CopilotCli"]
