"""The keys that work now, on one line at the foot of the screen. One widget, where Textual's footer makes one a key."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

_NAMES = {"slash": "/", "question_mark": "?", "enter": "⏎", "escape": "Esc", "left_square_bracket": "["}


class KeyBar(Static):
    """Shows the bindings that say ``show``; a click on one is its key."""

    def __init__(self) -> None:
        super().__init__("", id="keys", markup=False)
        self._spans: list[tuple[int, int, str]] = []
        self._parts: list[tuple[str, str] | str] = []

    def on_mount(self) -> None:
        """Follow what the focus and the commands allow."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if not screen.is_active:
            return
        parts: list[tuple[str, str] | str] = []
        self._spans = []
        at, seen = 0, set()
        for _node, binding, enabled, _tooltip in screen.active_bindings.values():
            if not binding.show or not enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            name, label = key_label(binding.key), f" {binding.description}   "
            self._spans.append((at, at + len(name) + len(label) - 2, binding.key))
            parts += [(name, "$footer-key-foreground bold"), label]
            at += len(name) + len(label)
        if parts != self._parts:
            self._parts = parts
            self.update(Content.assemble(*parts), layout=False)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        x = event.x - self.gutter.left
        for start, end, key in self._spans:
            if start <= x < end:
                self.app.simulate_key(key)
                return


def key_label(key: str) -> str:
    """A key as it is shown: ^N for ctrl+n."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+").upper()
    return key if len(key) == 1 else key.capitalize()
