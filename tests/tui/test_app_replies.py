"""Replies in the app, from a real server over HTTP: streamed, stopped, branched, gone on with, durable throughout."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from app_driver import AppMaker, quit_app, running, screen_text, seen_in, strips, toasts, until, until_seen
from model_server import NAMES, ModelServer
from textual import events
from textual.pilot import Pilot

from chattui.domain.chat import Message
from chattui.domain.errors import ChattuiError, Unreachable
from chattui.domain.kinds import Kind, Role
from chattui.store import chats, messages, replies, sending
from chattui.store.database import Database
from chattui.tui import external_editor, slash
from chattui.tui.app import ChattuiApp
from chattui.tui.data import changes
from chattui.tui.data import replies as data
from chattui.tui.screens.model_dialog import ModelDialog
from chattui.tui.widgets.message_editor import dropped


def newest(db: Database) -> list[Message]:
    """What another connection finds in the newest chat."""
    row = chats.recents(db, limit=1)[0]
    return messages.page(db, row.id, 1, row.message_count)


def texts(db: Database) -> list[tuple[str, int | None]]:
    return [(m.content, m.parent_seq) for m in newest(db)]


async def send(pilot: Pilot[int], text: str, key: str = "ctrl+n") -> None:
    app = pilot.app
    assert isinstance(app, ChattuiApp)
    await pilot.press(*(() if key == "w" and app.main.composer.is_writing else (key,)), *text, "enter")


async def test_a_reply_streams_in_and_is_stored_with_what_it_took(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking()
    model_server.said, model_server.held_after = " ".join(f"word{n}" for n in range(40)), 20
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n")
        await until_seen(pilot, "Enter sends to the default model")
        await pilot.press(*"How?", "enter")
        await until(pilot, lambda: "word3" in seen_in(app.main.pane), "the beginning, before the end")
        assert "word39" not in seen_in(app.main.pane)
        assert len(newest(store)) == 1, "the prompt was stored before a reply was asked for"
        assert "Esc stops" in seen_in(app.main.composer)
        await until_seen(pilot, "word19")
        model_server.go.set()
        await until_seen(pilot, "word39", "7 tokens", "$0.0013")
        await until(pilot, lambda: len(newest(store)) == 2)
        assert "Esc stops" not in seen_in(app.main.composer)
        reply = newest(store)[1]
        assert (reply.role, reply.kind, reply.model) == (Role.ASSISTANT, Kind.TEXT, "echo")
        assert (reply.content, reply.parent_seq) == (model_server.said, 1)
        assert (reply.tokens_in, reply.tokens_out, reply.tokens_cached, reply.error) == (12, 7, 4, False)
        assert (reply.metadata or {})["reply"]["cost"] == 0.00125
        await send(pilot, "And now?", "w")
        await until(pilot, lambda: len(newest(store)) == 4)
    assert [m["content"] for m in model_server.asked[-1]["messages"]] == ["How?", model_server.said, "And now?"]
    assert [parent for _, parent in texts(store)] == [None, 1, 2, 3]


async def test_escape_stops_a_reply_that_stalls_and_c_and_a_go_on_and_ask_again(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking("stalls")
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "How?")
        await until_seen(pilot, "Half of")
        await pilot.press("escape")
        await until(pilot, lambda: len(newest(store)) == 2)
        await until_seen(pilot, "✗ stopped", "Half of")
        assert app.main.composer.is_writing, "the key stopped the reply and did nothing else"
        await send(pilot, "/model echo", "w")  # a command is no message
        await pilot.press("escape")
        await until_seen(pilot, "C goes on · A asks again")
        await pilot.press("C")
        await until(pilot, lambda: len(newest(store)) == 3)
        assert model_server.asked[-1]["messages"][-2:] == [
            {"role": "assistant", "content": "Half of"},
            {"role": "user", "content": data.GO_ON},
        ]
        await until_seen(pilot, "Half of", "Hello there")
        app.main.pane.focus()
        await pilot.press("A")
        await until(pilot, lambda: len(newest(store)) == 4)
        await until_seen(pilot, "‹2 of 2›")
        assert "Half of" not in seen_in(app.main.pane)
        await pilot.press("comma")
        await until_seen(pilot, "Half of", "‹1 of 2›")
    assert [parent for _, parent in texts(store)] == [None, 1, 2, 1]


async def test_another_version_of_a_prompt_is_a_branch_and_the_rest_goes_on_from_the_one_that_is_shown(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking()
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "Why?")
        await until(pilot, lambda: len(newest(store)) == 2)
        await pilot.press("escape")
        app.main.pane.focus()
        await pilot.press("home", "I")
        await until_seen(pilot, "Another version of message 1")
        assert app.main.composer.text == "Why?"
        await pilot.press("escape")
        await until(pilot, lambda: app.main.composer.text == "", "the key leaves the version")
        app.main.pane.focus()
        await pilot.press("home", "I", "backspace", *" not?", "enter")
        await until(pilot, lambda: len(newest(store)) == 4)
        await until_seen(pilot, "Why not?", "‹2 of 2›")
        assert texts(store)[2:] == [("Why not?", 0), ("Hello **there**", 3)]
        assert [m["content"] for m in model_server.asked[-1]["messages"]] == ["Why not?"]
        app.main.pane.focus()
        await pilot.press("comma")
        await until_seen(pilot, "‹1 of 2›")
        await send(pilot, "More.", "w")
        await until(pilot, lambda: len(newest(store)) == 6)
    assert [parent for _, parent in texts(store)] == [None, 1, 0, 3, 2, 5]
    assert [m["content"] for m in model_server.asked[-1]["messages"]] == ["Why?", "Hello **there**", "More."]


async def test_an_imported_chat_is_replied_to_and_stays_as_it_is(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    speaking()
    before = newest(store)
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "Shorter, please.", "w")
        await until(pilot, lambda: len(newest(store)) == len(before) + 2)
    assert newest(store)[: len(before)] == before
    assert newest(store)[-1].content == "Hello **there**"


@pytest.mark.parametrize(
    ("model", "words", "kinds"),
    [
        ("refuses", "refuses the key (401)", [Kind.TEXT, Kind.EVENT]),
        ("breaks-off", "broke off before the reply was whole", [Kind.TEXT, Kind.TEXT, Kind.EVENT]),
    ],
)
async def test_what_failed_is_said_and_stored(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    model: str,
    words: str,
    kinds: list[Kind],
) -> None:
    speaking(model)
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "How?")
        await until(pilot, lambda: words in toasts(app))
        await until(pilot, lambda: [m.kind for m in newest(store)] == kinds)
        assert newest(store)[-1].error
        assert words in newest(store)[-1].content
        await until(pilot, lambda: "✗" in seen_in(app.main.pane))
        assert app.main.composer.after == "C goes on · A asks again"


async def test_a_model_that_says_nothing_is_given_up(
    samples: str, app_on: AppMaker, speaking: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "SAVE_EVERY", 0.05)
    speaking("never", quiet="1s")
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "Hello?")
        await until_seen(pilot, "waiting")
        await until(pilot, lambda: "said nothing for 1 seconds" in toasts(app))


async def test_whatever_is_streamed_reaches_the_screen_as_text(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    speaking("hostile")
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "Go on")
        await until(pilot, lambda: len(newest(store)) == 2)
        await until_seen(pilot, "red[/] [bold]markup")
        written = "".join(segment.text for strip in strips(app) for segment in strip)
        assert not set(written) & {"\x1b", "\x07", "\u202e", "\x00"}


async def test_what_came_of_a_reply_survives_whoever_wrote_it(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "SAVE_EVERY", 0.05)
    speaking("stalls")
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "How?")
        await until_seen(pilot, "Half of")
        chat_id = app.main.open_chat.chat_id or 0
        await until(pilot, lambda: _kept(store, chat_id) == "Half of", "saved while it comes")
        other = app_on(samples)
        async with running(other) as looking:  # another terminal takes nothing from a writer that is there
            await until_seen(looking, "How?")
            assert replies.settle(store, chat_id) == []
        assert app._session is not None
        live = app._session.replies.live(chat_id)
        assert live is not None
        live.end("stop")  # dead: it writes nothing any more, and the server has let go of its lock
        app._session.replies._holds[live.key].leave()
    again = app_on(samples)
    async with running(again) as pilot:
        await until_seen(pilot, "Half of", "✗ interrupted", "C goes on · A asks again")
    assert texts(store) == [("How?", None), ("Half of", 1)]


def _kept(db: Database, chat_id: int) -> str:
    found = db.read(
        lambda conn: conn.exec_driver_sql(f"SELECT content FROM chattui.replies WHERE chat_id = {chat_id}").scalar()
    )
    return str(found or "")


async def test_quitting_keeps_what_came(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None]
) -> None:
    speaking("stalls")
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "How?")
        await until_seen(pilot, "Half of")
        await quit_app(pilot)
    assert texts(store) == [("How?", None), ("Half of", 1)]


async def test_while_the_database_is_away_messages_wait_on_the_disk_and_are_sent_once(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    append, keys, away = sending.send, [], True

    def lost(*args: Any, **more: Any) -> Any:
        keys.append(more["key"])
        if away and len(keys) > 1:
            raise Unreachable("The connection to the database was lost.")
        done = append(*args, **more)
        if away:  # stored, but nobody hears of it
            raise Unreachable("The connection to the database was lost.")
        return done

    monkeypatch.setattr(sending, "send", lost)
    monkeypatch.setattr(changes, "TRY_AGAIN", 0.1)
    speaking()
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "One")
        await until_seen(pilot, "One", "not sent yet")
        assert app.main.composer.text == ""
        outbox = app._session.outbox if app._session is not None else None
        assert outbox is not None
        assert [item.content for item in outbox.unsent()] == ["One"], "on the disk"
        away = False
        await until(pilot, lambda: texts(store) == [("One", None), ("Hello **there**", 1)])
        await until(pilot, lambda: "not sent yet" not in screen_text(app))
        await until_seen(pilot, "Hello there")
        assert outbox.is_empty
    assert len(keys) > 1
    assert len(set(keys)) == 1


async def test_a_reply_that_ends_while_the_database_is_away_is_stored_when_it_is_back(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish, away = replies.finish, True

    def lost(*args: Any) -> Any:
        if away:
            raise Unreachable("The connection to the database was lost.")
        return finish(*args)

    monkeypatch.setattr(replies, "finish", lost)
    monkeypatch.setattr(changes, "TRY_AGAIN", 0.1)
    speaking()
    app = app_on(samples)
    async with running(app) as pilot:
        await send(pilot, "One")
        await until_seen(pilot, "Hello there", "not sent yet")
        await until(pilot, lambda: "The reply is not stored yet" in toasts(app))
        assert texts(store) == [("One", None)]
        away = False
        await until(pilot, lambda: texts(store) == [("One", None), ("Hello **there**", 1)])
        await until(pilot, lambda: "not sent yet" not in screen_text(app))
        assert seen_in(app.main.pane).count("Hello there") == 1


async def test_two_terminals_write_to_one_chat_and_both_see_all_of_it(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking()
    model_server.said = "To {prompt}"
    before = len(newest(store))
    one, two = app_on(samples), app_on(samples)
    async with running(one) as first, running(two) as second:
        await first.press("w", *"from one")
        await second.press("w", *"from two")
        await first.press("enter")
        await second.press("enter")
        await until(first, lambda: len(newest(store)) == before + 4)
        for pilot, app in ((first, one), (second, two)):
            app.main.pane.focus()
            await pilot.press("end")
            await until(pilot, lambda app=app: app.main.open_chat.chat.message_count == before + 4)
            await until(pilot, lambda app=app: seen_in(app.main.pane).count("Assistant  echo") == 2)
            assert seen_in(app.main.pane).count("You  ") == 2
    said = newest(store)[before:]
    assert {m.content for m in said if m.role is Role.USER} == {"from one", "from two"}
    assert [m.parent_seq for m in said] == [m.seq - 1 for m in said], "one after the other, no branches"


async def test_the_model_the_system_prompt_options_and_files_are_set_while_writing(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    model_server: ModelServer,
    tmp_path: Path,
) -> None:
    speaking()
    note, more = tmp_path / "a note.txt", tmp_path / "more.txt"
    note.write_text("from a file")
    more.write_text("and another")
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n", "ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, ModelDialog))
        await until_seen(pilot, *NAMES)
        await pilot.press(*"oth", "enter")
        await until_seen(pilot, "Enter sends to other")
        await pilot.press(*"/sys")
        await until_seen(pilot, "/system TEXT  the system prompt of this chat")
        await pilot.press(*"tem Be brief.", "enter", *"/set temperature 0.5", "enter", *f"/attach {more}", "enter")
        await until_seen(pilot, "1 file")
        assert app.focused is not None
        app.focused.post_message(events.Paste(f"'{note}' "))
        await until_seen(pilot, "2 files")
        await pilot.press(*"/etc is a directory", "enter")
        await until(pilot, lambda: len(newest(store)) == 4)
        assert "2 files" not in seen_in(app.main.composer)
    asked = model_server.asked[-1]
    assert (asked["model"], asked["temperature"]) == ("other", 0.5)
    assert asked["messages"][0] == {"role": "system", "content": "Be brief."}
    said = asked["messages"][1]["content"]
    assert "a note.txt:\n```\nfrom a file" in said
    assert said.endswith("/etc is a directory")
    assert [m.kind for m in newest(store)] == [Kind.ATTACHMENT, Kind.ATTACHMENT, Kind.TEXT, Kind.TEXT]
    again = app_on(samples)
    async with running(again) as pilot:
        await pilot.press("w")
        await until_seen(pilot, "Enter sends to other")


async def test_a_paste_of_megabytes_goes_along_as_a_file(samples: str, app_on: AppMaker) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n")
        assert app.focused is not None
        app.focused.post_message(events.Paste("all of it\n" * 500_000))
        await until_seen(pilot, "1 file")
        assert app.main.composer.text == ""
        (path,) = app.main.composer.files
        assert path.stat().st_size == 5_000_000


async def test_without_a_model_messages_are_saved_and_it_is_said_how_to_get_replies(
    samples: str, app_on: AppMaker, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_USER_PATH", "/nowhere/at/all")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("ctrl+n")
        await until_seen(pilot, "Enter saves · Ctrl+O for replies")
        await pilot.press(*"Noted", "enter")
        await until(pilot, lambda: "No model yet: set [models] url" in toasts(app))
    assert texts(store) == [("Noted", None)]


def test_what_is_written_in_another_editor_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class App:
        def suspend(self) -> Any:
            return nullcontext()

    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf " and more\\n" >> "$1"\nexit $CODE\n')
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    monkeypatch.setenv("CODE", "0")
    app: Any = App()
    assert external_editor.edit_outside(app, "a draft") == "a draft and more"
    monkeypatch.setenv("CODE", "3")
    with pytest.raises(ChattuiError, match=r"ended with code 3\. The draft is as it was"):
        external_editor.edit_outside(app, "a draft")
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    with pytest.raises(ChattuiError, match="cannot be started"):
        external_editor.edit_outside(app, "a draft")


def test_a_command_is_one_of_the_words_and_everything_else_is_a_message() -> None:
    assert slash.parse("/model m 1") == slash.Slash("model", "m 1")
    assert slash.parse(" /retry ") == slash.Slash("retry", "")
    for text in ("/etc/passwd is a file", "/ model", "model", "/models", "/retry\nplease", ""):
        assert slash.parse(text) is None
    assert slash.hint("/re").startswith("/retry")
    assert slash.hint("/s") == "/system  /set  /stop"
    assert slash.hint("/etc") == ""


def test_only_files_that_are_there_are_taken_for_dragged(tmp_path: Path) -> None:
    one = tmp_path / "a b.txt"
    one.touch()
    assert dropped(f"'{one}'") == [one]
    assert dropped(str(one).replace(" ", "\\ ") + " ") == [one]
    assert dropped(f"file://{str(one).replace(' ', '%20')}") == [one]
    for text in (str(tmp_path), f"see {one}", "/no/such", "'/unfinished", "/" + "x" * 9000, "a\nb"):
        assert dropped(text) == []
