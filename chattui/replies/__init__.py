"""Replies from models: a request in, a stream of events out. The models are those of the ``llm`` library. No database, no
Textual; what is imported here is small, the library only in the process that speaks to it (``__main__``)."""

from __future__ import annotations

from importlib.util import find_spec

HOW = "No model yet: set [models] url or default in the config file, or run llm keys set openai. docs/replies.md tells how."
"""What is said where a reply is wanted and nothing is configured."""

NOT_INSTALLED = (
    "Replies need the extra `replies`, which is not installed: pip install 'chattui[replies]', "
    "or in a checkout .venv/bin/pip install -r requirements/replies.lock."
)


def is_installed() -> bool:
    """Whether the library of models is here. Imports nothing."""
    return find_spec("llm") is not None
