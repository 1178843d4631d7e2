"""Crush: the database that it keeps in each project."""

from chattui.sources.crush.source import Crush

__all__ = ["Crush"]
