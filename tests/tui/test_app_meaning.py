"""Searching by meaning: hits by words first, those by meaning among them, and a sentence where it cannot be had."""

from __future__ import annotations

import contextlib
import sys

import psutil
import pytest
from app_driver import AppMaker, part, quit_app, running, screen_text, seen_in, until, until_seen
from textual.message import Message

from chattui.domain.search import FoundBy, Page
from chattui.semantic import MODEL
from chattui.store import embeddings, meaning
from chattui.store.database import Database
from chattui.sync.embedding import embed_missing
from chattui.tui.app import ChattuiApp
from chattui.tui.messages import SearchAnswered

PARAPHRASE = "~nightly webserver trouble with database sessions"


def title(app: ChattuiApp) -> str:
    return part(app.main.title_bar)[0].strip()


def children() -> list[str]:
    """Processes of this test that embed what is typed."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # gone meanwhile
            found.append(process.cmdline())
    return [" ".join(words) for words in found if "chattui.semantic.child" in words]


@pytest.fixture
def embedded(store: Database) -> Database:
    """The samples, embedded."""
    embeddings.switch_on(store, MODEL)
    embed_missing(store)
    return store


async def test_a_paraphrase_finds_what_no_word_does_and_says_how(
    samples: str, embedded: Database, app_on: AppMaker
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *PARAPHRASE)
        await until_seen(pilot, "Pool exhausted at midnight", "≈ meaning")
        await until(pilot, lambda: "by meaning" in title(app))
        assert app.main.problem == ""
        hit = app.main.hits.hit
        assert hit is not None
        assert hit.found_by is FoundBy.MEANING
        await pilot.press("enter")
        await until(pilot, lambda: app.main.pane.display and title(app).startswith("Pool"))
        assert app.main.open_chat.position[0] <= hit.seq
        assert len(children()) == 1
        await quit_app(pilot)
        assert children() == [], "it ends with the app"


async def test_hits_by_words_come_first_and_the_selection_stays_when_the_others_come(
    samples: str, embedded: Database, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        answers: list[SearchAnswered] = []
        held: list[SearchAnswered] = []
        post = app.main.session.flight._post

        def hold(message: object) -> None:
            assert isinstance(message, SearchAnswered)
            answers.append(message)
            held.append(message) if message.page.fused else post(message)

        monkeypatch.setattr(app.main.session.flight, "_post", hold)
        await pilot.press("slash", *"~pool")
        await until(pilot, lambda: any(m.text == "~pool" for m in held))
        assert next(m.final for m in answers if m.text == "~pool" and not m.page.fused) is False
        assert (answers[-1].page.fused, answers[-1].final) == (True, True)
        await until(pilot, lambda: app.main.hits.hit is not None)
        await pilot.press("down", "down", "down")
        chosen, row = app.main.hits.hit, part(app.main.hits)
        assert chosen is not None
        assert "≈" not in screen_text(app)
        assert row
        post(next(m for m in held if m.text == "~pool"))
        await until_seen(pilot, "≈ words and meaning")
        here = app.main.hits.hit
        assert here is not None
        assert (here.chat_id, here.seq) == (chosen.chat_id, chosen.seq)
        assert "message" in title(app)


async def test_off_the_words_are_looked_for_and_a_sentence_says_how_to_switch_it_on(
    samples: str, app_on: AppMaker
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"~schema")
        await until_seen(pilot, "Search by meaning is off: `chattui semantic on` switches it on.")
        assert len(app.main.hits.hits) == 4
        assert "≈" not in seen_in(app.main.hits)
        assert children() == []
        await pilot.press("ctrl+u", *"schema")
        await until(pilot, lambda: app.main.problem == "")


async def test_a_key_switches_it_for_whatever_is_typed_also_at_the_next_start(
    samples: str, embedded: Database, app_on: AppMaker
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until(pilot, lambda: "4 messages" in title(app))
        await pilot.press("down", "down")
        chosen = app.main.hits.hit
        assert chosen is not None
        await pilot.press("alt+m")
        await until_seen(pilot, "≈ ")
        assert app.main.search_bar.value == "schema"
        here = app.main.hits.hit
        assert here is not None
        assert (here.chat_id, here.seq) == (chosen.chat_id, chosen.seq)
        await quit_app(pilot)
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", *"schema")
        await until_seen(pilot, "≈ ")
        await pilot.press("alt+m")
        await until(pilot, lambda: "≈" not in screen_text(app) and "4 messages" in title(app))


async def test_best_first_leaves_the_order_of_fused_hits(
    samples: str, embedded: Database, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(samples)
    async with running(app) as pilot:
        await pilot.press("slash", "alt+o", *"~pool")
        pages: list[Page] = []
        answered = app.main.searching.answered
        monkeypatch.setattr(app.main.searching, "answered", lambda event: (pages.append(event.page), answered(event)))
        await pilot.press("space")
        await until(pilot, lambda: pages and pages[-1].fused)
        assert [h.seq for h in app.main.hits.hits] == [h.seq for h in pages[-1].hits]


async def test_what_an_import_brings_is_embedded_in_the_background_where_it_is_on(
    samples: str, store: Database, app_on: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bool] = []
    app = app_on(samples)
    monkeypatch.setattr(app, "begin_embedding", lambda: begun.append(True))
    async with running(app) as pilot:
        app.main.post_message(_ended())
        app.main.session.sources.read_faults(lambda _: begun.append(False))
        await until(pilot, lambda: begun)
        assert begun == [False], "it is off"
    embeddings.switch_on(store, MODEL)
    app = app_on(samples)
    async with running(app) as pilot:
        app.main.post_message(_ended())
        await until(pilot, lambda: embeddings.status(store, installed=True).waiting == 0)
        assert meaning.__name__ not in sys.modules or not embeddings.is_empty(store)


def _ended() -> Message:
    from chattui.tui.messages import SyncEnded

    return SyncEnded(0, 0, "")
