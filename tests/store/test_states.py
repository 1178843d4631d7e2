"""Snapshots of the state of a chat: what they keep, what differs between two, going back, and thinning them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from psycopg import errors as pg
from steps import begin, people, rows, value

from chattui.domain.errors import ChattuiError, Conflict
from chattui.domain.replies import Reply
from chattui.domain.snapshots import ChatState, Desk, Streaming, Todo, compared, described, todo_of_call
from chattui.domain.turns import Part
from chattui.domain.upkeep import Thinning, UpkeepRules
from chattui.store import chats, details, keeping, messages, replies, states
from chattui.store.database import Database

NASTY = "\x1b[31mred\x00 \ud800 \u202eback"
TODO = """{
  "todos": [
    {"content": "read the pool", "status": "completed"},
    {"content": "close it", "status": "in_progress"}
  ]
}"""


def called(db: Database, chat: int, call_id: str, name: str, arguments: str, result: str | None) -> None:
    """A tool call as an import makes it, at the end of a chat."""
    seq = value(db, "SELECT message_count + 1 FROM chattui.chats WHERE id = %s", chat)
    said = [(seq, "assistant", "tool_call", arguments)]
    if result is not None:
        said.append((seq + 1, "tool", "tool_result", result))
    for number, role, kind, content in said:
        rows(
            db,
            "INSERT INTO chattui.messages (chat_id, seq, role, kind, content_type, content, call_id) "
            "VALUES (%s, %s, %s, %s, 'text', %s, %s)",
            *(chat, number, role, kind, content, call_id),
        )
    rows(
        db,
        "INSERT INTO chattui.tool_calls (chat_id, call_id, name, target, status, call_seq, result_seq) "
        "VALUES (%s, %s, %s, 'pool.py', %s, %s, %s)",
        *(chat, call_id, name, "running" if result is None else "completed", seq, None if result is None else seq + 1),
    )


@pytest.fixture
def chat(db: Database) -> int:
    """A chat with everything that a snapshot keeps."""
    made = begin(db, "why is the pool empty", "and now?", title="The pool", tags=["db", "urgent"])
    chats.describe(db, made, "look at\nthe pool")
    details.set_issue(db, made, "#12 Pool empty https://example.org/issues/12")
    details.set_fact(db, made, "git_branch", "fix/pool")
    details.set_quiet(db, made, True)
    called(db, made, "c1", "TodoWrite", TODO, "ok")
    called(db, made, "c2", "Bash", "make test", "3 passed")
    called(db, made, "c3", "Bash", "make slow", None)
    reply = Reply(made, "half", 2, content="Because it lea", thinking="hm")
    replies.begin(db, reply)
    replies.keep(db, reply)
    return made


def shown(state: ChatState) -> dict[str, tuple[str, ...]]:
    return dict(described(state))


def test_a_snapshot_keeps_all_of_the_state(db: Database, chat: int) -> None:
    kept = states.save(
        db, chat, "before the refactoring", Desk(f"draft {NASTY}", ("/tmp/a.py",), 3, 1, False, 4, {"3": True})
    )
    assert (kept.name, kept.messages, kept.todo, kept.done) == ("before the refactoring", 7, 2, 1)
    assert (kept.has_draft, kept.has_reply) == (True, True)
    assert states.of_chat(db, chat) == [kept]
    found = states.find(db, chat, "before the refactoring")
    assert found == states.find(db, chat, str(kept.id))
    state = shown(found.state)
    assert state["title"] == ("The pool",)
    assert state["branch"] == ("fix/pool",)
    assert state["issue"] == ("#12 Pool empty https://example.org/issues/12",)
    assert state["note"] == ("look at", "the pool")
    assert state["tags"] == ("#db #urgent",)
    assert state["quiet"] == ("yes",)
    assert state["to do"] == ("[x] read the pool", "[>] close it")
    assert state["being written"] == ("hm", "Because it lea")
    assert state["last tool calls"] == (
        *("completed TodoWrite pool.py", "  ok", "completed Bash pool.py", "  3 passed", "running Bash pool.py"),
    )
    assert state["draft"] == ("draft \x1b[31mred\u2400 \ufffd \u202eback",)
    assert state["files with it"] == ("/tmp/a.py",)
    assert state["place"] == ("message 3",)
    assert found.state.desk.opened == {"3": True}


def test_what_differs_between_two_is_told_by_lines(db: Database, chat: int) -> None:
    before = states.present(db, chat)
    called(db, chat, "c4", "update_plan", '{"plan": [{"step": "close it", "status": "completed"}]}', "ok")
    chats.describe(db, chat, "look at\nthe leak")
    chats.rename(db, chat, "The leak")
    after = states.present(db, chat)
    found = dict(compared(before, after))
    assert found["title"] == ("- The pool", "+ The leak")
    assert found["note"] == ("  look at", "- the pool", "+ the leak")
    assert found["to do"] == ("- [x] read the pool", "- [>] close it", "+ [x] close it")
    assert found["messages"] == ("- 7", "+ 9")
    assert "issue" not in found
    assert compared(after, after) == []


def test_going_back_sets_everything_and_keeps_what_was_before(db: Database, chat: int) -> None:
    kept = states.save(db, chat, "then")
    replies.settle(db, chat)  # whoever wrote it is gone
    texts = [m.content for m in messages.page(db, chat, 1, 99)]
    chats.rename(db, chat, "Something else")
    chats.tag(db, chat, [])
    chats.pin(db, chat, True)
    details.set_issue(db, chat, "")
    details.set_fact(db, chat, "git_branch", "main")
    back = states.go_back(db, states.find(db, chat, str(kept.id)))
    assert (back.chat.title, back.chat.git_branch, back.chat.tags, back.chat.pinned) == (
        *("The pool", "fix/pool", ("db", "urgent"), False),
    )
    assert back.chat.settings is not None
    assert back.chat.settings["issue"]["number"] == "12"
    assert back.added == 0  # the reply is a message already, the to-do list the same
    assert [m.content for m in messages.page(db, chat, 1, 99)] == texts
    again = states.go_back(db, states.find(db, chat, str(back.before)))
    assert (again.chat.title, again.chat.tags, again.chat.pinned) == ("Something else", (), True)
    assert [row.name for row in states.of_chat(db, chat)] == ["before before then", "before then", "then"]


def test_going_back_brings_a_reply_that_nobody_stored_and_another_todo_list(db: Database, chat: int) -> None:
    kept = states.save(db, chat, "then")
    rows(db, "DELETE FROM chattui.replies")
    called(db, chat, "c4", "TodoWrite", '{"todos": [{"content": "nothing", "status": "pending"}]}', "ok")
    before = [(m.seq, m.content) for m in messages.page(db, chat, 1, 99)]
    back = states.go_back(db, states.find(db, chat, str(kept.id)))
    after = [(m.seq, m.content) for m in messages.page(db, chat, 1, 99)]
    assert after[: len(before)] == before
    assert [text for _, text in after[len(before) :]] == [
        *("hm", "Because it lea", "Plan: 1 of 2 done\n[x] read the pool\n[>] close it"),
    ]
    assert back.added == 3
    assert states.present(db, chat).todo == (Todo("read the pool", "completed"), Todo("close it", "running"))
    assert states.go_back(db, states.find(db, chat, str(kept.id))).added == 0


def test_a_turn_of_an_agent_that_is_being_held_comes_back_with_its_parts(db: Database, chat: int) -> None:
    rows(db, "DELETE FROM chattui.replies")
    call = Part("tool", "make", call_id="t1", name="Bash", status="running", output="x" * 9_000)
    turn = Reply(chat, "turn-1", 2, parts=(Part("text", "I look."), call))
    replies.begin(db, turn)
    replies.keep(db, turn)
    held = replies.hold(db, "turn-1")
    assert held.take()
    state = states.present(db, chat)
    assert state.streaming is not None
    assert state.streaming.text == "I look.\nmake"
    kept = states.save(db, chat, "then")
    assert states.go_back(db, states.find(db, chat, str(kept.id))).added == 0  # it is still being written
    held.leave()
    rows(db, "DELETE FROM chattui.replies")
    assert states.go_back(db, states.find(db, chat, str(kept.id))).added == 3
    assert [m.content[:10] for m in messages.page(db, chat, 8, 10)] == ["I look.", "make", "x" * 10]


def test_one_is_taken_by_itself_when_something_has_changed_and_time_has_passed(db: Database, chat: int) -> None:
    desk = Desk("a draft")
    assert states.save_if_changed(db, chat, desk, 600) == 0
    assert 595 < states.save_if_changed(db, chat, replace(desk, draft="another"), 600) <= 600
    assert len(states.of_chat(db, chat)) == 1
    rows(db, "UPDATE chattui.snapshots SET created_at = now() - interval '11 minutes'")
    assert states.save_if_changed(db, chat, replace(desk, seq=5, at_end=False), 600) == 0
    assert len(states.of_chat(db, chat)) == 1  # the reader has only moved
    assert states.save_if_changed(db, chat, replace(desk, draft="another"), 600) == 0
    assert [row.name for row in states.of_chat(db, chat)] == ["", ""]
    rows(db, "UPDATE chattui.snapshots SET created_at = now() + interval '5 years'")  # a clock that was wrong
    assert states.save_if_changed(db, chat, desk, 600) == 0
    assert len(states.of_chat(db, chat)) == 3
    assert states.save_if_changed(db, 99_999, desk, 600) == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "needs a name"), ("17", "is no number"), ("x" * 121, "at most 120 characters, and this has 121")],
)
def test_names_that_are_none_are_refused(db: Database, chat: int, name: str, said: str) -> None:
    with pytest.raises(ChattuiError, match=said):
        states.save(db, chat, name)
    with pytest.raises(Conflict, match="no snapshot 'nope'"):
        states.find(db, chat, "nope")
    assert not states.remove(db, chat, 4_711)


def test_old_ones_are_thinned_and_named_ones_stay(db: Database, chat: int) -> None:
    rows(
        db,
        "INSERT INTO chattui.snapshots (kind, chat_id, data, name, created_at) "
        "SELECT 'state', %s, jsonb_build_object('d', d), n, "
        "CASE WHEN d = 0 THEN now() ELSE date_trunc('day', now(), 'UTC') - d * interval '1 day' END "
        "+ m * CASE WHEN d = 0 THEN -1 ELSE 1 END * interval '20 minutes' "
        "FROM (VALUES (NULL), ('mine')) x (n), (VALUES (0), (3), (20), (40)) y (d), generate_series(0, 5) m",
        chat,
    )
    other = begin(db, "another chat")
    assert states.save_if_changed(db, other, Desk(), 600) == 0
    would = {step.step: step.done for step in keeping.would_do(db, UpkeepRules())}
    done = {step.step: step.done for step in keeping.keep(db, UpkeepRules())}
    assert would["snapshots"] == done["snapshots"] == 4 + 5 + 6
    by_day = (
        "SELECT data->'d', count(*) FROM chattui.snapshots WHERE name IS NULL AND chat_id = %s GROUP BY 1 ORDER BY 1"
    )
    # all of today; of three days ago the last of each hour, of 20 days ago the last; of 40 days ago none
    assert rows(db, by_day, chat) == [(0, 6), (3, 2), (20, 1)]
    assert value(db, "SELECT count(*) FROM chattui.snapshots WHERE name = 'mine'") == 24
    assert len(states.of_chat(db, other)) == 1
    assert {step.step: step.done for step in keeping.keep(db, UpkeepRules())}["snapshots"] == 0
    hours = UpkeepRules(snapshots=Thinning(keep_all=0, keep_hourly=None))
    assert {step.step: step.done for step in keeping.keep(db, hours)}["snapshots"] in (
        3,
        4,
    )  # three an hour, of two hours


def test_nobody_thins_or_sees_what_is_anothers(server: str, conninfo: str, db: Database, chat: int) -> None:
    states.save_if_changed(db, chat, Desk("the zyxquartz"), 600)
    with people(server, conninfo, "ann") as (info,):
        ann = Database(info)
        try:
            assert states.of_chat(ann, chat) == []
            with pytest.raises(Conflict):
                states.present(ann, chat)
            assert value(ann, "SELECT chattui.thin_snapshots(0, 0, 0)") == 0
            with pytest.raises(pg.InvalidParameterValue):
                value(ann, "SELECT chattui.thin_snapshots(-1, 0, 0)")
        finally:
            ann.close()
    assert len(states.of_chat(db, chat)) == 1


@pytest.mark.parametrize("text", ["", "no json", "[[[", '{"todos": 3}', '[1, {"content": ""}]', "[" * 100_000])
def test_arguments_that_are_no_todo_list_give_none(text: str) -> None:
    assert todo_of_call(text) == ()


def test_a_state_is_read_back_as_it_was_also_with_what_a_later_version_keeps() -> None:
    state = ChatState(3, "t", streaming=Streaming("k"), todo=(Todo("a"),), desk=Desk("d", ("f",)))
    assert ChatState.from_json(state.as_json() | {"later": 1}) == state
    assert ChatState.from_json({}) == ChatState()
