"""A watch: each change is brought in as it is written, by one program of several, whatever happens to the database."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from container_makers import CASES, more_crush, more_goose
from histories import SESSION, Claude, text, write
from homes import MACHINE, Home, add, conversation, held, rollout
from steps import kill_backends

from chattui.config.file import read_config_file
from chattui.domain.errors import ConfigError
from chattui.domain.history import HistoryFile
from chattui.sources.claude_code import ClaudeCode
from chattui.sources.codex import Codex
from chattui.sources.continue_dev import Continue
from chattui.sources.protocol import Report, Source
from chattui.store import chats
from chattui.store.database import Database
from chattui.sync.engine import Sync
from chattui.sync.ruled import LeftOutFiles, ruled
from chattui.sync.told import Brought, Stands, State, Told
from chattui.sync.watch import Wanted, Watch
from chattui.sync.watching import Pace

ONLY_NOTICES = Pace(check=600.0)
"""So rarely is anything looked at that only what the system tells can be the reason for an import."""
QUICK = Pace(check=0.05, turn=0.05, everything=600.0, titles=0.1, doubt=1.5)
DEADLINE = 20.0


class Running:
    """A watch on a thread, and what it told."""

    def __init__(self, home: Home, sources: Callable[[], Wanted], pace: Pace, config_file: Path | None) -> None:
        self.told: list[Told] = []
        self.home = home
        self.failed: Exception | None = None
        self.watch = Watch(
            self._store,
            sources,
            {},
            home.path,
            tell=self.told.append,
            config_file=config_file,
            machine=MACHINE,
            pace=pace,
        )
        self.thread = threading.Thread(target=self._run)

    @contextmanager
    def _store(self) -> Iterator[Database]:
        db = Database(self.home.db.conninfo, pool_size=2)
        try:
            yield db
        finally:
            db.close()

    def _run(self) -> None:
        try:
            self.watch.run()
        except Exception as error:
            self.failed = error

    def states(self) -> list[State]:
        return [told.state for told in self.told if isinstance(told, Stands)]

    def brought(self) -> list[Brought]:
        return [told for told in self.told if isinstance(told, Brought)]

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert self.failed is None, self.failed
            assert time.monotonic() < end, (what, self.told)
            time.sleep(0.01)

    def until_following(self) -> None:
        """Everything was looked at, and the second look too, after which only changes are."""
        self.until(lambda: self.brought() and State.FOLLOWING in self.states())
        time.sleep(0.3)

    def end(self) -> None:
        self.watch.end()
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive()


@pytest.fixture
def watch(home: Home) -> Iterator[Callable[..., Running]]:
    """Begins watches, and ends them with the test."""
    begun: list[Running] = []

    def begin(
        *sources: Source,
        pace: Pace = ONLY_NOTICES,
        wanted: Callable[[], Wanted] | None = None,
        config_file: Path | None = None,
        of: Home = home,
    ) -> Running:
        given = sources or (ClaudeCode(), Codex())
        running = Running(of, wanted or (lambda: Wanted(given)), pace, config_file)
        begun.append(running)
        running.thread.start()
        return running

    yield begin
    for running in begun:
        running.end()


class Counting(ClaudeCode):
    """Claude Code that counts the files it is asked to look at."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def discover(self, root: Path, report: Report) -> Iterator[HistoryFile]:
        for file in super().discover(root, report):
            self.seen.append(file.path.stem)
            yield file


def later(session: str, words: str, n: int = 900) -> Claude:
    made = Claude(session, first=n)
    made.reply(text(words), reply=f"late{n}")
    return made


def test_a_change_is_brought_in_and_no_other_file_is_looked_at(home: Home, watch: Callable[..., Running]) -> None:
    for number in range(20):
        session = f"{SESSION[:-2]}{number:02}"
        path = home.claude(conversation(session), session)
    source = Counting()
    running = watch(source)
    running.until_following()
    source.seen.clear()
    add(path, later(session, "said just now").records, old=False)
    running.until(lambda: home.texts(session)[-1] == "said just now")
    assert set(source.seen) == {session}
    running.until(lambda: len(running.brought()) == 2)
    last = running.brought()[-1]
    assert (last.report.messages, last.report.read, last.first) == (1, 1, False)
    assert [chat.source_id for chat in last.chats] == [session]


