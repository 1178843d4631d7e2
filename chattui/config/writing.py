"""Changing single keys of the config file: comments, order and everything else stay as a person wrote them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chattui.config.options import Value
from chattui.config.replacing import replace_file
from chattui.domain.errors import ConfigError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def write_option(path: Path, table: str, key: str, value: Value) -> None:
    """Write ``key = value`` into ``[table]``; table and file are made where there are none.

    A table may lie in another, as "sources.codex"; ``key`` may have points in it, as the ids of [keys].

    Raises ConfigError when the file is not valid TOML, is written in a
    way that only a person can change, or cannot be written.
    """
    _change(path, table, key, list(value) if isinstance(value, tuple) else value)


def reset_option(path: Path, table: str, key: str) -> None:
    """Take ``key`` out of ``[table]``, so that the default holds. Raises ConfigError as ``write_option`` does."""
    _change(path, table, key, None)


def _change(path: Path, table: str, key: str, value: Any) -> None:
    import tomllib

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    target = path.resolve()  # a link, as from a repository of settings, stays one
    text = _read(target, path)
    try:
        before = tomllib.loads(text)
        document = tomlkit.parse(text)
    except (tomllib.TOMLDecodeError, TOMLKitError) as error:
        raise ConfigError(
            f"The config file {path} is not valid TOML: {error}. Mend it first: chattui config edit."
        ) from error
    try:
        _set(document, table, key, value)
        changed = tomlkit.dumps(document)
        if "\r\n" in text:
            changed = changed.replace("\r\n", "\n").replace("\n", "\r\n")
        wanted = _changed(before, table, key, value)
        same = _unspaced(tomllib.loads(changed)) == _unspaced(wanted)
    except (TOMLKitError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, ValueError):
        same = False
    if not same:
        line = f"{key} = {_toml(value)}" if value is not None else f"no {key}"
        raise ConfigError(
            f"The config file {path} is written in a way that only you can change: put {line} under [{table}]."
        )
    if changed != text:
        replace_file(target, changed, path)


def _read(target: Path, path: Path) -> str:
    try:
        return target.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The config file {path} cannot be read: {error}.") from error


def _set(document: TOMLDocument, table: str, key: str, value: Any) -> None:
    place = _table(document, table, make=value is not None)
    if place is None:
        return
    head, point, tail = key.partition(".")
    if point and isinstance(place.get(head), dict) and key not in place:
        place, key = place[head], tail
    if value is None:
        if key in place:
            del place[key]
    elif key in place:
        place[key] = value
    else:
        _append(place, key, value)


def _table(document: TOMLDocument, table: str, *, make: bool) -> Any:
    """The table, which is made where there is none; None where it is not to be made."""
    import tomlkit

    outer, _, inner = table.partition(".")
    if outer not in document:
        if not make:
            return None
        if document.as_string() and not document.as_string().endswith("\n\n"):
            document.add(tomlkit.nl())
        document.add(outer, tomlkit.table(is_super_table=bool(inner)))
    place: Any = document[outer]
    if inner and inner not in place:
        if not make:
            return None
        place.append(inner, tomlkit.table())
    return place[inner] if inner else place


def _append(place: Any, key: str, value: Any) -> None:
    """A new line below the last key, above the empty lines and comments that lead to the next table."""
    from tomlkit.items import KeyType, SingleKey

    body = place.value.body if hasattr(place, "value") and hasattr(place.value, "body") else []
    below: list[Any] = []
    while body and body[-1][0] is None:
        below.insert(0, body.pop())
    place.append(SingleKey(key, t=KeyType.Basic) if "." in key else key, value)
    body.extend(below)


def _changed(before: dict[str, Any], table: str, key: str, value: Any) -> dict[str, Any]:
    """What the file is to say."""
    after = deepcopy(before)
    outer, _, inner = table.partition(".")
    place = after.setdefault(outer, {})
    if inner:
        place = place.setdefault(inner, {})
    head, point, tail = key.partition(".")
    if point and isinstance(place.get(head), dict) and key not in place:
        place, key = place[head], tail
    if value is None:
        place.pop(key, None)
    else:
        place[key] = value
    return after


def _unspaced(value: Any) -> Any:
    """Without empty tables, which say nothing."""
    if not isinstance(value, dict):
        return value
    inner = {name: _unspaced(content) for name, content in value.items()}
    return {name: content for name, content in inner.items() if content != {}}


def _toml(value: Any) -> str:
    import tomlkit

    return str(tomlkit.item(value).as_string())
