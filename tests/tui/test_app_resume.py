"""Going on with a chat elsewhere: the terminal is handed over and taken back, and what was written is shown."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_driver import AppMaker, running, screen_text, toasts, until, until_seen
from made_chats import chat_of, import_all, write_session

from chattui.store.database import Database
from chattui.tui.screens.hand_over_dialog import HandOverDialog
from tests.bench.terminal import Terminal

SESSION = "5e551011-0000-4000-8000-000000000001"
_MORE = (
    '{"type":"user","uuid":"00000001-0000-4000-8000-0000000000ff","parentUuid":"00000001-0000-4000-8000-000000000002",'
    '"sessionId":"' + SESSION + '","cwd":"PROJECT","timestamp":"2031-01-01T00:00:00.000Z","version":"2.1.0",'
    '"isSidechain":false,"userType":"external","message":{"role":"user","content":"and this came later"}}'
)


def program(place: Path, name: str, script: str) -> Path:
    """A program of a person's."""
    place.mkdir(exist_ok=True)
    path = place / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    place = tmp_path / "a project"
    place.mkdir()
    return place


@pytest.fixture
def session(tmp_path: Path, project: Path) -> Path:
    """A session of Claude Code, held in the project."""
    path = write_session(tmp_path / "home", ["how do I bake", "in an oven"], title="Baking")
    path.write_text(path.read_text().replace("/home/nora/code/made", str(project)))
    return path


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is on the PATH, alone."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place))
    return place


class Started:
    """The app in a terminal of its own."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def wait(self, text: str) -> None:
        self.terminal.wait(lambda screen: text in screen.text(), repr(text))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.terminal.press(key)

    def interrupt(self) -> None:
        """Ctrl+C, as the terminal hands it on."""
        os.write(self.terminal._fd, b"\x03")


@pytest.fixture
def start(tmp_path: Path, conninfo: str) -> Iterator[Callable[[], Started]]:
    """Starts the app on the home, which it imports by itself."""
    opened: list[Terminal] = []

    def begin() -> Started:
        environment = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "TERM": "xterm-256color",
            "CHATTUI_HOME": str(tmp_path / "c"),
            "CHATTUI_LINGER": "0",
        }
        command = [sys.executable, "-m", "chattui", "--database", conninfo]
        opened.append(Terminal(command, environment, framed=False))
        return Started(opened[-1])

    yield begin
    for each in opened:
        each.close()


def test_the_terminal_goes_to_the_tool_and_comes_back_with_what_it_wrote(
    start: Callable[[], Started], session: Path, project: Path, tmp_path: Path
) -> None:
    more = _MORE.replace("PROJECT", str(project))
    script = f"""
