"""``chattui config``: the config file itself, and what holds by it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from chattui.cli import output
from chattui.cli.context import EXIT_USAGE, Context
from chattui.domain.errors import ConfigError
from chattui.domain.visible import visible, visible_line

if TYPE_CHECKING:
    from chattui.config.options import Option
    from chattui.config.settings import Settings


@click.group()
def config() -> None:
    """See, change and check the config file. It need not exist."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print {path, exists}.")
@click.pass_obj
def path(context: Context, as_json: bool) -> int:
    """Print where the config file is, or would be."""
    place = context.settings(lenient=True).config_file
    if as_json:
        output.print_json({"path": str(place), "exists": place.exists()})
    else:
        click.echo(str(place))
    return 0


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print every option with its value, default and origin.")
@click.pass_obj
def show(context: Context, as_json: bool) -> int:
    """Print every option with what holds and where it comes from. Passwords are left out."""
    from chattui.config.options import OPTIONS

    settings = context.settings(lenient=True)
    rows = [_row(option, settings) for option in OPTIONS]
    rules = [_rule(name, settings) for name in settings.rules.sources]
    if as_json:
        document = {"options": rows, "sources": rules, "keys": settings.keys, "themes": settings.themes}
        output.print_json(document)
        return 0
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        value = ", ".join(row["value"]) if isinstance(row["value"], list) else _plain(row["value"])
        click.echo(f"{row['name']:<{width}} {visible_line(value) or '-':<24} {row['origin']}")
    for rule in rules:
        click.echo(f"sources.{visible_line(rule['name'])}: {'on' if rule['enabled'] else 'off'}")
    for name, keys in settings.keys.items():
        click.echo(f"{'keys.' + visible_line(name):<{width}} {visible_line(keys)}")
    for name in settings.themes:
        click.echo(f"themes.{visible_line(name)}")
    return 0


def _row(option: Option, settings: Settings) -> dict[str, Any]:
    from chattui.config.effective import origin_of, value_of

    value = value_of(option, settings)
    return {
        "name": option.name,
        "value": list(value) if isinstance(value, tuple) else value,
        "default": list(option.default) if isinstance(option.default, tuple) else option.default,
        "origin": origin_of(option, settings, os.environ),
    }


def _rule(name: str, settings: Settings) -> dict[str, Any]:
    rule = settings.rules.sources[name]
    return {"name": name, "enabled": rule.enabled, "exclude": list(rule.exclude), "paths": list(rule.paths)}


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@config.command()
@click.pass_obj
def edit(context: Context) -> int:
    """Open the config file in your editor ($VISUAL, $EDITOR), and check it afterwards.

    Where there is none it is made, with every option in it as a comment.
    """
    settings = context.settings(lenient=True)
    place = settings.config_file
    if not place.exists():
        from chattui.config.documents import template
        from chattui.config.replacing import replace_file

        replace_file(place, template(), place)
    try:
        click.edit(filename=str(place))
    except click.ClickException as error:
        raise ConfigError(
            f"The editor could not be run: {error.message}. Name another: EDITOR=nano chattui config edit."
        ) from error
    return _tell(context.settings(lenient=True), as_json=False)


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print {path, problems: [{line, sentence, stops}]}.")
@click.pass_obj
def check(context: Context, as_json: bool) -> int:
    """Name every mistake in the config file, with its line and a suggestion. Exit code 2 when there are some."""
    return _tell(context.settings(lenient=True), as_json=as_json)


def _tell(settings: Settings, *, as_json: bool) -> int:
    from chattui.sources.registry import all_sources
    from chattui.tui.checking import of_the_app

    sources = [source.name for source in all_sources()] if settings.rules.sources else []

    found: list[dict[str, Any]] = [
        {"line": one.line or None, "sentence": one.sentence, "stops": one.guards.value or None}
        for one in settings.problems
    ]
    found += [{"line": line or None, "sentence": told, "stops": None} for line, told in of_the_app(settings, sources)]
    found.sort(key=lambda one: one["line"] or 0)
    if as_json:
        output.print_json({"path": str(settings.config_file), "problems": found})
    elif found:
        for one in found:
            stops = f" Until then there is no {one['stops']}." if one["stops"] else ""
            click.echo(visible(one["sentence"]) + stops)
    elif settings.config_file.exists():
        click.echo(f"{settings.config_file} is right.")
    else:
        click.echo(f"There is no {settings.config_file}: every default holds.")
    return EXIT_USAGE if found else 0


@config.command()
def schema() -> int:
    """Print the JSON schema of the config file, for editors that check TOML."""
    from chattui.config.documents import json_schema

    output.print_json(json_schema())
    return 0
