"""Which command goes on with a chat, where, and what is said when none does."""

from __future__ import annotations

import os
import shlex
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from histories import SESSION, THREAD, Claude, text
from homes import Home, conversation, rollout
from steps import begin, rows
from tools import Tool

from chattui.domain.errors import ChattuiError, ConfigError, Conflict
from chattui.resume.agents import AGENTS, agent, installed
from chattui.resume.context import MOST_CHARS, MOST_OF_ONE
from chattui.resume.resuming import Here, hand_over, resume
from chattui.sources.registry import all_sources
from chattui.store import chats
from chattui.store.database import Database
from chattui.sync.engine import Sync


def chat_id(db: Database, source_id: str = SESSION) -> int:
    found = chats.find(db, source_id)
    assert found is not None
    return found.id


def held_in(db: Database, chat: int, project: Path | str | None) -> None:
    with db.raw() as conn, conn.transaction():
        conn.execute("UPDATE chattui.chats SET project = %s WHERE id = %s", (str(project) if project else None, chat))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    place = tmp_path / "it's a project"
    place.mkdir()
    return place


@pytest.fixture
def chat(home: Home, project: Path) -> int:
    home.claude(conversation())
    home.sync()
    found = chat_id(home.db)
    held_in(home.db, found, project)
    return found


def test_a_chat_goes_on_in_its_own_tool_and_directory(
    home: Home, chat: int, here: Here, project: Path, tools: Path
) -> None:
    Tool(tools, "claude")
    launch = resume(home.db, chat, here)
    assert launch.command == ("claude", "--resume", SESSION)
    assert (launch.directory, launch.hindrance, launch.file) == (project, "", None)
    assert launch.program(here.env) == str(tools / "claude")
    assert shlex.split(launch.shell) == ["cd", str(project), "&&", "claude", "--resume", SESSION]


def test_each_tool_is_given_its_own_command(home: Home, project: Path, here: Here, tools: Path) -> None:
    home.codex(rollout())
    home.sync()
    held_in(home.db, chat_id(home.db, THREAD), project)
    Tool(tools, "codex")
    assert resume(home.db, chat_id(home.db, THREAD), here).command == ("codex", "resume", THREAD)


def test_a_missing_program_is_named(home: Home, chat: int, here: Here) -> None:
    launch = resume(home.db, chat, here)
    assert launch.hindrance == "Claude Code is not installed here: there is no program 'claude' on the PATH."


def test_a_missing_directory_is_named(home: Home, chat: int, here: Here, tools: Path) -> None:
    Tool(tools, "claude")
    held_in(home.db, chat, "/nowhere/at\x1b[31mall")
    assert "/nowhere/at␛[31mall is not there any more" in resume(home.db, chat, here).hindrance


@pytest.mark.parametrize("project", ["relative/place", "-rf"])
def test_what_is_no_directory_is_not_gone_to(home: Home, chat: int, here: Here, project: str) -> None:
    held_in(home.db, chat, project)
    with pytest.raises(ChattuiError, match="is no directory here"):
        resume(home.db, chat, here)


def test_without_a_project_it_goes_on_where_one_is(home: Home, chat: int, here: Here, tools: Path) -> None:
    Tool(tools, "claude")
    held_in(home.db, chat, None)
    launch = resume(home.db, chat, here)
    assert (launch.directory, launch.hindrance) == (None, "")
    assert launch.shell == f"claude --resume {SESSION}"


def test_a_subagent_goes_on_by_its_parent(home: Home, chat: int, here: Here, tools: Path) -> None:
    Tool(tools, "claude")
    with home.db.raw() as conn, conn.transaction():
        row = conn.execute(
            "INSERT INTO chattui.chats (source, source_id, parent_id, last_message_at)"
            " VALUES ('claude-code', %s, %s, now()) RETURNING id",
            (f"{SESSION}/a1", chat),
        ).fetchone()
    assert row is not None
    launch = resume(home.db, row[0], here)
    assert (launch.chat_id, launch.command) == (chat, ("claude", "--resume", SESSION))


def test_a_chat_of_another_machine_is_only_resumed_there(home: Home, project: Path, here: Here, tools: Path) -> None:
    Tool(tools, "claude")
    home.claude(conversation())
    Sync(home.db, all_sources(), machine="far\x1b[1m").run({}, home.path)
    chat = chat_id(home.db)
    assert resume(home.db, chat, here).hindrance == "This chat was held on far␛[1m, and can be resumed only there."
    held_in(home.db, chat, project)  # a directory that both machines have, with the history in it
    assert resume(home.db, chat, here).hindrance == ""
    rows(home.db, "UPDATE chattui.imports SET path = '/far/away.jsonl'")
    assert "was held on far" in resume(home.db, chat, here).hindrance
    home.sync()  # it is seen from this machine too
    assert resume(home.db, chat, here).hindrance == ""


def test_a_chat_of_our_own_has_no_other_tool(db: Database, here: Here) -> None:
    with pytest.raises(ChattuiError, match=r"begun in chattui.*handed to an agent"):
        resume(db, begin(db, "mine"), here)


