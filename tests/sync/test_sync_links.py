"""What ties chats together: forks, subagents and their parents, attachments, titles from elsewhere."""

from __future__ import annotations

import base64
import itertools
import json

import pytest
from histories import PARENT_THREAD, SESSION, THREAD, Claude, Rollout, jsonl, text, tool_use, usage, write
from homes import Home, add, conversation, held, later, rollout
from steps import rows, value

from chattui.domain.chat import Chat
from chattui.store import chats

FORK = "5e551011-0000-4000-8000-00000000f042"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"picture").decode()


def chat(home: Home, source_id: str = SESSION) -> Chat:
    found = chats.find(home.db, source_id)
    assert found is not None
    return found


def fork_of(original: Claude, at: int) -> Claude:
    """What ``--fork-session`` writes: the first records again under another session's name, then its own."""
    made = Claude(FORK, first=900)
    made.records = [r | {"sessionId": FORK} for r in original.records[:at]]
    made.last = made.records[-1]["uuid"]
    made.user("and now for something else")
    made.reply(text("the fork's answer"), reply="f1", usage=usage(100, 50))
    return made


@pytest.mark.parametrize("fork_first", [True, False])
def test_a_fork_points_at_its_original_and_counts_the_copied_tokens_once(home: Home, fork_first: bool) -> None:
    original = conversation()
    paths = [home.claude(original), home.claude(fork_of(original, 10), FORK)]
    later(paths[fork_first], 1)
    home.sync()
    assert chat(home).forked_from is None
    fork = chat(home, FORK)
    assert fork.forked_from == chat(home).id
    assert [m.source_id for m in shared(home, fork.forked_seq)] == [
        m.source_id for m in shared(home, fork.forked_seq, FORK)
    ]
    assert home.texts(FORK)[fork.forked_seq or 0] == "and now for something else"
    assert (chat(home).tokens_in, chat(home).tokens_out) == (90, 36)
    assert (fork.tokens_in, fork.tokens_out) == (100, 50)


@pytest.mark.parametrize("whole", [True, False])
def test_of_two_equal_beginnings_one_is_the_original_and_tokens_are_counted_once(home: Home, whole: bool) -> None:
    """A fork that was left before anything was said in it: nobody can tell which came first."""
    original = conversation()
    home.claude(original)
    copied = fork_of(original, len(original.records) if whole else 10)
    home.claude(copied.records[:-2], FORK)
    home.sync()
    both = [chat(home), chat(home, FORK)]
    assert [b.forked_from is None for b in both].count(True) == 1
    assert (sum(b.tokens_in for b in both), sum(b.tokens_out for b in both)) == (90, 36)


def test_many_forks_of_one_chat_are_linked_in_one_import(home: Home) -> None:
    original = conversation(turns=60)
    home.claude(original)
    for number in range(12):
        made = fork_of(original, 200)
        made.records[-2:] = [r | {"uuid": f"{number:08}{r['uuid'][8:]}"} for r in made.records[-2:]]
        home.claude(made, f"{FORK[:-2]}{number:02}")
    home.sync()
    assert value(home.db, "SELECT count(*) FROM chattui.chats WHERE forked_from IS NOT NULL") == 12
    assert value(home.db, "SELECT sum(tokens_out) FROM chattui.chats") == 60 * 12 + 12 * 50


def shared(home: Home, seq: int | None, source_id: str = SESSION) -> list[tuple]:
    class Row(tuple):
        source_id = property(lambda self: self[0])

    found = rows(
        home.db,
        "SELECT m.source_id FROM chattui.messages m JOIN chattui.chats c ON c.id = m.chat_id "
        "WHERE c.source_id = %s AND seq <= %s ORDER BY seq",
        source_id,
        seq,
    )
    return [Row(r) for r in found]


def test_a_fork_that_comes_later_or_grows_is_still_counted_once(home: Home) -> None:
    original = conversation()
    home.claude(original)
    home.sync()
    whole = fork_of(original, 10)
    path = home.claude(whole, FORK)
    home.sync()
    whole.reply(text("more"), reply="f2", usage=usage(1, 1))
    add(path, whole.records[-1:])
    home.sync()
    assert (chat(home, FORK).tokens_in, chat(home, FORK).tokens_out) == (101, 51)
    assert chat(home, FORK).forked_from == chat(home).id


def test_a_fork_that_is_rewritten_is_linked_and_counted_once_again(home: Home) -> None:
    original = conversation()
    home.claude(original)
    path = home.claude(fork_of(original, 10), FORK)
    home.sync()
    path.write_bytes(jsonl(fork_of(original, 10).records).replace(b"something else", b"anything  else"))
    later(path)
    home.sync()
    fork = chat(home, FORK)
    assert "and now for anything  else" in home.texts(FORK)
    assert (fork.forked_from, fork.tokens_in, fork.tokens_out) == (chat(home).id, 100, 50)


