"""Copying: what is said of the way that served, with real programs on the path and without."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from app_driver import AppMaker, running, toasts, until

from chattui.tui import clipboard
from chattui.tui.clipboard import Copied


def program(place: Path, name: str, lines: str) -> None:
    """A clipboard program of that name."""
    made = place / name
    made.write_text(f"#!/bin/sh\n{lines}\n")
    made.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of the path, in a session with a display."""
    made = tmp_path / "bin"
    made.mkdir()
    monkeypatch.setenv("PATH", str(made))
    monkeypatch.setenv("DISPLAY", ":0")
    return made


@pytest.mark.parametrize(
    ("copied", "sentence"),
    [
        (Copied(9, True), "Copied the message (OSC 52)."),
        (Copied(9, True, "tmux", True), "Copied the message (OSC 52 and tmux)."),
        (Copied(9, True, "xclip", False), "Copied the message (OSC 52; xclip failed)."),
        (Copied(80_000, False, "tmux", True), "Copied the message (tmux; too long for OSC 52)."),
        (
            Copied(80_000, False, "xclip", False),
            "Too long for this terminal's clipboard (80,000 bytes, OSC 52 takes 74,994), and xclip failed."
            " x exports to a file.",
        ),
        (
            Copied(80_000, False),
            "Too long for this terminal's clipboard (80,000 bytes, OSC 52 takes 74,994), and no clipboard program is here."
            " x exports to a file.",
        ),
    ],
)
def test_every_way_is_said(copied: Copied, sentence: str) -> None:
    assert copied.sentence("message") == sentence
    assert copied.done == sentence.startswith("Copied")


async def test_a_program_that_stays_behind_to_serve_the_clipboard_is_not_waited_for(
    samples: str, app_on: AppMaker, path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    program(path, "xclip", f"/bin/cat > {out}\n/bin/sleep 20 &")
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        start = time.monotonic()
        await pilot.press("y")
        await until(pilot, lambda: "Copied the message (OSC 52 and xclip)." in toasts(app))
        assert time.monotonic() - start < clipboard._PATIENCE
        assert out.read_text() == app.clipboard


async def test_what_is_too_long_goes_by_a_program_or_it_is_said_that_it_failed(
    samples: str, app_on: AppMaker, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipboard, "OSC52_LIMIT", 10)
    out = tmp_path / "out"
    program(path, "xclip", f"/bin/cat > {out}")
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("y")
        await until(pilot, lambda: "Copied the message (xclip; too long for OSC 52)." in toasts(app))
        assert out.read_text().startswith("Committed on")
        program(path, "xclip", "exit 1")
        await pilot.press("y")
        await until(pilot, lambda: "OSC 52 takes 10), and xclip failed. x exports to a file." in toasts(app))
        assert app.clipboard == ""


async def test_ctrl_c_says_what_it_did_too(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("g")
        await pilot.mouse_down(app.main.pane, offset=(2, 1))
        await pilot.hover(app.main.pane, offset=(20, 1))
        await pilot.mouse_up(app.main.pane, offset=(20, 1))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "Copied the selection (OSC 52)." in toasts(app))
        assert app.clipboard.startswith("Every night at 00:")
