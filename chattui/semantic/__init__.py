"""Embeddings of texts, by a model that is on this machine: texts in, vectors out. No database, no network."""

from __future__ import annotations

from importlib.util import find_spec

MODEL = "wordllama l2_supercat 256"
"""What makes the vectors. Those of another model cannot be compared with them."""

NOT_INSTALLED = (
    "Search by meaning needs the extra `semantic`, which is not installed: pip install 'chattui[semantic]', "
    "or in a checkout .venv/bin/pip install -r requirements/semantic.lock."
)


def is_installed() -> bool:
    """Whether the model is here. Imports nothing."""
    return all(find_spec(name) is not None for name in ("wordllama", "tokenizers", "numpy"))
