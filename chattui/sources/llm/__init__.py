"""Simon Willison's llm: its log of prompts, in every layout that it has had."""

from chattui.sources.llm.source import Llm

__all__ = ["Llm"]
