"""chattui: a developer's AI chat history in the terminal."""

__version__ = "0.1.0"
