"""Continue: the sessions of its command line and of its editor extensions."""

from chattui.sources.continue_dev.source import Continue

__all__ = ["Continue"]
