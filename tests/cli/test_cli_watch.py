"""``chattui watch`` as a person or a service runs it: another process, its lines, its end, and the service it writes."""

from __future__ import annotations

import json
import os
import plistlib
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from histories import SESSION, Claude, jsonl, text
from homes import Home, conversation, held, rollout
from program import Program

from chattui.cli.service import service
from chattui.domain.errors import ChattuiError, ConfigError
from chattui.store import chats, messages
from chattui.store.database import Database

DEADLINE = 30.0


class Watching:
    """A running ``chattui watch --json`` and the events that it printed."""

    def __init__(self, chattui: Program, *arguments: str, before: tuple[str, ...] = ()) -> None:
        command = [*before, *map(str, chattui.command("watch", "--json", *arguments))]
        self.process = subprocess.Popen(
            command, env=chattui.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._text = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        assert self.process.stdout is not None
        while select.select([self.process.stdout], [], [], 0)[0]:
            data = os.read(self.process.stdout.fileno(), 1 << 16).decode()
            self._text += data
            if not data:
                break
        return [json.loads(line) for line in self._text.splitlines(keepends=True) if line.endswith("\n")]

    def states(self) -> list[str]:
        return [event["state"] for event in self.events if event["event"] == "state"]

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                events = self.events
                self.process.kill()
                raise AssertionError((what, events, self.process.communicate()[1]))
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def watching(chattui: Program) -> Iterator[Callable[..., Watching]]:
    """Starts watches, and ends them with the test."""
    begun: list[Watching] = []

    def begin(*arguments: str, **more: Any) -> Watching:
        begun.append(Watching(chattui, *arguments, **more))
        return begun[-1]

    yield begin
    for each in begun:
        if each.process.poll() is None:
            each.process.kill()
        for pipe in (each.process.stdin, each.process.stdout, each.process.stderr):
            if pipe is not None:
                pipe.close()
        each.process.wait()


@pytest.fixture
def home(chattui: Program, db: Database) -> Home:
    """The program's home."""
    return Home(chattui.home, db)


def say(path: Path, words: str, n: int) -> None:
    made = Claude(SESSION, first=n)
    made.reply(text(words), reply=f"late{n}")
    with path.open("ab") as file:
        file.write(jsonl(made.records))


def last_text(db: Database, session: str = SESSION) -> str:
    found = chats.find(db, session)
    return messages.page(db, found.id, found.message_count, found.message_count)[0].content if found else ""


def test_it_brings_in_what_is_there_and_then_what_comes_and_ends_by_a_signal(
    home: Home, db: Database, watching: Callable[..., Watching]
) -> None:
    path = home.claude(conversation())
    watch = watching()
    watch.until(lambda: "following" in watch.states() and watch.events[-1]["event"] == "brought")
    first = watch.events[-1]
    assert (first["first"], first["read"], first["faults"]) == (True, 1, [])
    assert "progress" in {event["event"] for event in watch.events}
    say(path, "one more", 900)
    watch.until(lambda: [event for event in watch.events if event["event"] == "brought"][1:])
    last = watch.events[-1]
    assert (last["first"], last["messages"]) == (False, 1)
    assert last["chats"][0]["source"] == "claude-code"
    assert last_text(db) == "one more"
    assert watch.end() == 0
    assert watch.process.stderr is not None
    assert watch.process.stderr.read() == ""


def test_it_ends_by_ctrl_c_and_when_its_input_ends_where_it_was_asked_to(watching: Callable[..., Watching]) -> None:
    watch = watching()
    watch.until(lambda: "following" in watch.states())
    assert watch.end(signal.SIGINT) == 0
    attached = watching("--attached")
    attached.until(lambda: "following" in attached.states())
    assert attached.process.stdin is not None
    attached.process.stdin.close()
    assert attached.process.wait(20) == 0


def test_once_is_one_time_and_leaves_the_work_to_who_watches(
    chattui: Program, home: Home, db: Database, watching: Callable[..., Watching]
) -> None:
    home.claude(conversation())
    done = chattui("watch", "--once")
    assert (done.code, done.err) == (0, "")
    assert "15 messages new in 1 of 1 files" in done.out
    watch = watching()
    watch.until(lambda: "following" in watch.states())
    again = chattui("watch", "--once")
    assert (again.code, again.out) == (0, "")
    assert again.err == "chattui: Another chattui watches, and brings in what is new.\n"
    assert chattui("watch", "--once", "--quiet").err == ""


def test_killed_in_the_middle_another_one_ends_as_if_nothing_had_been(
    chattui: Program, home: Home, db: Database, other_db: Database, watching: Callable[..., Watching]
) -> None:
    for number in range(30):
        session = f"{SESSION[:-2]}{number:02}"
        home.claude(conversation(session, turns=40), session)
        home.codex(rollout(20, meta={"id": f"019a0000-1000-7000-8000-0000000000{number:02}"}), str(number))
    first = watching()
    second = watching()
    path = home.claude(conversation(), SESSION, old=False)
    first.until(lambda: any(e["event"] == "progress" and e["messages"] for e in first.events + second.events))
    busy, spare = (first, second) if "looking" in first.states() else (second, first)
    busy.process.kill()
    busy.process.wait(20)
    spare.until(lambda: "following" in spare.states(), "the other one takes over")
    say(path, "after the kill", 5000)
    spare.until(lambda: last_text(db) == "after the kill")
    whole = Program(chattui.home, other_db.conninfo)
    assert whole("import").code == 0
    assert held(db) == held(other_db)


def test_where_the_system_gives_no_watchers_it_says_so_and_looks_now_and_then(
    home: Home, db: Database, watching: Callable[..., Watching]
) -> None:
    limit = "echo 0 > /proc/sys/user/max_inotify_instances && "
    able = subprocess.run(["unshare", "-Ur", "sh", "-c", limit + "true"], capture_output=True, check=False)
    if able.returncode:
        pytest.skip("no user namespace of one's own here")
    path = home.claude(conversation())
    watch = watching(before=("unshare", "-Ur", "sh", "-c", limit + 'exec "$0" "$@"'))
    watch.until(lambda: "polling" in watch.states())
    told = next(event for event in watch.events if event.get("state") == "polling")
    assert "max_user_instances" in told["sentence"]
    assert "looked for every" in told["sentence"]
    say(path, "found by looking", 900)
    watch.until(lambda: last_text(db) == "found by looking")
    session = f"{SESSION[:-2]}01"
    home.claude(conversation(session), session, project="-new", old=False)
    watch.until(lambda: chats.find(db, session))


def test_a_person_reads_what_came(chattui: Program, home: Home, db: Database) -> None:
    path = home.claude(conversation())
    process = subprocess.Popen(
        list(map(str, chattui.command("watch"))),
        env=chattui.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("15 messages new in 1 of 1 files\n")
        say(path, "\x1b[31mone more", 900)
        line = process.stdout.readline()
        assert "1 message  question 1 [claude-code " in line
    finally:
        process.terminate()
        _out, err = process.communicate(timeout=20)
    assert err == "Watching. Ctrl+C ends it.\n"
    assert process.returncode == 0


def test_a_wrong_configuration_is_one_sentence(chattui: Program) -> None:
    config = chattui.home / "c" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[sources.cladue]\nenabled = false\n")
    for verb in ("watch", "import"):
        done = chattui(verb)
        assert done.code == 2
        assert "config.toml, line 1, has rules for 'cladue', and there is no such source" in done.err
        assert done.err.count("\n") == 1


def test_import_tells_what_it_found_and_obeys_switches_and_rules(chattui: Program, home: Home, db: Database) -> None:
    home.claude(conversation())
    home.codex(rollout())
    config = chattui.home / "c" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[sources.codex]\nenabled = false\n[projects]\nexclude = ["/work/boat"]\n')
    done = chattui("import")
    assert done.code == 0
    assert "Claude Code           1 file       0.0 MB  ~/.claude/projects" in done.out
    assert "Codex" not in done.out
    assert "1 file left out by rules of the configuration." in done.out
    assert not chats.recents(db)
    assert "Codex" in chattui("import", "--source", "codex").out, "what is asked for by name is looked for"
    config.write_text("")
    assert chattui("import").code == 0
    assert len(chats.recents(db)) == 2


# The service


def test_the_service_is_written_shown_and_removed_but_never_started(chattui: Program) -> None:
    chattui.env |= {"XDG_CONFIG_HOME": str(chattui.home / "con fig"), "CODEX_HOME": '/opt/100% "co\\dex"'}
    done = chattui("watch", "--install")
    unit = chattui.home / "con fig" / "systemd" / "user" / "chattui-watch.service"
    assert (done.code, done.err) == (0, "")
    assert str(unit) in done.out
    assert "systemctl --user enable --now chattui-watch.service" in done.out
    written = unit.read_text()
    assert all(line.strip() in done.out for line in written.splitlines())
    assert f'ExecStart="{sys.executable}" "-P" "-m" "chattui" "watch" "--quiet"\n' in written
    assert 'Environment="CODEX_HOME=/opt/100%% \\"co\\\\dex\\""\n' in written
    assert f'Environment="CHATTUI_HOME={chattui.home}/c"\n' in written
    assert unit.stat().st_mode & 0o077 == 0
    if analyze := shutil.which("systemd-analyze"):
        checked = subprocess.run([analyze, "verify", "--user", str(unit)], capture_output=True, text=True, check=False)
        assert "chattui-watch" not in checked.stderr or checked.returncode == 0, checked.stderr
    assert chattui("watch", "--install").code == 0, "once more replaces it"
    wants = unit.parent / "default.target.wants"
    wants.mkdir()
    (wants / unit.name).symlink_to(unit)
    gone = chattui("watch", "--uninstall")
    assert gone.code == 0
    assert "systemctl --user stop" in gone.out
    assert not unit.exists()
    assert not list(wants.iterdir())
    assert "There is no service" in chattui("watch", "--uninstall").out


def test_a_service_that_somebody_else_wrote_stays(chattui: Program) -> None:
    unit = chattui.home / ".config" / "systemd" / "user" / "chattui-watch.service"
    chattui.env.pop("XDG_CONFIG_HOME", None)
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    for option in ("--install", "--uninstall"):
        done = chattui("watch", option)
        assert done.code == 1
        assert "was not written by chattui, and stays as it is" in done.err
    assert unit.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_no_password_is_written_into_a_service(chattui: Program) -> None:
    chattui.env.pop("XDG_CONFIG_HOME", None)
    done = chattui("watch", "--install", database="postgresql://me:s3cret@db/chats")
    assert done.code == 2
    assert "holds a password" in done.err
    assert "s3cret" not in done.err + done.out
    assert not list(chattui.home.rglob("*.service"))
    assert chattui("watch", "--install", database="postgresql://me@db/chats").code == 0
    assert (
        'Environment="CHATTUI_DATABASE_URL=postgresql://me@db/chats"'
        in next(chattui.home.rglob("*.service")).read_text()
    )


ODD = ('/opt/my py/$HOME/100%/"quoted"/back\\slash/bin/python', "-m", "chattui", "it's $5")


def test_an_agent_of_launchd_says_the_same() -> None:
    made = service("darwin", {}, Path("/Users/no ra"), ODD, {"CODEX_HOME": "/a & <b>"})
    assert made.path == Path("/Users/no ra/Library/LaunchAgents/chattui.watch.plist")
    content = plistlib.loads(made.content)
    assert content["ProgramArguments"] == list(ODD)
    assert content["EnvironmentVariables"] == {"CODEX_HOME": "/a & <b>"}
    assert (content["RunAtLoad"], content["KeepAlive"]) == (True, {"SuccessfulExit": False})
    assert shlex.split(made.start[0])[-1] == str(made.path)


def test_words_of_a_unit_are_meant_as_they_are_written() -> None:
    made = service("linux", {}, Path("/home/nora"), ODD, {})
    line = next(one for one in made.content.decode().splitlines() if one.startswith("ExecStart="))
    assert line == (
        'ExecStart="/opt/my py/$HOME/100%%/\\"quoted\\"/back\\\\slash/bin/python" "-m" "chattui" "it\'s $$5"'
    )


def test_what_cannot_be_written_is_explained() -> None:
    with pytest.raises(ConfigError, match="control characters"):
        service("linux", {}, Path("/h"), ("/opt/a\nExecStart=/bin/evil", "-m"), {})
    with pytest.raises(ChattuiError, match="systemd and launchd"):
        service("win32", {}, Path("/h"), ODD, {})
