"""The doors between the rooms, as a fresh interpreter sees them: what must not be imported before the first paint."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "numpy",
    "tokenizers",
    "wordllama",
    "llm",
    "openai",
    "acp",
    "psycopg",
    "sqlalchemy",
    "markdown_it",
    "pygments",
    "click",
    "orjson",
    "psutil",
}


def imported(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*{{m.partition('.')[0] for m in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_the_app_is_imported_without_the_data_layer() -> None:
    loaded = imported("import chattui.__main__, chattui.cli.entry, chattui.tui.launch, chattui.tui.app, chattui.config")
    assert "textual" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "room", ["chattui.store.writer", "chattui.sources.registry", "chattui.sync.engine", "chattui.server.embedded"]
)
def test_what_works_below_the_app_needs_no_textual(room: str) -> None:
    assert not imported(f"import {room}") & {"textual", "rich"}


@pytest.mark.parametrize(
    "room", ["chattui.store.meaning", "chattui.store.embeddings", "chattui.sync.embedding", "chattui.cli.main"]
)
def test_the_model_is_not_loaded_where_nobody_embeds(room: str) -> None:
    loaded = imported(f"import {room}, chattui.tui.data.meaning, chattui.tui.data.background_embedding")
    assert not loaded & {"numpy", "tokenizers", "wordllama"}


def test_the_verbs_are_known_without_the_data_layer() -> None:
    assert not imported("import chattui.cli.main") & {"sqlalchemy", "psycopg"}


def test_the_first_screen_needs_no_sqlalchemy() -> None:
    loaded = imported("import chattui.store.startup, chattui.store.connection")
    assert "psycopg" in loaded
    assert "sqlalchemy" not in loaded
