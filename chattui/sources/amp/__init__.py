"""Amp: the threads that it keeps on this machine."""

from chattui.sources.amp.source import Amp

__all__ = ["Amp"]
