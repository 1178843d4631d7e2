"""Other programs that read chats in the terminal, on the same session of 20,000 messages as ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import corpus
from tests.bench.machine import Others, wait_quiet
from tests.bench.options import Options
from tests.bench.places import PROGRAM, Home, say
from tests.bench.report import Row, impossible, timing
from tests.bench.terminal import Terminal
from tests.bench.warm import warm

TITLE = "Peers"
NOTES = (
    "Peers: a home with a session of 20,000 messages beside a few small ones, all of one project; from the key that goes from "
    "a small session to the long one until its text is on the screen (its end; xed-tui shows its beginning). ccsessions-tui and "
    "xed-tui come from the package index, each into an environment of its own. Other programs for the terminal did not open "
    "this session, or not by a key.",
)
_SIZE = 20_000


@dataclass(frozen=True, slots=True)
class _Peer:
    """``to_small`` goes from the start to the small session, ``to_big`` from there to the long one."""

    name: str
    command: str
    ready: str
    to_small: Sequence[str]
    to_big: str
    shows_end: bool = True


_PEERS = (
    _Peer("ccsessions-tui==0.4.0", "ccsessions", "Modified:", ("tab", "down"), "up"),
    _Peer("xed-tui==1.26.6", "xed-tui", "YOU", ("\x1bOB", "\x1bOB"), "\x1bOB", shows_end=False),
)


def measure(options: Options) -> list[Row]:
    """Ours first, then the peers that can be had."""
    histories, first, last = _histories(options.cache)
    home = Home(histories, options.cache / "peers-data")
    runs = 1 if options.quick else 5
    try:
        home.start_server()
        done = home.run("import")
        if done.code:
            raise RuntimeError(done.err)
        ours = _opened(PROGRAM, home, ("Filter", "recents"), _ours, last, runs)
    finally:
        home.forget()
    rows = [timing("open a session of 20,000 messages: chattui", ours[0], others=[ours[1]])]
    for peer in _PEERS:
        what = f"… {peer.name}"
        try:
            program = _installed(peer, options.cache)
            found = _opened(
                [str(program)], home, (peer.ready,), _keys(peer), last if peer.shows_end else f"Reader: {first}", runs
            )
        except Exception as error:  # a program of other people: it may be gone or changed
            rows.append(impossible(what, "–", error))
            continue
        rows.append(timing(what, found[0], baseline=ours[0], others=[found[1]]))
    return rows


def _opened(
    argv: Sequence[str],
    home: Home,
    ready: Sequence[str],
    go: Callable[[Terminal], None],
    words: str,
    runs: int,
) -> tuple[list[float], float]:
    """Milliseconds of every run, and the cores that others used."""
    times = []
    with Others() as others:
        for _ in range(runs):
            wait_quiet(2.0)
            warm()
            with Terminal(argv, home.env, framed=False) as terminal:
                terminal.wait(lambda screen: any(word in screen for word in ready) or words in screen, "the start", 60)
                terminal.settle(1.5)
                go(terminal)
                times.append(terminal.wait(lambda screen: words in screen, "the long session", 60).ms)
    return times, others.cores


def _keys(peer: _Peer) -> Callable[[Terminal], None]:
    def go(terminal: Terminal) -> None:
        for key in peer.to_small:
            terminal.press(key)
            terminal.settle(1.0)
        terminal.press(peer.to_big)

    return go


def _ours(terminal: Terminal) -> None:
    """The long session is the newest: open another one, then come back to its end."""
    for key in ("down", "enter", "escape", "up"):
        terminal.press(key)
        terminal.settle(0.5)
    terminal.press("enter")


def _installed(peer: _Peer, cache: Path) -> Path:
    folder = cache / "peers" / peer.command
    program = folder / "bin" / peer.command
    if not program.exists():
        say(f"installing {peer.name}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", peer.name], check=True, capture_output=True)
    return program


def _histories(cache: Path) -> tuple[Path, str, str]:
    """A $HOME, and the first words of the first prompt and of the last reply of its long session."""
    home = cache / "corpus-peers"
    if not (home / "manifest.json").exists():
        corpus.write(home, sessions=4, messages=_SIZE + 400, big=_SIZE)
        _into_one_project(home)
    longest = max(home.rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    longest.touch()
    prompts, replies = [], []
    for line in longest.read_text("utf-8").splitlines():
        message = json.loads(line).get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            prompts.append(content)
        elif isinstance(content, list):
            replies += [block["text"] for block in content if block.get("type") == "text"]
    return home, prompts[0][:24], replies[-1].rsplit("\n\n", 1)[-1].strip()[:24]


def _into_one_project(home: Path) -> None:
    projects = home / ".claude" / "projects"
    one, *others = sorted(projects.iterdir())
    for folder in others:
        for path in folder.iterdir():
            path.rename(one / path.name)
        folder.rmdir()
