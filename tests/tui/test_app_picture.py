"""The picture of the last screen stands in the terminal until the app has its own."""

from __future__ import annotations

import io
import os
import pty
import sys
import termios
from pathlib import Path

import pytest

from chattui.tui import picture
from tests.bench.screen import Screen
from tests.bench.terminal import Terminal

MOUSE = b"\x1b[?1000h"


class Starts:
    """The real program in a terminal of 100 × 30, on the samples."""

    def __init__(self, home: Path, conninfo: str) -> None:
        self.state = home / "c" / "state"
        self.file = self.state / "last-screen"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CHATTUI_HOME": str(home / "c"),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "CHATTUI_PICTURE": "1",
        }
        self.argv = [sys.executable, "-m", "chattui", "--database", conninfo]

    def start(self, *arguments: str, columns: int = 100, **env: str) -> Terminal:
        return Terminal([*self.argv, *arguments], {**self.env, **env}, columns=columns, rows=30)

    def begins_with_the_app(self, *arguments: str, columns: int = 100, **env: str) -> bool:
        """Whether the first frame is the living app's, which asks for the mouse before it paints, and no picture."""
        with self.start(*arguments, columns=columns, **env) as terminal:
            terminal.wait(lambda _: True, "anything")
            return MOUSE in terminal.frames[0].data


def chats_shown(screen: Screen) -> bool:
    return "psycopg docs explain each counter" in screen


def is_shell(screen: Screen) -> bool:
    return "Search every message" in screen


def leave(terminal: Terminal) -> None:
    """Quit, and wait for the end however long it takes."""
    terminal.settle()
    terminal.press("ctrl+q")
    while terminal.pump(20.0):
        pass
    assert not terminal.alive


@pytest.fixture
def starts(tmp_path: Path, samples: str) -> Starts:
    """Started and ended once; the tour of the first start is put away."""
    made = Starts(tmp_path, samples)
    with made.start() as terminal:
        terminal.wait(lambda screen: "The first minute" in screen.text(), "the tour")
        terminal.press("escape")
        terminal.wait(lambda screen: chats_shown(screen) and "The first minute" not in screen.text(), "the newest chat")
        leave(terminal)
    return made


def test_what_was_left_is_there_at_once_and_does_not_flicker(starts: Starts) -> None:
    assert starts.file.stat().st_mode & 0o777 == 0o600
    with starts.start() as terminal:
        terminal.wait(chats_shown, "the picture")
        picture_text = terminal.screen.text()
        assert terminal.frames[0].data.count(b"\x1b[?2026l") == 1
        assert MOUSE not in terminal.frames[0].data
        while terminal.pump(2.0) and len(terminal.frames) < 3:
            pass
        assert len(terminal.frames) > 1, "the app has painted itself"
        while terminal.replay() is not None:
            assert chats_shown(terminal.screen), terminal.screen.text()
        assert terminal.screen.text().splitlines()[:10] == picture_text.splitlines()[:10]
        terminal.press("/")
        terminal.press("regex")
        terminal.wait(lambda screen: "Search" in screen.text() and "regex" in screen.row(0), "the search that is typed")


def test_a_key_pressed_at_the_picture_is_not_lost_and_not_echoed(starts: Starts) -> None:
    with starts.start() as terminal:
        terminal.press("?")
        terminal.wait(lambda screen: chats_shown(screen) and "?" not in screen.row(0, 0, 3), "the picture")
        terminal.wait(lambda screen: "Keys" in screen.text() or "shows every key" in screen.text(), "the help")


@pytest.mark.parametrize(
    ("arguments", "columns", "env"),
    [((), 90, {}), (("--search", "regex"), 100, {}), (("--fresh",), 100, {}), ((), 100, {"CHATTUI_PICTURE": "0"})],
)
def test_no_picture_of_something_else(
    starts: Starts, arguments: tuple[str, ...], columns: int, env: dict[str, str]
) -> None:
    assert starts.begins_with_the_app(*arguments, columns=columns, **env)


def test_another_database_is_another_mark() -> None:
    env = {"TERM": "xterm", "HOME": "/a", "PGHOST": "one", "DATABASE_URL": "postgresql://u:secret@h/d"}
    mark = picture.mark(env, "", 80, 24)
    assert mark == picture.mark({**env, "HOME": "/b"}, "", 80, 24)
    assert "secret" not in mark
    for other in ({"PGHOST": "two"}, {"DATABASE_URL": "x"}, {"CHATTUI_HOME": "/c"}, {"TERM": "linux"}):
        assert mark != picture.mark({**env, **other}, "", 80, 24)
    assert mark != picture.mark(env, "postgresql:///other", 80, 24)
    assert mark != picture.mark(env, "", 81, 24)


def test_without_pictures_none_is_kept(starts: Starts) -> None:
    with starts.start(CHATTUI_PICTURE="0") as terminal:
        terminal.wait(chats_shown, "the newest chat")
        leave(terminal)
    assert not starts.file.exists()


def test_a_damaged_picture_is_not_shown(starts: Starts) -> None:
    whole = starts.file.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:9], b"", whole.replace(b"\n", b"\n\xff", 1), b"\xff" * 50):
        starts.file.write_bytes(damaged)
        with pytest.raises((ValueError, AssertionError)):
            assert picture.read(starts.state, whole.split(b"\n")[0].decode()) is not None
    assert starts.begins_with_the_app()


def test_a_start_that_fails_gives_the_terminal_back() -> None:
    master, slave = pty.openpty()
    output = io.StringIO()
    shown = picture.Shown(output, slave)
    shown.paint("a chat\x1b[0m")
    assert not termios.tcgetattr(slave)[3] & termios.ECHO
    shown.take_down()
    shown.take_down()
    assert termios.tcgetattr(slave)[3] & termios.ECHO
    assert output.getvalue().count("\x1b[?1049h") == output.getvalue().count("\x1b[?1049l") == 1
    os.close(master)
    os.close(slave)


def test_the_terminal_that_the_app_has_taken_over_is_the_apps_to_give_back() -> None:
    master, slave = pty.openpty()
    output = io.StringIO()
    shown = picture.Shown(output, slave)
    shown.paint("a chat\x1b[0m")
    shown.hand_over()
    assert termios.tcgetattr(slave)[3] & termios.ECHO, "the app finds what it is to leave"
    shown.take_down()
    assert "\x1b[?1049l" not in output.getvalue()
    os.close(master)
    os.close(slave)
