"""The keys that work now, on one line at the foot of the screen. One widget, where Textual's footer makes one a key."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from chattui.tui.habits import HABITS

_NAMES = {"slash": "/", "question_mark": "?", "enter": "⏎", "escape": "Esc", "left_square_bracket": "["}


_RANKS = {"screen": 1, "app": 2, "tabs": 2, "search": 2}
_LAST = {"screen.help": 3, "app.quit": 4, "app.agent": 5}
_HELP = "screen.help"
_GAP = "   "


class KeyBar(Static):
    """Shows the bindings that say ``show``, those of the focused widget first and only whole ones; a click on one is its
    key. Where there is no room for all, help stays."""

    def __init__(self) -> None:
        super().__init__("", id="keys", markup=False)
        self._spans: list[tuple[int, int, str]] = []
        self._keys: list[Binding] = []

    def on_mount(self) -> None:
        """Follow what the focus and the commands allow."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_resize(self) -> None:
        """Other columns, other keys."""
        self._draw()

    def _changed(self, screen: Screen[object]) -> None:
        if not screen.is_active:
            return
        found: dict[str, Binding] = {}
        for _node, binding, enabled, _tooltip in screen.active_bindings.values():
            if binding.show and enabled:
                found.setdefault(binding.action, binding)
        bindings = sorted(found.values(), key=_rank)
        if bindings != self._keys:
            self._keys = bindings
            self._draw()

    def _draw(self) -> None:
        room = (self.content_size.width or 1_000) + len(_GAP)
        room -= sum(_width(binding) for binding in self._keys if binding.id == _HELP)
        parts: list[tuple[str, str] | str] = []
        self._spans = []
        at, full = 0, False
        for binding in self._keys:
            width = _width(binding)
            if binding.id != _HELP:
                full = full or width > room
                if full:
                    continue
                room -= width
            self._spans.append((at, at + width - len(_GAP), binding.key))
            parts += [(key_label(binding.key), "$footer-key-foreground bold"), f" {binding.description}{_GAP}"]
            at += width
        self.update(Content.assemble(*parts), layout=False)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        x = event.x - self.gutter.left
        for start, end, key in self._spans:
            if start <= x < end:
                self.app.simulate_key(key)
                return


def _rank(binding: Binding) -> tuple[int, bool]:
    """What belongs to the place comes before what belongs everywhere, and Enter before all."""
    name = binding.id or ""
    return _LAST.get(name, _RANKS.get(name.partition(".")[0], 0)), binding.key != "enter"


def _width(binding: Binding) -> int:
    return len(key_label(binding.key)) + 1 + len(binding.description) + len(_GAP)


def key_label(key: str) -> str:
    """A key as it is shown: ^N for ctrl+n."""
    if key == "enter" and not HABITS.icons:
        return "Enter"
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+").upper()
    if len(key) == 1:
        return key
    return "+".join(part.capitalize() for part in key.split("+"))
