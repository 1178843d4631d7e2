"""Ollama's desktop app: its database of chats."""

from chattui.sources.ollama_app.source import OllamaApp

__all__ = ["OllamaApp"]
