"""Keys as they are written on a keyboard, and texts that name the keys which hold."""

from __future__ import annotations

import re
from collections.abc import Mapping

from textual.binding import Binding

from chattui.tui.commands import COMMANDS

_NAMES = {
    "slash": "/",
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "colon": ":",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "minus": "-",
    "plus": "+",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
}


def key_name(keys: str) -> str:
    """Keys as they are written on a keyboard: "Ctrl+N  Ctrl+T"."""
    return "  ".join(_key_name(k) for k in keys.split(","))


def _key_name(key: str) -> str:
    if key in _NAMES:
        return _NAMES[key]
    *modifiers, last = key.split("+")
    if last in _NAMES:
        return "+".join([*(m.capitalize() for m in modifiers), _NAMES[last]])
    if modifiers and len(last) == 1 and last.isupper():  # alt+L: terminals tell it from alt+l, and people say Shift
        modifiers.append("shift")
    last = last.upper() if modifiers and len(last) == 1 else last if len(last) == 1 else last.capitalize()
    return "+".join([*(m.capitalize() for m in modifiers), last])


def with_keys(text: str, keymap: Mapping[str, str]) -> str:
    """The text with the keys of the commands whose ids stand in it, as {app.new}. ``keymap`` has a person's own keys."""

    def keys_of(found: re.Match[str]) -> str:
        return key_name(keymap.get(found[1], _usual(found[1])).partition(",")[0])

    return re.sub(r"\{([a-z]+\.[a-z_]+)\}", keys_of, text)


def _usual(name: str) -> str:
    for command in COMMANDS:
        if f"{command.room}.{command.name}" == name:
            return command.keys
    from chattui.tui.pane.message_pane import MessagePane
    from chattui.tui.widgets.editor import Editor
    from chattui.tui.widgets.message_editor import MessageEditor

    known = (*MessagePane.BINDINGS, *MessageEditor.BINDINGS, *Editor.BINDINGS)
    return next(key.key for key in known if isinstance(key, Binding) and key.id == name)
