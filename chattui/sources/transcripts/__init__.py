"""Transcripts: what was said, written down as subtitles or as text in which speakers take turns."""

from chattui.sources.transcripts.source import Transcripts

__all__ = ["Transcripts"]
