"""Aider: the Markdown history that it keeps in each repository."""

from chattui.sources.aider.source import Aider

__all__ = ["Aider"]
