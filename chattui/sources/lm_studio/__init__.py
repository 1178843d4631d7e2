"""LM Studio: the chats of its app."""

from chattui.sources.lm_studio.source import LmStudio

__all__ = ["LmStudio"]
