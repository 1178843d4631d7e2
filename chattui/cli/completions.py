"""``chattui completions``: what a shell needs to complete chattui's command lines."""

from __future__ import annotations

import click

from chattui.cli.entry import COMPLETING

_WHERE = {
    "bash": 'put this into ~/.bashrc:  eval "$(chattui completions bash)"',
    "zsh": 'put this into ~/.zshrc:  eval "$(chattui completions zsh)"',
    "fish": "chattui completions fish > ~/.config/fish/completions/chattui.fish",
}


@click.command(epilog="\b\n" + "\n".join(f"{shell}: {where}" for shell, where in _WHERE.items()))
@click.argument("shell", type=click.Choice(sorted(_WHERE)))
@click.pass_context
def completions(ctx: click.Context, shell: str) -> int:
    """Print the script with which SHELL completes verbs and options."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(ctx.find_root().command, {}, "chattui", COMPLETING)
    click.echo(script.source_template % script.source_vars())  # source() runs a bash only to learn its version
    return 0