def test_new_folders_and_what_is_in_them_already_are_seen(home: Home, watch: Callable[..., Running]) -> None:
    home.claude(conversation())
    running = watch()
    running.until_following()
    session = f"{SESSION[:-2]}01"
    path = home.claude(conversation(session), session, project="-another-project", old=False)
    running.until(lambda: chats.find(home.db, session))
    agent = path.with_suffix("") / "subagents" / "agent-a1.jsonl"
    agent.parent.mkdir(parents=True)
    agent.write_bytes(path.read_bytes().replace(b"question", b"subquestion"))
    running.until(lambda: chats.find(home.db, f"{session}/a1"), "a subagent two folders below")
    add(agent, later(session, "from the subagent").records, old=False)
    running.until(lambda: home.texts(f"{session}/a1")[-1] == "from the subagent", "a folder that came later is watched")


def test_a_tool_that_begins_to_be_used_is_found(home: Home, watch: Callable[..., Running]) -> None:
    running = watch(pace=QUICK)
    running.until(lambda: running.brought())
    home.claude(conversation(), old=False)
    home.codex(rollout(), old=False)
    running.until(lambda: len(chats.recents(home.db)) == 2)


def test_of_two_one_watches_and_the_other_takes_over(home: Home, watch: Callable[..., Running]) -> None:
    path = home.claude(conversation())
    first = watch(pace=QUICK)
    first.until_following()
    second = watch(pace=QUICK)
    second.until(lambda: second.states() == [State.STANDING_BY])
    add(path, later(SESSION, "for the first").records, old=False)
    first.until(lambda: home.texts()[-1] == "for the first")
    assert not second.brought(), "the work is not done twice"
    first.end()
    add(path, later(SESSION, "for the second", 950).records, old=False)
    second.until(lambda: home.texts()[-1] == "for the second")
    assert second.states()[1:] == [State.LOOKING, State.FOLLOWING]


def test_a_watch_of_other_places_does_not_wait(home: Home, watch: Callable[..., Running], tmp_path: Path) -> None:
    first = watch(ClaudeCode(), pace=QUICK)
    first.until_following()
    elsewhere = Home(tmp_path / "elsewhere", home.db)
    elsewhere.claude(conversation())
    second = watch(ClaudeCode(), pace=QUICK, of=elsewhere)
    second.until(lambda: chats.find(home.db, SESSION))


def test_a_server_that_restarts_is_waited_for(home: Home, watch: Callable[..., Running], server: str) -> None:
    path = home.claude(conversation())
    running = watch(pace=QUICK)
    running.until_following()
    kill_backends(home.db.conninfo)
    running.until(
        lambda: running.states()[-1] in (State.WAITING, State.LOOKING) or running.states().count(State.FOLLOWING) > 1
    )
    add(path, later(SESSION, "after the restart").records, old=False)
    running.until(lambda: home.texts()[-1] == "after the restart")
    assert len(home.texts()) == len(set(map(id, home.chat())))


def test_hostile_names_do_not_end_it(home: Home, watch: Callable[..., Running]) -> None:
    path = home.claude(conversation())
    running = watch(pace=QUICK)
    running.until_following()
    odd = os.fsencode(path.parent) + b"/\xff\xfe-\x1b[31m.jsonl"
    Path(os.fsdecode(odd)).write_bytes(path.read_bytes())
    folder = Path(os.fsdecode(os.fsencode(path.parent) + b"/\xff\xfe"))
    folder.mkdir()
    (folder / f"{SESSION[:-2]}07.jsonl").write_bytes(path.read_bytes())
    (path.parent / "loop").symlink_to(path.parent)
    (path.parent / "gone.jsonl").symlink_to("/nonexistent")
    os.mkfifo(path.parent / "fifo.jsonl")
    time.sleep(0.3)
    add(path, later(SESSION, "still there").records, old=False)
    running.until(lambda: "still there" in home.texts())


def test_a_file_that_is_half_written_is_no_fault_until_it_stays_so(home: Home, watch: Callable[..., Running]) -> None:
    path = home.path / ".continue" / "sessions" / "one.json"
    path.parent.mkdir(parents=True)
    (path.parent / "other.json").write_text('{"sessionId": "other", "workspaceDirectory": "/w", "history": []}')
    running = watch(Continue(), pace=QUICK)
    running.until_following()
    whole = (
        '{"sessionId": "one", "title": "T", "workspaceDirectory": "/w", "history": '
        '[{"message": {"role": "user", "content": "hello"}}]}'
    )
    path.write_text(whole[:40])
    time.sleep(0.1)
    path.write_text(whole)
    running.until(lambda: chats.find(home.db, "one"))
    assert not [told for told in running.brought() if told.report.faults]
    path.write_text(whole[:40])
    running.until(lambda: [told for told in running.brought() if told.report.faults])
    assert home.texts("one") == ["hello"], "what was there stays"


