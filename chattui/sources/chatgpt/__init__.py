"""ChatGPT: exports of an account, and single conversations that browser extensions save."""

from chattui.sources.chatgpt.source import ChatGpt

__all__ = ["ChatGpt"]
