"""``chattui doctor``: what this machine has for chattui, what is missing, and what to do about it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from chattui.cli import output
from chattui.cli.context import EXIT_ERROR, Context
from chattui.domain.visible import visible

if TYPE_CHECKING:
    from chattui.cli.examined import Finding

_SIGNS = {"ok": ("ok", "green"), "hint": ("hint", "yellow"), "bad": ("BAD", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print {findings: [{about, state, sentence, fix}]}.")
@click.pass_obj
def doctor(context: Context, as_json: bool) -> int:
    """Look at terminal, colours, clipboard, settings, database, sources and models, each with what mends it.

    Starts no server and changes nothing. Exit code 1 when something is bad; a hint is not.
    """
    from chattui.cli.examined import examine

    findings: list[Finding] = []
    for finding in examine(context.settings(lenient=True), os.environ, sys.stdout.isatty()):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        rows = [{"about": f.about, "state": f.state, "sentence": f.sentence, "fix": f.fix or None} for f in findings]
        output.print_json({"findings": rows})
    return EXIT_ERROR if any(finding.state == "bad" for finding in findings) else 0


def _print(finding: Finding) -> None:
    sign, colour = _SIGNS[finding.state]
    click.echo(f"{click.style(f'{sign:<5}', fg=colour)} {finding.about:<10} {visible(finding.sentence)}")
    if finding.fix:
        click.echo(f"{'':<17}-> {visible(finding.fix)}")