@pytest.mark.parametrize(("tool", "more"), [("goose", more_goose), ("crush", more_crush)])
def test_a_database_whose_tool_has_it_open_is_followed(
    home: Home, watch: Callable[..., Running], tool: str, more: Callable[..., None]
) -> None:
    case = next(each for each in CASES if each.source.name == tool)
    path = home.path / ".local" / "share" / "goose" / "sessions" / "sessions.db"
    if tool == "crush":  # in each project; only a list of these has a fixed place
        path = home.path / "code" / "boat" / ".crush" / "crush.db"
        listed = home.path / ".local" / "share" / "crush" / "projects.json"
        listed.parent.mkdir(parents=True)
        listed.write_text(json.dumps({"projects": [{"path": str(path.parent.parent), "data_dir": str(path.parent)}]}))
    path.parent.mkdir(parents=True)
    rng = random.Random(5)
    case.write(path, rng, 3)
    running = watch(case.source, pace=QUICK)
    running.until_following()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        for _ in range(3):
            before = sum(told.report.messages for told in running.brought())
            time.sleep(0.2)
            more(conn, rng, 1)
            conn.commit()
            running.until(lambda before=before: sum(told.report.messages for told in running.brought()) > before)
    assert not [told for told in running.brought() if told.report.faults]


def test_titles_that_are_kept_elsewhere_follow_too(home: Home, watch: Callable[..., Running]) -> None:
    path = home.codex(rollout(), f"2026-03-01T10-00-00-{'019a0000-1000-7000-8000-0000000000aa'}")
    running = watch(pace=QUICK)
    running.until_following()
    index = home.path / ".codex" / "session_index.jsonl"
    index.write_text('{"id": "019a0000-1000-7000-8000-0000000000aa", "thread_name": "Named afterwards"}\n')
    add(path, rollout(1).records[-1:], old=False)
    running.until(lambda: [chat.title for chat in chats.recents(home.db)] == ["Named afterwards"])


