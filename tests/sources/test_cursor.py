"""Cursor's transcripts: prompts without their wrapping, calls with the results that there are, subagents."""

from __future__ import annotations

from pathlib import Path

import pytest
from histories import SESSION, Record, read, told, write

from chattui.domain.kinds import ToolStatus
from chattui.sources.cursor import Cursor

SOURCE = Cursor()


def line(role: str, *content: Record | str) -> Record:
    blocks = [{"type": "text", "text": one} if isinstance(one, str) else one for one in content]
    return {"role": role, "message": {"content": blocks}}


def transcript(root: Path, name: str = SESSION) -> Path:
    return root / "agent-transcripts" / SESSION / f"{name}.jsonl"


def test_a_transcript_with_all_that_it_says(tmp_path: Path) -> None:
    shell = {"type": "tool_use", "name": "Shell", "input": {"command": "make hull", "description": "Build"}}
    named = {"type": "tool_use", "id": "t2", "name": "Read", "input": {"path": "keel.md"}}
    records = [
        line("user", "<open_files>\na.md\n</open_files>\n<user_query>\nIs it sound?\n</user_query>"),
        line("assistant", {"type": "thinking", "thinking": "hm"}, "I look.", shell),
        line("user", {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rotten"}]}),
        line("assistant", "[REDACTED]", named),
        line("user", {"type": "tool-result", "tool_use_id": "t2", "content": "oak", "is_error": True}),
        line("assistant", {"type": "sail", "cloth": "white"}),
        {"type": "turn_ended", "status": "success"},
    ]
    messages, chunk = read(SOURCE, write(transcript(tmp_path), records))
    assert told(messages)[:-1] == [
        ("user", "text", "Is it sound?"),
        ("assistant", "thinking", "hm"),
        ("assistant", "text", "I look."),
        ("assistant", "tool_call", "make hull\n\ndescription: Build"),
        ("tool", "tool_result", "rotten"),
        ("assistant", "tool_call", "path: keel.md"),
        ("tool", "tool_result", "oak"),
    ]
    assert "white" in messages[-1].content
    calls = {m.tool.call_id: m.tool.status for m in messages if m.tool and m.kind == "tool_call"}
    ends = {m.tool.call_id: m.tool.status for m in messages if m.tool and m.kind == "tool_result"}
    assert set(calls) == set(ends)
    assert ends["t2"] is ToolStatus.FAILED
    assert set(calls.values()) == {ToolStatus.COMPLETED}
    assert (chunk.chat.source_id, chunk.chat.title, chunk.chat.parent_source_id) == (SESSION, "Is it sound?", "")


def test_the_project_is_the_directory_that_the_folder_is_named_after(tmp_path: Path) -> None:
    project = tmp_path / "my-boat.app" / "keel"
    project.mkdir(parents=True)
    slug = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in str(project)[1:])
    path = write(transcript(tmp_path / "projects" / slug), [line("user", "go")])
    assert read(SOURCE, path)[1].chat.project == str(project)
    path = write(transcript(tmp_path / "projects" / "no-such-place"), [line("user", "go")])
    assert read(SOURCE, path)[1].chat.project == ""


def test_a_subagent_is_a_chat_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "agent-transcripts" / SESSION / "subagents" / "inner.jsonl", [line("user", "go")])
    chat = read(SOURCE, path)[1].chat
    assert (chat.source_id, chat.parent_source_id) == (f"{SESSION}/inner", SESSION)


def test_where_transcripts_are(tmp_path: Path) -> None:
    assert SOURCE.roots({}, tmp_path)[0] == tmp_path / ".cursor" / "projects"
    path = write(transcript(tmp_path / "home-x"), [line("user", "go")])
    write(tmp_path / "home-x" / "terminals" / "1.jsonl", b"{}\n")
    write(path.with_suffix(".txt"), b"user:\ngo\n")
    assert [f.path for f in SOURCE.discover(tmp_path, lambda path, why: pytest.fail(why))] == [path]
    assert SOURCE.resume_command(SESSION) == ("cursor-agent", f"--resume={SESSION}")
