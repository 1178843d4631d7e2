"""What the screen of settings lists: every option, every theme and every key, with what holds and what would by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chattui.config.effective import concealed, wins_over_file
from chattui.config.options import OPTIONS, SOURCE_OPTIONS, TABLES, Applies, Option, Takes, Value
from chattui.config.settings import Settings
from chattui.tui.key_names import key_name
from chattui.tui.keymap import KnownKey, normal


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the settings. ``takes`` is None for a key, whose ``choices`` are empty.

    ``value`` is what the file says, else the default; ``is_set`` tells which. ``instead`` names what wins over the file.
    """

    table: str
    key: str
    title: str
    help: str
    takes: Takes | None
    value: Value
    default: Value
    is_set: bool
    choices: tuple[str, ...] = ()
    applies: Applies = Applies.AT_ONCE
    instead: str = ""
    option: Option | None = None

    @property
    def shown(self) -> str:
        """The value for people."""
        value = self.value if self.option is None else concealed(self.option, self.value)
        return shown(value, is_key=self.takes is None)

    @property
    def shown_default(self) -> str:
        """The default for people."""
        return shown(self.default, is_key=self.takes is None)

    def matches(self, words: Sequence[str]) -> bool:
        """Whether all the words are in what is shown of it."""
        text = f"{self.table} {self.title} {self.help} {self.shown}".lower()
        return all(word in text for word in words)


def shown(value: Value, *, is_key: bool = False) -> str:
    """A value for people."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {one}" for key, one in value.items()) or "none"
    if value is None:
        return "as for all"
    return key_name(value) if is_key and isinstance(value, str) else str(value) or "none"


def heading(table: str) -> str:
    """What stands above the items of a table."""
    known = next((one for one in TABLES if one.name == table.partition(".")[0]), None)
    if known is None:
        return table
    title = f"[{table}]"
    return f"{title}  {known.help}" if "." not in table else title


def items(
    settings: Settings, keys: Iterable[KnownKey], themes: Sequence[str], sources: Sequence[str], env: Mapping[str, str]
) -> list[Item]:
    """All items, in the order of the screen: options by table, then sources, then keys."""
    found = [_of_option(option, settings, themes, env) for option in OPTIONS]
    for source in sources:
        found += [_of_source(option, source, settings) for option in SOURCE_OPTIONS]
    for key in keys:
        wanted = settings.keys.get(key.id)
        found.append(
            Item(
                "keys",
                key.id,
                key.label,
                f"{key.help} · {key.id}" if key.help != key.label else key.id,
                None,
                _usual(wanted or key.keys),
                _usual(key.keys),
                wanted is not None,
            )
        )
    return found


def _usual(keys: str) -> str:
    return ",".join(normal(key) for key in keys.split(","))


def _of_option(option: Option, settings: Settings, themes: Sequence[str], env: Mapping[str, str]) -> Item:
    value = settings.values.get(option.name)
    is_theme = option.table == "appearance" and option.key.endswith("theme")
    return Item(
        option.table,
        option.key,
        option.key.replace("_", " "),
        option.help,
        Takes.CHOICE if is_theme else option.takes,
        option.default if value is None else value,
        option.default,
        value is not None,
        tuple(themes) if is_theme else option.choices,
        option.applies,
        wins_over_file(option, settings, env),
        option,
    )


def _of_source(option: Option, source: str, settings: Settings) -> Item:
    rule = settings.rules.sources.get(source)
    value: Value = getattr(rule, option.key.replace("-", "_")) if rule is not None else option.default
    return Item(
        f"sources.{source}",
        option.key,
        option.key,
        option.help,
        option.takes,
        value,
        option.default,
        value != option.default,
        applies=option.applies,
        option=option,
    )