def test_the_configuration_is_obeyed_while_it_runs_and_a_mistake_changes_nothing(
    home: Home, watch: Callable[..., Running], tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"

    def wanted() -> Wanted:
        rules = read_config_file(config, required=False).rules
        return Wanted(ruled(rules, config, LeftOutFiles(None)))

    path = home.claude(conversation())
    running = watch(pace=QUICK, wanted=wanted, config_file=config)
    running.until_following()
    config.write_text("[sources.claude-code\n")
    running.until(lambda: isinstance(running.told[-1], Stands) and "not valid TOML" in running.told[-1].sentence)
    add(path, later(SESSION, "in spite of the mistake").records, old=False)
    running.until(lambda: home.texts()[-1] == "in spite of the mistake")
    config.write_text("[sources.claude-code]\nenabled = false\n")
    running.until(lambda: running.states()[-2:] == [State.LOOKING, State.FOLLOWING])
    session = f"{SESSION[:-2]}01"
    home.claude(conversation(session), session, old=False)
    add(path, later(SESSION, "not wanted", 950).records, old=False)
    home.codex(rollout(), old=False)
    running.until(lambda: len(chats.recents(home.db)) == 2, "the rollout")
    assert home.texts()[-1] == "in spite of the mistake"
    assert chats.find(home.db, session) is None
    config.unlink()
    running.until(lambda: chats.find(home.db, session))
    assert home.texts()[-1] == "not wanted", "what came while it was off is brought in when it is on again"


def test_chats_of_a_project_that_is_left_out_never_reach_the_database(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    rollouts = home.path / ".codex" / "sessions" / "2026"
    config.write_text(f'[projects]\nexclude = ["/work/boat"]\n[sources.codex]\nexclude = ["{rollouts}/**"]\n')
    home.claude(conversation())
    session = f"{SESSION[:-2]}01"
    made = conversation(session)
    for record in made.records:
        record["cwd"] = "/work/harbour"
    home.claude(made, session, project="-work-harbour")
    home.codex(rollout())
    kept = tmp_path / "left-out.json"

    def sync() -> tuple[int, list[str]]:
        rules = read_config_file(config, required=False).rules
        left_out = LeftOutFiles(kept)
        report = Sync(home.db, ruled(rules, config, left_out), machine=MACHINE).run({}, home.path)
        left_out.save()
        assert not report.faults
        return left_out.count, [row.source_id for row in held_chats(home.db)]

    assert sync() == (2, [session])
    assert "/work/boat" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert SESSION not in str(held(home.db)), "not even the path"
    assert sync() == (2, [session])
    config.write_text("")
    assert len(sync()[1]) == 3, "a rule that is gone leaves nothing out"


def test_of_a_file_with_many_chats_only_those_of_a_project_are_left_out(home: Home, tmp_path: Path) -> None:
    case = next(each for each in CASES if each.source.name == "goose")
    path = home.path / ".local" / "share" / "goose" / "sessions" / "sessions.db"
    path.parent.mkdir(parents=True)
    case.write(path, random.Random(5), 4)
    with closing(sqlite3.connect(path)) as conn, conn:
        ids = [row[0] for row in conn.execute("SELECT id FROM sessions WHERE id IN (SELECT session_id FROM messages)")]
        conn.execute("UPDATE sessions SET working_dir = '/work/open'")
        conn.execute("UPDATE sessions SET working_dir = '/work/secret/x' WHERE id = ?", (ids[0],))
    config = tmp_path / "config.toml"
    config.write_text('[projects]\nexclude = ["/work/secret"]\n')
    kept = tmp_path / "left-out.json"

    def sync() -> set[str]:
        left_out = LeftOutFiles(kept)
        sources = ruled(read_config_file(config, required=True).rules, config, left_out)
        report = Sync(home.db, sources, machine=MACHINE).run({}, home.path)
        left_out.save()
        assert not report.faults
        read.append(report.read)
        return {chat.source_id for chat in held_chats(home.db)}

    read: list[int] = []
    assert [sync(), sync()] == [set(ids[1:])] * 2
    assert "/work/secret" not in str(held(home.db))
    config.write_text('[projects]\nexclude = ["/work/secret/x/y"]\n')
    assert sync() == set(ids), "they come back although the file has not changed"
    assert sync() == set(ids)
    assert read == [1, 0, 1, 0]
    assert kept.read_text() == "{}"
    config.write_text('[projects]\nexclude = ["/work"]\n')
    assert sync() == set(ids), "what was imported stays"


def test_chats_that_were_left_out_come_back_when_no_rule_is_left(home: Home, tmp_path: Path) -> None:
    left_out = LeftOutFiles(tmp_path / "left-out.json")
    path = write(
        home.path / ".aider.chat.history.md", b"# aider chat started at 2026-03-01 10:00:00\n\n#### hi\n\nyes\n"
    )
    config = tmp_path / "config.toml"

    def sync(text: str) -> int:
        config.write_text(text)
        sources = ruled(read_config_file(config, required=True).rules, config, left_out)
        Sync(home.db, sources, machine=MACHINE).run({}, home.path)
        return len(held_chats(home.db))

    assert sync(f'[projects]\nexclude = ["{path.parent}"]') == 0
    assert sync("") == 1


def held_chats(db: Database) -> list[chats.Chat]:
    found = [chats.get(db, row.id) for row in chats.recents(db)]
    return [chat for chat in found if chat is not None]


def test_rules_for_a_source_that_is_not_there_are_explained(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("\n[sources.claude]\nenabled = false\n")
    with pytest.raises(
        ConfigError, match=r"config.toml, line 2, has rules for 'claude'.* The sources are: claude-code"
    ):
        ruled(read_config_file(config, required=False).rules, config, LeftOutFiles(None))


def test_further_places_of_a_source_are_looked_into(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[sources.claude-code]\npaths = ["{tmp_path}/second/.claude"]\n')
    second = Home(tmp_path / "second", home.db)
    home.claude(conversation())
    session = f"{SESSION[:-2]}01"
    second.claude(conversation(session), session)
    from chattui.sync.engine import Sync

    Sync(home.db, ruled(read_config_file(config, required=True).rules, config, LeftOutFiles(None))).run({}, home.path)
    assert {chat.source_id for chat in held_chats(home.db)} == {SESSION, session}
