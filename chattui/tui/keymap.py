"""Every key that can be remapped, by its id: what it does, where it works, and which of a person's own keys are mistaken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key

from chattui.config.options import suggestion
from chattui.tui.commands import COMMANDS

_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_EVERYWHERE = frozenset({"app", "tabs"})
_LISTS = frozenset({"hits", "saved", "sidebar"})
_MAIN = frozenset({"screen", "search", "pane", "list", "find", "composer", "query"}) | _EVERYWHERE | _LISTS
"""Rooms of the main screen. A dialog's keys are alone: while it is open no other ones work."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a key does. ``keys`` are the usual ones, with commas between them; ``room`` is the first part of the id."""

    id: str
    keys: str
    label: str
    help: str

    @property
    def room(self) -> str:
        """Where the key works."""
        return self.id.partition(".")[0]


def known_keys() -> list[KnownKey]:
    """Every key that has an id, those of commands first. Importing what has them is slow: not before the first paint."""
    from chattui.tui.pane.message_pane import MessagePane
    from chattui.tui.recents.item_list import ItemList
    from chattui.tui.widgets.editor import Editor
    from chattui.tui.widgets.find_bar import FindLine
    from chattui.tui.widgets.message_editor import MessageEditor
    from chattui.tui.widgets.query_bar import QueryBar
    from chattui.tui.widgets.search_bar import SearchBar

    found = {one.id: one for command in COMMANDS for one in _known(command.bindings)}
    for room in (MessagePane, FindLine, Editor, MessageEditor, ItemList, SearchBar, QueryBar):
        found |= {one.id: one for one in _known(room.BINDINGS)}
    return list(found.values())


def _known(bindings: Iterable[BindingType]) -> list[KnownKey]:
    return [
        KnownKey(b.id, b.key, b.description, b.tooltip or b.description)
        for b in bindings
        if isinstance(b, Binding) and b.id
    ]


def keymap(wanted: Mapping[str, str]) -> dict[str, str]:
    """The keys that a person wants, as Textual takes them: what is no key is left out."""
    found = {}
    for name, keys in wanted.items():
        right = [normal(key) for key in keys.split(",") if not _odd(key.strip())]
        if right:
            found[name] = ",".join(right)
    return found


def normal(key: str) -> str:
    """A key as Textual names it: ``question_mark`` for ``?``, ``ctrl+g`` for ``Ctrl+g``."""
    *modifiers, last = _parts(key.strip())
    last = _character_to_key(last) if len(last) == 1 else KEY_NAME_REPLACEMENTS.get(last.lower(), last.lower())
    return "+".join([*(m.lower() for m in modifiers), last])


def _parts(key: str) -> list[str]:
    """ctrl+g, and + or ctrl++ with the plus sign as its key."""
    if key.endswith("+"):
        return [*filter(None, key[:-1].split("+")), "+"]
    return key.split("+")


def _odd(key: str) -> str:
    """Why a text is no key; "" when it is one."""
    *modifiers, last = _parts(key)
    for modifier in modifiers:
        if modifier.lower() not in _MODIFIERS:
            return f"'{modifier}' is none of {', '.join(_MODIFIERS)}{suggestion(modifier, _MODIFIERS)}"
    names = _names()
    if len(last) == 1 or last.lower() in names:
        return ""
    return f"there is no key '{last}'{suggestion(last.lower(), sorted(names))}"


def _names() -> set[str]:
    names = {key.value for key in Keys if "+" not in key.value and "<" not in key.value}
    return names | {_character_to_key(chr(code)) for code in range(33, 127) if not chr(code).isalnum()}


def mistakes(wanted: Mapping[str, str], known: Iterable[KnownKey]) -> list[tuple[str, str]]:
    """What is wrong with a person's keys: (id, sentence) for ids and keys that there are not, and for conflicts."""
    by_id = {one.id: one for one in known}
    found: list[tuple[str, str]] = []
    for name, keys in wanted.items():
        if name not in by_id:
            found.append((name, f"nothing has the id '{name}'{suggestion(name, list(by_id))}: docs/keys.md lists them"))
            continue
        for key in keys.split(","):
            if odd := _odd(key.strip()):
                found.append((name, f"'{keys}' is no key for '{name}': {odd}"))
    return found + _conflicts(wanted, by_id)


def _conflicts(wanted: Mapping[str, str], by_id: Mapping[str, KnownKey]) -> list[tuple[str, str]]:
    mine = keymap(wanted)
    found: list[tuple[str, str]] = []
    told: set[frozenset[str]] = set()
    for name in wanted:
        if name not in by_id or name not in mine:
            continue
        for other in by_id.values():
            pair = frozenset({name, other.id})
            if other.id == name or pair in told or not _meet(by_id[name].room, other.room):
                continue
            theirs = mine.get(other.id) or ",".join(normal(key) for key in other.keys.split(","))
            if same := sorted(set(mine[name].split(",")) & set(theirs.split(","))):
                told.add(pair)
                found.append((name, f"'{same[0]}' is the key of '{name}' and of '{other.id}' ({other.help})"))
    return found


def _meet(one: str, other: str) -> bool:
    """Whether keys of two rooms can be meant at the same time."""
    if one == other:
        return True
    if not {one, other} <= _MAIN:
        return False
    rooms = {one, other}
    return (
        bool(rooms & _EVERYWHERE)
        or "search" in rooms
        or "screen" in rooms
        or ("list" in rooms and bool(rooms & _LISTS))
    )
