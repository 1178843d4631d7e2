"""elia: its database of chats."""

from chattui.sources.elia.source import Elia

__all__ = ["Elia"]
