"""oterm: its database of chats."""

from chattui.sources.oterm.source import Oterm

__all__ = ["Oterm"]
