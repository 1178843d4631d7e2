"""A generated history of many sessions: everything that was planted in it is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from program import Program
from steps import rows

GENERATOR = Path(__file__).resolve().parents[2].parent / "shared" / "bench" / "gen_corpus.py"
pytestmark = pytest.mark.skipif(not GENERATOR.is_file(), reason="the generator of histories is not here")


@pytest.fixture(scope="module")
def corpus(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, dict]]:
    """The program with a generated history imported, and the manifest of what is in it."""
    home = tmp_path_factory.mktemp("corpus")
    arguments = ["--home", str(home), "--sessions", "60", "--messages", "4000"]
    subprocess.run([sys.executable, str(GENERATOR), *arguments], check=True, capture_output=True)
    name = f"t_corpus_{home.name.strip('corpus') or 'x'}_{abs(hash(str(home))) % 10**8}"
    rows(server, f"CREATE DATABASE {name} TEMPLATE chattui_template")
    program = Program(home, psycopg.conninfo.make_conninfo(server, dbname=name))
    done = program("import", "--json")
    assert done.code == 0, done.err
    assert (done.json["problems"], done.json["faults"]) == (0, [])
    yield program, json.loads((home / "manifest.json").read_text())
    rows(server, f"DROP DATABASE {name} WITH (FORCE)")


def sessions(program: Program, query: str, limit: int) -> list[str]:
    """The sessions of the hits, in order, each once; a subagent's by its session."""
    hits = program("search", query, "--limit", str(limit), "--json").json["hits"]
    return list(dict.fromkeys(h["source_id"].partition("/")[0] for h in hits))


def test_every_needle_is_found_in_every_session_that_holds_it(corpus: tuple[Program, dict]) -> None:
    program, manifest = corpus
    rare = {name: text for name, text in manifest["needles"].items() if name.startswith("rare_")}
    planted = [(name, at["session"]) for name in rare for at in manifest["needle_at"][name]]
    assert len(planted) == 18
    found = {name: sessions(program, text, 1_000) for name, text in rare.items()}
    assert [p for p in planted if p[1] not in found[p[0]]] == []


def test_the_chats_that_hold_a_phrase_come_before_those_that_hold_its_words(corpus: tuple[Program, dict]) -> None:
    program, manifest = corpus
    phrase = manifest["queries"]["phrase"]
    files = (program.home / ".claude" / "projects").rglob("*.jsonl")
    holding = {f.stem for f in files if phrase in f.read_text(encoding="utf-8")}
    first = sessions(program, phrase, 2_000)[: min(20, len(holding))]
    assert len(first) == min(20, len(holding))
    assert set(first) <= holding
    assert set(sessions(program, f'"{phrase}"', 2_000)) == holding


def test_a_typo_is_answered_with_the_word(corpus: tuple[Program, dict]) -> None:
    program, manifest = corpus
    done = program("search", "connecton")
    assert done.code == 1
    assert "connection" in done.err
    assert program("search", manifest["queries"]["no_hit"]).code == 1


def test_nothing_new_is_read_again(corpus: tuple[Program, dict]) -> None:
    program, _ = corpus
    again = program("import", "--json").json
    assert (again["read"], again["messages"]) == (0, 0)
