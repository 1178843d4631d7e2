"""``chattui resume``: the program becomes the tool, or prints how."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from histories import SESSION
from homes import Home, conversation
from program import Program
from tools import Tool

from chattui.sources.registry import all_sources
from chattui.store import chats
from chattui.sync.engine import Sync, machine_name


@pytest.fixture
def project(home: Home, tmp_path: Path) -> Path:
    """Where the chat was held."""
    place = tmp_path / "it's here"
    place.mkdir()
    home.claude(conversation())
    Sync(home.db, all_sources(), machine=machine_name()).run({}, home.path)
    with home.db.raw() as conn, conn.transaction():
        conn.execute("UPDATE chattui.chats SET project = %s", (str(place),))
    return place


def test_the_tool_takes_the_place_of_the_program(chattui: Program, project: Path, tools: Path) -> None:
    tool = Tool(tools, "claude", "echo from the tool; cat; exit 7")
    done = chattui("resume", SESSION[:8], stdin=b"given to it")
    assert (done.code, done.out, done.err) == (7, "from the tool\ngiven to it", "")
    assert tool.called.words == ("--resume", SESSION)
    assert (tool.called.told, tool.called.directory) == (str(project), str(project))


def test_nothing_in_the_project_is_taken_for_the_tool(chattui: Program, project: Path, tools: Path) -> None:
    own, tool = Tool(project, "claude"), Tool(tools, "claude")
    chattui.env["PATH"] = f".:{chattui.env['PATH']}"
    assert chattui("resume", SESSION).code == 0
    assert tool.was_called
    assert not own.was_called


def test_the_command_is_printed_for_a_shell(chattui: Program, project: Path, tools: Path) -> None:
    tool = Tool(tools, "claude")
    done = chattui("resume", SESSION, "--print")
    assert (done.code, done.err) == (0, "")
    assert shlex.split(done.out) == ["cd", str(project), "&&", "claude", "--resume", SESSION]
    assert not tool.was_called
    document = chattui("resume", SESSION, "--json").json
    assert document["command"] == ["claude", "--resume", SESSION]
    assert (document["directory"], document["shell"]) == (str(project), done.out.strip())
    assert (document["file"], document["hindrance"], document["left_out"]) == (None, None, 0)
    assert not tool.was_called


def test_what_hinders_is_a_sentence_and_nothing_runs(chattui: Program, home: Home, project: Path, tools: Path) -> None:
    tool = Tool(tools, "claude")
    project.rmdir()
    done = chattui("resume", SESSION)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"chattui: The chat's directory {project} is not there any more.\n"
    printed = chattui("resume", SESSION, "--print")
    assert printed.code == 0
    assert "not there any more" in printed.err
    assert "--resume" in printed.out
    assert not tool.was_called
    assert "not there" in chattui("resume", SESSION, "--json").json["hindrance"]
    assert chattui("resume", "9999").code == 4


def test_another_agent_goes_on_with_it(chattui: Program, home: Home, project: Path, tools: Path) -> None:
    tool = Tool(tools, "opencode")
    assert chattui("resume", SESSION, "--with", "opencode").code == 0
    flag, prompt = tool.called.words
    found = chats.find(home.db, SESSION)
    assert found is not None
    file = chattui.home / "c" / "state" / "handed-over" / str(found.id) / "conversation.md"
    assert flag == "--prompt"
    assert str(file) in prompt
    assert "question 2" in file.read_text()
    assert tool.called.directory == str(project)
    document = chattui("resume", SESSION, "--with", "claude", "--json").json
    assert (document["file"], document["agent"]) == (str(file), "Claude Code")
    assert "not installed here" in document["hindrance"]
    unknown = chattui("resume", SESSION, "--with", "nobody")
    assert unknown.code == 2
    assert "There is no agent named 'nobody'" in unknown.err
