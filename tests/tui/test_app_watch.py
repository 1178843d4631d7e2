"""The watch beside the app: what a tool writes is on every screen, whoever watches and whatever ends."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from app_driver import AppMaker, part, quit_app, running, seen_in, until, until_seen
from made_chats import write_session

from chattui.sync.told import Stands, State
from chattui.tui.watch_messages import WatchStands


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for what runs beside the app."""
    place = tmp_path / "home"
    place.mkdir()
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("CHATTUI_HOME", str(tmp_path / "chattui"))
    return place


def say(path: Path, number: int, words: str) -> None:
    """What the tool does: one more record at the end of the file."""
    last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    content = [{"type": "text", "text": words}]
    message = {"role": "assistant", "content": content, "id": f"late_{number}", "model": "m", "type": "message"}
    uuid = f"00000001-0000-4000-9000-{number + 1000:012x}"
    record = last | {"type": "assistant", "uuid": uuid, "parentUuid": last["uuid"], "message": message}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def alive(pid: int | None) -> bool:
    try:
        os.kill(pid or 0, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if Path("/proc").exists() else True
    )


async def test_a_message_is_on_the_screen_as_it_is_written_and_the_watch_ends_with_the_app(
    conninfo: str, home: Path, app_on: AppMaker
) -> None:
    path = write_session(home, ["one", "two"], title="Growing")
    app = app_on(conninfo, imports=True)
    async with running(app) as pilot:
        await until_seen(pilot, "Growing")
        await until(pilot, lambda: app.main._stands == Stands(State.FOLLOWING))
        say(path, 1, "written while it is watched")
        await until(pilot, lambda: "written while it is watched" in seen_in(app.main.pane))
        assert "Importing" not in seen_in(app.main.sidebar), "single messages are no import that is worth a line"
        write_session(home, ["hello"], title="Begun meanwhile", number=2)
        await until(pilot, lambda: "Begun meanwhile" in seen_in(app.main.sidebar.recents))
        assert app._watch is not None
        pid = app._watch.pid
        assert alive(pid)
        await quit_app(pilot)
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(pid)


async def test_two_apps_show_what_one_of_them_brings_in_and_the_other_takes_over(
    conninfo: str, home: Path, app_on: AppMaker
) -> None:
    path = write_session(home, ["one", "two"], title="Growing")
    first, second = app_on(conninfo, imports=True), app_on(conninfo, imports=True)
    async with running(first) as one:
        await until(one, lambda: first.main._stands == Stands(State.FOLLOWING))
        async with running(second) as two:
            await until(two, lambda: second.main._stands and second.main._stands.state is State.STANDING_BY)
            say(path, 1, "seen by both")
            for app, pilot in ((first, one), (second, two)):
                await until(pilot, lambda app=app: "seen by both" in seen_in(app.main.pane))  # type: ignore[misc]
            assert first._watch is not None
            first._watch._stopping.set()  # or it would be started again before the other one asks
            os.kill(first._watch.pid or 0, signal.SIGKILL)
            await until(two, lambda: second.main._stands == Stands(State.FOLLOWING))
            say(path, 2, "brought in by the other")
            for app, pilot in ((first, one), (second, two)):
                await until(pilot, lambda app=app: "brought in by the other" in seen_in(app.main.pane))  # type: ignore[misc]


async def test_a_watch_that_is_killed_is_started_again(conninfo: str, home: Path, app_on: AppMaker) -> None:
    path = write_session(home, ["one", "two"], title="Growing")
    app = app_on(conninfo, imports=True)
    async with running(app) as pilot:
        await until(pilot, lambda: app.main._stands == Stands(State.FOLLOWING))
        assert app._watch is not None
        pid = app._watch.pid
        os.kill(pid or 0, signal.SIGKILL)
        say(path, 1, "while nobody watched")
        await until(pilot, lambda: "while nobody watched" in seen_in(app.main.pane))
        assert app._watch.pid != pid
        await until(pilot, lambda: "ended early" not in seen_in(app.main.sidebar), "what was said of it")


async def test_what_a_person_can_mend_is_said_once(conninfo: str, app_on: AppMaker) -> None:
    app = app_on(conninfo)
    async with running(app) as pilot:
        for _ in range(2):
            app._tell(WatchStands(Stands(State.POLLING, "The system watches no more folders for you.")))
        app._tell(WatchStands(Stands(State.WAITING, "The server is down.")))
        await until(pilot, lambda: app._notifications)
        await pilot.pause()
        assert [n.message for n in app._notifications] == ["The system watches no more folders for you."]


async def test_without_the_watch_nothing_is_brought_in_by_itself(conninfo: str, home: Path, app_on: AppMaker) -> None:
    write_session(home, ["one"], title="Not looked for")
    app = app_on(conninfo)
    async with running(app) as pilot:
        await until_seen(pilot, "No chats yet")
        assert app._watch is None
        assert part(app.main.title_bar)[0].strip() == ""
