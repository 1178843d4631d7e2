"""``chattui semantic`` and a search by meaning, as a person or a program runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from datetime import UTC, datetime

import pytest
from program import Program
from steps import begin, rows

from chattui import samples
from chattui.semantic import MODEL
from chattui.store import embeddings
from chattui.store.database import Database

SAID = ("How long should sourdough bread stay in the oven?", "The CSS grid overflows on mobile screens.")


def test_on_embeds_and_searches_find_by_meaning_and_off_forgets(chattui: Program, db: Database) -> None:
    begin(db, *SAID)
    assert "is off: `chattui semantic on`" in chattui("semantic", "status").out
    done = chattui("search", "~baking loaf")
    assert (done.code, done.out) == (1, "")
    assert "Search by meaning is off: `chattui semantic on` switches it on." in done.err
    done = chattui("semantic", "on", "--json")
    assert done.code == 0, done.err
    assert (done.json["on"], done.json["embedded"], done.json["waiting"], done.json["installed"]) == (True, 2, 0, True)
    for words in (("~baking loaf",), ("baking loaf", "--meaning")):
        found = chattui("search", *words, "--json").json
        assert found["problems"] == []
        assert next((h["seq"], h["by"]) for h in found["hits"]) == (1, "meaning")
    done = chattui("search", "~bread oven")
    assert "≈ words and meaning" in done.out
    assert done.err == "1 of 1 messages, 0 by meaning\n"
    assert "2 messages in 2 chunks" in chattui("semantic", "status").out
    assert chattui("semantic", "off").code == 0
    assert rows(db, "SELECT tablename FROM pg_tables WHERE schemaname = 'chattui' AND tablename LIKE 'embed%%'") == []


def test_an_import_embeds_what_it_brings_where_it_is_on(chattui: Program, db: Database) -> None:
    samples.copy_to(chattui.home, datetime.now(UTC))
    embeddings.switch_on(db, MODEL)
    assert chattui("import", "--no-embed").code == 0
    assert embeddings.is_empty(db)
    assert chattui("search", "~database").err.count("has nothing to look in yet") == 1
    assert chattui("import", "--json").code == 0
    assert embeddings.status(db, installed=True).waiting == 0
    assert not embeddings.is_empty(db)


def test_update_tells_how_far_it_is_and_ends_when_it_is_told_to(chattui: Program, db: Database) -> None:
    done = chattui("semantic", "update")
    assert (done.code, done.out) == (1, "")
    assert done.err == "Search by meaning is off: `chattui semantic on` switches it on.\n"
    embeddings.switch_on(db, MODEL)
    chat = begin(db)
    rows(
        db,
        "INSERT INTO chattui.messages (chat_id, seq, role, content) "
        "SELECT %s, n, 'user', repeat('some words about the number ' || n || '. ', 300) FROM generate_series(1, 3000) n",
        chat,
    )
    process = subprocess.Popen(
        chattui.command("semantic", "update", "--progress"), env=chattui.env, cwd=chattui.home, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    line = json.loads(process.stdout.readline())
    assert line.keys() == {"done", "total", "rate", "remaining"}
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    process.stdout.close()
    found = embeddings.status(db, installed=True)
    assert line["done"] <= found.embedded < 3_000
    assert found.embedded % 256 == 0, "whole batches"


@pytest.mark.parametrize("verb", [["semantic", "on"], ["search", "--meaning", "bread"]])
def test_without_the_extra_it_is_said_what_to_install(chattui: Program, db: Database, verb: list[str]) -> None:
    begin(db, *SAID)
    embeddings.switch_on(db, MODEL)
    site = chattui.home / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'wordllama' else real(name, *rest)\n"
    )
    chattui.env["PYTHONPATH"] = f"{site}{os.pathsep}{chattui.env.get('PYTHONPATH', '')}"
    done = chattui(*verb)
    assert "pip install 'chattui[semantic]'" in done.err
    assert "Traceback" not in done.err
