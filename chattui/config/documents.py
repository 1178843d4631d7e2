"""What is written from the declarations of the options: the page of the docs, the JSON schema, a file to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chattui.config.options import (
    AGENT_OPTIONS,
    SOURCE_OPTIONS,
    TABLES,
    THEME_COLOURS,
    VARIABLES,
    Applies,
    Option,
    Takes,
    Value,
    options_of,
)

_INTRO = """\
# The config file

Nothing has to be configured. What is, stands in one TOML file: `chattui config path` prints where, on Linux
`~/.config/chattui/config.toml`. `F4` in the app shows every option, changes it with its effect seen at once, and puts the default
back (`r`); comments in the file stay. `chattui config edit` opens the file, `chattui config check` names every mistake with its
line, `chattui config show` prints what holds and who says so.

A mistake does not stop the start: it is told, and the default holds. Two kinds are not passed over, because that would be a guess.
While it is not known which database is meant, none is opened; while it is not known what is to be left out, nothing is imported.

Editors that know JSON schema check the file while it is written: [config.schema.json](config.schema.json), which `chattui config
schema` prints too. This page is made from the same declarations (`make docs`).
"""


def configuration_page() -> str:
    """docs/configuration.md."""
    parts = [_INTRO]
    for table in TABLES:
        options = _OF_ONE.get(table.name) or options_of(table.name)
        title = f"{table.name}.NAME" if table.name in ("sources", "themes", "agents") else table.name
        parts.append(f"## [{title}]\n\n{table.help}\n")
        if table.free and (own := options_of(table.name)):
            parts += [f"Of all of them, under [{table.name}]:\n", _table(own), "Of one:\n"]
        if options:
            parts.append(_table(options))
        parts += [_EXAMPLES[table.name]] if table.name in _EXAMPLES else _examples(options)
    parts.append("## Environment variables\n\nThey win over the file; arguments such as `--database` win over them.\n")
    rows = "\n".join(f"| `{name}` | {_code(sentence)} |" for name, sentence in VARIABLES)
    parts.append(f"| variable | what it sets |\n| --- | --- |\n{rows}\n")
    return "\n".join(parts)


_OF_ONE = {"sources": SOURCE_OPTIONS, "agents": AGENT_OPTIONS}

_EXAMPLES = {
    "keys": """\
```toml
[keys]
"app.new" = "ctrl+g"            # the id of what it does = the key
"screen.write" = "w,i"          # several, with commas between them
```

[keys.md](keys.md) lists the ids. A key that has two meanings at the same place is told as a conflict.
""",
    "themes": f"""\
```toml
[appearance]
theme = "mine"

[themes.mine]
primary = "#ff8800"             # has to be there; the others follow from it
background = "#101010"
dark = true                     # false for dark text on a light background
```

Colours are {", ".join(f"`{name}`" for name in THEME_COLOURS)}: `#rgb`, `#rrggbb` or a name.
""",
}


def _table(options: Iterable[Option]) -> str:
    rows = [
        f"| `{option.key}` | {_takes(option)} | `{_toml(option.default)}` | {_sentence(option)} |" for option in options
    ]
    return "\n".join(["| key | takes | default | what it does |", "| --- | --- | --- | --- |", *rows, ""])


def _takes(option: Option) -> str:
    if option.takes is Takes.CHOICE:
        return ", ".join(f"`{choice}`" for choice in option.choices)
    return {Takes.TEXTS: "a list of texts", Takes.TIME: "a time"}.get(option.takes, option.takes.value)


def _sentence(option: Option) -> str:
    applies = "" if option.applies is Applies.AT_ONCE else f" Holds {option.applies.value}."
    variable = f" `{option.variable}` {'win' if ' and ' in option.variable else 'wins'}." if option.variable else ""
    return f"{option.help.replace('*', chr(92) + '*')}{applies}{variable}"


def _code(sentence: str) -> str:
    return sentence if " " in sentence else f"`{sentence}`"


def _examples(options: Iterable[Option]) -> list[str]:
    with_one = [option for option in options if option.example]
    if not with_one:
        return []
    table = with_one[0].table.replace("NAME", "mine" if with_one[0].table.startswith("agents") else "claude-code")
    return ["```toml\n[" + table + "]\n" + "".join(f"{option.example}\n" for option in with_one) + "```\n"]


def template() -> str:
    """A config file that sets nothing: every option as a comment, with its default."""
    lines = [
        "# chattui: every option, with its default. Take the # away to set it. chattui config check names mistakes.",
        "",
    ]
    for table in TABLES:
        options = options_of(table.name)
        if not options:
            continue
        lines += [f"# {table.help}", f"[{table.name}]"]
        for option in options:
            lines += [f"# {option.help}", f"#{option.key} = {_toml(option.default)}"]
        lines.append("")
    lines += ["# Other keys, by the ids of docs/keys.md.", "[keys]", '#"app.new" = "ctrl+g"', ""]
    return "\n".join(lines)


def json_schema() -> dict[str, Any]:
    """The JSON schema of the file, draft 2020-12."""
    tables: dict[str, Any] = {}
    for table in TABLES:
        about: dict[str, Any] = {"type": "object", "description": table.help}
        if options := options_of(table.name):
            about |= _object(options)
        match table.name:
            case "sources" | "agents":
                about["additionalProperties"] = _object(_OF_ONE[table.name])
            case "keys":
                about["additionalProperties"] = {"type": ["string", "object"]}
            case "themes":
                colours: dict[str, Any] = {name: {"type": "string"} for name in THEME_COLOURS}
                properties = colours | {"dark": {"type": "boolean"}}
                about["additionalProperties"] = {
                    "type": "object",
                    "properties": properties,
                    "required": ["primary"],
                    "additionalProperties": False,
                }
        tables[table.name] = about
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "chattui's config file",
        "type": "object",
        "properties": tables,
        "additionalProperties": False,
    }


def _object(options: Iterable[Option]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {option.key: _property(option) for option in options},
        "additionalProperties": False,
    }


def _property(option: Option) -> dict[str, Any]:
    kinds: dict[Takes, dict[str, Any]] = {
        Takes.TEXT: {"type": "string"},
        Takes.TIME: {
            "type": ["string", "integer"],
            "pattern": "^\\s*([0-9]+[smhdSMHD]?|[Ff][Oo][Rr][Ee][Vv][Ee][Rr])\\s*$",
        },
        Takes.NUMBER: {"type": "integer"},
        Takes.FLAG: {"type": "boolean"},
        Takes.CHOICE: {"enum": list(option.choices)},
        Takes.TEXTS: {"type": "array", "items": {"type": "string", "pattern": "\\S"}},
        Takes.TABLE: {"type": "object"},
    }
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    about = {**kinds[option.takes], "description": option.help}
    if option.pattern:
        about["pattern"] = option.pattern
    return about if default is None else {**about, "default": default}


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "as for all"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'
