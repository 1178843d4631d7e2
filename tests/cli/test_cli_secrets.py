"""Secrets and what was not understood, on the command line: as the configuration says, or as it is asked for."""

from __future__ import annotations

import json

import pytest
from histories import SESSION, Claude
from homes import Home
from program import Program
from steps import rows

from chattui.store.database import Database

KEY = "ghp" + "_" + "a1B2" * 9
SHOWN = "ghp_" + "•" * 36
VERBS = (("show", SESSION), ("list",), ("search", "wombat"), ("export", SESSION), ("show", SESSION, "--raw"))


@pytest.fixture
def there(chattui: Program, db: Database) -> Home:
    """A home with a session that holds a key in its text, its title and a record of no known kind."""
    home = Home(chattui.home, db)
    made = Claude(SESSION)
    made.user(f"my wombat token is {KEY}")
    made.side("custom-title", customTitle=f"About {KEY}")
    made.side("hologram", key=KEY)
    home.claude(made)
    return home


def configure(chattui: Program, text: str) -> None:
    place = chattui.home / "c" / "config" / "config.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


@pytest.mark.parametrize("mask", [True, False])
def test_every_verb_does_what_the_configuration_says_unless_it_is_told_otherwise(
    chattui: Program, there: Home, mask: bool
) -> None:
    there.sync()
    chattui.env["COLUMNS"] = "200"  # what is cut off shows neither
    configure(chattui, f"[secrets]\nmask = {str(mask).lower()}\n")
    for verb in VERBS:
        usual, other = (SHOWN, KEY) if mask else (KEY, SHOWN)
        out = chattui(*verb).out
        assert usual in out, verb
        assert other not in out, verb
        told = chattui(*verb, "--reveal" if mask else "--mask-secrets").out
        assert other in told, verb
        assert usual not in told, verb


def test_what_comes_is_masked_where_the_configuration_says_so(chattui: Program, there: Home) -> None:
    configure(chattui, "[secrets]\nat-import = true\n")
    assert chattui("import").code == 0
    assert chattui("show", SESSION, "--raw", "--reveal").out.count(SHOWN) == 1
    stored = repr(
        rows(there.db, "SELECT content, '' FROM chattui.messages UNION ALL SELECT title, '' FROM chattui.chats")
    )
    assert SHOWN in stored
    assert KEY[:12] not in stored


@pytest.mark.parametrize(
    ("config", "verb", "is_stored"),
    [
        ("[secrets]\nat-import = true\n", ("import", "--store-secrets"), True),
        ("[secrets]\nat-import = true\n", ("watch", "--once"), False),
        ("", ("watch", "--once", "--mask-secrets"), False),
        ("", ("watch", "--once"), True),
    ],
)
def test_import_and_watch_are_told_otherwise(
    chattui: Program, there: Home, config: str, verb: tuple[str, ...], is_stored: bool
) -> None:
    configure(chattui, config)
    assert chattui(*verb).code == 0
    assert (KEY in str(there.texts())) is is_stored
    assert "my wombat token is ghp_" in str(there.texts())


def test_the_service_goes_by_the_configuration(chattui: Program) -> None:
    done = chattui("watch", "--install", "--mask-secrets")
    assert done.code == 2
    assert "at-import = true" in done.err


def test_what_was_not_understood_is_printed_and_counted(chattui: Program, there: Home) -> None:
    report = chattui("import", "--json").json
    assert report["problems"] == 0
    told = chattui("show", SESSION, "--raw", "--json", "--reveal").json
    [record] = told["raw"]
    assert told["chat"]["source_id"] == SESSION
    assert (record["line"], record["part"], record["what"], record["whole"]) == (3, 0, "unknown kind: hologram", True)
    assert json.loads(record["text"])["key"] == KEY
    assert record["path"].endswith(f"{SESSION}.jsonl")
    assert record["size"] == len(record["text"])
    out = chattui("show", SESSION, "--raw").out
    assert "record 3" in out
    assert "unknown kind: hologram" in out
    assert chattui("import", "--status", "--json").json["sources"][0]["raw"] == 1
    assert "1 record not understood" in chattui("import", "--status").out
    rows(there.db, "DELETE FROM chattui.raw_records")
    empty = chattui("show", SESSION, "--raw")
    assert (empty.code, empty.out) == (0, "")
    assert "Everything in this chat was understood" in empty.err
