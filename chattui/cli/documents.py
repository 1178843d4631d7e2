"""The documents that are made from declarations, by their place in the sources: ``make docs`` writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def documents() -> dict[str, str]:
    """Each document's text by its path."""
    from chattui.cli.main import group
    from chattui.cli.manual import man_page
    from chattui.config.documents import configuration_page, json_schema

    return {
        "docs/configuration.md": configuration_page(),
        "docs/config.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        "docs/keys.md": keys_page(),
        "docs/chattui.1": man_page(group),
    }


def keys_page() -> str:
    """docs/keys.md: every key by its room, with the id by which it is remapped."""
    from chattui.tui.commands import ROOMS
    from chattui.tui.key_names import key_name
    from chattui.tui.keymap import KnownKey, known_keys

    rooms: dict[str, list[KnownKey]] = {}
    for key in known_keys():
        rooms.setdefault(key.room, []).append(key)
    named = ROOMS | {"list": "In every list", "query": "In the search bar"}
    parts = [
        "# Keys\n\nEvery key, and the id by which `[keys]` of the [config file](configuration.md) gives it another one.\n"
        "`?` in the app shows those that hold, `F4` changes them. This page is made from the same declarations (`make docs`).\n"
    ]
    for room, keys in rooms.items():
        rows = [f"| {_cell(key_name(key.keys))} | {key.help} | `{key.id}` |" for key in keys]
        parts.append(
            "\n".join([f"## {named[room]}\n", "| keys | what they do | id |", "| --- | --- | --- |", *rows, ""])
        )
    return "\n".join(parts)


def _cell(keys: str) -> str:
    return " ".join(f"`{key}`".replace("|", "\\|") for key in keys.split("  "))


if __name__ == "__main__":
    for place, text in documents().items():
        (Path(sys.argv[1]) / place).write_text(text, encoding="utf-8")
