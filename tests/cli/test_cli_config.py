"""The verbs around settings: config, doctor, completions, man; and the documents that are made from declarations."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from program import Program

from chattui.cli.documents import documents
from chattui.cli.main import group
from chattui.config.documents import json_schema, template
from chattui.config.file import look_through
from chattui.config.options import OPTIONS, SOURCE_OPTIONS, TABLES, VARIABLES
from chattui.tui.commands import COMMANDS
from chattui.tui.key_names import key_name
from chattui.tui.keymap import known_keys

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "place", ["docs/configuration.md", "docs/config.schema.json", "docs/keys.md", "docs/chattui.1"]
)
def test_the_documents_are_what_the_declarations_say(place: str) -> None:
    assert (ROOT / place).read_text(encoding="utf-8") == documents()[place], "make docs writes them again"


def test_every_option_verb_and_key_is_in_the_documents() -> None:
    made = documents()
    for option in (*OPTIONS, *SOURCE_OPTIONS):
        assert f"| `{option.key}` |" in made["docs/configuration.md"]
    verbs = (ROOT / "docs" / "verbs.md").read_text(encoding="utf-8")
    for verb in group.commands:
        assert f'.SS "chattui {verb}' in made["docs/chattui.1"]
        assert re.search(rf"^## .*\b{verb}\b", verbs, re.MULTILINE), verb
    for key in known_keys():
        assert f"`{key.id}`" in made["docs/keys.md"]
    for command in COMMANDS:
        assert command.help in made["docs/keys.md"]


def test_no_key_has_two_meanings_at_the_same_place() -> None:
    meanings: dict[str, set[str]] = {}
    for key in known_keys():
        if key.room in ("app", "tabs", "screen", "pane"):
            for one in key.keys.split(","):
                meanings.setdefault(one, set()).add(key.id)
    double = {one: ids for one, ids in meanings.items() if len(ids) > 1}
    assert double == {"escape": {"screen.back", "pane.leave_selection"}}, "one step back, first out of a selection"


def test_the_keys_of_the_readme_are_keys() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    table = page[page.index("| key | what it does |") :].partition("\n\n")[0]
    told = {
        key
        for row in table.splitlines()[2:]
        for span in re.findall(r"`([^`]+)`", row.split(" | ")[0])
        for key in span.split()
    }
    known = {name for key in known_keys() for name in key_name(key.keys).split("  ")}
    assert told - known == {"↑", "~words", "Ctrl+P"}, "an arrow, what is typed, and a key of Textual's"


def test_every_variable_that_is_read_is_documented() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "chattui").rglob("*.py")]
    read = {name for text in texts for name in re.findall(r"[\"'](CHATTUI_[A-Z_]+)[\"']", text)}
    known = {name for names, _ in VARIABLES for name in names.split(", ")}
    assert read <= known


def test_the_schema_takes_what_the_reader_takes() -> None:
    schema = json_schema()
    assert list(schema["properties"]) == [table.name for table in TABLES]
    for option in OPTIONS:
        about = schema["properties"][option.table]["properties"][option.key]
        assert about["description"] == option.help
        pattern = about.get("pattern")
        for text in ("10m", "0", " Forever ", "soon", "1.5h", "-5") if pattern else ():
            found = look_through(f'[{option.table}]\n{option.key} = "{text}"\n', Path("c.toml"))
            assert bool(re.search(pattern, text)) is not bool(found.problems), text


def test_the_file_to_begin_with_sets_nothing_and_every_line_of_it_can_be_used() -> None:
    text = template()
    assert look_through(text, Path("c.toml")).values == {}
    used = "\n".join(line.lstrip("#") if re.match(r"#[\w\"]", line) else line for line in text.splitlines())
    found = look_through(used, Path("c.toml"))
    assert not found.problems
    assert found.values == {option.name: option.default for option in OPTIONS}


def config(chattui: Program, text: str) -> Path:
    path = chattui.home / "c" / "config" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_check_names_every_mistake_and_says_what_stops(chattui: Program) -> None:
    assert chattui.bare("config", "check").code == 0
    path = config(
        chattui,
        '[log]\nlevle = "debug"\n[projects]\nexclude = 5\n[keys]\n"app.nwe" = "f3"\n[appearance]\ntheme = "drakula"\n'
        "[sources.cursr]\nenabled = false\n",
    )
    done = chattui.bare("config", "check")
    assert done.code == 2
    assert f"{path}, line 2, has an unknown key 'log.levle'" in done.out
    assert "did you mean 'level'?" in done.out
    assert "line 4, 'projects.exclude' must be a list of texts" in done.out
    assert "Until then there is no import." in done.out
    assert "line 6, nothing has the id 'app.nwe' (did you mean 'app.new'?)" in done.out
    assert "there is no theme 'drakula' (did you mean 'dracula'?)" in done.out
    assert "line 9, there is no source 'cursr' (did you mean 'cursor'?)" in done.out
    found = chattui.bare("config", "check", "--json").json
    assert [(p["line"], p["stops"]) for p in found["problems"]] == [
        (2, None),
        (4, "import"),
        (6, None),
        (8, None),
        (9, None),
    ]


def test_a_mistake_that_stops_nothing_is_told_beside_the_work(chattui: Program) -> None:
    config(chattui, '[log]\nlevel = "loud"\n')
    done = chattui("list", "--json")
    assert done.code == 0
    assert done.json["chats"] == []
    assert "'log.level' must be one of info, debug" in done.err
    config(chattui, "[projects]\nexclude = 5\n")
    assert chattui("list").code == 2, "what is left out is not guessed"


def test_show_tells_what_holds_and_who_says_so(chattui: Program) -> None:
    config(
        chattui,
        '[database]\nurl = "postgresql://me:s3cret@h/d"\n[log]\nlevel = "debug"\n[sources.pi]\nenabled = false\n',
    )
    done = chattui.bare("config", "show", "--json", CHATTUI_LINGER="90s")
    found = {row["name"]: (row["value"], row["origin"]) for row in done.json["options"]}
    assert found["database.url"] == ("postgresql://me:***@h/d", "the config file")
    assert found["log.level"] == ("debug", "the config file")
    assert found["server.linger"] == ("90s", "CHATTUI_LINGER")
    assert found["projects.exclude"] == ([], "the default")
    assert done.json["sources"] == [{"name": "pi", "enabled": False, "exclude": [], "paths": []}]
    assert "s3cret" not in chattui.bare("config", "show").out


def test_edit_makes_the_file_and_checks_it_afterwards(chattui: Program) -> None:
    editor = chattui.home / "editor"
    editor.write_text('#!/bin/sh\necho "[log]\nlevel = 5" >> "$1"\n')
    editor.chmod(0o755)
    done = chattui.bare("config", "edit", EDITOR=str(editor), VISUAL="")
    path = chattui.home / "c" / "config" / "config.toml"
    assert "#linger = " in path.read_text()
    assert done.code == 2
    assert "not valid TOML" in done.out, "the table is there twice"
    failed = chattui.bare("config", "edit", EDITOR="/nonexistent/editor", VISUAL="")
    assert failed.code == 2
    assert "EDITOR=nano chattui config edit" in failed.err


def test_path_and_schema_are_for_programs(chattui: Program) -> None:
    found = chattui.bare("config", "path", "--json").json
    assert found == {"path": str(chattui.home / "c" / "config" / "config.toml"), "exists": False}
    assert chattui.bare("config", "schema").json == json.loads((ROOT / "docs" / "config.schema.json").read_text())


def test_the_doctor_names_what_is_wrong_and_what_mends_it(chattui: Program) -> None:
    config(chattui, "[sources.codex]\nenabled = false\n[log]\nlevel = 5\n")
    (chattui.home / ".codex" / "sessions").mkdir(parents=True)
    done = chattui("doctor", "--json")
    found = {(f["about"], f["state"]): f for f in done.json["findings"]}
    assert "PostgreSQL" in found["database", "ok"]["sentence"]
    assert "'log.level' must be one of" in found["settings", "hint"]["sentence"]
    assert found["settings", "hint"]["fix"] == "chattui config edit"
    assert ("sources", "hint") in found
    assert done.code == 0
    broken = chattui("doctor", database="host=/nonexistent dbname=x")
    assert broken.code == 1
    assert re.search(r"^BAD +database ", broken.out, re.MULTILINE)
    assert "-> start it, or name another: --database URL" in broken.out
    assert not (chattui.home / "c" / "data").exists(), "nothing is started"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_completes_verbs(chattui: Program, shell: str) -> None:
    assert "_CHATTUI_COMPLETE" in chattui.bare("completions", shell).out


def test_words_are_completed(chattui: Program) -> None:
    env = {"_CHATTUI_COMPLETE": "bash_complete", "COMP_WORDS": "chattui con", "COMP_CWORD": "1"}
    assert chattui.bare(**env).out.split() == ["plain,config"]
    env = {"_CHATTUI_COMPLETE": "bash_complete", "COMP_WORDS": "chattui export --form", "COMP_CWORD": "2"}
    assert chattui.bare(**env).out.split() == ["plain,--format"]


def test_the_man_page_is_roff_that_man_can_read(chattui: Program, tmp_path: Path) -> None:
    page = chattui.bare("man").out
    assert page == documents()["docs/chattui.1"]
    for line in page.splitlines():
        if line.startswith("."):
            assert re.match(r"\.(TH|SH|SS|B|PP|TP)\b", line), line
        assert not line.startswith("'")
    if any(os.access(Path(folder) / "groff", os.X_OK) for folder in os.environ["PATH"].split(":")):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page.encode(), capture_output=True, check=True)
        assert not done.stderr
