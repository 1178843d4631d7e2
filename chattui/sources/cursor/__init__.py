"""Cursor: the transcripts of its agents."""

from chattui.sources.cursor.source import Cursor

__all__ = ["Cursor"]
