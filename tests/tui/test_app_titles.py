"""Titles that a model suggests, and how a reply is told of that nobody looks at."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from app_driver import AppMaker, part, running, toasts, until
from model_server import ModelServer
from textual.pilot import Pilot

from chattui.replies.titles import title_of
from chattui.store import chats, details, messages
from chattui.store.database import Database
from chattui.tui.app import ChattuiApp

OWN = "Pool exhausted at midnight"


async def begin(pilot: Pilot[int], text: str, *keys: str) -> None:
    await pilot.press("ctrl+n", *text, "enter", *keys)


def newest(db: Database) -> str:
    return chats.recents(db, limit=1)[0].title


def ended(app: ChattuiApp, db: Database, count: int = 2) -> bool:
    row = chats.recents(db, limit=1)[0]
    return row.message_count == count and not app.main.session.replies.any_live


async def test_a_title_is_asked_for_once_after_the_first_reply(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking(titles=True, title_model="namer")
    model_server.title = '<think>Hm. A title.</think>\n**Title:** "A [red]pool\x1b[31m that leaks."\nor another one'
    app = app_on(samples)
    async with running(app) as pilot:
        await begin(pilot, "the key is ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL3oR6: why?")
        await until(pilot, lambda: "A [red]pool[31m that leaks" in part(app.main.title_bar)[0])
        assert newest(store) == "A [red]pool[31m that leaks"
        asked = [one for one in model_server.asked if one["model"] == "namer"]
        assert len(asked) == 1
        said = asked[0]["messages"][-1]["content"]
        assert "why?" in said
        assert "Hello **there**" in said
        assert "ghp_aB3dE6" not in said, "secrets are hidden"
        await pilot.press(*"And now?", "enter")
        await until(pilot, lambda: ended(app, store, 4))
        await pilot.press("escape", "f2", *"!", "enter")
        await until(pilot, lambda: newest(store).endswith("!"))
    assert len([one for one in model_server.asked if one["model"] == "namer"]) == 1
    assert not toasts(app)


async def test_a_title_of_ones_own_and_one_that_was_imported_stay(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking(titles=True)
    model_server.title = "Suggested"
    model_server.said, model_server.held_after = "Hello there", 1
    app = app_on(samples)
    async with running(app) as pilot:
        imported = app.main.open_chat.chat_id or 0
        await pilot.press("w", *"go on", "enter")
        await until(pilot, lambda: len(model_server.asked) == 1)
        model_server.go.set()
        await until(pilot, lambda: not app.main.session.replies.any_live)
        model_server.go.clear()
        await begin(pilot, "why")
        await until(pilot, lambda: len(model_server.asked) == 2)
        chats.rename(store, chats.recents(store, limit=1)[0].id, "Mine")
        model_server.go.set()
        await until(pilot, lambda: ended(app, store))
        app.main.session.replies._worker.submit(lambda: None)
        await begin(pilot, "what")
        await until(
            pilot, lambda: len(model_server.asked) == 4
        )  # the model that replied is asked where no other is named
        await until(pilot, lambda: newest(store) == "Suggested")
    found = chats.get(store, imported)
    assert found is not None
    assert found.title == OWN
    assert "Mine" in [row.title for row in chats.recents(store)]


@pytest.mark.parametrize("model", ["fails", "rambles"])
async def test_a_title_that_cannot_be_had_is_only_logged(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    model_server: ModelServer,
    caplog: pytest.LogCaptureFixture,
    model: str,
) -> None:
    speaking(titles=True, title_model=model)
    app = app_on(samples)
    with caplog.at_level(logging.INFO, "chattui"):
        async with running(app) as pilot:
            await begin(pilot, "why is the pool empty?")
            await until(pilot, lambda: "no title" in caplog.text)
            assert newest(store) == "why is the pool empty?"
            assert not toasts(app)
    assert "pool empty" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("", ""),
        ("<think>never ends", ""),
        ("\n\n  ## Pools and leaks.\n", "Pools and leaks"),
        ("TITLE: “連接池”", "連接池"),
        ("word " * 40, "word " * 14 + "word…"),
        ("x" * 200, "x" * 79 + "…"),
        ("a\u202eb\x07c", "abc"),
    ],
)
def test_what_of_an_answer_is_a_title(answer: str, title: str) -> None:
    assert title_of(answer) == title


@pytest.mark.parametrize("quiet", [False, True], ids=["usual", "quiet"])
async def test_a_reply_in_another_chat_is_told_of_unless_that_is_quiet(
    samples: str,
    app_on: AppMaker,
    store: Database,
    speaking: Callable[..., None],
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    quiet: bool,
) -> None:
    speaking()
    model_server.said, model_server.held_after = "One two", 1
    app = app_on(samples)
    bells: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: bells.append(1))
    async with running(app) as pilot:
        await begin(pilot, "why [b]so[/b]")
        await until(pilot, lambda: len(model_server.asked) == 1)
        chat = chats.recents(store, limit=1)[0].id
        details.set_quiet(store, chat, quiet)
        await begin(pilot, "here")
        await until(pilot, lambda: len(model_server.asked) == 2)
        here = app.main.open_chat
        await until(pilot, lambda: here.chat_id not in (None, chat))
        model_server.go.set()
        await until(pilot, lambda: not app.main.session.replies.any_live)
        assert len(messages.page(store, chat, 1, 9)) == 2
        await pilot.pause()
        told = toasts(app)
    assert told == ("" if quiet else "A reply is there “why [b]so[/b]”")
    assert len(bells) == (0 if quiet else 1), "the reply that is looked at rings no bell"


async def test_what_fails_in_a_quiet_chat_is_in_the_chat_alone(
    samples: str, app_on: AppMaker, store: Database, speaking: Callable[..., None], model_server: ModelServer
) -> None:
    speaking("fails")
    app = app_on(samples)
    async with running(app) as pilot:
        details.set_quiet(store, app.main.open_chat.chat_id or 0, True)
        await pilot.press("w", *"go on", "enter")
        await until(pilot, lambda: len(model_server.asked) == 1 and not app.main.session.replies.any_live)
        chat = app.main.open_chat.chat
        assert chat is not None
        last = messages.page(store, chat.id, 1, 999)[-1]
        await until(pilot, lambda: app.main.open_chat.chat.message_count >= last.seq)
        assert (last.error, "CUDA out of memory" in last.content) == (True, True)
        assert not toasts(app)
        details.set_quiet(store, app.main.open_chat.chat_id or 0, False)
        await pilot.press("escape", "C")
        await until(pilot, lambda: "CUDA out of memory" in toasts(app))
