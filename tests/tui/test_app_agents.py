"""Agents in the app: turns of a scripted agent of the Agent Client Protocol, and the terminal handed to an agent's own program."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, quit_app, running, screen_text, seen_in, toasts, until, until_seen
from textual.pilot import Pilot

from chattui.config import load_settings
from chattui.domain.chat import Message
from chattui.domain.kinds import Kind, Role, ToolStatus
from chattui.domain.replies import Reply, ReplyEnd
from chattui.domain.turns import Part
from chattui.replies.acp import process
from chattui.store import chats, messages, replies
from chattui.store.database import Database
from chattui.tui import handing_over
from chattui.tui.app import ChattuiApp
from chattui.tui.outbox import Outbox, UnsentReply
from chattui.tui.screens.hand_over_dialog import HandOverDialog
from chattui.tui.screens.model_dialog import ModelDialog
from chattui.tui.screens.permission_dialog import PermissionDialog, readable

AGENT = Path(__file__).parents[1] / "acp_agent.py"


@pytest.fixture(scope="module")
def talks() -> Iterator[process.Talks]:
    """One process for all tests: importing the library takes half a second, a session costs nothing."""
    made = process.Talks()
    yield made
    made.close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that the app runs in."""
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def speaking(
    app_on: AppMaker, talks: process.Talks, project: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Configures apps to know the scripted agent; its program is started by the first turn of a test."""

    class Shared:
        """The processes of all tests: chats of different tests have the same number, and the agent's session goes on."""

        def hold(self, chat_id: int, *given: Any) -> process.Turn:
            return talks.hold(0, *given)

        def close(self) -> None:
            """They are needed again."""

    monkeypatch.setattr(process, "Talks", Shared)

    def configure(*mood: str, patience: int = 60) -> None:
        place = app_on.home / "config"
        place.mkdir(parents=True, exist_ok=True)
        words = ", ".join(f'"{word}"' for word in (sys.executable, str(AGENT), *mood))
        (place / "config.toml").write_text(
            f"[agents.scripted]\ncommand = [{words}]\nacp = true\npatience = {patience}\n"
            f'[agents.mine]\ncommand = ["mytool", "--say", "{{prompt}}"]\nlabel = "My tool"\n'
        )

    configure()
    return configure


def newest(db: Database) -> list[Message]:
    """What another connection finds in the newest chat."""
    row = chats.recents(db, limit=1)[0]
    return messages.page(db, row.id, 1, row.message_count)


def summary(db: Database) -> list[tuple[Kind, str]]:
    return [(m.kind, m.content) for m in newest(db)]


async def begin(pilot: Pilot[int], text: str) -> None:
    """A new chat with the agent."""
    await pilot.press("ctrl+n", *"/model agent:scripted", "enter")
    await pilot.press(*text, "enter")


async def ended(pilot: Pilot[int], db: Database) -> None:
    app = pilot.app
    assert isinstance(app, ChattuiApp)
    await until(pilot, lambda: len(newest(db)) > 1 and not app.main.session.replies.any_live, "the end of the turn")


async def test_a_turn_streams_in_asks_and_is_stored_with_all_that_was_said_called_and_planned(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await begin(pilot, "work hard")
        await until(pilot, lambda: isinstance(app.screen, PermissionDialog))
        await until_seen(
            pilot, "Scripted Agent asks: Edit pool.py", "-size = 5", "+size = 50", "● Reject", "Esc refuses"
        )
        assert "work hard" in [m.content for m in newest(store)], "the prompt is durable before the agent is asked"
        await pilot.press("up", "up", "enter")
        await ended(pilot, store)
        await until_seen(pilot, "It is mended.", "execute", "make test", "edit", "Plan ", "1 of 2 done: mend it")
        stored = newest(store)
    kinds = [Kind.TEXT, Kind.THINKING, Kind.TEXT, Kind.EVENT, Kind.TOOL_CALL, Kind.TOOL_RESULT, Kind.TOOL_CALL]
    assert [m.kind for m in stored] == [*kinds, Kind.TEXT]
    assert [m.parent_seq for m in stored] == [None, *range(1, 8)]
    thought, said, plan, call, result, edit = stored[1:7]
    assert (thought.content, said.content) == ("I must look first.", "Let me **see**.")
    assert plan.content == "Plan: 1 of 2 done\n[x] look at it\n[>] mend it"
    assert call.tool is not None
    assert (call.tool.name, call.tool.target, call.tool.status) == ("execute", "make test", ToolStatus.COMPLETED)
    assert call.content == "make test\n\ntitle: Run the tests"
    assert (result.role, result.content, result.error) == (Role.TOOL, "3 passed\nall good", False)
    assert edit.tool is not None
    assert (edit.tool.name, edit.tool.target, edit.tool.status) == ("edit", "/work/pool.py", ToolStatus.COMPLETED)
    assert "old_string: size = 5\nnew_string: size = 50" in edit.content
    last = stored[-1]
    assert (last.content, last.model) == ("It is mended.", "Scripted Agent")
    assert (last.metadata or {})["reply"]["cost"] == 0.25
    chat = chats.get(store, last.chat_id)
    assert chat is not None
    assert chat.cost == 0.25


def test_a_question_shows_edits_as_what_changes_and_hides_secrets_of_several_lines() -> None:
    key = "-----BEGIN RSA PRIVATE " + "KEY-----\n" + "MIIEpAIBAAKCAQEA7\n" * 3 + "-----END RSA PRIVATE " + "KEY-----"
    edit = {"file_path": "/p/a.py", "old_string": "one\ntwo\n", "new_string": "one\nthree\n"}
    whole = readable("\n".join(("/p/a.py", json.dumps([edit, edit | {"old_string": ""}]), key, '{"command": "ls"}')))
    assert whole.plain.split("\n")[:7] == ["/p/a.py", " one", "-two", "+three", "/p/a.py", "+one", "+three"]
    assert "MIIE" not in whole.plain
    assert whole.plain.endswith("ls")
    colours = {whole.plain[span.start : span.end]: str(span.style) for span in whole.spans}
    assert (colours["-two"], colours["+three"]) == ("$text-error", "$text-success")


async def test_a_key_begins_a_session_from_anywhere(
    samples: str, app_on: AppMaker, speaking: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (app_on.home / "config" / "config.toml").write_text("")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", *"half a thought", "alt+a")
        await until(pilot, lambda: isinstance(app.screen, HandOverDialog))
        await until_seen(pilot, "No agent is installed here", "[agents.NAME]", "Esc closes")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert app.main.composer.text == "half a thought"


async def test_escape_and_enter_refuse_and_the_session_goes_on_until_the_chat_parts(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], project: Path
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        for key in ("escape", "enter"):
            await begin(pilot, "work")
            await until(pilot, lambda: isinstance(app.screen, PermissionDialog))
            await pilot.press(key)
            await ended(pilot, store)
            assert summary(store)[-1] == (Kind.TEXT, "It is as it was."), key
            tool = newest(store)[-3].tool
            assert tool is not None
            assert tool.status is ToolStatus.FAILED
        await pilot.press("w", *"hello", "enter") if not app.main.composer.is_writing else await pilot.press(
            *"hello", "enter"
        )
        await until_seen(pilot, "prompt 2 in")
        await ended(pilot, store)
        reply = newest(store)[-1].content
        assert f"prompt 2 in {project}: hello" in reply, "the same session, in the chat's directory"
        assert "after" not in reply
        app.main.pane.focus()
        await pilot.press("A")
        await until_seen(pilot, "prompt 1 in", "‹2 of 2›")
        await ended(pilot, store)
        assert "User: work" in newest(store)[-1].content, "another session, which is told what was said before"
        assert newest(store)[-1].parent_seq == newest(store)[-2].parent_seq


@pytest.mark.parametrize("mood", ["loads", "forgets", ""])
async def test_a_chat_goes_on_in_its_session_after_a_restart_where_the_agent_can(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    project: Path,
    talks: process.Talks,
    mood: str,
) -> None:
    speaking(*filter(None, [mood]))
    talks.close()
    app = app_on(samples)
    async with running(app) as pilot:
        await begin(pilot, "hello")
        await ended(pilot, store)
        await quit_app(pilot)
    talks.close()
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("w", *"again", "enter")
        await until(pilot, lambda: len(newest(store)) == 4)
        reply = newest(store)[-1].content
        if mood == "loads":
            assert reply == f"s1 prompt 101 in {project}: again"
            await until(pilot, lambda: "goes on with the session that it had here" in toasts(app))
        else:
            assert "prompt 1 in" in reply
            assert "User: hello" in reply, "what was said before is told"
            await until(pilot, lambda: "begins a new session, and was told what was said before." in toasts(app))
        assert not [m for m in newest(store) if "long ago" in m.content], (
            "what the agent repeats is in the chat already"
        )
        if mood != "loads":
            return
        chat = chats.recents(store, limit=1)[0].id
        messages.append(store, chat, "written elsewhere", key="elsewhere")
        await until(pilot, lambda: app.main.open_chat.chat is not None and app.main.open_chat.chat.message_count == 5)
        await pilot.press(*"and now", "enter")
        await until(pilot, lambda: len(newest(store)) == 7)
        assert "written elsewhere" in newest(store)[-1].content, "the session does not know it: another one is told"


async def test_a_turn_is_stopped_by_the_key_and_an_agent_that_does_not_stop_is_ended(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_PATIENCE", 0.5)
    app = app_on(samples)
    async with running(app) as pilot:
        for word in ("wait", "hang"):
            await begin(pilot, word)
            await until_seen(pilot, "Half of", "Esc stops")
            await pilot.press("escape")
            await ended(pilot, store)
            assert summary(store)[1] == (Kind.TEXT, "Half of")
            assert (newest(store)[1].metadata or {})["reply"]["why"] == "stopped"
        await pilot.press(*"hello", "enter")
        await until_seen(pilot, "prompt 1 in")
        assert "Half of" in seen_in(app.main.pane)
        await ended(pilot, store)
        call = next(m for m in newest(store) if m.kind is Kind.TEXT and "hello" in m.content)
        assert call.role is Role.USER


async def test_what_is_malformed_stands_in_the_chat_and_an_exit_is_a_sentence(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await begin(pilot, "malformed")
        await until(pilot, lambda: "9 of the agent's lines were not understood" in toasts(app))
        await ended(pilot, store)
        stored = newest(store)
        texts = [m.content for m in stored if m.kind is Kind.TEXT]
        assert texts == ["malformed", "Before. ", "After."]
        odd = "\n".join(m.content for m in stored if m.kind is Kind.EVENT)
        for each in (
            '"toolCallId": {"a": 1}',
            "[1, 2]",
            "surprise",
            '"id": [1]',
            "no object",
            "not JSON",
            "[[[[",
            "16 MB",
        ):
            assert each in odd
        (call,) = (m for m in stored if m.kind is Kind.TOOL_CALL)
        assert call.tool is not None
        assert (call.content, call.tool.status) == ("Odd arguments\n{not json", ToolStatus.COMPLETED)
        assert "\x1b" not in screen_text(app)
        await pilot.press(*"exit now", "enter")
        await until(pilot, lambda: "Scripted Agent ended with code 9" in toasts(app))
        assert "It said: segmentation ␛[31mfault" in toasts(app)
        await ended(pilot, store)
        *_, said, call, fault = newest(store)
        assert (said.content, said.error) == ("Half of", True)
        assert call.tool is not None
        assert call.tool.status is ToolStatus.CANCELLED
        assert (fault.kind, fault.error) == (Kind.EVENT, True)
        assert "ended with code 9" in fault.content


async def test_an_agent_that_floods_is_cut_and_keys_are_answered_meanwhile(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await begin(pilot, "churn")
        await until(pilot, lambda: "running" in screen_text(app), "the call")
        longest = 0.0
        for letter in "while it floods":
            began = time.monotonic()
            await pilot.press(letter)
            await pilot.pause()
            longest = max(longest, time.monotonic() - began)
        assert app.main.composer.text == "while it floods"
        assert longest < 2.0, "no key waits for the agent"
        await pilot.press("escape")
        await ended(pilot, store)
        call = next(m for m in newest(store) if m.kind is Kind.TOOL_CALL)
        assert call.tool is not None
        assert call.tool.status is ToolStatus.CANCELLED
        await begin(pilot, "flood")
        await ended(pilot, store)
        (reply,) = (m for m in newest(store) if m.role is Role.ASSISTANT)
        assert len(reply.content) == 1_000_000
        assert (reply.metadata or {})["reply"]["why"] == "cut"


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        ("old", "speaks version 7 of the Agent Client Protocol; version 1 is known here"),
        ("locked", "wants you to log in first"),
        ("mute", "has not begun within 1 seconds, and was given up"),
        ("garbage", "answered what is not the Agent Client Protocol"),
        ("gone", "ended with code 3 before the turn was over. What came is kept. It said: no licence found"),
    ],
)
async def test_an_agent_that_does_not_begin_says_why(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], mood: str, sentence: str
) -> None:
    speaking(mood, patience=1 if mood == "mute" else 60)
    app = app_on(samples)
    async with running(app) as pilot:
        await begin(pilot, "hello")
        await until(pilot, lambda: sentence in toasts(app), sentence)
        await ended(pilot, store)
        assert [m.kind for m in newest(store)] == [Kind.TEXT, Kind.EVENT]


async def test_agents_are_among_the_models_and_one_that_nobody_knows_is_a_sentence(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", "ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, ModelDialog))
        await until_seen(pilot, "agent:scripted")
        assert "agent:mine" not in screen_text(app), "it speaks no protocol"
        await pilot.press(*"agent:nobody", "enter", *"hello", "enter")
        await until(pilot, lambda: "There is no agent 'nobody' here" in toasts(app))
        await ended(pilot, store)
        assert newest(store)[0].content == "hello"


def test_parts_of_a_turn_whose_writer_is_gone_become_messages_once(store: Database, samples: str) -> None:
    row = chats.recents(store, limit=1)[0]
    said, call = Part("text", "one"), Part("tool", "ls", "code", "c", "execute", "ls", "completed", "a\nb")
    whole = Reply(row.id, "turn-x", row.message_count, parts=(said, call, Part("text", "two")))
    replies.begin(store, whole)
    replies.add_parts(store, Reply(row.id, "turn-x", row.message_count, parts=(said, call)))
    replies.keep(store, whole)  # what is kept had not heard of that
    replies.settle(store, row.id)
    replies.finish(store, whole, ReplyEnd("stop"))
    found = messages.page(store, row.id, row.message_count + 1, row.message_count + 9)
    assert [m.content for m in found] == ["one", "ls", "a\nb", "two"]
    assert [m.parent_seq for m in found] == [row.message_count + n for n in range(4)]
    assert (found[-1].metadata or {})["reply"]["why"] == "interrupted"


async def test_a_new_session_begins_in_an_agents_own_program_and_the_terminal_comes_back(
    samples: str,
    app_on: AppMaker,
    speaking: Callable[..., None],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("claude", "mytool"):
        (tools / name).write_text("#!/bin/sh\nexit 0\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    (project / "deep").mkdir()
    ran: list[Any] = []
    monkeypatch.setattr(handing_over, "run_in_terminal", lambda app, launch: ran.append(launch))
    app = app_on(samples)
    imported: list[bool] = []
    monkeypatch.setattr(app, "start_import", lambda *a, **k: imported.append(True) or True)
    async with running(app) as pilot:
        for typed in ("claude ./deep why is it", "claude", "mine what now", "mine"):
            await pilot.press("ctrl+n", *f"/agent {typed}", "enter")
        await pilot.press("ctrl+n", *"/agent", "enter")
        await until(pilot, lambda: isinstance(app.screen, HandOverDialog))
        await until_seen(pilot, "Begin a session in", "My tool", "Claude Code")
        await pilot.press("enter")
        await until(pilot, lambda: len(ran) == 5)
        for typed, sentence in {
            "nobody": "There is no agent named 'nobody'",
            "claude ./gone x": "There is no directory ./gone",
            "codex": "Codex is not installed here",
        }.items():
            await pilot.press("ctrl+n", *f"/agent {typed}", "enter")
            await until(pilot, lambda s=sentence: s in toasts(app), sentence)
    assert [(launch.command, launch.directory) for launch in ran] == [
        (("claude", "why is it", "--add-dir", str(project / "deep")), project / "deep"),
        (("claude",), project),
        (("mytool", "--say", "what now"), project),
        (("mytool", "--say"), project),
        (("mytool", "--say"), project),
    ]
    assert len(imported) == 5, "what it wrote is brought in by itself"


def test_a_turn_that_waits_on_the_disk_is_read_as_it_was(tmp_path: Path) -> None:
    parts = (Part("text", "one\ud800"), Part("tool", "ls", "code", "c", "execute", "ls", "failed", "no", 12))
    reply, end = Reply(7, "turn-x", 3, model="m", first=2, parts=parts), ReplyEnd("failed", "It ended.")
    outbox = Outbox(tmp_path, "a database")
    outbox.put_reply(reply, end)
    ((_, read),) = outbox.all()
    assert read == UnsentReply(reply, end)


def test_the_config_file_names_what_is_wrong_with_an_agent(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[agents.one]\nacp = true\n[agents.two]\ncommand = "x"\n[agents.three]\ncommand = ["x"]\npatience = "soon"\n'
    )
    settings = load_settings({"CHATTUI_HOME": str(tmp_path), "CHATTUI_CONFIG": str(config)})
    said = "\n".join(problem.sentence for problem in settings.problems)
    assert "line 1, the agent 'one' needs a command" in said
    assert "line 4, 'agents.two.command' must be a list of texts" in said
    assert "line 7, 'agents.three.patience' is 'soon'" in said
    assert [agent.name for agent in settings.agents] == ["three"]