def test_a_codex_fork_names_its_original(home: Home) -> None:
    base = {"thread_id": PARENT_THREAD, "end_ordinal_exclusive": 46, "end_byte_offset": 5000}
    fork = Rollout(paginated=True, first_ordinal=46, meta={"forked_from_id": PARENT_THREAD, "history_base": base})
    fork.prompt("from here on my own")
    later(home.codex(fork, "fork"), -60)
    home.sync()
    home.codex(rollout(2, meta={"id": PARENT_THREAD}), "original")
    home.sync()
    assert chat(home, THREAD).forked_from == chat(home, PARENT_THREAD).id


def subagent(home: Home, name: str, words: str) -> None:
    agent = Claude(SESSION, first=500, agentId=name, isSidechain=True)
    agent.user(f"task of {name}")
    agent.reply(text(words), reply=f"r{name}", usage=usage(3, 2))
    folder = home.path / ".claude" / "projects" / "-work-boat" / SESSION / "subagents"
    write(folder / f"agent-{name}.jsonl", agent.records)
    (folder / f"agent-{name}.meta.json").write_text(json.dumps({"agentType": "scout", "toolUseId": f"call-{name}"}))


@pytest.mark.parametrize("order", itertools.permutations(["parent", "a", "b"]))
def test_subagents_have_their_parent_in_whatever_order_they_are_read(home: Home, order: tuple[str, ...]) -> None:
    for one in order:
        if one == "parent":
            home.claude(conversation())
        else:
            subagent(home, one, f"found by {one}")
        home.sync(index=False)
    parent = chat(home)
    assert len(chats.children(home.db, parent.id)) == 2
    calls = rows(home.db, "SELECT parent_call_id FROM chattui.chats WHERE parent_id = %s ORDER BY 1", parent.id)
    assert calls == [("call-a",), ("call-b",)]
    assert [r.id for r in chats.recents(home.db)] == [parent.id]
    assert (parent.message_count, parent.tokens_out) == (len(home.texts()), 36)


def test_a_parent_that_never_comes_does_not_show_as_an_empty_chat(home: Home) -> None:
    subagent(home, "a", "alone")
    home.sync()
    assert chats.recents(home.db) == []
    assert value(home.db, "SELECT count(*) FROM chattui.chats WHERE parent_id IS NOT NULL") == 1


def test_an_attachment_is_kept_once_however_often_it_was_sent(home: Home) -> None:
    made = Claude()
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    made.user([{"type": "text", "text": "look"}, picture])
    made.user([{"type": "text", "text": "again"}, picture])
    path = home.claude(made)
    home.sync()
    [(size, data)] = rows(home.db, "SELECT size, data FROM chattui.blobs")
    assert bytes(data) == base64.b64decode(PNG)
    assert size == len(data)
    files = rows(home.db, "SELECT mime, seq FROM chattui.files ORDER BY seq")
    assert [mime for mime, _ in files] == ["image/png"] * 2
    before = held(home.db)
    later(path)
    home.sync()
    assert held(home.db)["files"] == before["files"]


def test_a_tool_call_that_ends_in_a_later_import_is_one_call(home: Home) -> None:
    made = Claude()
    made.user("run it")
    made.reply(tool_use("c1", command="make"))
    path = home.claude(made)
    home.sync()
    assert [(m.tool.status if m.tool else None) for m in home.chat()][-1] == "pending"
    made.result("c1", "broken", is_error=True)
    add(path, made.records[-1:])
    home.sync()
    [(name, target, status, call, result)] = rows(
        home.db, "SELECT name, target, status::text, call_seq, result_seq FROM chattui.tool_calls"
    )
    assert (name, target, status) == ("Bash", "make", "failed")
    assert (home.chat()[call - 1].kind, home.chat()[result - 1].kind) == ("tool_call", "tool_result")


def test_titles_kept_elsewhere_are_applied_but_never_over_ones_own(home: Home) -> None:
    home.codex(rollout())
    home.codex(rollout(meta={"id": PARENT_THREAD}), "b")
    index = [
        {"id": t, "thread_name": f"named {t[:4]}", "updated_at": "2026-03-01T10:00:00Z"}
        for t in (THREAD, PARENT_THREAD)
    ]
    write(home.path / ".codex" / "session_index.jsonl", index)
    home.sync()
    assert chat(home, THREAD).title == f"named {THREAD[:4]}"
    chats.rename(home.db, chat(home, PARENT_THREAD).id, "mine")
    index[0]["thread_name"] = index[1]["thread_name"] = "other"
    write(home.path / ".codex" / "session_index.jsonl", index)
    home.sync()
    assert (chat(home, THREAD).title, chat(home, PARENT_THREAD).title) == ("other", "mine")
