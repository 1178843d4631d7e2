"""VS Code's chats, with Copilot or any other agent."""

from chattui.sources.vscode_chat.source import VSCodeChat

__all__ = ["VSCodeChat"]
