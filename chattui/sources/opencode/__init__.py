"""OpenCode: sessions in its database, and in the tree of JSON files that it kept before."""

from chattui.sources.opencode.source import OpenCode

__all__ = ["OpenCode"]
