"""The verbs together, their common options and exit codes."""

from __future__ import annotations

import click

from chattui import __version__
from chattui.cli.context import EXIT_USAGE, Context, guarded
from chattui.cli.lazy import LazyGroup

VERBS = {
    "list": "chattui.cli.listing:list_",
    "show": "chattui.cli.showing:show",
    "search": "chattui.cli.searching:search",
    "new": "chattui.cli.new:new",
    "resume": "chattui.cli.resuming:resume",
    "import": "chattui.cli.importing:import_",
    "watch": "chattui.cli.watching:watch",
    "export": "chattui.cli.exporting:export",
    "snapshots": "chattui.cli.snapshots:snapshots",
    "semantic": "chattui.cli.semantic:semantic",
    "db": "chattui.cli.db:db",
    "config": "chattui.cli.config:config",
    "doctor": "chattui.cli.doctor:doctor",
    "completions": "chattui.cli.completions:completions",
    "man": "chattui.cli.manual:man",
}

EPILOG = """
Exit codes: 0 done, 1 failed (search: nothing found), 2 wrong use or setting, 3 no database to be had, 4 no such chat,
130 interrupted.
"""


@click.group(
    cls=LazyGroup,
    verbs=VERBS,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="chattui")
@click.option("--database", metavar="URL", help="PostgreSQL to use instead of the embedded one.")
@click.option("--verbose", is_flag=True, help="Log every statement with its time, also on standard error.")
@click.option("--demo", is_flag=True, help="Open the app with sample chats in a throw-away database.")
@click.option("--new", "new_chat", is_flag=True, help="Open the app with a new chat.")
@click.option("--fresh", is_flag=True, help="Open the app without the tabs and the place in which it was left.")
@click.option("--chat", metavar="ID", help="Open the app at this chat.")
@click.option("--search", "query", metavar="TEXT", help="Open the app with this search.")
@click.pass_context
def group(
    ctx: click.Context,
    database: str | None,
    verbose: bool,
    demo: bool,
    new_chat: bool,
    fresh: bool,
    chat: str | None,
    query: str | None,
) -> None:
    """Every chat with a coding agent, in one place: browse, search, continue.

    Without a verb the app opens.
    """
    ctx.obj = Context(database, verbose)
    if ctx.invoked_subcommand is None:
        from chattui.cli.opening import AppArguments, run_app

        ctx.exit(run_app(AppArguments(database, chat, query, demo, new_chat, fresh)))


def main(argv: list[str]) -> int:
    """Run one verb; returns the exit code."""

    def work() -> int:
        try:
            result = group.main(argv, prog_name="chattui", standalone_mode=False)
        except click.exceptions.Exit as ended:
            return ended.exit_code
        except click.UsageError as error:
            error.show()
            return EXIT_USAGE
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            raise KeyboardInterrupt from None
        except SystemExit:  # click ends so when the reader of a pipe has gone
            raise BrokenPipeError from None
        return result if isinstance(result, int) else 0

    return guarded(work)
