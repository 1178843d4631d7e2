"""The verbs: what they print for people and for programs, and their exit codes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from homes import Home, conversation, rollout
from program import Program
from steps import begin, fill, rows

from chattui.store.database import Database

ROW = {"chat_id", "title", "source", "project", "status", "pinned", "tags", "messages", "last_message_at"}
CHAT = {
    *(
        "chat_id",
        "title",
        "source",
        "source_id",
        "status",
        "pinned",
        "tags",
        "project",
        "repository",
        "git_branch",
        "issue",
        "quiet",
    ),
    "note",
    *(
        "agent",
        "model",
        "parent_id",
        "forked_from",
        "forked_seq",
        "issue",
        "quiet",
        "messages",
        "tokens",
        "created_at",
        "last_message_at",
    ),
}
MESSAGE = {
    *("bookmarked", "note"),
    *(
        "seq",
        "role",
        "kind",
        "time",
        "content_type",
        "content",
        "model",
        "parent_seq",
        "thread",
        "error",
        "tokens",
        "tool",
    ),
}
HIT = {
    *("chat_id", "source", "source_id", "title", "project", "seq", "role", "kind", "time", "snippet", "matches", "by"),
}
"""The documented keys of each document."""


def test_new_makes_a_chat_of_what_was_given(chattui: Program) -> None:
    made = chattui("new", "--title", "A title", "--tag", "x", "--project", "/p", "--json", "How", "do", "I?")
    assert made.code == 0
    assert set(made.json) == CHAT
    assert (made.json["title"], made.json["tags"], made.json["project"], made.json["messages"]) == (
        "A title",
        ["x"],
        "/p",
        1,
    )
    shown = chattui("show", str(made.json["chat_id"]), "--json").json
    assert [m["content"] for m in shown["messages"]] == ["How do I?"]


def test_new_reads_standard_input_and_names_the_chat_by_its_first_line(chattui: Program) -> None:
    made = chattui("new", stdin="# Größe\nmore\n".encode())
    assert made.code == 0
    assert made.out.strip().endswith("Größe")
    assert chattui("new", stdin=b"").code == 2


def test_list_prints_recents_and_says_when_there_are_more(chattui: Program, db: Database) -> None:
    for number in range(3):
        begin(db, f"chat {number}")
    document = chattui("list", "--limit", "2", "--json").json
    assert set(document) == {"chats", "more"}
    assert all(set(c) == ROW for c in document["chats"])
    assert [c["title"] for c in document["chats"]] == ["chat 2", "chat 1"]
    assert document["more"] is True
    assert chattui("list", "--match", "chat 1", "--json").json["chats"][0]["title"] == "chat 1"
    assert chattui("list", "--archived", "--json").json == {"chats": [], "more": False}
    plain = chattui("list")
    assert [line.split()[-1] for line in plain.out.splitlines()] == ["2", "1", "0"]
    assert plain.err == ""


def test_an_empty_list_tells_what_to_do(chattui: Program) -> None:
    done = chattui("list")
    assert (done.code, done.out) == (0, "")
    assert "chattui import" in done.err


def test_show_prints_markdown(chattui: Program, db: Database) -> None:
    chat = begin(db, "# Heading\n\n- item", "second")
    done = chattui("show", str(chat))
    assert done.code == 0
    assert done.out.startswith("# Heading\n\nchattui · 2 messages\n\n## You · ")
    assert "- item" in done.out
    assert "second" not in chattui("show", str(chat), "--to", "1").out
    assert "item" not in chattui("show", str(chat), "--from", "2").out


def test_show_json_has_the_documented_shape(chattui: Program, db: Database, tmp_path: Path) -> None:
    home = Home(tmp_path / "x", db)
    home.claude(conversation())
    home.sync()
    document = chattui("show", "5e551011", "--json").json
    assert set(document) == {"chat", "messages"}
    assert set(document["chat"]) == CHAT | {"gone_marks"}
    assert all(set(m) == MESSAGE for m in document["messages"])
    [tool] = {tuple(sorted(m["tool"])) for m in document["messages"] if m["tool"]}
    assert tool == ("call_id", "duration_ms", "error", "name", "status", "target")
    assert [m["seq"] for m in document["messages"]] == list(range(1, document["chat"]["messages"] + 1))
    talk = chattui("show", "5e551011", "--talk", "--json").json["messages"]
    assert {m["kind"] for m in talk} == {"text"}


@pytest.mark.parametrize("name", ["4711", "nonsense", "", "'; DROP", "\u202e", b"\xff"])
def test_a_chat_that_is_not_there_is_4(chattui: Program, name: str | bytes) -> None:
    done = chattui("show", name)
    assert (done.code, done.out) == (4, "")
    assert "there is no chat" in done.err
    assert "\u202e" not in done.err


def test_an_ambiguous_name_asks_for_more(chattui: Program, db: Database) -> None:
    for number in range(2):
        rows(db, "INSERT INTO chattui.chats (source, source_id, title) VALUES ('codex', %s, 'x')", f"abcdef{number}")
    done = chattui("show", "abcdef")
    assert done.code == 1
    assert "Give more" in done.err
    assert chattui("show", "abcdef1").code == 0


def test_search_prints_hits_with_the_ranges_of_the_matches(chattui: Program, db: Database) -> None:
    chat = begin(db, "where is the Needle 漢字 here")
    document = chattui("search", "needle", "--json").json
    assert set(document) == {"query", "problems", "about", "exact", "complete", "hits"}
    [hit] = document["hits"]
    assert set(hit) == HIT
    assert (hit["chat_id"], hit["seq"], hit["role"], hit["kind"]) == (chat, 1, "user", "text")
    assert [hit["snippet"][a:b] for a, b in hit["matches"]] == ["Needle"]
    plain = chattui("search", "needle")
    assert f"{chat}:1" in plain.out
    assert "Needle" in plain.out


def test_search_that_finds_nothing_is_1_and_suggests(chattui: Program, db: Database) -> None:
    begin(db, *["a needle in hay"] * 4)
    rows(db, "SELECT chattui.refresh_words()")
    done = chattui("search", "needel")
    assert (done.code, done.out) == (1, "")
    assert "Did you mean needle" in done.err
    empty = chattui("search", "zzz", "--json")
    assert (empty.code, empty.json["hits"]) == (1, [])


def test_a_prefix_is_only_one_when_asked_for(chattui: Program, db: Database) -> None:
    begin(db, "a needle")
    assert chattui("search", "need").code == 1
    assert chattui("search", "--prefix", "need").code == 0


@pytest.mark.parametrize(
    "arguments", [["search"], ["nonsense"], ["list", "--limit", "x"], ["--nonsense"], ["import", "--source", "x"]]
)
def test_wrong_use_is_2(chattui: Program, arguments: list[str]) -> None:
    done = chattui(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("value", [b"\xff\xfe", "\x1b[31m\u202e"])
@pytest.mark.parametrize(
    "verb",
    [
        ("list", "--match"),
        ("list", "--source"),
        ("search",),
        ("new", "--tag"),
        ("new", "--title"),
        ("new", "--project"),
        ("new",),
    ],
)
def test_arguments_that_are_no_text_are_no_error(chattui: Program, verb: tuple[str, ...], value: str | bytes) -> None:
    text = () if verb in (("search",), ("new",)) or verb[0] == "list" else ("hello",)
    done = chattui(*verb, value, *text)
    assert done.code in (0, 1)
    assert "went wrong" not in done.err
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err


def test_without_a_terminal_the_app_names_the_verbs(chattui: Program) -> None:
    for arguments in ((), ("--new",), ("--search", "x"), ("--chat", "1")):
        done = chattui.bare(*arguments)
        assert (done.code, done.out) == (2, "")
        assert len(done.err.splitlines()) == 1
        for verb in ("list", "show", "search", "new", "import", "db"):
            assert verb in done.err


@pytest.mark.parametrize("verb", [["show"], ["show", "--json"], ["list"], ["list", "--json"], ["search", "line"]])
def test_a_closed_pipe_is_no_error(chattui: Program, db: Database, verb: list[str]) -> None:
    from steps import NOON

    chat = begin(db)
    fill(db, chat, [(f"line {n} " + "x" * 200, NOON) for n in range(5_000)])
    arguments = [
        *verb,
        *([str(chat)] if verb[0] == "show" else []),
        *(["--limit", "5000"] if verb[0] == "search" else []),
    ]
    process = subprocess.Popen(
        chattui.command(*arguments), env=chattui.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read().decode()
    assert process.wait(60) == 0
    assert not [line for line in said.splitlines() if "messages" not in line]


def test_import_brings_histories_and_tells_of_it(chattui: Program, db: Database) -> None:
    home = Home(chattui.home, db)
    home.claude(conversation())
    home.codex(rollout())
    document = chattui("import", "--json").json
    assert set(document) == {"found", "unchanged", "read", "messages", "problems", "faults", "seconds", "stopped"}
    assert (document["found"], document["read"], document["problems"]) == (2, 2, 0)
    again = chattui("import")
    assert again.code == 0
    assert "0 read, 0 messages" in again.out
    status = chattui("import", "--status", "--json").json
    assert set(status) == {"index_ready", "sources", "faults"}
    assert {s["source"] for s in status["sources"]} == {"claude-code", "codex"}
    keys = {"source", "machine", "files", "chats", "messages", "faults", "raw", "last_import"}
    assert all(set(s) == keys for s in status["sources"])


def test_import_status_names_the_file_and_the_line(chattui: Program, db: Database) -> None:
    path = Home(chattui.home, db).claude(conversation())
    with path.open("ab") as file:
        file.write(b"broken \x1b[31m line\n")
    age = path.stat().st_mtime - 3600
    os.utime(path, (age, age))
    done = chattui("import")
    assert done.code == 0
    assert "import --status" in done.err
    told = chattui("import", "--status")
    assert str(path) in told.out
    assert f"line {len(conversation().records) + 1}:" in told.out
    assert "\x1b" not in told.out
    [fault] = chattui("import", "--status", "--json").json["faults"]
    assert set(fault) == {"path", "source", "outcome", "error", "problems", "problem_count"}
    assert fault["problems"][0]["line"] == len(conversation().records) + 1


def test_import_takes_files_and_refuses_what_is_none(chattui: Program, db: Database, tmp_path: Path) -> None:
    path = Home(tmp_path / "elsewhere", db).claude(conversation())
    assert chattui("import", str(path)).code == 0
    assert chattui("list", "--json").json["chats"][0]["title"] == "question 1"
    stranger = tmp_path / "x.txt"
    stranger.write_text("hello")
    done = chattui("import", str(stranger))
    assert done.code == 1
    assert "not a history" in done.err


def test_import_progress_is_one_json_object_a_line_and_the_report_last(chattui: Program, db: Database) -> None:
    import json

    Home(chattui.home, db).claude(conversation())
    lines = [json.loads(line) for line in chattui("import", "--progress").out.splitlines()]
    assert lines[0]["phase"] == "looking"
    assert lines[-2]["phase"] == "done"
    assert lines[-1]["read"] == 1


def test_search_finds_needles_wherever_they_were_said(chattui: Program, db: Database) -> None:
    from histories import SESSION, Claude, text, thinking, tool_use
    from test_sync_links import subagent

    made = Claude()
    made.user("the zyxquartz question")
    made.reply(thinking("an umbrelquint thought"), reply="m1")
    made.reply(tool_use("c1", command="kelpwidget --all"), reply="m1")
    made.result("c1", "brindlefox: not found")
    made.reply(text("a vorpalmint answer"), reply="m2")
    home = Home(chattui.home, db)
    home.claude(made)
    subagent(home, "a", "seen by crimsonyak")
    assert chattui("import").code == 0
    wanted = {
        "zyxquartz": ("user", "text"),
        "umbrelquint": ("assistant", "thinking"),
        "kelpwidget": ("assistant", "tool_call"),
        "brindlefox": ("tool", "tool_result"),
        "vorpalmint": ("assistant", "text"),
        "crimsonyak": ("assistant", "text"),
    }
    for needle, (role, kind) in wanted.items():
        [hit] = chattui("search", needle, "--json").json["hits"]
        assert (hit["role"], hit["kind"]) == (role, kind), needle
        assert (SESSION in hit["source_id"]) or needle == "crimsonyak"


def test_search_takes_the_whole_language_and_tells_what_is_mistaken(chattui: Program, db: Database) -> None:
    begin(db, "a needle in hay", "another needle, no straw")
    assert [h["seq"] for h in chattui("search", "needle", "-hay", "--json").json["hits"]] == [2]
    assert [h["seq"] for h in chattui("search", "(hay OR straw) role:user", "--json").json["hits"]] == [2, 1]
    mistaken = chattui("search", "needle", "role:usre", "--json")
    assert mistaken.code == 0
    assert mistaken.json["problems"] == ["role: does not know usre. Did you mean user?"]
    assert len(mistaken.json["hits"]) == 2
    assert mistaken.err.strip() == "role: does not know usre. Did you mean user?"
    bad = chattui("search", "/[[:nope:]]/")
    assert bad.code == 1
    assert "Not a regular expression" in bad.err
