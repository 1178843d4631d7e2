"""One model server and one process that asks models, for all tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import ModelServer, serving

from chattui.replies.process import Asker


@pytest.fixture(scope="session")
def model_server() -> Iterator[ModelServer]:
    """The server."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")  # the environment of tests elsewhere is as it was
def asker(tmp_path_factory: pytest.TempPathFactory, model_server: ModelServer) -> Iterator[Asker]:
    """What asks, with the ``llm`` tool set up as somebody's: a model of their own with an alias, nothing of this machine."""
    place = tmp_path_factory.mktemp("llm")
    (place / "extra-openai-models.yaml").write_text(
        f"- model_id: mine\n  model_name: echo\n  api_base: {model_server.url}/v1\n"
    )
    (place / "aliases.json").write_text('{"m": "mine"}')
    (place / "default_model.txt").write_text("mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLM_USER_PATH", str(place))
        patch.delenv("OPENAI_API_KEY", raising=False)
        patch.setenv("NO_PROXY", "*")
        made = Asker()
        yield made
        made.close()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with a key, which only its owner can read."""
    made = tmp_path / "key"
    made.write_text("sk-mine-0123456789abcdef\n")
    made.chmod(0o600)
    return made
