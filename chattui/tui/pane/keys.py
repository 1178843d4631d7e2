"""How keys of the pane are declared."""

from __future__ import annotations

from textual.binding import Binding


def pane_key(keys: str, action: str, name: str, description: str, tooltip: str, *, show: bool = False) -> Binding:
    """A key of the pane; its id is what a configuration names."""
    return Binding(keys, action, description, show=show, id=f"pane.{name}", tooltip=tooltip)
