"""The settings: every option with what holds, its default, a way to change it at once and a way back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from chattui.config.options import Applies, Takes, Value
from chattui.domain.visible import visible_line
from chattui.tui.checking import every_problem
from chattui.tui.pane.wrap import breaks, cells, clip
from chattui.tui.recents.item_list import ItemList
from chattui.tui.recents.list_palette import ListPalette
from chattui.tui.screens.dialogs import Dialog
from chattui.tui.screens.settings_asked import KeyDialog, ValueDialog
from chattui.tui.screens.settings_items import Item, heading, items
from chattui.tui.widgets.line_input import LineInput

if TYPE_CHECKING:
    from chattui.config.settings import Settings
    from chattui.tui.data.options import Options

_NAME = 34
"""Columns of the names."""

_WHEN = {Applies.NEXT_LOOK: "at the next import", Applies.NEXT_START: "at the next start"}

_PROBLEMS = 3
"""Mistakes that are shown above the list; the others are counted."""


class SettingsList(ItemList):
    """The options under the headings of their tables, a line each and a sentence below it."""

    DEFAULT_CSS = "SettingsList { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pick", "Change", id="settings.change", tooltip="Change the option"),
        Binding("right,l", "turn(1)", "Next choice", id="settings.next", tooltip="The next choice"),
        Binding("left,h", "turn(-1)", "Choice before", id="settings.previous", tooltip="The choice before"),
        Binding("r,delete,backspace", "reset", "Reset", id="settings.reset", tooltip="Let the default hold again"),
    ]

    def __init__(self) -> None:
        super().__init__(id="settings")
        self._entries: list[Item | str] = []

    def set_items(self, found: Sequence[Item]) -> None:
        """Show other items; the cursor stays on its own."""
        before = self.item
        entries: list[Item | str] = []
        table = ""
        for item in found:
            if item.table != table:
                table = item.table
                entries += [""] * bool(entries) + [heading(table)]
            entries.append(item)
        self._entries = entries
        self.measure(self.inner_width)
        same = (
            nr
            for nr, one in enumerate(entries)
            if isinstance(one, Item) and before is not None and (one.table, one.key) == (before.table, before.key)
        )
        self.replaced(next(same, 0), more=False)

    def measure(self, width: int) -> None:
        """Sentences take the rows that they need."""
        tops = [0]
        for entry in self._entries:
            tops.append(tops[-1] + (1 + len(_rows(entry, width)) if isinstance(entry, Item) else 1))
        self.tops = tops

    @property
    def item(self) -> Item | None:
        """The item at the cursor."""
        entry = self._entries[self.cursor] if 0 <= self.cursor < len(self._entries) else None
        return entry if isinstance(entry, Item) else None

    def selectable(self, index: int) -> bool:
        """Items are, headings are not."""
        return isinstance(self._entries[index], Item)

    def hint(self) -> str:
        """Why there is nothing."""
        return "No option has these words. Esc shows all of them."

    def action_pick(self) -> None:
        """Change the item at the cursor."""
        if self.item is not None and isinstance(self.screen, SettingsDialog):
            self.screen.change(self.item)

    def action_turn(self, step: int) -> None:
        """Another choice."""
        if self.item is not None and isinstance(self.screen, SettingsDialog):
            self.screen.turn(self.item, step)

    def action_reset(self) -> None:
        """Back to the default."""
        if self.item is not None and isinstance(self.screen, SettingsDialog):
            self.screen.reset(self.item)

    def draw(self, index: int, row: int, width: int, palette: ListPalette, *, at_cursor: bool) -> list[Segment]:
        """Name, value and default above, the sentence below."""
        entry = self._entries[index]
        if isinstance(entry, str):
            return [Segment(f" {clip(entry, width - 1)}", palette.heading)]
        over = palette.over(focused=self.has_focus) if at_cursor else Style.null()
        mark = Segment("▌" if at_cursor else " ", palette.accent + over)
        if row:
            rows = _rows(entry, width)
            text = f"  {rows[row - 1]}" if row <= len(rows) else ""
            return [mark, Segment(text + " " * (width - 1 - cells(text)), palette.aside(at_cursor=at_cursor) + over)]
        name = _filled(entry.title, min(_NAME, width // 2))
        value = clip(visible_line(entry.shown), max(1, width - cells(name) - 1))
        side = clip(_side(entry), max(0, width - 1 - cells(name) - cells(value)))
        strong = palette.text if not entry.is_set else palette.strong if at_cursor else palette.accent
        return [
            mark,
            Segment(name, palette.strong + over),
            Segment(value, strong + over),
            Segment(side, palette.aside(at_cursor=True) + over if at_cursor else palette.faint),
        ]


def _rows(item: Item, width: int) -> list[str]:
    """The sentence below an item, in ``width`` columns."""
    instead = f"{item.instead} says otherwise, and wins. " if item.instead else ""
    text = f"{instead}{item.help}"
    return [text[start:end] for start, end in breaks(text, max(8, width - 4))]


def _side(item: Item) -> str:
    default = f"  default: {item.shown_default}" if item.is_set else ""
    return default if item.applies is Applies.AT_ONCE else f"{default}  {_WHEN[item.applies]}"


def _filled(text: str, width: int) -> str:
    shown = clip(text, width - 1)
    return shown + " " * (width - cells(shown))


class SettingsDialog(Dialog[None]):
    """Shows the options; what is changed is written into the config file and holds at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Close", id="settings.close"),
        Binding("f4", "dismiss(None)", "Close", show=False, id="settings.leave"),
        Binding("slash,f", "filter", "Filter", id="settings.filter"),
        Binding("ctrl+r", "read", "Read the file again", id="settings.read"),
    ]

    def __init__(self, settings: Settings, options: Options) -> None:
        super().__init__()
        self._settings = settings
        self._options = options
        self._list = SettingsList()
        self._filter = LineInput(placeholder="Filter (f)", id="settings-filter")
        self._problems = Static("", markup=False, id="settings-problems")
        self._sources: list[str] | None = None

    def compose(self) -> ComposeResult:
        """Mistakes, a filter and the list."""
        with Vertical(classes="dialog tall wide"):
            yield Static("Settings", markup=False, classes="dialog-title")
            yield self._problems
            yield self._filter
            yield self._list
            yield Static(
                "Enter or ← → changes · r default · f filter · Esc closes",
                markup=False,
                classes="dialog-hint",
            )

    def on_mount(self) -> None:
        """Show what holds."""
        self._list.focus()
        self.show(self._settings)

    def show(self, settings: Settings) -> None:
        """These settings hold now."""
        from chattui.tui.keymap import known_keys

        self._settings = settings
        themes = sorted(self.app.available_themes)
        words = self._filter.value.lower().split()
        found = items(settings, known_keys(), themes, self._all_sources(), os.environ)
        self._list.set_items([item for item in found if item.matches(words)])
        problems = every_problem(settings, self._sources or ())
        more = len(problems) - _PROBLEMS
        lines = problems[:_PROBLEMS] + ([f"And {more} more: chattui config check lists them."] if more > 0 else [])
        self._problems.update("\n".join(visible_line(line) for line in lines))
        self._problems.display = bool(lines)

    def _all_sources(self) -> list[str]:
        if self._sources is None:
            from chattui.sources.registry import all_sources

            self._sources = [source.name for source in all_sources()]
        named = [name for name in self._settings.rules.sources if name not in self._sources]
        return [*self._sources, *named]

    # Keys

    def action_back(self) -> None:
        """Out of the filter, which is emptied; else close."""
        if self._filter.value or self._filter.has_focus:
            self._filter.value = ""
            self._list.focus()
        else:
            self.dismiss(None)

    def action_filter(self) -> None:
        """To the filter."""
        self._filter.focus()

    def action_read(self) -> None:
        """Read the file again."""
        self._options.read()

    @on(Input.Changed, "#settings-filter")
    def _filtered(self) -> None:
        self.show(self._settings)

    @on(Input.Submitted, "#settings-filter")
    def _chosen(self) -> None:
        self._list.focus()

    # Changing

    def change(self, item: Item) -> None:
        """The next choice, or what a person types or presses."""
        if item.takes is None:
            self.app.push_screen(KeyDialog(item.title, item.shown), lambda key: self._take(item, key))
        elif item.takes in (Takes.FLAG, Takes.CHOICE):
            self.turn(item, 1)
        elif item.takes is Takes.TABLE:
            self.notify("A table is written in the file: chattui config edit.", timeout=4)
        else:
            self.app.push_screen(ValueDialog(item), lambda value: self._take(item, value))

    def turn(self, item: Item, step: int) -> None:
        """The next or the previous choice, beginning anew behind the last."""
        if item.takes is Takes.FLAG:
            self._take(item, not item.value)
        elif item.choices:
            at = item.choices.index(str(item.value)) if item.value in item.choices else -1
            self._take(item, item.choices[(at + step) % len(item.choices)])

    def reset(self, item: Item) -> None:
        """Let the default hold."""
        if item.is_set:
            self._options.reset(item.table, item.key)
        else:
            self.notify("That is the default already.", timeout=3)

    def _take(self, item: Item, value: Value | None) -> None:
        if value is None or (value == item.value and item.is_set):
            return
        self._options.write(item.table, item.key, value)
