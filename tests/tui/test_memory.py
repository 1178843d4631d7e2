"""Garbage is looked for when nobody waits."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest
from textual.app import App
from textual.events import Event, InputEvent

from chattui.tui import memory
from chattui.tui.memory import Memory


class Knot:
    """Refers to itself, as a strip does through its cache."""

    def __init__(self) -> None:
        self.itself = self


class QuietApp(App[int]):
    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(self)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self.memory.input()
        await super().on_event(event)


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """Leave the collector as it was."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    gc.enable()


def _knots() -> list[weakref.ref[Knot]]:
    return [weakref.ref(knot) for knot in [Knot() for _ in range(2_000)]]


async def test_garbage_goes_when_the_keys_stop() -> None:
    app = QuietApp()
    async with app.run_test() as pilot:
        app.memory.settle()
        gc.set_threshold(10**9)
        knots = _knots()
        for _ in range(6):
            await pilot.press("a")
            await asyncio.sleep(0.1)
        assert all(knot() is not None for knot in knots), "not while keys come"
        for _ in range(100):
            await asyncio.sleep(0.02)
            if all(knot() is None for knot in knots):
                break
        assert all(knot() is None for knot in knots)


async def test_what_stays_is_never_looked_at_again() -> None:
    app = QuietApp()
    async with app.run_test():
        kept = Knot()
        app.memory.settle()
        assert not any(one is kept for generation in (0, 1, 2) for one in gc.get_objects(generation))
        assert gc.isenabled()
        assert gc.get_threshold()[0] < 20_000, "one look is short"


async def test_what_has_grown_old_goes_only_after_a_long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_LONG_QUIET", 0.8)
    monkeypatch.setattr(memory, "_MANY", 0)
    app = QuietApp()
    async with app.run_test() as pilot:
        app.memory.settle()
        assert gc.get_threshold()[2] > 1_000_000, "never by itself, in the middle of a key"
        held = [Knot() for _ in range(2_000)]
        old = [weakref.ref(knot) for knot in held]
        gc.collect(1)
        held.clear()
        gc.collect(1)
        assert all(knot() is not None for knot in old), "they have grown old"
        young = [Knot() for _ in range(2_000)]
        await pilot.press("a")
        await asyncio.sleep(0.5)
        assert all(knot() is not None for knot in old), "not after a short pause"
        for _ in range(100):
            await asyncio.sleep(0.02)
            if all(knot() is None for knot in old):
                break
        assert all(knot() is None for knot in old)
        assert len(young) == 2_000
