"""The real model: what means the same is near, it needs no network, and any text may come."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chattui.domain.errors import ChattuiError
from chattui.semantic.model import DIMENSIONS, Model
from chattui.semantic.process import EmbeddingProcess

WITHOUT_A_NETWORK = """
import socket, sys
def refused(*_, **__):
    raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = refused
from chattui.semantic.model import Model
assert Model().embed(["a word"])[0]
print(*{m.partition('.')[0] for m in sys.modules})
"""


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


def cosine(a: str | None, b: str | None) -> float:
    assert a is not None
    assert b is not None
    x, y = json.loads(a), json.loads(b)
    return sum(p * q for p, q in zip(x, y, strict=True)) / math.hypot(*x) / math.hypot(*y)


def test_what_means_the_same_is_nearer_than_what_shares_a_word(model: Model) -> None:
    typed, meant, other = model.embed(
        ["merge troubles with version control", "a git rebase conflict in the lock file", "the trouble with sourdough"]
    )
    assert cosine(typed, meant) > 0.2 > cosine(typed, other)


def test_a_vector_is_whole_numbers_that_a_half_float_holds(model: Model) -> None:
    [vector] = model.embed(["anything at all"])
    numbers = json.loads(str(vector))
    assert len(numbers) == DIMENSIONS
    assert all(isinstance(n, int) and abs(n) <= 2_047 for n in numbers)


@pytest.mark.parametrize("text", ["", "\x00", "\ud800 word", "🚄" * 3_000, "x" * 100_000, "\x1b[31m", "漢字"])
def test_any_text_is_embedded_or_has_no_vector(model: Model, text: str) -> None:
    alone = model.embed([text])
    assert len(alone) == 1
    assert model.embed(["before", text, "after"]) == [*model.embed(["before"]), *alone, *model.embed(["after"])]
    assert model.embed([]) == []


def test_it_needs_no_network_and_imports_nothing_that_has_one() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_A_NETWORK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not {"wordllama", "huggingface_hub", "requests", "pydantic"} & set(done.stdout.split())


@pytest.fixture
def process() -> Iterator[EmbeddingProcess]:
    made = EmbeddingProcess()
    yield made
    made.close()


def test_the_process_answers_as_the_model_does(model: Model, process: EmbeddingProcess) -> None:
    for text in ("a word", "", "two\nlines \ud800"):
        assert process.ask(text, lambda: False) == model.embed([text])[0]


def test_an_answer_that_is_given_up_is_not_taken_for_the_next_one(model: Model, process: EmbeddingProcess) -> None:
    assert process.ask("given up at once", lambda: True) is None
    assert process.ask("wanted", lambda: False) == model.embed(["wanted"])[0]


def test_a_process_that_ended_is_told_and_started_again(model: Model, process: EmbeddingProcess) -> None:
    process.ask("a word", lambda: False)
    assert process._process is not None
    process._process.kill()
    with pytest.raises(ChattuiError, match="has ended"):
        process.ask("another", lambda: False)
    assert process.ask("another", lambda: False) == model.embed(["another"])[0]
    process.close()
    with pytest.raises(ChattuiError):
        process.ask("after the end", lambda: False)
