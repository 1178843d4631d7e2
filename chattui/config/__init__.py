"""Settings: where data lives and which database to use."""

from chattui.config.settings import Settings, load_settings
from chattui.config.target import DatabaseTarget

__all__ = ["DatabaseTarget", "Settings", "load_settings"]
