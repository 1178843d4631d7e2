"""Pi: its session files."""

from chattui.sources.pi.source import Pi

__all__ = ["Pi"]
