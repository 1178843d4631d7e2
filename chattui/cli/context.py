"""What every verb needs: settings, an open and migrated database, and errors as sentences with exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chattui.config import Settings, load_settings
from chattui.config.log import start_log
from chattui.domain.errors import ChattuiError, ConfigError, ServerError, Unreachable

if TYPE_CHECKING:
    from chattui.store.database import Database

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_NOT_FOUND = 4
EXIT_INTERRUPTED = 130


@dataclass(slots=True)
class Context:
    """The global options, and what follows from them."""

    database: str | None
    verbose: bool
    warned: bool = False

    def settings(self, *, lenient: bool = False) -> Settings:
        """Settings from the options and the environment; mistakes in the config file that stop nothing are told once."""
        settings = load_settings(os.environ, database=self.database, lenient=lenient)
        if settings.problems and not self.warned and not lenient:
            self.warned = True
            for problem in settings.problems:
                print(f"chattui: {problem.sentence}", file=sys.stderr)
        return settings

    def reveals(self, asked: bool | None) -> bool:
        """Whether secrets are shown as they are: as it was asked for, or else as the configuration has it."""
        return not self.settings().mask_secrets if asked is None else asked

    @contextmanager
    def store(self) -> Iterator[Database]:
        """The database: server up, schema current, pool open; closed again at the end."""
        from chattui.server import open_database
        from chattui.store.connection import connect
        from chattui.store.database import Database
        from chattui.store.startup import prepare

        settings = self.settings()
        start_log(settings, verbose=self.verbose)
        opened = open_database(settings, notify=lambda sentence: print(sentence, file=sys.stderr))
        with connect(opened.conninfo, autocommit=True) as conn:
            prepare(conn)
        db = Database(opened.conninfo)
        try:
            yield db
        finally:
            db.close()


def exit_code(error: ChattuiError) -> int:
    """The exit code that tells programs what kind of error it was."""
    match error:
        case ConfigError():
            return EXIT_USAGE
        case Unreachable() | ServerError():
            return EXIT_UNREACHABLE
    return EXIT_ERROR


def guarded(work: Callable[[], int]) -> int:
    """Run ``work``; errors become one sentence on standard error, a closed pipe is no error."""
    try:
        code = work()
        sys.stdout.flush()
    except ChattuiError as error:
        logging.getLogger("chattui.cli").info("failed", exc_info=True)
        print(f"chattui: {error}", file=sys.stderr)
        return exit_code(error)
    except BrokenPipeError:
        # the reader has gone; leave nothing for the interpreter to flush into the closed pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        logging.getLogger("chattui.cli").exception("unexpected")
        print(
            f"chattui: something went wrong that should not ({type(error).__name__}). The log has the details: "
            "please report it.",
            file=sys.stderr,
        )
        return EXIT_ERROR
    return code