test -t 0 && test -t 1 && echo "IN THE TOOL $*"
read line
echo '{more}' >> {shlex.quote(str(session))}
echo "GOT $line IN $(pwd -P)" > {shlex.quote(str(tmp_path / "got"))}"""
    program(tmp_path / "bin", "claude", script)
    app = start()
    app.wait("in an oven")
    app.press("r")
    app.wait(f"IN THE TOOL --resume {SESSION}")
    app.press("qd ctrl words", "enter")  # for the tool, not for the app
    app.wait("and this came later")
    assert (tmp_path / "got").read_text() == f"GOT qd ctrl words IN {project}\n"
    app.press("?")  # keys are the app's again
    app.wait("Everywhere")


def test_an_interrupt_is_the_tools(start: Callable[[], Started], session: Path, project: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "claude", "trap 'echo INTERRUPTED' INT\necho STARTED\nread line\nread line\nexit 0")
    app = start()
    app.wait("in an oven")
    app.press("r")
    app.wait("STARTED")
    app.interrupt()
    app.wait("INTERRUPTED")
    app.press("enter", "enter")
    app.wait("in an oven")
    assert app.terminal.alive


def test_what_a_tool_says_when_it_fails_can_be_read(
    start: Callable[[], Started], session: Path, project: Path, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "claude", "echo No conversation found; exit 3")
    app = start()
    app.wait("in an oven")
    app.press("r")
    app.wait("Claude Code ended with code 3. Press Enter")
    assert "No conversation found" in app.terminal.screen.text()
    app.press("enter")
    app.wait("in an oven")


def test_a_tool_that_stops_itself_goes_on(
    start: Callable[[], Started], session: Path, project: Path, tmp_path: Path
) -> None:
    """There is no shell here that could bring it back."""
    program(tmp_path / "bin", "claude", "kill -STOP $$\necho WENT ON\nread line")
    app = start()
    app.wait("in an oven")
    app.press("r")
    app.wait("WENT ON")
    app.press("enter")
    app.wait("in an oven")


def test_another_agent_begins_with_the_conversation(
    start: Callable[[], Started], session: Path, project: Path, tmp_path: Path
) -> None:
    note = shlex.quote(str(tmp_path / "prompt"))
    program(tmp_path / "bin", "codex", f'printf %s "$1" > {note}\necho "A NEW SESSION"\nread line')
    app = start()
    app.wait("in an oven")
    app.press("R")
    app.wait("Codex, a new session")
    app.press("enter")
    app.wait("A NEW SESSION")
    app.press("enter")
    app.wait("in an oven")
    [file] = (tmp_path / "c").rglob("conversation.md")
    assert str(file) in (tmp_path / "prompt").read_text()
    assert "how do I bake" in file.read_text()


# Without a terminal that could be handed over


@pytest.fixture
def chat(samples: str, store: Database, tmp_path: Path, session: Path) -> int:
    import_all(store, tmp_path / "home")
    return chat_of(store, "Baking")


async def test_a_missing_tool_is_said_and_nothing_runs(
    samples: str, chat: int, app_on: AppMaker, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chattui.resume.resuming.machine_name", lambda: "test")
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, "in an oven")
        await pilot.press("r")
        await until(pilot, lambda: "there is no program 'claude' on the PATH" in toasts(app))


async def test_the_dialog_offers_what_is_here_and_copies_the_command(
    samples: str, chat: int, app_on: AppMaker, tools: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chattui.resume.resuming.machine_name", lambda: "test")
    called = tools / "called"
    for name in ("claude", "opencode"):
        program(tools, name, f": > {shlex.quote(str(called))}")
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, "in an oven")
        await pilot.press("R")
        await until_seen(pilot, "Go on with “Baking” in", "● Claude Code, a new", "○ OpenCode, a new", "○ Its own tool")
        assert "Codex," not in screen_text(app)
        await pilot.press("down", "c")
        await until(pilot, lambda: "opencode --prompt" in app.clipboard)
        words = shlex.split(app.clipboard)
        assert words[:3] == ["cd", str(project), "&&"]
        [file] = app.settings.state_dir.rglob("conversation.md")
        assert str(file) in words[-1]
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, HandOverDialog))
        await pilot.press("up", "c")
        await until(pilot, lambda: app.clipboard.endswith(f"&& claude --resume {SESSION}"))
        assert not called.exists()


async def test_a_terminal_that_cannot_be_handed_over_is_said(
    samples: str, chat: int, app_on: AppMaker, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chattui.resume.resuming.machine_name", lambda: "test")
    called = tools / "called"
    program(tools, "claude", f": > {shlex.quote(str(called))}")
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, "in an oven")
        await pilot.press("r")
        await until(pilot, lambda: "This terminal cannot be handed over" in toasts(app))
        assert not called.exists()


async def test_while_writing_r_is_a_letter(samples: str, chat: int, app_on: AppMaker, tools: Path) -> None:
    app = app_on(samples, chat=str(chat))
    async with running(app) as pilot:
        await until_seen(pilot, "in an oven")
        await pilot.press("w", "r", "R")
        await until(pilot, lambda: app.main.composer.is_writing and "rR" in screen_text(app))
        assert app.screen is app.main
        assert toasts(app) == ""


@pytest.mark.parametrize("key", ["r", "R"])
async def test_without_a_chat_there_is_nothing_to_go_on_with(conninfo: str, app_on: AppMaker, key: str) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "No chats yet")
        await pilot.press(key)
        await until(pilot, lambda: "There is no chat here to go on with." in toasts(app))