@pytest.mark.parametrize("hostile", ["--dangerously-skip-permissions", "-c", "a b", "a;rm", "a\nb", "$(id)", "ä", ""])
def test_an_id_that_could_be_an_option_is_not_run(home: Home, chat: int, here: Here, tools: Path, hostile: str) -> None:
    Tool(tools, "claude")
    with home.db.raw() as conn, conn.transaction():
        conn.execute("UPDATE chattui.chats SET source_id = %s WHERE id = %s", (hostile, chat))
    with pytest.raises(ChattuiError, match="is not resumed"):
        resume(home.db, chat, here)


@pytest.mark.parametrize(
    ("source", "said"), [("vscode-chat", "cannot be told which"), ("elsewhere", "is not known here")]
)
def test_a_tool_that_cannot_resume_is_said(home: Home, chat: int, here: Here, source: str, said: str) -> None:
    with home.db.raw() as conn, conn.transaction():
        conn.execute("UPDATE chattui.chats SET source = %s WHERE id = %s", (source, chat))
    with pytest.raises(ChattuiError, match=said):
        resume(home.db, chat, here)


def test_a_chat_that_is_gone_is_said(db: Database, here: Here) -> None:
    with pytest.raises(Conflict):
        resume(db, 99, here)
    with pytest.raises(Conflict):
        hand_over(db, 99, agent("claude"), here)


# Handed to another agent


def test_an_agent_begins_with_the_conversation_in_a_private_file(
    home: Home, chat: int, here: Here, project: Path, tools: Path
) -> None:
    Tool(tools, "codex")
    old = os.umask(0)
    try:
        launch = hand_over(home.db, chat, agent("codex"), here)
    finally:
        os.umask(old)
    assert launch.file is not None
    program, prompt = launch.command
    assert (program, launch.directory, launch.hindrance, launch.left_out) == ("codex", project, "", 0)
    assert str(launch.file) in prompt
    assert prompt.count(".") == str(launch.file).count(".") + 1  # one sentence
    written = launch.file.read_text()
    assert all(f"question {n}" in written and f"answer {n}" in written for n in (1, 2, 3))
    assert stat.S_IMODE(launch.file.stat().st_mode) == 0o600
    for place in (launch.file.parent, launch.file.parent.parent):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert launch.file.is_relative_to(here.state_dir)


def test_of_a_long_chat_the_newest_part_is_handed_over(home: Home, here: Here) -> None:
    long = Claude(SESSION)
    for turn in range(60):
        long.user(f"question {turn}")
        long.reply(text(f"answer {turn} " + "word " * 2_000), reply=f"m{turn}")
    long.reply(text("BEGIN" + "x" * 400_000 + "END"), reply="last")
    home.claude(long)
    home.sync()
    launch = hand_over(home.db, chat_id(home.db), agent("claude"), here)
    assert launch.file is not None
    written = launch.file.read_text()
    assert MOST_CHARS * 0.8 < len(written) < MOST_CHARS * 1.1
    assert launch.left_out > 60
    assert f"its first {launch.left_out:,} of 121 messages are left out" in written
    assert "answer 59 " in written
    assert "answer 3 " not in written
    assert "BEGIN" in written
    assert "END" in written
    assert f"{400_008 - MOST_OF_ONE:,} characters are left out here" in written


def test_every_agent_is_told_the_file(home: Home, chat: int, here: Here) -> None:
    for one in AGENTS:
        launch = hand_over(home.db, chat, one, here)
        assert launch.command[0] == one.name
        assert any(str(launch.file) in word for word in launch.command[1:])
        assert "{" not in "".join(launch.command)
        assert launch.hindrance == f"{one.label} is not installed here: there is no program '{one.name}' on the PATH."


def test_only_agents_that_are_here_are_offered(here: Here, tools: Path) -> None:
    assert installed(here.env) == ()
    Tool(tools, "gemini")
    Tool(tools, "claude")
    (tools / "codex").write_text("no program")
    assert [one.name for one in installed(here.env)] == ["claude", "gemini"]
    with pytest.raises(ConfigError, match="The agents are: claude, codex"):
        agent("nobody")


def test_files_that_were_handed_over_long_ago_are_removed(home: Home, chat: int, here: Here) -> None:
    first = hand_over(home.db, chat, agent("claude"), here).file
    assert first is not None
    month_ago = time.time() - 40 * 86_400
    os.utime(first, (month_ago, month_ago))
    other = begin(home.db, "another")
    second = hand_over(home.db, other, agent("claude"), here).file
    assert second is not None
    assert second.exists()
    assert not first.parent.exists()


def test_a_link_in_the_place_of_the_files_is_not_followed(home: Home, chat: int, here: Here, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    (here.state_dir / "handed-over").mkdir(parents=True)
    (here.state_dir / "handed-over" / str(chat)).symlink_to(aside)
    with pytest.raises(ChattuiError, match="is no directory of yours"):
        hand_over(home.db, chat, agent("claude"), here)
    assert list(aside.iterdir()) == []


def test_where_no_file_can_be_written_it_is_said(home: Home, chat: int, here: Here, tmp_path: Path) -> None:
    (tmp_path / "full").write_text("")
    with pytest.raises(ChattuiError, match="cannot be used as a directory"):
        hand_over(home.db, chat, agent("claude"), replace(here, state_dir=tmp_path / "full"))
