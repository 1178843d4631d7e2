"""The man page, made from the verbs, the keys and the options that are declared: ``chattui man``, docs/chattui.1."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from chattui import __version__
from chattui.config.options import OPTIONS, VARIABLES, Applies
from chattui.domain.visible import visible_line


@click.command()
@click.pass_context
def man(ctx: click.Context) -> int:
    """Print the man page: `chattui man | man -l -`."""
    group = ctx.find_root().command
    assert isinstance(group, click.Group)
    click.echo(man_page(group), nl=False)
    return 0


def man_page(group: click.Group) -> str:
    """The page in roff, for man(7)."""
    lines = [
        f'.TH CHATTUI 1 "" "chattui {__version__}"',
        ".SH NAME",
        "chattui \\- every chat with a coding agent, in one terminal: browse, search, continue",
        ".SH SYNOPSIS",
        ".B chattui",
        "[\\fIOPTIONS\\fR] [\\fIVERB\\fR [\\fIARGUMENTS\\fR]]",
        ".SH DESCRIPTION",
        *_paragraphs(group.help or ""),
        ".SH OPTIONS",
        *_options(group, group.name or "chattui"),
        ".SH VERBS",
        *_verbs(group, "chattui"),
        ".SH KEYS",
        *_keys(),
        ".SH CONFIGURATION",
        "One TOML file. \\fBchattui config path\\fR prints where it is, F4 in the app changes it.",
        *_settings(),
        ".SH ENVIRONMENT",
        *(line for name, sentence in VARIABLES for line in _entry(name, sentence)),
        ".SH EXIT STATUS",
        *_paragraphs(group.epilog or ""),
        ".SH SEE ALSO",
        "psql(1), the pages in docs/ of the package's sources.",
    ]
    return "\n".join(lines) + "\n"


def _verbs(group: click.Group, path: str) -> Iterator[str]:
    ctx = click.Context(group, info_name=path)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None or command.hidden:
            continue
        usage = " ".join(command.collect_usage_pieces(click.Context(command, info_name=name, parent=ctx)))
        yield f'.SS "{_roff(f"{path} {name} {usage}").replace(chr(34), chr(39))}"'
        yield from _paragraphs(command.help or "")
        yield from _options(command, f"{path} {name}")
        if isinstance(command, click.Group):
            yield from _verbs(command, f"{path} {name}")


def _options(command: click.Command, path: str) -> Iterator[str]:
    ctx = click.Context(command, info_name=path)
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None and isinstance(parameter, click.Option) and "--help" not in parameter.opts:
            yield from _entry(*record)


def _keys() -> Iterator[str]:
    from chattui.tui.commands import ROOMS
    from chattui.tui.screens.dialogs import help_rows

    for room, rows in help_rows({}).items():
        yield f'.SS "{ROOMS[room]}"'
        for keys, does in rows:
            yield from _entry(keys, does)


def _settings() -> Iterator[str]:
    for option in OPTIONS:
        default = ", ".join(option.default) if isinstance(option.default, tuple) else str(option.default)
        choices = f" One of {', '.join(option.choices)}." if option.choices else ""
        applies = "" if option.applies is Applies.AT_ONCE else f" Holds {option.applies.value}."
        yield from _entry(option.name, f"{option.help}{choices}{applies} Default: {default or 'none'}.")


def _entry(name: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f"\\fB{_roff(name)}\\fR"
    yield _line(text)


def _paragraphs(text: str) -> list[str]:
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", click.formatting.wrap_text(text.replace("\b", ""), 10_000).strip()):
        found += [".PP", _line(paragraph)]
    return found[1:]


def _line(text: str) -> str:
    """Text on one line that does not begin as a request of roff does."""
    line = _roff(" ".join(text.split()))
    return f"\\&{line}" if line.startswith((".", "'")) else line


def _roff(text: str) -> str:
    plain = visible_line(text).replace("\\", "\\e").replace("-", "\\-")
    return "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in plain)
